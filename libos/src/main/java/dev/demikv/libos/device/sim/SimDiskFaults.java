package dev.demikv.libos.device.sim;

import dev.demikv.libos.api.Errno;
import java.util.random.RandomGenerator;

/// What goes wrong on a [SimDisk]. Everything is off at first; setters return this and may be
/// called at any time.
public final class SimDiskFaults {
  /// Kinds of operations that can be made to fail.
  public enum Kind {
    READ,
    WRITE,
    FLUSH,
    PREPARE,
    DISCARD
  }

  private final double[] errorProbability = new double[Kind.values().length];
  private final int[] failNextCount = new int[Kind.values().length];
  private final int[] failNextErrno = new int[Kind.values().length];
  private double lostWriteProbability;
  private double misdirectedWriteProbability;
  private double readBitFlipProbability;
  private long latencyNanosMin = 10_000;
  private long latencyNanosMax = 100_000;
  private int slowFactor = 1;
  private int segmentsUsableMax = Integer.MAX_VALUE;

  SimDiskFaults() {}

  /// Operations of a kind fail with EIO so often, 0 to 1.
  public SimDiskFaults errors(Kind kind, double probability) {
    errorProbability[kind.ordinal()] = checked(probability);
    return this;
  }

  /// The next operations of a kind to complete fail with an error.
  ///
  /// @param count how many
  /// @param errno positive, as [Errno#EIO]
  public SimDiskFaults failNext(Kind kind, int count, int errno) {
    failNextCount[kind.ordinal()] = count;
    failNextErrno[kind.ordinal()] = errno;
    return this;
  }

  /// Writes are reported as done, durable too, but never happen.
  public SimDiskFaults lostWrites(double probability) {
    lostWriteProbability = checked(probability);
    return this;
  }

  /// Writes are reported as done, but land in another block of their segment.
  public SimDiskFaults misdirectedWrites(double probability) {
    misdirectedWriteProbability = checked(probability);
    return this;
  }

  /// One bit of what a read returns is wrong; the medium is not.
  public SimDiskFaults readBitFlips(double probability) {
    readBitFlipProbability = checked(probability);
    return this;
  }

  /// Bounds of the time an operation takes, drawn evenly: completions overtake each other.
  public SimDiskFaults latency(long nanosMin, long nanosMax) {
    if (nanosMin < 0 || nanosMax < nanosMin) {
      throw new IllegalArgumentException("latency from " + nanosMin + " to " + nanosMax + " ns");
    }
    latencyNanosMin = nanosMin;
    latencyNanosMax = nanosMax;
    return this;
  }

  /// Multiplies every latency: a disk that is about to die.
  public SimDiskFaults slow(int factor) {
    if (factor < 1) {
      throw new IllegalArgumentException("factor " + factor);
    }
    slowFactor = factor;
    return this;
  }

  /// A full disk: preparing fails with ENOSPC while so many segments are prepared.
  public SimDiskFaults full(int segmentsMax) {
    segmentsUsableMax = segmentsMax;
    return this;
  }

  /// Switches every fault off; latency stays.
  public SimDiskFaults none() {
    for (Kind kind : Kind.values()) {
      errorProbability[kind.ordinal()] = 0;
      failNextCount[kind.ordinal()] = 0;
    }
    lostWriteProbability = 0;
    misdirectedWriteProbability = 0;
    readBitFlipProbability = 0;
    slowFactor = 1;
    segmentsUsableMax = Integer.MAX_VALUE;
    return this;
  }

  /// The error that an operation about to complete gets, negated, or 0.
  int error(Kind kind, RandomGenerator random) {
    int at = kind.ordinal();
    if (failNextCount[at] > 0) {
      failNextCount[at]--;
      return -failNextErrno[at];
    }
    return happens(errorProbability[at], random) ? -Errno.EIO : 0;
  }

  long latencyNanos(RandomGenerator random) {
    return slowFactor * random.nextLong(latencyNanosMin, latencyNanosMax + 1);
  }

  boolean losesWrite(RandomGenerator random) {
    return happens(lostWriteProbability, random);
  }

  boolean misdirectsWrite(RandomGenerator random) {
    return happens(misdirectedWriteProbability, random);
  }

  boolean flipsBit(RandomGenerator random) {
    return happens(readBitFlipProbability, random);
  }

  int segmentsUsableMax() {
    return segmentsUsableMax;
  }

  private static boolean happens(double probability, RandomGenerator random) {
    return probability > 0 && random.nextDouble() < probability;
  }

  private static double checked(double probability) {
    if (!(probability >= 0 && probability <= 1)) {
      throw new IllegalArgumentException("probability " + probability);
    }
    return probability;
  }
}
