package dev.demikv.kvserver.metrics;

/// Counts of times by size, from 25 µs to 5 s. One thread; recording allocates nothing.
public final class Histogram {
  private static final long MICROS = 1_000;
  private static final long MILLIS = 1_000_000;

  /// Upper bounds of the buckets in nanoseconds, inclusive; one bucket more takes what is longer.
  private static final long[] BOUNDS_NANOS = {
    25 * MICROS,
    50 * MICROS,
    100 * MICROS,
    250 * MICROS,
    500 * MICROS,
    MILLIS,
    2_500 * MICROS,
    5 * MILLIS,
    10 * MILLIS,
    25 * MILLIS,
    50 * MILLIS,
    100 * MILLIS,
    250 * MILLIS,
    500 * MILLIS,
    1_000 * MILLIS,
    2_500 * MILLIS,
    5_000 * MILLIS
  };

  private final long[] counts = new long[BOUNDS_NANOS.length + 1];
  private long count;
  private long sumNanos;

  /// An empty one.
  public Histogram() {}

  /// Counts a time, ≥ 0.
  public void record(long nanos) {
    int bucket = 0;
    while (bucket < BOUNDS_NANOS.length && nanos > BOUNDS_NANOS[bucket]) {
      bucket++;
    }
    counts[bucket]++;
    count++;
    sumNanos += nanos;
  }

  /// Times counted.
  public long count() {
    return count;
  }

  /// Their sum.
  public long sumNanos() {
    return sumNanos;
  }

  /// Buckets, that of the longest included.
  int bucketCount() {
    return counts.length;
  }

  /// Upper bound of a bucket in seconds.
  double boundSeconds(int bucket) {
    return bucket == BOUNDS_NANOS.length
        ? Double.POSITIVE_INFINITY
        : BOUNDS_NANOS[bucket] / (double) (1_000 * MILLIS);
  }

  /// Times in a bucket.
  long bucket(int bucket) {
    return counts[bucket];
  }

  /// As it is now.
  Histogram copy() {
    Histogram copy = new Histogram();
    System.arraycopy(counts, 0, copy.counts, 0, counts.length);
    copy.count = count;
    copy.sumNanos = sumNanos;
    return copy;
  }
}
