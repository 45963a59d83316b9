package dev.demikv.libos.net;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.sim.SimWireLink;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;

/// What a seed draws: the two directions of the wire, the two hosts, and what they do.
///
/// @param links faults of the directions from the client and from the server
/// @param hosts options of the client and of the server
/// @param mtuBytes the smaller MTU
/// @param family of the addresses
/// @param sessions connections and what is done on them
/// @param datagrams datagrams in each direction
record SimulationScenario(
    List<Link> links,
    List<Options> hosts,
    int mtuBytes,
    AddressFamily family,
    List<SimulationSession> sessions,
    int datagrams) {
  private static final long MICROSECOND = 1_000;
  private static final long MILLISECOND = 1_000_000;
  private static final long SECOND = 1_000 * MILLISECOND;

  /// Bytes that one session may bring on the fastest of wires.
  private static final long SESSION_BYTES_MAX = 400_000;

  private static final String[] CHECKSUMS = {"software", "software", "offload", "partial"};

  /// A cut of one direction.
  record Cut(long atNanos, long forNanos) {}

  /// Faults of a direction, as the setters of [SimWireLink] have them; times in nanoseconds.
  record Link(
      long delayMin,
      long delayMax,
      boolean fifo,
      double loss,
      double burstBegin,
      double burstEnd,
      double burstLoss,
      double reorder,
      long reorderNanos,
      double duplicate,
      double flip,
      double truncate,
      double bitsPerSecond,
      int queueBytes,
      List<Cut> cuts) {
    static Link draw(RandomGenerator random, boolean mayFlip) {
      // From 5 us to 50 ms, each power as often as the others.
      long delay = (long) (5 * MICROSECOND * Math.pow(10, random.nextDouble(4)));
      List<Cut> cuts = new ArrayList<>();
      for (int left = random.nextInt(4) > 0 ? 0 : 1 + random.nextInt(2); left > 0; left--) {
        cuts.add(new Cut(random.nextLong(3 * SECOND), random.nextLong(2 * SECOND)));
      }
      double burstBegin = some(random, 3, 0.01);
      double burstEnd = 0.1 + random.nextDouble(0.9);
      double burstLoss = 0.5 + random.nextDouble(0.5);
      return new Link(
          delay,
          delay + (long) (random.nextBoolean() ? 0 : delay * random.nextDouble()),
          random.nextBoolean(),
          some(random, 2, 0.05),
          burstBegin,
          burstEnd,
          burstLoss,
          some(random, 3, 0.05),
          random.nextLong(2 * delay + MILLISECOND),
          some(random, 3, 0.03),
          mayFlip ? some(random, 3, 0.01) : 0,
          mayFlip ? some(random, 4, 0.005) : 0,
          random.nextInt(3) > 0 ? 0 : 1e6 * Math.pow(10, random.nextDouble(3)),
          8_192 << random.nextInt(6),
          cuts);
    }

    /// Up to a limit, once in so many times; otherwise 0.
    private static double some(RandomGenerator random, int times, double most) {
      return random.nextInt(times) > 0 ? 0 : random.nextDouble(most);
    }

    void apply(SimWireLink link) {
      link.delay(delayMin, delayMax)
          .fifo(fifo)
          .loss(loss)
          .burstLoss(burstBegin, burstEnd, burstLoss)
          .reorder(reorder, reorderNanos)
          .duplicate(duplicate)
          .flipBits(flip)
          .truncate(truncate)
          .bandwidth(bitsPerSecond, queueBytes);
    }

    boolean damages() {
      return flip > 0 || truncate > 0;
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%d to %d us%s loss %.4f bursts %.4f (%.2f, %.2f) reorder %.4f by %d us duplicate %.4f"
              + " flip %.4f truncate %.4f %.1f Mbit/s queue %d B %s",
          delayMin / MICROSECOND,
          delayMax / MICROSECOND,
          fifo ? " in order" : "",
          loss,
          burstBegin,
          burstEnd,
          burstLoss,
          reorder,
          reorderNanos / MICROSECOND,
          duplicate,
          flip,
          truncate,
          bitsPerSecond / 1e6,
          queueBytes,
          cuts);
    }
  }

  static SimulationScenario draw(RandomGenerator random) {
    String checksums = CHECKSUMS[random.nextInt(CHECKSUMS.length)];
    // Nobody would find the damage of frames whose checksum was left out.
    boolean mayFlip = !checksums.equals("partial");
    List<Link> links = List.of(Link.draw(random, mayFlip), Link.draw(random, mayFlip));
    boolean ipv6 = random.nextBoolean();
    int mtu = mtu(random, ipv6);
    int otherMtu = random.nextInt(4) > 0 ? mtu : mtu(random, ipv6);
    List<Options> hosts =
        List.of(host(random, checksums, mtu, ipv6), host(random, checksums, otherMtu, ipv6));
    long window = Long.MAX_VALUE;
    for (Options host : hosts) {
      window = Math.min(window, host.bytes("network.tcp.receive-buffer", 0, 0, 1 << 30));
      window = Math.min(window, host.bytes("network.tcp.send-buffer", 0, 0, 1 << 30));
    }
    // What a window or, with loss, a few segments in each round trip bring in some seconds.
    long round = links.get(0).delayMax() + links.get(1).delayMax();
    double bytes = 2.0 * SECOND / round * Math.min(window, 8L * Math.min(mtu, otherMtu));
    for (Link link : links) {
      if (link.bitsPerSecond() > 0) {
        bytes = Math.min(bytes, link.bitsPerSecond() / 8);
      }
    }
    List<SimulationSession> sessions = new ArrayList<>();
    int count = 1 + random.nextInt(random.nextInt(3) > 0 ? 6 : 40);
    long bytesMax = Math.clamp((long) bytes, 20_000, 2 * SESSION_BYTES_MAX / Math.max(count, 2));
    for (int i = 0; i < count; i++) {
      SimulationSession.Kind[] kinds = SimulationSession.Kind.values();
      // Bulk at first, and more often than others.
      SimulationSession.Kind kind = kinds[i == 0 ? 0 : random.nextInt(kinds.length)];
      sessions.add(SimulationSession.draw(random, random.nextLong(1L << 60), kind, bytesMax));
    }
    return new SimulationScenario(
        links,
        hosts,
        Math.min(mtu, otherMtu),
        ipv6 ? AddressFamily.INET6 : AddressFamily.INET,
        sessions,
        random.nextBoolean() ? 0 : random.nextInt(100));
  }

  private static int mtu(RandomGenerator random, boolean ipv6) {
    int least = ipv6 ? 1_280 : 576;
    return switch (random.nextInt(6)) {
      case 0 -> least;
      case 1 -> 9_000;
      case 2 -> random.nextInt(least, 9_001);
      default -> 1_500;
    };
  }

  private static Options host(RandomGenerator random, String checksums, int mtu, boolean ipv6) {
    return Options.empty()
        .with("network.wire.checksums", checksums)
        .with("network.wire.mtu", "" + mtu)
        .with("network.wire.ring", "" + (random.nextInt(4) > 0 ? 256 : 16))
        .with("network.wire.hold", random.nextInt(20) + "us")
        .with("network.ipv6", "" + ipv6)
        .with("network.close-linger", "0ms")
        .with("network.tcp.send-buffer", "" + (2_048 << random.nextInt(10)))
        .with("network.tcp.receive-buffer", "" + (2_048 << random.nextInt(10)))
        .with("network.tcp.receive-memory-max", "" + (4 << 20))
        .with("network.tcp.congestion-control", random.nextBoolean() ? "cubic" : "newreno")
        .with("network.tcp.nodelay", "" + (random.nextInt(4) > 0))
        .with("network.tcp.sack", "" + (random.nextInt(4) > 0))
        .with("network.tcp.timestamps", "" + (random.nextInt(4) > 0))
        .with("network.tcp.window-scaling", "" + (random.nextInt(4) > 0))
        .with("network.tcp.syn-queue-max", "" + (random.nextInt(4) > 0 ? 64 : 1))
        .with("network.tcp.msl", "500ms")
        // A burst of losses that only retransmissions step through must end before one gives up.
        .with("network.tcp.rto-max", "2s")
        .with("network.tcp.give-up", "300s")
        .with("network.tcp.connections-max", "256")
        .with("network.tcp.time-wait-max", "256")
        .with("network.tcp.segments-max", "8192")
        .with("network.tcp.chunks-max", "8192");
  }

  boolean damages() {
    return links.stream().anyMatch(Link::damages);
  }

  @Override
  public String toString() {
    return "to server: "
        + links.get(0)
        + "\nto client: "
        + links.get(1)
        + "\nclient: "
        + hosts.get(0).asMap()
        + "\nserver: "
        + hosts.get(1).asMap()
        + "\n"
        + family
        + ", "
        + datagrams
        + " datagrams";
  }
}
