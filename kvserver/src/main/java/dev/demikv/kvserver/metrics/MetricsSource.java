package dev.demikv.kvserver.metrics;

import java.util.concurrent.TimeoutException;

/// Who knows the values.
public interface MetricsSource {
  /// Takes a sample. Any thread but the loop's; those that ask at the same time share one.
  ///
  /// @param timeoutNanos how long to wait for it
  /// @throws TimeoutException the loop did not answer in time
  /// @throws InterruptedException the thread was interrupted
  MetricsSample take(long timeoutNanos) throws TimeoutException, InterruptedException;
}
