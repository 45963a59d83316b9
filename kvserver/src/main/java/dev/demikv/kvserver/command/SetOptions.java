package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.resp.CommandArgs;

/// The options of SET and GETEX. One per loop, set anew by each command.
final class SetOptions {
  static final int NX = 1;
  static final int XX = 1 << 1;
  static final int GET = 1 << 2;
  static final int KEEPTTL = 1 << 3;
  static final int PERSIST = 1 << 4;
  static final int EX = 1 << 5;
  static final int PX = 1 << 6;
  static final int EXAT = 1 << 7;
  static final int PXAT = 1 << 8;

  private static final int EXPIRY = EX | PX | EXAT | PXAT;

  private int options;
  private int expiryIndex;
  private long expireAtMillis;

  SetOptions() {}

  /// Sets one option alone.
  ///
  /// @param newExpiryIndex the argument with the time, if the option is one with a time
  void only(int option, int newExpiryIndex) {
    options = option;
    expiryIndex = newExpiryIndex;
    expireAtMillis = Engine.NO_EXPIRY;
  }

  /// Reads options from the arguments; answers with an error when they make no sense.
  ///
  /// @param first index of the first option
  /// @param set whether the command is SET rather than GETEX
  boolean parse(CommandContext c, int first, boolean set) {
    only(0, 0);
    CommandArgs args = c.args();
    for (int i = first; i < args.count(); i++) {
      int option = option(args, i);
      boolean ofCommand = set ? option != PERSIST : (option & (EXPIRY | PERSIST)) != 0;
      if (option == 0 || !ofCommand || (options & excludedBy(option)) != 0) {
        c.reply().error(Errors.SYNTAX);
        return false;
      }
      options |= option;
      if ((option & EXPIRY) != 0) {
        expiryIndex = ++i;
        if (i == args.count()) {
          c.reply().error(Errors.SYNTAX);
          return false;
        }
      }
    }
    return true;
  }

  private static int option(CommandArgs args, int index) {
    return switch (args.length(index)) {
      case 2 ->
          args.is(index, "ex")
              ? EX
              : args.is(index, "px")
                  ? PX
                  : args.is(index, "nx") ? NX : args.is(index, "xx") ? XX : 0;
      case 3 -> args.is(index, "get") ? GET : 0;
      case 4 -> args.is(index, "exat") ? EXAT : args.is(index, "pxat") ? PXAT : 0;
      case 7 -> args.is(index, "keepttl") ? KEEPTTL : args.is(index, "persist") ? PERSIST : 0;
      default -> 0;
    };
  }

  private static int excludedBy(int option) {
    return switch (option) {
      case NX -> XX;
      case XX -> NX;
      case GET -> 0;
      default -> (KEEPTTL | PERSIST | EXPIRY) & ~option;
    };
  }

  /// Reads the time, if an option has one; answers with an error when it makes no sense.
  boolean readExpiry(CommandContext c) {
    if (!hasExpiry()) {
      expireAtMillis = has(KEEPTTL) ? Engine.KEEP_EXPIRY : Engine.NO_EXPIRY;
      return true;
    }
    if (!c.requireLong(expiryIndex)) {
      return false;
    }
    long at = c.number();
    boolean valid = at > 0;
    if (has(EX | EXAT)) {
      valid &= at <= Long.MAX_VALUE / 1000;
      at *= 1000;
    }
    if (has(EX | PX)) {
      valid &= at <= Long.MAX_VALUE - c.nowMillis();
      at += c.nowMillis();
    }
    if (!valid) {
      c.reply().error(Errors.invalidExpireTime(c.spec()));
      return false;
    }
    expireAtMillis = at;
    return true;
  }

  /// Whether any of some options is set.
  boolean has(int some) {
    return (options & some) != 0;
  }

  /// Whether an option with a time is set.
  boolean hasExpiry() {
    return has(EXPIRY);
  }

  /// The expiry argument of [Engine#put], after [#readExpiry].
  long expireAtMillis() {
    return expireAtMillis;
  }
}
