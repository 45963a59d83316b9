package dev.demikv.kvserver.server;

/// The time of a turn: read once at its beginning, the same for everything that happens in it.
final class TurnClock {
  private long millis;
  private long nanos;

  /// Begins a turn.
  void set(long newMillis, long newNanos) {
    millis = newMillis;
    nanos = newNanos;
  }

  /// Milliseconds since the Unix epoch.
  long millis() {
    return millis;
  }

  /// Monotonic nanoseconds.
  long nanos() {
    return nanos;
  }
}
