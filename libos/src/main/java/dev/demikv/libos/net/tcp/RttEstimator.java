package dev.demikv.libos.net.tcp;

/// Round-trip times and the retransmission timeout made of them, RFC 6298, and the least round-trip
/// time of the last minutes, which RACK wants.
final class RttEstimator {
  /// RFC 6298 §2.1: before the first measurement.
  private static final long RTO_INITIAL_NANOS = 1_000_000_000;

  /// RFC 6298 §2: G, the granularity of the clock: the timer wheel's.
  private static final long GRANULARITY_NANOS = 1_000_000;

  /// The least time is kept over one to two of these.
  private static final long MIN_RTT_PERIOD_NANOS = 60_000_000_000L;

  private static final int BACKOFFS_MAX = 16;

  private final long rtoMinNanos;
  private final long rtoMaxNanos;
  private long srttNanos;
  private long rttvarNanos;
  private long rtoNanos;
  private int backoffs;
  private long minOfPeriod;
  private long minOfLastPeriod;
  private long periodStartNanos;

  RttEstimator(long rtoMinNanos, long rtoMaxNanos) {
    this.rtoMinNanos = rtoMinNanos;
    this.rtoMaxNanos = rtoMaxNanos;
    reset();
  }

  void reset() {
    srttNanos = 0;
    rttvarNanos = 0;
    rtoNanos = clamp(RTO_INITIAL_NANOS);
    backoffs = 0;
    minOfPeriod = Long.MAX_VALUE;
    minOfLastPeriod = Long.MAX_VALUE;
    periodStartNanos = 0;
  }

  /// Takes a measurement, never of a segment that was sent twice (Karn, RFC 6298 §3). Only that
  /// takes doublings back: the acknowledgement of a retransmission does not say that the timeout
  /// was long enough. Zero says no more than that: the loop reads its clock once a turn, and a peer
  /// such as the kernel behind a tap may answer within it.
  void sample(long rttNanos, long nowNanos) {
    backoffs = 0;
    if (rttNanos <= 0) {
      return;
    }
    if (srttNanos == 0) {
      srttNanos = rttNanos;
      rttvarNanos = rttNanos / 2;
    } else {
      // RFC 6298 §2.3: alpha 1/8, beta 1/4; the variation first, with the old mean.
      rttvarNanos += (Math.abs(srttNanos - rttNanos) - rttvarNanos) / 4;
      srttNanos += (rttNanos - srttNanos) / 8;
      srttNanos = Math.max(srttNanos, 1);
    }
    // The least timeout is a floor of the variation's share (as in Linux), not of the sum: on a
    // path that is long and steady the sum alone leaves no room for a delayed acknowledgement.
    long variation = Math.max(GRANULARITY_NANOS, 4 * rttvarNanos);
    rtoNanos = clamp(srttNanos + Math.max(variation, rtoMinNanos));
    if (nowNanos - periodStartNanos > MIN_RTT_PERIOD_NANOS) {
      minOfLastPeriod = minOfPeriod;
      minOfPeriod = rttNanos;
      periodStartNanos = nowNanos;
    } else {
      minOfPeriod = Math.min(minOfPeriod, rttNanos);
    }
  }

  private long clamp(long nanos) {
    return Math.max(rtoMinNanos, Math.min(nanos, rtoMaxNanos));
  }

  /// RFC 6298 §5.7: a SYN that timed out makes the first timeout for data three seconds.
  void handshakeWasSlow() {
    backoffs = 0;
    if (srttNanos == 0) {
      rtoNanos = clamp(3 * RTO_INITIAL_NANOS);
    }
  }

  /// RFC 6298 §5.5: doubles the timeout.
  void backOff() {
    backoffs = Math.min(backoffs + 1, BACKOFFS_MAX);
  }

  /// Takes all doubling back: what was waited for was no loss.
  void clearBackoff() {
    backoffs = 0;
  }

  int backoffs() {
    return backoffs;
  }

  /// The timeout as it is now, with its doublings.
  long timeoutNanos() {
    return Math.min(rtoNanos << backoffs, rtoMaxNanos);
  }

  /// The timeout without doublings.
  long rtoNanos() {
    return rtoNanos;
  }

  /// 0 before the first measurement.
  long srttNanos() {
    return srttNanos;
  }

  long rttvarNanos() {
    return rttvarNanos;
  }

  /// [Long#MAX_VALUE] before the first measurement.
  long minRttNanos() {
    return Math.min(minOfPeriod, minOfLastPeriod);
  }
}
