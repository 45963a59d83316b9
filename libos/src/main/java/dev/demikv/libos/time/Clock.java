package dev.demikv.libos.time;

/// A source of time.
///
/// A loop reads it once per turn and hands the value down; protocols never call it.
public interface Clock {
  /// Monotonic time in nanoseconds from an arbitrary origin, as clock_gettime(2) CLOCK_MONOTONIC.
  /// Two readings may be subtracted; a single one means nothing.
  long nanoTime();

  /// Wall-clock time in milliseconds since the Unix epoch, as CLOCK_REALTIME. It may jump.
  long wallMillis();
}
