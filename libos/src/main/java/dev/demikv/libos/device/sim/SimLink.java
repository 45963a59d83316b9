package dev.demikv.libos.device.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// One direction between two hosts. Setters return this and may be called at any time.
///
/// Datagrams are lost, duplicated, and overtake each other when the delay varies. Streams arrive in
/// order: a loss is a delay of [#retransmit] that everything behind shares, and a cut link holds
/// back what is sent until it heals or the sender gives up.
public final class SimLink {
  private final RandomGenerator random;
  private final List<SimChannel> blocked = new ArrayList<>();
  private long delayNanosMin = 5_000;
  private long delayNanosMax = 10_000;
  private long retransmitNanos = 200_000_000;
  private long giveUpNanos = 30_000_000_000L;
  private double lossProbability;
  private double duplicateProbability;
  private int chunkBytesMin = 16 << 10;
  private int chunkBytesMax = 16 << 10;
  private boolean cut;

  SimLink(RandomGenerator random) {
    this.random = random;
  }

  SimLink(RandomGenerator random, SimLink defaults) {
    this.random = random;
    this.delayNanosMin = defaults.delayNanosMin;
    this.delayNanosMax = defaults.delayNanosMax;
    this.retransmitNanos = defaults.retransmitNanos;
    this.giveUpNanos = defaults.giveUpNanos;
    this.lossProbability = defaults.lossProbability;
    this.duplicateProbability = defaults.duplicateProbability;
    this.chunkBytesMin = defaults.chunkBytesMin;
    this.chunkBytesMax = defaults.chunkBytesMax;
  }

  /// Bounds of the one-way delay, drawn evenly. Default 5 to 10 µs.
  public SimLink delay(long nanosMin, long nanosMax) {
    if (nanosMin < 0 || nanosMax < nanosMin) {
      throw new IllegalArgumentException("delay from " + nanosMin + " to " + nanosMax + " ns");
    }
    delayNanosMin = nanosMin;
    delayNanosMax = nanosMax;
    return this;
  }

  /// How often a packet is lost, 0 to 1 (1 only for datagrams).
  public SimLink loss(double probability) {
    lossProbability = checked(probability);
    return this;
  }

  /// How often a datagram arrives twice, 0 to 1.
  public SimLink duplicate(double probability) {
    duplicateProbability = checked(probability);
    return this;
  }

  /// What a loss costs a stream. Default 200 ms.
  public SimLink retransmit(long nanos) {
    retransmitNanos = nanos;
    return this;
  }

  /// How long a stream waits for a cut link or a silent host before it fails with ETIMEDOUT.
  /// Default 30 s.
  public SimLink giveUp(long nanos) {
    giveUpNanos = nanos;
    return this;
  }

  /// Bounds of the pieces in which a stream travels, drawn evenly. Default 16 KiB.
  public SimLink chunk(int bytesMin, int bytesMax) {
    if (bytesMin < 1 || bytesMax < bytesMin) {
      throw new IllegalArgumentException("chunks from " + bytesMin + " to " + bytesMax + " B");
    }
    chunkBytesMin = bytesMin;
    chunkBytesMax = bytesMax;
    return this;
  }

  /// Cuts this direction.
  public SimLink cut() {
    cut = true;
    return this;
  }

  /// Heals this direction: what streams held back arrives.
  public SimLink heal() {
    cut = false;
    resume();
    return this;
  }

  /// Whether it is cut.
  public boolean isCut() {
    return cut;
  }

  /// Lets channels that wait for this link or its host try again.
  void resume() {
    List<SimChannel> waiting = List.copyOf(blocked);
    blocked.clear();
    waiting.forEach(SimChannel::resume);
  }

  void block(SimChannel channel) {
    blocked.add(channel);
  }

  long delayNanos() {
    return random.nextLong(delayNanosMin, delayNanosMax + 1);
  }

  /// Delay of a packet of a stream, with what losses cost.
  long streamDelayNanos() {
    long delayNanos = delayNanos();
    for (int i = 0; i < 10 && loses(); i++) {
      delayNanos += retransmitNanos;
    }
    return delayNanos;
  }

  long giveUpNanos() {
    return giveUpNanos;
  }

  int chunkBytes() {
    return random.nextInt(chunkBytesMin, chunkBytesMax + 1);
  }

  boolean loses() {
    return lossProbability > 0 && random.nextDouble() < lossProbability;
  }

  boolean duplicates() {
    return duplicateProbability > 0 && random.nextDouble() < duplicateProbability;
  }

  private static double checked(double probability) {
    if (!(probability >= 0 && probability <= 1)) {
      throw new IllegalArgumentException("probability " + probability);
    }
    return probability;
  }
}
