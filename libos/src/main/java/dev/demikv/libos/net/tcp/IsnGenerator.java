package dev.demikv.libos.net.tcp;

import java.util.random.RandomGenerator;

/// Initial sequence numbers by RFC 6528: ISN = M + F(connection, secret), where M ticks every 4 µs.
/// Two connections between the same endpoints get rising numbers; others tell nothing about them.
///
/// The offset of a connection's timestamp clock comes from the same place (RFC 7323 §7.1), but
/// depends on the addresses only: timestamps rise from one connection to the next between two
/// hosts, so that TIME-WAIT can be left early (RFC 6191).
final class IsnGenerator {
  private static final long TICK_NANOS = 4_000;
  private static final long TIMESTAMP_TICK_NANOS = 1_000_000;

  private final SipHash sequences;
  private final SipHash timestamps;

  IsnGenerator(RandomGenerator random) {
    sequences = new SipHash(random.nextLong(), random.nextLong());
    timestamps = new SipHash(random.nextLong(), random.nextLong());
  }

  /// The initial sequence number of a connection that begins now.
  int isn(
      long localHigh,
      long localLow,
      int localPort,
      long remoteHigh,
      long remoteLow,
      int remotePort,
      long nowNanos) {
    long f =
        sequences
            .begin()
            .add(localHigh)
            .add(localLow)
            .add(remoteHigh)
            .add(remoteLow)
            .add((long) localPort << 16 | remotePort)
            .finish();
    return (int) (nowNanos / TICK_NANOS) + (int) f;
  }

  /// What is added to [#timestampClock] for the connections between two hosts.
  int timestampOffset(long localHigh, long localLow, long remoteHigh, long remoteLow) {
    return (int)
        timestamps.begin().add(localHigh).add(localLow).add(remoteHigh).add(remoteLow).finish();
  }

  /// The clock of timestamps: a tick per millisecond (RFC 7323 §5.4).
  static int timestampClock(long nowNanos) {
    return (int) (nowNanos / TIMESTAMP_TICK_NANOS);
  }
}
