package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.engine.Entry;
import dev.demikv.kvserver.engine.Slice;
import dev.demikv.kvserver.engine.ValueType;
import dev.demikv.kvserver.resp.CommandArgs;
import java.lang.foreign.MemorySegment;

/// Commands on keys of any type: DEL, EXISTS, TYPE, RENAME, COPY, MOVE.
final class KeyCommands {
  private KeyCommands() {}

  static void del(CommandContext c) {
    CommandArgs args = c.args();
    long count = 0;
    for (int i = 1; i < args.count(); i++) {
      c.prefetch(i, 1, 1);
      Slice key = args.slice(i, c.scratch());
      if (c.lookupForWrite(key) && c.engine().delete(c.db(), key) == Engine.OK) {
        count++;
      }
    }
    c.reply().integer(count);
  }

  static void exists(CommandContext c) {
    CommandArgs args = c.args();
    long count = 0;
    for (int i = 1; i < args.count(); i++) {
      c.prefetch(i, 1, 1);
      if (c.lookup(args.slice(i, c.scratch()))) {
        count++;
      }
    }
    c.reply().integer(count);
  }

  static void type(CommandContext c) {
    boolean found = c.peek(c.db(), c.args().slice(1), c.entry());
    c.reply().simple(found ? ValueType.ofCode(c.entry().type).redisName() : "none");
  }

  static void rename(CommandContext c) {
    if (renameTo(c, true)) {
      c.reply().ok();
    }
  }

  static void renamenx(CommandContext c) {
    if (renameTo(c, false)) {
      c.reply().integer(1);
    }
  }

  /// Renames; returns whether the caller is to answer that it is done.
  private static boolean renameTo(CommandContext c, boolean replace) {
    Slice from = c.args().slice(1);
    Slice to = c.args().slice(2);
    if (!c.lookupForWrite(from)) {
      c.reply().error(Errors.NO_SUCH_KEY);
      return false;
    }
    boolean same = equal(from, to);
    if (!replace && (same || c.lookupForWrite(c.db(), to, c.other()))) {
      c.reply().integer(0);
      return false;
    }
    if (same) {
      return true;
    }
    if (!transfer(c, c.db(), to)) {
      return false;
    }
    c.engine().delete(c.db(), from);
    return true;
  }

  static void move(CommandContext c) {
    if (!requireDb(c, 2)) {
      return;
    }
    int target = (int) c.number();
    if (target == c.db()) {
      c.reply().error(Errors.SAME_OBJECT);
      return;
    }
    Slice key = c.args().slice(1);
    if (!c.lookupForWrite(key) || c.lookupForWrite(target, key, c.other())) {
      c.reply().integer(0);
    } else if (transfer(c, target, key)) {
      c.engine().delete(c.db(), key);
      c.reply().integer(1);
    }
  }

  static void copy(CommandContext c) {
    CommandArgs args = c.args();
    boolean replace = false;
    int target = c.db();
    for (int i = 3; i < args.count(); i++) {
      if (args.is(i, "replace")) {
        replace = true;
      } else if (args.is(i, "db") && i + 1 < args.count()) {
        if (!requireDb(c, ++i)) {
          return;
        }
        target = (int) c.number();
      } else {
        c.reply().error(Errors.SYNTAX);
        return;
      }
    }
    Slice from = args.slice(1);
    Slice to = args.slice(2);
    if (target == c.db() && equal(from, to)) {
      c.reply().error(Errors.SAME_OBJECT);
    } else if (!c.lookupForWrite(from) || (c.lookupForWrite(target, to, c.other()) && !replace)) {
      c.reply().integer(0);
    } else if (transfer(c, target, to)) {
      c.reply().integer(1);
    }
  }

  /// Stores the context's entry under another key, with its expiry.
  private static boolean transfer(CommandContext c, int db, Slice key) {
    Entry entry = c.entry();
    // The engine may move its memory while it stores, so it must not read from it.
    Slice value = c.copy().take(entry.value);
    int status = c.engine().put(db, key, entry.type, value, entry.expireAtMillis);
    c.copy().release();
    return c.requireOk(status);
  }

  /// Reads an argument as the number of a database; if it is none, answers with an error.
  private static boolean requireDb(CommandContext c, int index) {
    if (!c.requireInt(index)) {
      return false;
    }
    if (c.number() < 0 || c.number() >= c.engine().databases()) {
      c.reply().error(Errors.DB_OUT_OF_RANGE);
      return false;
    }
    return true;
  }

  private static boolean equal(Slice a, Slice b) {
    return a.length() == b.length()
        && MemorySegment.mismatch(
                a.memory(),
                a.offset(),
                a.offset() + a.length(),
                b.memory(),
                b.offset(),
                b.offset() + b.length())
            < 0;
  }
}
