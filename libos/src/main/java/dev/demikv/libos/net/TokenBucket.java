package dev.demikv.libos.net;

/// A rate limit: so many events per second on average, and so many at once.
public final class TokenBucket {
  private static final long SECOND_NANOS = 1_000_000_000;

  private final long eventNanos;
  private final long burstNanos;
  private long creditNanos;
  private long lastNanos;

  /// A full bucket.
  ///
  /// @param perSecond events per second, 1 to 1,000,000
  /// @param burst events at once, at least 1
  public TokenBucket(int perSecond, int burst, long nowNanos) {
    eventNanos = SECOND_NANOS / perSecond;
    burstNanos = eventNanos * burst;
    creditNanos = burstNanos;
    lastNanos = nowNanos;
  }

  /// Whether an event may happen now; counts it if so.
  public boolean take(long nowNanos) {
    long passed = nowNanos - lastNanos;
    if (passed > 0) {
      lastNanos = nowNanos;
      creditNanos = passed >= burstNanos ? burstNanos : Math.min(burstNanos, creditNanos + passed);
    }
    if (creditNanos < eventNanos) {
      return false;
    }
    creditNanos -= eventNanos;
    return true;
  }
}
