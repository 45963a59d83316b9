package dev.demikv.libos.device.sim;

import dev.demikv.libos.lang.Nullable;
import java.util.Arrays;
import java.util.function.ObjLongConsumer;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/// One direction between two ports of a [SimWire]. Setters return this and may be called at any
/// time, also from an event of the world.
///
/// A frame meets, in this order: the cut, the interceptor, the MTU, the queue in front of the
/// bandwidth, loss, then bit flips and truncation, duplication, and its delay. Bit flips and
/// truncation are those that a check sequence of the medium did not find.
public final class SimWireLink {
  /// Bytes on the medium beside the frame: preamble, check sequence, gap; IEEE 802.3.
  private static final int MEDIUM_BYTES = 24;

  private static final int ETHERNET_HEADER_BYTES = 14;
  private static final int VLAN_TAG_BYTES = 4;
  private static final double NANO_BITS_PER_BYTE = 8e9;

  private final SimWorld world;
  private final RandomGenerator random;
  private final Counters counted = new Counters();
  private long delayNanosMin = 5_000;
  private long delayNanosMax = 10_000;
  private double reorderProbability;
  private long reorderNanos;
  private boolean fifo;
  private double lossProbability;
  private double burstBeginProbability;
  private double burstEndProbability = 1;
  private double burstLossProbability;
  private double duplicateProbability;
  private double flipProbability;
  private double truncateProbability;
  private int mtuBytes = Integer.MAX_VALUE;
  private double bitsPerSecond;
  private int queueBytesMax;
  private @Nullable Predicate<byte[]> interceptor;
  private boolean cut;

  private boolean inBurst;
  private long busyUntilNanos;
  private long lastArrivalNanos;

  /// What happened to frames. A struct.
  private static final class Counters {
    long frames;
    long bytes;
    long cut;
    long intercepted;
    long tooLong;
    long queueFull;
    long lost;
    long burstLost;
    long flipped;
    long truncated;
    long duplicated;
    long reordered;
  }

  SimWireLink(SimWorld world, RandomGenerator random) {
    this.world = world;
    this.random = random;
  }

  SimWireLink(SimWorld world, RandomGenerator random, SimWireLink defaults) {
    this(world, random);
    delayNanosMin = defaults.delayNanosMin;
    delayNanosMax = defaults.delayNanosMax;
    reorderProbability = defaults.reorderProbability;
    reorderNanos = defaults.reorderNanos;
    fifo = defaults.fifo;
    lossProbability = defaults.lossProbability;
    burstBeginProbability = defaults.burstBeginProbability;
    burstEndProbability = defaults.burstEndProbability;
    burstLossProbability = defaults.burstLossProbability;
    duplicateProbability = defaults.duplicateProbability;
    flipProbability = defaults.flipProbability;
    truncateProbability = defaults.truncateProbability;
    mtuBytes = defaults.mtuBytes;
    bitsPerSecond = defaults.bitsPerSecond;
    queueBytesMax = defaults.queueBytesMax;
    interceptor = defaults.interceptor;
    cut = defaults.cut;
  }

  /// Bounds of the delay, drawn evenly for each frame, so that frames overtake each other when the
  /// bounds differ, unless [#fifo]. Default 5 to 10 µs.
  public SimWireLink delay(long nanosMin, long nanosMax) {
    if (nanosMin < 0 || nanosMax < nanosMin) {
      throw new IllegalArgumentException("delay from " + nanosMin + " to " + nanosMax + " ns");
    }
    delayNanosMin = nanosMin;
    delayNanosMax = nanosMax;
    return this;
  }

  /// Whether frames keep their order although the delay varies: jitter without overtaking. Those of
  /// [#reorder] still come late.
  public SimWireLink fifo(boolean value) {
    fifo = value;
    return this;
  }

  /// How often a frame is delayed by so much more than others, which overtake it.
  public SimWireLink reorder(double probability, long extraNanos) {
    reorderProbability = checked(probability);
    reorderNanos = extraNanos;
    return this;
  }

  /// How often a frame is lost, each by itself.
  public SimWireLink loss(double probability) {
    lossProbability = checked(probability);
    return this;
  }

  /// Losses in bursts: a Markov chain of a good and a bad state, stepped by each frame (Gilbert
  /// 1960, Elliott 1963).
  ///
  /// @param begin how often a frame in the good state begins a burst; 0 switches bursts off
  /// @param end how often a frame in the bad state ends it; bursts are `1 / end` frames long on
  ///   average
  /// @param loss how often a frame in the bad state is lost
  public SimWireLink burstLoss(double begin, double end, double loss) {
    burstBeginProbability = checked(begin);
    burstEndProbability = checked(end);
    burstLossProbability = checked(loss);
    return this;
  }

  /// How often a frame arrives twice.
  public SimWireLink duplicate(double probability) {
    duplicateProbability = checked(probability);
    return this;
  }

  /// How often one bit of a frame is flipped.
  public SimWireLink flipBits(double probability) {
    flipProbability = checked(probability);
    return this;
  }

  /// How often a frame loses its end.
  public SimWireLink truncate(double probability) {
    truncateProbability = checked(probability);
    return this;
  }

  /// Longest network-layer packet that passes. Longer ones vanish without a word, as on a path
  /// whose routers send no ICMP.
  public SimWireLink mtu(int bytes) {
    mtuBytes = bytes;
    return this;
  }

  /// Bandwidth, and the queue in front of it; what does not fit the queue is dropped.
  ///
  /// @param bits per second; 0 for no limit
  /// @param queueBytes of frames that wait, with what is left of the one being sent; at least one
  ///   frame always fits
  public SimWireLink bandwidth(double bits, int queueBytes) {
    if (!(bits >= 0) || queueBytes < 0) {
      throw new IllegalArgumentException(bits + " bit/s, queue of " + queueBytes + " B");
    }
    bitsPerSecond = bits;
    queueBytesMax = queueBytes;
    return this;
  }

  /// Asks for each frame whether it may pass: for faults that hit a chosen frame. `null` lets all
  /// pass. The bytes must not be changed.
  public SimWireLink intercept(@Nullable Predicate<byte[]> mayPass) {
    interceptor = mayPass;
    return this;
  }

  /// Cuts this direction. Frames on their way still arrive.
  public SimWireLink cut() {
    cut = true;
    return this;
  }

  /// Heals this direction.
  public SimWireLink heal() {
    cut = false;
    return this;
  }

  /// Whether it is cut.
  public boolean isCut() {
    return cut;
  }

  /// Reports by name how many frames were given to it, and how many met each fault.
  public void counters(ObjLongConsumer<String> visitor) {
    visitor.accept("frames", counted.frames);
    visitor.accept("bytes", counted.bytes);
    visitor.accept("cut", counted.cut);
    visitor.accept("intercepted", counted.intercepted);
    visitor.accept("too-long", counted.tooLong);
    visitor.accept("queue-full", counted.queueFull);
    visitor.accept("lost", counted.lost);
    visitor.accept("burst-lost", counted.burstLost);
    visitor.accept("bits-flipped", counted.flipped);
    visitor.accept("truncated", counted.truncated);
    visitor.accept("duplicated", counted.duplicated);
    visitor.accept("reordered", counted.reordered);
  }

  /// Carries a frame to a port, or not. The bytes are never changed.
  void carry(byte[] frame, boolean partial, SimNetDevice to) {
    counted.frames++;
    counted.bytes += frame.length;
    Predicate<byte[]> mayPass = interceptor;
    if (cut) {
      counted.cut++;
    } else if (mayPass != null && !mayPass.test(frame)) {
      counted.intercepted++;
    } else if (packetBytes(frame) > mtuBytes) {
      counted.tooLong++;
    } else {
      long queuedNanos = queue(frame.length);
      if (queuedNanos < 0) {
        counted.queueFull++;
      } else if (!loses()) {
        byte[] received = damaged(frame);
        deliver(received, partial, to, queuedNanos);
        if (happens(duplicateProbability)) {
          counted.duplicated++;
          deliver(received, partial, to, queuedNanos);
        }
      }
    }
  }

  private static int packetBytes(byte[] frame) {
    boolean tagged = frame[12] == (byte) 0x81 && frame[13] == 0;
    return frame.length - ETHERNET_HEADER_BYTES - (tagged ? VLAN_TAG_BYTES : 0);
  }

  /// Time until the frame's last bit has been sent, or -1 when the queue is full.
  private long queue(int frameBytes) {
    if (bitsPerSecond == 0) {
      return 0;
    }
    double nanosPerByte = NANO_BITS_PER_BYTE / bitsPerSecond;
    long now = world.nanoTime();
    long waitNanos = Math.max(0, busyUntilNanos - now);
    int bytes = frameBytes + MEDIUM_BYTES;
    if (waitNanos > 0 && waitNanos / nanosPerByte + bytes > queueBytesMax) {
      return -1;
    }
    long doneNanos = waitNanos + (long) Math.ceil(bytes * nanosPerByte);
    busyUntilNanos = now + doneNanos;
    return doneNanos;
  }

  private boolean loses() {
    if (burstBeginProbability > 0) {
      inBurst = inBurst ? !happens(burstEndProbability) : happens(burstBeginProbability);
      if (inBurst && happens(burstLossProbability)) {
        counted.burstLost++;
        return true;
      }
    }
    if (happens(lossProbability)) {
      counted.lost++;
      return true;
    }
    return false;
  }

  private byte[] damaged(byte[] frame) {
    byte[] result = frame;
    if (happens(flipProbability)) {
      counted.flipped++;
      result = result.clone();
      int bit = random.nextInt(result.length * Byte.SIZE);
      result[bit >>> 3] ^= (byte) (1 << (bit & 7));
    }
    if (happens(truncateProbability)) {
      counted.truncated++;
      result = Arrays.copyOf(result, random.nextInt(result.length));
    }
    return result;
  }

  private void deliver(byte[] frame, boolean partial, SimNetDevice to, long queuedNanos) {
    long delayNanos = queuedNanos + random.nextLong(delayNanosMin, delayNanosMax + 1);
    if (happens(reorderProbability)) {
      counted.reordered++;
      delayNanos += reorderNanos;
    } else if (fifo) {
      delayNanos = Math.max(delayNanos, lastArrivalNanos - world.nanoTime());
      lastArrivalNanos = world.nanoTime() + delayNanos;
    }
    world.schedule(delayNanos, () -> to.arrive(frame, partial));
  }

  private boolean happens(double probability) {
    return probability > 0 && random.nextDouble() < probability;
  }

  private static double checked(double probability) {
    if (!(probability >= 0 && probability <= 1)) {
      throw new IllegalArgumentException("probability " + probability);
    }
    return probability;
  }
}
