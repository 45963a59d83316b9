package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.engine.Slice;
import dev.demikv.kvserver.engine.ValueType;
import dev.demikv.kvserver.resp.CommandArgs;

/// MGET, MSET, MSETNX: several strings at once.
final class MultiStringCommands {
  private MultiStringCommands() {}

  static void mget(CommandContext c) {
    CommandArgs args = c.args();
    c.reply().array(args.count() - 1L);
    for (int i = 1; i < args.count(); i++) {
      c.prefetch(i, 1, 1);
      boolean found = c.lookup(args.slice(i, c.scratch()));
      if (found && ValueType.ofCode(c.entry().type) == ValueType.STRING) {
        c.reply().bulk(c.entry().value);
      } else {
        c.reply().nullBulk();
      }
    }
  }

  static void mset(CommandContext c) {
    if (requirePairs(c) && store(c)) {
      c.reply().ok();
    }
  }

  static void msetnx(CommandContext c) {
    if (!requirePairs(c)) {
      return;
    }
    CommandArgs args = c.args();
    for (int i = 1; i < args.count(); i += 2) {
      if (c.lookupForWrite(args.slice(i, c.scratch()))) {
        c.reply().integer(0);
        return;
      }
    }
    if (store(c)) {
      c.reply().integer(1);
    }
  }

  private static boolean requirePairs(CommandContext c) {
    if (c.args().count() % 2 == 1) {
      return true;
    }
    c.reply().error(Errors.wrongArity(c.spec()));
    return false;
  }

  /// Stores all pairs. When memory runs out in between, the pairs before stay and the error says
  /// so; the check for memory before the command makes that rare.
  private static boolean store(CommandContext c) {
    CommandArgs args = c.args();
    Slice key = c.scratch();
    Slice value = c.secondScratch();
    for (int i = 1; i < args.count(); i += 2) {
      c.prefetch(i, 1, 2);
      args.slice(i, key);
      args.slice(i + 1, value);
      if (!c.put(key, ValueType.STRING.code(), value, Engine.NO_EXPIRY)) {
        return false;
      }
    }
    return true;
  }
}
