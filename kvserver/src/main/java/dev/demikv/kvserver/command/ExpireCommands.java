package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.engine.Slice;
import dev.demikv.kvserver.resp.CommandArgs;

/// EXPIRE and its kin.
final class ExpireCommands {
  private static final int NX = 1;
  private static final int XX = 1 << 1;
  private static final int GT = 1 << 2;
  private static final int LT = 1 << 3;

  private static final long NO_KEY = -2;
  private static final long NO_EXPIRY = -1;

  private ExpireCommands() {}

  static void expire(CommandContext c) {
    expire(c, 1000, c.nowMillis());
  }

  static void pexpire(CommandContext c) {
    expire(c, 1, c.nowMillis());
  }

  static void expireat(CommandContext c) {
    expire(c, 1000, 0);
  }

  static void pexpireat(CommandContext c) {
    expire(c, 1, 0);
  }

  private static void expire(CommandContext c, long unitMillis, long baseMillis) {
    int options = options(c);
    if (options < 0 || !c.requireLong(2)) {
      return;
    }
    long when = c.number();
    if (when > Long.MAX_VALUE / unitMillis
        || when < Long.MIN_VALUE / unitMillis
        || when * unitMillis > Long.MAX_VALUE - baseMillis) {
      c.reply().error(Errors.invalidExpireTime(c.spec()));
      return;
    }
    long at = when * unitMillis + baseMillis;
    Slice key = c.args().slice(1);
    if (!c.lookupForWrite(key) || !allowed(options, at, c.entry().expireAtMillis)) {
      c.reply().integer(0);
      return;
    }
    if (at <= c.nowMillis()) {
      c.engine().delete(c.db(), key);
    } else if (!c.requireOk(c.engine().expire(c.db(), key, at))) {
      return;
    }
    c.reply().integer(1);
  }

  /// The options behind the time; answers with an error and returns -1 when they make no sense.
  private static int options(CommandContext c) {
    CommandArgs args = c.args();
    int options = 0;
    for (int i = 3; i < args.count(); i++) {
      if (args.is(i, "nx")) {
        options |= NX;
      } else if (args.is(i, "xx")) {
        options |= XX;
      } else if (args.is(i, "gt")) {
        options |= GT;
      } else if (args.is(i, "lt")) {
        options |= LT;
      } else {
        c.reply().error("ERR Unsupported option " + args.quoted(i));
        return -1;
      }
    }
    if ((options & NX) != 0 && options != NX) {
      c.reply().error("ERR NX and XX, GT or LT options at the same time are not compatible");
      return -1;
    }
    if ((options & (GT | LT)) == (GT | LT)) {
      c.reply().error("ERR GT and LT options at the same time are not compatible");
      return -1;
    }
    return options;
  }

  /// Whether options allow a new time in place of the one there is; none counts as infinity.
  private static boolean allowed(int options, long at, long currentMillis) {
    boolean expires = currentMillis != Engine.NO_EXPIRY;
    if ((options & NX) != 0 && expires) {
      return false;
    }
    if ((options & XX) != 0 && !expires) {
      return false;
    }
    if ((options & GT) != 0 && (!expires || at <= currentMillis)) {
      return false;
    }
    return (options & LT) == 0 || !expires || at < currentMillis;
  }

  static void persist(CommandContext c) {
    Slice key = c.args().slice(1);
    if (c.lookupForWrite(key) && c.entry().expireAtMillis != Engine.NO_EXPIRY) {
      c.engine().expire(c.db(), key, Engine.NO_EXPIRY);
      c.reply().integer(1);
    } else {
      c.reply().integer(0);
    }
  }

  static void ttl(CommandContext c) {
    reply(c, c.nowMillis(), true);
  }

  static void pttl(CommandContext c) {
    reply(c, c.nowMillis(), false);
  }

  static void expiretime(CommandContext c) {
    reply(c, 0, true);
  }

  static void pexpiretime(CommandContext c) {
    reply(c, 0, false);
  }

  /// Rounded; the last half second before the end of time included.
  private static long seconds(long millis) {
    return Long.divideUnsigned(millis + 500, 1000);
  }

  private static void reply(CommandContext c, long baseMillis, boolean inSeconds) {
    if (!c.lookup(c.args().slice(1))) {
      c.reply().integer(NO_KEY);
    } else if (c.entry().expireAtMillis == Engine.NO_EXPIRY) {
      c.reply().integer(NO_EXPIRY);
    } else {
      long millis = c.entry().expireAtMillis - baseMillis;
      c.reply().integer(inSeconds ? seconds(millis) : millis);
    }
  }
}
