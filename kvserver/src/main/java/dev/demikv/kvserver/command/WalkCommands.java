package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.engine.Entry;
import dev.demikv.kvserver.engine.EntryVisitor;
import dev.demikv.kvserver.engine.Slice;
import dev.demikv.kvserver.engine.ValueType;
import dev.demikv.kvserver.resp.CommandArgs;
import dev.demikv.libos.lang.Nullable;
import java.util.Locale;

/// Commands that walk over keys: KEYS, SCAN, RANDOMKEY, DBSIZE.
///
/// A reply says how long it is before what is in it, so a walk that filters is done twice, once to
/// count: no memory is needed for its result.
final class WalkCommands {
  /// Empty places of the table that a step of SCAN passes for each entry it was asked for.
  private static final long SCAN_STEPS_PER_ENTRY = 10;

  private static final int RANDOM_TRIES = 100;

  private WalkCommands() {}

  static void dbsize(CommandContext c) {
    c.reply().integer(c.engine().size(c.db()));
  }

  static void randomkey(CommandContext c) {
    for (int i = 0; i < RANDOM_TRIES; i++) {
      if (c.engine().random(c.db(), c.random(), c.entry()) != Engine.OK) {
        break;
      }
      if (!c.isExpired(c.entry())) {
        c.reply().bulk(c.entry().key);
        return;
      }
    }
    c.reply().nullBulk();
  }

  static void keys(CommandContext c) {
    Filter filter = new Filter(c, GlobPattern.of(c.args().slice(1)), null);
    walkAll(c, filter);
    c.reply().array(filter.count());
    filter.reply();
    walkAll(c, filter);
  }

  private static void walkAll(CommandContext c, Filter filter) {
    long cursor = 0;
    do {
      cursor = c.engine().scan(c.db(), cursor, Integer.MAX_VALUE, filter);
    } while (cursor != 0);
  }

  static void scan(CommandContext c) {
    CommandArgs args = c.args();
    if (!isCursor(args.text(1))) {
      c.reply().error("ERR invalid cursor");
      return;
    }
    long from = cursor(args.text(1));
    long count = 10;
    @Nullable GlobPattern pattern = null;
    @Nullable String type = null;
    for (int i = 2; i < args.count(); i += 2) {
      boolean more = i + 1 < args.count();
      if (more && args.is(i, "count")) {
        if (!c.requireLong(i + 1)) {
          return;
        }
        count = c.number();
        if (count < 1) {
          c.reply().error(Errors.SYNTAX);
          return;
        }
      } else if (more && args.is(i, "match")) {
        pattern = GlobPattern.of(args.slice(i + 1, new Slice()));
      } else if (more && args.is(i, "type")) {
        type = args.text(i + 1).toLowerCase(Locale.ROOT);
      } else {
        c.reply().error(Errors.SYNTAX);
        return;
      }
    }
    Filter filter = new Filter(c, pattern, type);
    long steps = count > Long.MAX_VALUE / SCAN_STEPS_PER_ENTRY ? count : count * 10;
    long done = 0;
    long to = from;
    do {
      to = c.engine().scan(c.db(), to, 1, filter);
      done++;
    } while (to != 0 && done < steps && filter.visited() < count);
    c.reply().array(2);
    c.reply().bulk(Long.toUnsignedString(to));
    c.reply().array(filter.count());
    filter.reply();
    long cursor = from;
    for (long i = 0; i < done; i++) {
      cursor = c.engine().scan(c.db(), cursor, 1, filter);
    }
  }

  /// Whether strtoul reads a text whole and without overflow; it reads nothing as 0.
  private static boolean isCursor(String text) {
    if (text.isEmpty()) {
      return true;
    }
    try {
      Long.parseUnsignedLong(text.startsWith("-") ? text.substring(1) : text);
      return true;
    } catch (NumberFormatException e) {
      return false;
    }
  }

  private static long cursor(String text) {
    if (text.isEmpty()) {
      return 0;
    }
    return text.startsWith("-")
        ? -Long.parseUnsignedLong(text.substring(1))
        : Long.parseUnsignedLong(text);
  }

  /// Counts, and on a second walk answers with, the keys of entries that a walk should show.
  private static final class Filter implements EntryVisitor {
    private final CommandContext c;
    private final @Nullable GlobPattern pattern;
    private final @Nullable String type;
    private long visited;
    private long count;
    private boolean replies;

    Filter(CommandContext c, @Nullable GlobPattern pattern, @Nullable String type) {
      this.c = c;
      this.pattern = pattern == null || pattern.matchesAll() ? null : pattern;
      this.type = type;
    }

    @Override
    public boolean visit(Entry entry) {
      visited++;
      boolean shown =
          !c.isExpired(entry)
              && (type == null || ValueType.ofCode(entry.type).redisName().equals(type))
              && (pattern == null || pattern.matches(entry.key));
      if (shown && replies) {
        c.reply().bulk(entry.key);
      } else if (shown) {
        count++;
      }
      return true;
    }

    /// From now on entries are answered with, not counted.
    void reply() {
      replies = true;
    }

    long visited() {
      return visited;
    }

    long count() {
      return count;
    }
  }
}
