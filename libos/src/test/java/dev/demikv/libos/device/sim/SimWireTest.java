package dev.demikv.libos.device.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.NetDeviceOptions;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.device.sim.SimNetDeviceOptions.Checksums;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.MemoryRegion;
import dev.demikv.libos.wire.MacAddress;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Faults of simulated wires.
final class SimWireTest {
  private static final int FRAMES = 4_000;
  private static final long BROADCAST = 0xffff_ffff_ffffL;

  private SimWorld world = new SimWorld(3);
  private SimWire wire = world.wire("lan");
  private final Arena arena = Arena.ofConfined();
  private final Map<String, List<Integer>> received = new HashMap<>();

  @AfterEach
  void close() {
    world.close();
    arena.close();
  }

  @Test
  void aSwitchGivesFramesToWhomTheyAreFor() {
    SimNetDevice a = host("a");
    SimNetDevice b = host("b");
    SimNetDevice c = host("c");
    send(a, b.info().macAddress(), 1);
    send(a, BROADCAST, 2);
    send(b, a.info().macAddress(), 3);
    send(c, 0x0200_0000_0099L, 4);
    world.runFor(1_000_000);
    assertThat(numbers(a)).containsExactly(3);
    assertThat(numbers(b)).containsExactlyInAnyOrder(1, 2);
    assertThat(numbers(c)).containsExactly(2);
    assertThat(wireCounters()).containsEntry("wire.unknown-destination", 1L);
  }

  @Test
  void aHubGivesFramesToAll() {
    SimNetDevice a = host("a");
    host("b");
    SimNetDevice c = host("c");
    wire.flood(true);
    send(a, 0x0200_0000_0099L, 4);
    world.runFor(1_000_000);
    assertThat(numbers(c)).containsExactly(4);
  }

  @Test
  void losesAboutAsManyAsAsked() {
    wire.defaults().loss(0.1);
    assertThat(flood("lost")).isBetween(300L, 500L);
  }

  @Test
  void losesInBursts() {
    wire.defaults().delay(5, 5).burstLoss(0.01, 0.25, 1);
    List<Integer> left = floodNumbers();
    int bursts = 0;
    int expected = 0;
    for (int number : left) {
      bursts += number > expected ? 1 : 0;
      expected = number + 1;
    }
    int lost = FRAMES - left.size();
    assertThat(counter("burst-lost")).isEqualTo(lost);
    assertThat((double) lost / bursts).as("frames of a burst").isBetween(3.0, 5.0);
  }

  @Test
  void duplicatesAboutAsManyAsAsked() {
    wire.defaults().duplicate(0.1);
    long duplicated = flood("duplicated");
    assertThat(duplicated).isBetween(300L, 500L);
    assertThat(received.get("b")).hasSize(FRAMES + (int) duplicated);
  }

  @Test
  void jitterLetsFramesOvertakeAndFifoDoesNot() {
    wire.defaults().delay(1_000, 100_000);
    assertThat(floodNumbers()).isNotEqualTo(inOrder());
    world = new SimWorld(3);
    wire = world.wire("lan");
    received.clear();
    wire.defaults().delay(1_000, 100_000).fifo(true);
    assertThat(floodNumbers()).isEqualTo(inOrder());
  }

  @Test
  void aReorderedFrameComesLate() {
    wire.defaults().delay(5, 5).reorder(0.05, 1_000_000);
    assertThat(flood("reordered")).isBetween(130L, 270L);
    assertThat(received.get("b")).hasSize(FRAMES).isNotEqualTo(inOrder());
  }

  @Test
  void flipsOneBit() {
    SimNetDevice a = host("a");
    host("b");
    wire.link("a", "b").flipBits(1);
    List<byte[]> sent = new ArrayList<>();
    wire.observe((h, frame) -> sent.add(frame));
    for (int i = 0; i < 100; i++) {
      send(a, BROADCAST, i);
    }
    world.runFor(1_000_000);
    List<byte[]> arrived = frames(wire.port("b"));
    assertThat(arrived).hasSize(100);
    int flipped = 0;
    for (byte[] frame : arrived) {
      flipped += sent.stream().anyMatch(s -> distance(s, frame) == 1) ? 1 : 0;
    }
    assertThat(flipped).isEqualTo(100);
    assertThat(counter("bits-flipped")).isEqualTo(100);
  }

  private static int distance(byte[] a, byte[] b) {
    int bits = 0;
    for (int i = 0; i < a.length; i++) {
      bits += Integer.bitCount((a[i] ^ b[i]) & 0xff);
    }
    return bits;
  }

  @Test
  void truncates() {
    SimNetDevice a = host("a");
    SimNetDevice b = host("b");
    wire.link("a", "b").truncate(1);
    for (int i = 0; i < 100; i++) {
      send(a, BROADCAST, i);
    }
    world.runFor(1_000_000);
    List<byte[]> arrived = frames(b);
    assertThat(arrived).hasSize(100).allMatch(f -> f.length < 60);
    assertThat(counter("truncated")).isEqualTo(100);
  }

  @Test
  void aCutIsOneWay() {
    SimNetDevice a = host("a");
    SimNetDevice b = host("b");
    wire.link("a", "b").cut();
    send(a, BROADCAST, 1);
    send(b, BROADCAST, 2);
    world.runFor(1_000_000);
    assertThat(numbers(b)).isEmpty();
    assertThat(numbers(a)).containsExactly(2);
    assertThat(counter("cut")).isEqualTo(1);
    wire.healAll();
    send(a, BROADCAST, 3);
    world.runFor(1_000_000);
    assertThat(numbers(b)).containsExactly(3);
  }

  @Test
  void anIsolatedHostHearsNobody() {
    SimNetDevice a = host("a");
    SimNetDevice b = host("b");
    SimNetDevice c = host("c");
    wire.isolate("a");
    send(a, BROADCAST, 1);
    send(b, BROADCAST, 2);
    world.runFor(1_000_000);
    assertThat(numbers(a)).isEmpty();
    assertThat(numbers(b)).isEmpty();
    assertThat(numbers(c)).containsExactly(2);
  }

  @Test
  void bandwidthSpacesFramesAndTheQueueIsBounded() {
    SimNetDevice a = host("a");
    SimNetDevice b = host("b");
    // 1 Mbit/s; a frame of 60 B takes 84 B of the medium, or 672 µs.
    wire.link("a", "b").delay(0, 0).bandwidth(1_000_000, 10 * 84);
    for (int i = 0; i < 30; i++) {
      send(a, BROADCAST, i);
    }
    assertThat(counter("queue-full")).isEqualTo(30 - 10);
    world.runFor(671_999);
    assertThat(numbers(b)).isEmpty();
    world.runFor(1);
    assertThat(numbers(b)).containsExactly(0);
    world.runFor(672_000);
    assertThat(numbers(b)).containsExactly(1);
    world.runFor(100_000_000);
    assertThat(numbers(b)).hasSize(8);
    send(a, BROADCAST, 99);
    world.runFor(672_000);
    assertThat(numbers(b)).containsExactly(99);
  }

  @Test
  void aSmallMtuSwallowsLongFrames() {
    SimNetDevice a = host("a");
    SimNetDevice b = host("b");
    wire.link("a", "b").mtu(600);
    assertThat(a.transmit(frame(a, BROADCAST, 1, 614))).isZero();
    assertThat(a.transmit(frame(a, BROADCAST, 2, 615))).isZero();
    a.flush();
    world.runFor(1_000_000);
    assertThat(numbers(b)).containsExactly(1);
    assertThat(counter("too-long")).isEqualTo(1);
  }

  @Test
  void anInterceptorChoosesFrames() {
    SimNetDevice a = host("a");
    SimNetDevice b = host("b");
    wire.link("a", "b").intercept(f -> number(f) != 2);
    for (int i = 0; i < 5; i++) {
      send(a, BROADCAST, i);
    }
    world.runFor(1_000_000);
    assertThat(numbers(b)).containsExactlyInAnyOrder(0, 1, 3, 4);
    assertThat(counter("intercepted")).isEqualTo(1);
  }

  @Test
  void aLinkThatIsDownIsKnown() {
    SimNetDevice a = host("a");
    a.setLinkUp(false);
    assertThat(a.isLinkUp()).isFalse();
    TxFrame frame = frame(a, BROADCAST, 1, 60);
    assertThat(a.transmit(frame)).isEqualTo(-Errno.ENETDOWN);
    frame.releaseParts();
    a.setLinkUp(true);
    send(a, BROADCAST, 1);
  }

  @Test
  void aFaultCanBeScheduled() {
    SimNetDevice a = host("a");
    SimNetDevice b = host("b");
    wire.link("a", "b").delay(10, 10);
    world.schedule(1_000, () -> wire.link("a", "b").cut());
    world.schedule(2_000, () -> wire.link("a", "b").heal());
    for (int i = 0; i < 3; i++) {
      send(a, BROADCAST, i);
      world.runFor(1_000);
    }
    world.runFor(1_000);
    assertThat(numbers(b)).containsExactly(0, 2);
  }

  @Test
  void aFrameThatIsChangedTooEarlyIsFoundOut() {
    SimNetDevice a = host("a", SimNetDeviceOptions.DEFAULT.withHold(1_000));
    TxFrame frame = frame(a, BROADCAST, 1, 60);
    Buffer buffer = frame.buffer(0);
    assertThat(a.transmit(frame)).isZero();
    a.flush();
    buffer.segment().set(ValueLayout.JAVA_BYTE, frame.offset(0) + 20, (byte) 99);
    assertThatThrownBy(() -> world.runFor(2_000))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("changed while the device owned it, at byte 20");
  }

  @Test
  void anOffloadingDeviceJudgesChecksums() {
    SimNetDevice a = host("a");
    SimNetDevice b = host("b", SimNetDeviceOptions.DEFAULT.withChecksums(Checksums.OFFLOAD));
    byte[] udp = udpOverIpv4();
    wire.carry(a, udp, false);
    byte[] bad = udp.clone();
    bad[50] ^= 1;
    wire.carry(a, bad, false);
    byte[] other = udp.clone();
    other[23] = 1; // ICMP.
    other[25] = (byte) 0xcd; // The header's checksum with it: 17 - 1 more.
    wire.link("a", "b").delay(5, 5);
    wire.carry(a, other, false);
    wire.carry(a, udp, true);
    world.runFor(1_000_000);
    List<Integer> checksums = new ArrayList<>();
    b.receive(
        (buffer, o, l, checksum) -> {
          checksums.add(checksum);
          buffer.release();
        },
        10);
    assertThat(checksums)
        .containsExactlyInAnyOrder(
            FrameSink.CHECKSUM_GOOD,
            FrameSink.CHECKSUM_BAD,
            FrameSink.CHECKSUM_UNKNOWN,
            FrameSink.CHECKSUM_PARTIAL);
  }

  /// Broadcast from 10.0.0.1 to 10.0.0.2, port 1 to port 2, 18 bytes of zeros.
  private static byte[] udpOverIpv4() {
    ByteBuffer f = ByteBuffer.allocate(60);
    f.put(new byte[] {-1, -1, -1, -1, -1, -1, 2, 0, 0, 0, 0, 1}).putShort((short) 0x0800);
    f.putShort((short) 0x4500).putShort((short) 46).putInt(0).put((byte) 64).put((byte) 17);
    f.putShort((short) 0x66bd); // By hand: 4500+2e+4011+0a00+1+0a00+2 = 9942.
    f.putInt(0x0a00_0001).putInt(0x0a00_0002);
    f.putShort((short) 1).putShort((short) 2).putShort((short) 26);
    // 0a00+1+0a00+2+11+1a + 1+2+1a = 144b.
    f.putShort((short) 0xebb4);
    return f.array();
  }

  @Test
  void theSameSeedGivesTheSameRun() {
    List<Integer> first = everythingAtOnce(42);
    assertThat(everythingAtOnce(42)).isEqualTo(first);
    assertThat(everythingAtOnce(43)).isNotEqualTo(first);
  }

  private List<Integer> everythingAtOnce(long seed) {
    world = new SimWorld(seed);
    wire = world.wire("lan");
    received.clear();
    wire.defaults()
        .delay(1_000, 50_000)
        .loss(0.05)
        .duplicate(0.05)
        .reorder(0.05, 100_000)
        .burstLoss(0.01, 0.3, 0.9);
    return floodNumbers();
  }

  @Test
  void aPortIsTakenOnce() {
    SimNetDeviceProvider provider = new SimNetDeviceProvider();
    Options options = Options.empty().with("sim.world", world.id()).with("network.wire.host", "db");
    try (NetDevice first = provider.open(options, world, world.random("x"))) {
      assertThat(first.info().name()).isEqualTo("lan:db");
      assertThatThrownBy(() -> provider.open(options, world, world.random("x")))
          .hasMessageContaining("network.wire.host");
    }
    provider.open(options, world, world.random("x")).close();
    assertThat(provider.availability(options).available()).isTrue();
    assertThat(provider.availability(Options.empty().with("sim.world", "none")).available())
        .isFalse();
  }

  @Test
  void hardwareAddressesFollowFromNames() {
    long mac = MacAddress.ofName("lan:a");
    assertThat(MacAddress.ofName("lan:a")).isEqualTo(mac);
    assertThat(MacAddress.ofName("lan:b")).isNotEqualTo(mac);
    assertThat(MacAddress.isGroup(mac)).isFalse();
    assertThat(NetDeviceOptions.parseMac("k", MacAddress.format(mac))).isEqualTo(mac);
    assertThat(MacAddress.format(0x0200_5e00_5301L)).isEqualTo("02:00:5e:00:53:01");
    for (String bad :
        List.of("", "02:00:5e:00:53", "ff:ff:ff:ff:ff:ff", "0:0:0:0:0:0", "g:1:1:1:1:1")) {
      assertThatThrownBy(() -> NetDeviceOptions.parseMac("network.mac", bad))
          .hasMessageContaining("network.mac");
    }
  }

  /// Sends many frames from a to b, one at a time, and gives a counter of the link.
  private long flood(String counter) {
    floodNumbers();
    return counter(counter);
  }

  private List<Integer> floodNumbers() {
    SimNetDevice a = host("a");
    SimNetDevice b = host("b");
    for (int i = 0; i < FRAMES; i++) {
      send(a, b.info().macAddress(), i);
      world.runFor(1_000);
      received.computeIfAbsent("b", h -> new ArrayList<>()).addAll(numbers(b));
    }
    world.runFor(1_000_000_000);
    received.get("b").addAll(numbers(b));
    return received.get("b");
  }

  private static List<Integer> inOrder() {
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < FRAMES; i++) {
      all.add(i);
    }
    return all;
  }

  private long counter(String name) {
    return wireCounters().get("wire.links." + name);
  }

  private Map<String, Long> wireCounters() {
    Map<String, Long> counters = new HashMap<>();
    wire.counters(counters::put);
    return counters;
  }

  private SimNetDevice host(String name) {
    return host(name, SimNetDeviceOptions.DEFAULT);
  }

  private SimNetDevice host(String name, SimNetDeviceOptions options) {
    SimNetDevice device = wire.attach(name, options);
    MemoryRegion region = new MemoryRegion(arena.allocate(2048 * 512, 64), 64, 0);
    device.start(new BufferPools(new BufferPool(region, 2048, 512)));
    return device;
  }

  private static void send(SimNetDevice from, long to, int number) {
    assertThat(from.transmit(frame(from, to, number, 60))).isZero();
    from.flush();
  }

  private static TxFrame frame(SimNetDevice from, long to, int number, int length) {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    bytes.putLong(0, to << 16).putInt(14, number);
    bytes.putShort(12, (short) 0x88b5);
    Buffer buffer = from.takeFrame(length);
    MemorySegment.copy(MemorySegment.ofArray(bytes.array()), 0, buffer.segment(), 0, length);
    TxFrame frame = new TxFrame();
    frame.add(buffer, 0, length);
    return frame;
  }

  private static int number(byte[] frame) {
    return ByteBuffer.wrap(frame).getInt(14);
  }

  private static List<Integer> numbers(SimNetDevice device) {
    return frames(device).stream().map(SimWireTest::number).toList();
  }

  private static List<byte[]> frames(SimNetDevice device) {
    List<byte[]> frames = new ArrayList<>();
    device.receive(
        (buffer, offset, length, checksum) -> {
          frames.add(buffer.segment().asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE));
          buffer.release();
        },
        512);
    return frames;
  }
}
