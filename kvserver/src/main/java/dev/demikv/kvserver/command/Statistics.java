package dev.demikv.kvserver.command;

import java.util.Arrays;

/// Counters of the commands.
public final class Statistics {
  private final long[] calls;
  private final long[] rejected;
  private final long[] failed;
  private long hits;
  private long misses;
  private long expired;
  private long commands;

  Statistics(int specs) {
    calls = new long[specs];
    rejected = new long[specs];
    failed = new long[specs];
  }

  void called(CommandSpec spec, boolean withError) {
    commands++;
    calls[spec.id()]++;
    if (withError) {
      failed[spec.id()]++;
    }
  }

  void rejected(CommandSpec spec) {
    rejected[spec.id()]++;
  }

  void looked(boolean found) {
    if (found) {
      hits++;
    } else {
      misses++;
    }
  }

  /// Counts keys that were removed because their time had come; for the active expiry.
  public void expired(long count) {
    expired += count;
  }

  /// Commands executed.
  public long commands() {
    return commands;
  }

  /// Keys that reads found.
  public long hits() {
    return hits;
  }

  /// Keys that reads did not find.
  public long misses() {
    return misses;
  }

  /// Keys removed because their time had come.
  public long expired() {
    return expired;
  }

  /// How often a command was executed.
  public long calls(CommandSpec spec) {
    return calls[spec.id()];
  }

  /// How often a command was refused before it was executed.
  public long rejections(CommandSpec spec) {
    return rejected[spec.id()];
  }

  /// How often a command was executed and answered with an error.
  public long failures(CommandSpec spec) {
    return failed[spec.id()];
  }

  void reset() {
    Arrays.fill(calls, 0);
    Arrays.fill(rejected, 0);
    Arrays.fill(failed, 0);
    hits = 0;
    misses = 0;
    expired = 0;
    commands = 0;
  }
}
