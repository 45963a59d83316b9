package dev.demikv.kvclient;

import java.util.random.RandomGenerator;

/// Counts failures in a row and says how long to wait after each; see [ReconnectPolicy].
final class Backoff {
  private final ReconnectPolicy policy;
  private final RandomGenerator random;
  private int failureCount;

  Backoff(ReconnectPolicy policy, RandomGenerator random) {
    this.policy = policy;
    this.random = random;
  }

  /// The connection works.
  void succeeded() {
    failureCount = 0;
  }

  /// An attempt failed.
  void failed() {
    if (failureCount < Integer.MAX_VALUE) {
      failureCount++;
    }
  }

  /// Failures since the last success.
  int failureCount() {
    return failureCount;
  }

  /// Whether commands should wait no longer.
  boolean isExhausted() {
    return failureCount >= policy.attemptsMax();
  }

  /// Time to wait before the next attempt; 0 when none failed.
  long nextDelayNanos() {
    if (failureCount == 0) {
      return 0;
    }
    int doublings = Math.min(failureCount - 1, 62);
    long delay =
        policy.firstNanos() > policy.capNanos() >> doublings
            ? policy.capNanos()
            : policy.firstNanos() << doublings;
    return delay - random.nextLong(delay / 2 + 1);
  }
}
