package dev.demikv.kvserver.command;

import java.util.Locale;

/// Error replies that several commands give, in Redis's words.
final class Errors {
  static final String WRONG_TYPE =
      "WRONGTYPE Operation against a key holding the wrong kind of value";
  static final String SYNTAX = "ERR syntax error";
  static final String NOT_AN_INTEGER = "ERR value is not an integer or out of range";
  static final String NOT_AN_INT =
      "ERR value is out of range, value must between -2147483648 and 2147483647";
  static final String NOT_A_FLOAT = "ERR value is not a valid float";
  static final String NO_SUCH_KEY = "ERR no such key";
  static final String SAME_OBJECT = "ERR source and destination objects are the same";
  static final String DB_OUT_OF_RANGE = "ERR DB index is out of range";
  static final String NOT_POSITIVE = "ERR value is out of range, must be positive";
  static final String STRING_TOO_LONG =
      "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
  static final String OOM = "OOM command not allowed when used memory > 'maxmemory'.";
  static final String NO_AUTH = "NOAUTH Authentication required.";
  static final String WOULD_BLOCK = "ERR internal error: the engine would have to wait for a disk";

  private Errors() {}

  static String wrongArity(CommandSpec spec) {
    return "ERR wrong number of arguments for '" + spec.name() + "' command";
  }

  static String invalidExpireTime(CommandSpec spec) {
    return "ERR invalid expire time in '" + spec.name() + "' command";
  }

  static String unknownSubcommand(String subcommand, String container) {
    return "ERR unknown subcommand '"
        + subcommand
        + "'. Try "
        + container.toUpperCase(Locale.ROOT)
        + " HELP.";
  }
}
