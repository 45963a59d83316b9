package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.resp.CommandArgs;
import dev.demikv.libos.lang.Nullable;

/// Commands about the server as a whole: FLUSHALL, TIME, SAVE, SHUTDOWN and the like.
final class ServerCommands {
  private ServerCommands() {}

  /// What a container answers that is called without a subcommand; its arity already forbids it.
  static void container(CommandContext c) {
    c.reply().error(Errors.wrongArity(c.spec()));
  }

  static void flushdb(CommandContext c) {
    if (requireFlushMode(c)) {
      c.engine().clear(c.db());
      c.reply().ok();
    }
  }

  static void flushall(CommandContext c) {
    if (!requireFlushMode(c)) {
      return;
    }
    Engine engine = c.engine();
    for (int db = 0; db < engine.databases(); db++) {
      if (engine.size(db) != 0) {
        engine.clear(db);
      }
    }
    c.reply().ok();
  }

  private static boolean requireFlushMode(CommandContext c) {
    CommandArgs args = c.args();
    if (args.count() == 1 || (args.count() == 2 && (args.is(1, "sync") || args.is(1, "async")))) {
      return true;
    }
    c.reply().error(Errors.SYNTAX);
    return false;
  }

  static void swapdb(CommandContext c) {
    if (!c.readInt(1)) {
      c.reply().error("ERR invalid first DB index");
      return;
    }
    long first = c.number();
    if (!c.readInt(2)) {
      c.reply().error("ERR invalid second DB index");
      return;
    }
    long second = c.number();
    int databases = c.engine().databases();
    if (first < 0 || first >= databases || second < 0 || second >= databases) {
      c.reply().error(Errors.DB_OUT_OF_RANGE);
      return;
    }
    if (first != second) {
      c.engine().swap((int) first, (int) second);
    }
    c.reply().ok();
  }

  static void time(CommandContext c) {
    long micros = c.server().nowMicros();
    c.reply().array(2);
    c.reply().bulkLong(micros / 1_000_000);
    c.reply().bulkLong(micros % 1_000_000);
  }

  static void lastsave(CommandContext c) {
    c.reply().integer(c.server().lastSaveSeconds());
  }

  static void save(CommandContext c) {
    @Nullable String error = c.server().saveNow();
    if (error == null) {
      c.reply().ok();
    } else {
      c.reply().error(error);
    }
  }

  static void bgsave(CommandContext c) {
    CommandArgs args = c.args();
    if (args.count() > 2 || (args.count() == 2 && !args.is(1, "schedule"))) {
      c.reply().error(Errors.SYNTAX);
      return;
    }
    @Nullable String error = c.server().saveInBackground();
    if (error == null) {
      c.reply().simple("Background saving started");
    } else {
      c.reply().error(error);
    }
  }

  static void shutdown(CommandContext c) {
    CommandArgs args = c.args();
    ServerInfo.ShutdownMode mode = ServerInfo.ShutdownMode.DEFAULT;
    boolean abort = false;
    boolean valid = true;
    for (int i = 1; i < args.count(); i++) {
      if (args.is(i, "nosave")) {
        valid &= mode != ServerInfo.ShutdownMode.SAVE;
        mode = ServerInfo.ShutdownMode.NOSAVE;
      } else if (args.is(i, "save")) {
        valid &= mode != ServerInfo.ShutdownMode.NOSAVE;
        mode = ServerInfo.ShutdownMode.SAVE;
      } else if (args.is(i, "abort")) {
        abort = true;
      } else if (!args.is(i, "now") && !args.is(i, "force")) {
        valid = false;
      }
    }
    if (!valid || (abort && args.count() > 2)) {
      c.reply().error(Errors.SYNTAX);
    } else if (abort) {
      c.reply().error("ERR No shutdown in progress.");
    } else {
      @Nullable String error = c.server().shutdown(mode);
      if (error != null) {
        c.reply().error(error);
      }
    }
  }

  /// Answers at once: there are no replicas to wait for.
  static void wait(CommandContext c) {
    if (!c.requireLong(1)) {
      return;
    }
    if (!c.readLong(2)) {
      c.reply().error("ERR timeout is not an integer or out of range");
    } else if (c.number() < 0) {
      c.reply().error("ERR timeout is negative");
    } else {
      c.reply().integer(0);
    }
  }

  /// DEBUG SET-ACTIVE-EXPIRE, for tests; the rest of DEBUG looks into Redis itself.
  static void debug(CommandContext c) {
    CommandArgs args = c.args();
    if (args.is(1, "set-active-expire")
        && args.count() == 3
        && (args.is(2, "0") || args.is(2, "1"))) {
      c.server().setActiveExpiry(args.is(2, "1"));
      c.reply().ok();
    } else {
      c.reply()
          .error(
              "ERR unknown subcommand or wrong number of arguments for '"
                  + args.quoted(1)
                  + "'. Try DEBUG HELP.");
    }
  }

  /// There are no functions, so that they are flushed already: test tools begin with it.
  static void functionFlush(CommandContext c) {
    CommandArgs args = c.args();
    if (args.count() == 2 || (args.count() == 3 && (args.is(2, "sync") || args.is(2, "async")))) {
      c.reply().ok();
    } else {
      c.reply().error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
    }
  }
}
