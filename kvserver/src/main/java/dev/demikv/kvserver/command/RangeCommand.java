package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.engine.Entry;
import dev.demikv.kvserver.engine.EntryVisitor;
import dev.demikv.kvserver.engine.Slice;
import dev.demikv.kvserver.engine.ValueType;
import dev.demikv.kvserver.resp.CommandArgs;
import java.lang.foreign.MemorySegment;

/// KRANGE: keys and values in order of key. Not a command of Redis.
///
/// ```
///   KRANGE start end [REV] [LIMIT count] [KEYS | VALUES]
/// ```
///
/// Keys are ordered bytewise unsigned. Bounds are written as in ZRANGE BYLEX: `[key` with the key,
/// `(key` without it, `-` before all, `+` behind all. With REV the order is descending and start is
/// the higher bound. At most LIMIT entries, 1000 unless told, 100,000 at most; to go on, start at
/// `(` and the last key. The reply is an array of key, value, key, value, …, or of keys, or of
/// values. The value of what is no string is null.
final class RangeCommand implements EntryVisitor {
  private static final long LIMIT_DEFAULT = 1000;
  private static final long LIMIT_MAX = 100_000;

  private static final int KEYS = 1;
  private static final int VALUES = 2;

  private static final Slice NONE = Slice.of("");

  private final CommandContext c;
  private final Bound start;
  private final Bound end;
  private final boolean reverse;
  private final long limit;
  private final boolean keys;
  private final boolean values;
  private long count;
  private boolean replies;

  private RangeCommand(
      CommandContext c, Bound start, Bound end, boolean reverse, long limit, int parts) {
    this.c = c;
    this.start = start;
    this.end = end;
    this.reverse = reverse;
    this.limit = limit;
    this.keys = (parts & KEYS) != 0;
    this.values = (parts & VALUES) != 0;
  }

  static void krange(CommandContext c) {
    CommandArgs args = c.args();
    if (!Bound.isBound(args, 1) || !Bound.isBound(args, 2)) {
      c.reply().error("ERR min or max not valid string range item");
      return;
    }
    boolean reverse = false;
    long limit = LIMIT_DEFAULT;
    int parts = KEYS | VALUES;
    for (int i = 3; i < args.count(); i++) {
      if (args.is(i, "rev")) {
        reverse = true;
      } else if (args.is(i, "keys") && parts != VALUES) {
        parts = KEYS;
      } else if (args.is(i, "values") && parts != KEYS) {
        parts = VALUES;
      } else if (args.is(i, "limit") && i + 1 < args.count()) {
        if (!c.requireLong(++i)) {
          return;
        }
        limit = c.number();
        if (limit < 0 || limit > LIMIT_MAX) {
          c.reply().error("ERR LIMIT is out of range, must be 0 to " + LIMIT_MAX);
          return;
        }
      } else {
        c.reply().error(Errors.SYNTAX);
        return;
      }
    }
    RangeCommand range =
        new RangeCommand(c, Bound.of(args, 1), Bound.of(args, 2), reverse, limit, parts);
    range.walk();
    c.reply().array(range.count * Integer.bitCount(parts));
    range.replies = true;
    range.count = 0;
    range.walk();
  }

  private void walk() {
    char edge = reverse ? '+' : '-';
    if (limit == 0 || start.kind == (reverse ? '-' : '+')) {
      return;
    }
    Slice from = start.kind == edge ? NONE : start.key;
    if (reverse) {
      // The engine takes an empty key for the end; the empty key is the first of all.
      if (start.kind != edge && from.length() == 0) {
        visitEmptyKey();
        return;
      }
      c.engine().rangeReverse(c.db(), from, this);
    } else {
      c.engine().range(c.db(), from, this);
    }
  }

  private void visitEmptyKey() {
    if (c.engine().get(c.db(), NONE, c.entry()) == Engine.OK) {
      visit(c.entry());
    }
  }

  @Override
  public boolean visit(Entry entry) {
    if (isBeyondEnd(entry.key)) {
      return false;
    }
    if (c.isExpired(entry) || (start.kind == '(' && compare(entry.key, start.key) == 0)) {
      return true;
    }
    count++;
    if (replies) {
      reply(entry);
    }
    return count < limit;
  }

  private boolean isBeyondEnd(Slice key) {
    if (end.kind == '-' || end.kind == '+') {
      return end.kind == (reverse ? '+' : '-');
    }
    int order = reverse ? compare(end.key, key) : compare(key, end.key);
    return end.kind == '(' ? order >= 0 : order > 0;
  }

  private void reply(Entry entry) {
    if (keys) {
      c.reply().bulk(entry.key);
    }
    if (values && ValueType.ofCode(entry.type) == ValueType.STRING) {
      c.reply().bulk(entry.value);
    } else if (values) {
      c.reply().nullBulk();
    }
  }

  /// Compares bytewise unsigned.
  private static int compare(Slice a, Slice b) {
    int common = Math.min(a.length(), b.length());
    long mismatch =
        MemorySegment.mismatch(
            a.memory(),
            a.offset(),
            a.offset() + common,
            b.memory(),
            b.offset(),
            b.offset() + common);
    if (mismatch < 0) {
      return Integer.compare(a.length(), b.length());
    }
    return Byte.compareUnsigned(a.byteAt((int) mismatch), b.byteAt((int) mismatch));
  }

  /// A bound.
  ///
  /// @param kind one of `[`, `(`, `-` and `+`
  /// @param key behind `[` and `(`
  private record Bound(char kind, Slice key) {
    static boolean isBound(CommandArgs args, int index) {
      int length = args.length(index);
      if (length == 0) {
        return false;
      }
      char kind = kind(args, index);
      return kind == '[' || kind == '(' || (length == 1 && (kind == '-' || kind == '+'));
    }

    static Bound of(CommandArgs args, int index) {
      char kind = kind(args, index);
      Slice key = new Slice();
      key.set(args.memory(), args.offset(index) + 1, args.length(index) - 1);
      return new Bound(kind, key);
    }

    private static char kind(CommandArgs args, int index) {
      return (char) args.slice(index).byteAt(0);
    }
  }
}
