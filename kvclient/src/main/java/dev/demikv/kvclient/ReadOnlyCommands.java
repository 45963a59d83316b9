package dev.demikv.kvclient;

import java.util.Locale;
import java.util.Set;

/// Names of commands that change nothing on the server and nothing about the connection. Only what
/// is listed counts: an unknown command is taken for a write.
final class ReadOnlyCommands {
  private static final Set<String> NAMES =
      Set.of(
          "BITCOUNT",
          "BITFIELD_RO",
          "BITPOS",
          "COMMAND",
          "DBSIZE",
          "DUMP",
          "ECHO",
          "EXISTS",
          "EXPIRETIME",
          "GET",
          "GETBIT",
          "GETRANGE",
          "HEXISTS",
          "HGET",
          "HGETALL",
          "HKEYS",
          "HLEN",
          "HMGET",
          "HRANDFIELD",
          "HSCAN",
          "HSTRLEN",
          "HVALS",
          "INFO",
          "KEYS",
          "KRANGE",
          "LASTSAVE",
          "LCS",
          "MGET",
          "OBJECT",
          "PEXPIRETIME",
          "PING",
          "PTTL",
          "RANDOMKEY",
          "SCAN",
          "STRLEN",
          "SUBSTR",
          "TIME",
          "TTL",
          "TYPE",
          "ZCARD",
          "ZCOUNT",
          "ZLEXCOUNT",
          "ZMSCORE",
          "ZRANDMEMBER",
          "ZRANGE",
          "ZRANGEBYLEX",
          "ZRANGEBYSCORE",
          "ZRANK",
          "ZREVRANGE",
          "ZREVRANGEBYLEX",
          "ZREVRANGEBYSCORE",
          "ZREVRANK",
          "ZSCAN",
          "ZSCORE");

  private ReadOnlyCommands() {}

  static boolean contains(String name) {
    return NAMES.contains(name) || NAMES.contains(name.toUpperCase(Locale.ROOT));
  }
}
