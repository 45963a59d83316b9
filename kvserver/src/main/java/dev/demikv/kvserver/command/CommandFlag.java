package dev.demikv.kvserver.command;

import java.util.Locale;

/// What is special about a command; in the order in which COMMAND INFO lists them.
public enum CommandFlag {
  /// May change keys: goes through the log.
  WRITE,
  /// Reads keys.
  READONLY,
  /// May need memory: refused when there is none.
  DENYOOM,
  /// For administrators.
  ADMIN,
  /// Not for scripts.
  NOSCRIPT,
  /// Allowed while a snapshot is loaded.
  LOADING,
  /// Allowed on a replica with old data.
  STALE,
  /// O(1) or O(log n).
  FAST,
  /// Allowed before AUTH.
  NO_AUTH,
  /// Not while data is loaded in the background.
  NO_ASYNC_LOADING,
  /// Not within MULTI.
  NO_MULTI,
  /// Allowed while a script runs too long.
  ALLOW_BUSY;

  /// The flag's bit in [CommandSpec#flagBits].
  public int bit() {
    return 1 << ordinal();
  }

  /// Name that COMMAND INFO gives.
  public String redisName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// The flag of a name.
  static CommandFlag of(String redisName) {
    return valueOf(redisName.toUpperCase(Locale.ROOT));
  }
}
