package dev.demikv.kvclient;

/// How often a client tries to connect. The delay doubles from failure to failure up to a cap; half
/// of it is random, so that many clients do not come back at the same moment. The first attempt
/// after a connection that worked is made at once.
///
/// A client without commands makes no attempts.
///
/// @param firstNanos delay after the first failure, > 0
/// @param capNanos longest delay, ≥ `firstNanos`
/// @param attemptsMax failures in a row after which waiting commands fail; ≥ 1
public record ReconnectPolicy(long firstNanos, long capNanos, int attemptsMax) {
  /// 20 ms, doubling up to 2 s, as long as a command's time-out lets it wait.
  public static final ReconnectPolicy DEFAULT =
      new ReconnectPolicy(20_000_000L, 2_000_000_000L, Integer.MAX_VALUE);

  /// One attempt: commands fail when it does.
  public static final ReconnectPolicy ONCE = new ReconnectPolicy(20_000_000L, 2_000_000_000L, 1);

  public ReconnectPolicy {
    ReplyLimits.check("firstNanos", firstNanos, 1, KvClientConfig.NANOS_MAX);
    ReplyLimits.check("capNanos", capNanos, firstNanos, KvClientConfig.NANOS_MAX);
    ReplyLimits.check("attemptsMax", attemptsMax, 1, Integer.MAX_VALUE);
  }
}
