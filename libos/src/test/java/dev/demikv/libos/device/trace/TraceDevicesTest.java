package dev.demikv.libos.device.trace;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.device.sim.SimNetDeviceOptions;
import dev.demikv.libos.device.sim.SimWire;
import dev.demikv.libos.device.sim.SimWorld;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.LeakDetector;
import dev.demikv.libos.memory.MemoryRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Recordings and faults around devices on a simulated wire.
final class TraceDevicesTest {
  private static final int FRAMES = 4_000;
  private static final int FRAME_BYTES = 100;

  private final SimWorld world = new SimWorld(7);
  private final SimWire wire = world.wire("lan");
  private final Arena arena = Arena.ofConfined();
  private final LeakDetector leaks = new LeakDetector();
  private final List<NetDevice> devices = new ArrayList<>();

  @AfterEach
  void close() {
    devices.forEach(NetDevice::close);
    leaks.assertNoLeaks();
    world.close();
    arena.close();
  }

  @Test
  void withoutOptionsADeviceIsItself() {
    NetDevice device = wire.attach("a", SimNetDeviceOptions.DEFAULT);
    assertThat(TraceDevices.wrap(device, Options.empty(), world, world.random("x")))
        .isSameAs(device);
    device.close();
  }

  @Test
  void aRecordingHasAllFramesAndTheirTimes(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("frames.pcap");
    wire.defaults().delay(5_000, 5_000);
    NetDevice a = host("a", Options.empty().with("network.pcap", file.toString()));
    NetDevice b = host("b", Options.empty());
    long startNanos = world.nanoTime();
    send(a, 1);
    world.runFor(1_234_567);
    assertThat(numbers(b)).containsExactly(1);
    send(b, 2);
    world.runFor(5_000);
    assertThat(numbers(a)).containsExactly(2);
    assertThat(counters(a)).containsEntry("pcap.frames", 2L).containsEntry("pcap.dropped", 0L);
    a.close();

    ByteBuffer pcap = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.nativeOrder());
    assertThat(pcap.getInt()).isEqualTo(0xa1b2_3c4d);
    assertThat(pcap.getShort()).isEqualTo((short) 2);
    assertThat(pcap.getShort()).isEqualTo((short) 4);
    pcap.position(20);
    assertThat(pcap.getInt()).as("LINKTYPE_ETHERNET").isEqualTo(1);
    long first = assertRecord(pcap, 1);
    long second = assertRecord(pcap, 2);
    assertThat(pcap.hasRemaining()).isFalse();
    assertThat(second - first).isEqualTo(1_234_567 + 5_000);
    // The wall clock of a world has milliseconds.
    long wallNanos = (world.wallMillis() - (world.nanoTime() - startNanos) / 1_000_000) * 1_000_000;
    assertThat(first).isBetween(wallNanos - 2_000_000, wallNanos + 2_000_000);
  }

  private static long assertRecord(ByteBuffer pcap, int number) {
    long nanos = pcap.getInt() * 1_000_000_000L + pcap.getInt();
    assertThat(pcap.getInt()).isEqualTo(FRAME_BYTES);
    assertThat(pcap.getInt()).isEqualTo(FRAME_BYTES);
    assertThat(pcap.getInt(pcap.position() + 14)).isEqualTo(Integer.reverseBytes(number));
    pcap.position(pcap.position() + FRAME_BYTES);
    return nanos;
  }

  @Test
  void aFullRecordingStops(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("frames.pcap");
    record(file, "stop", 2_000);
    assertThat(Files.size(file)).isBetween((128L << 10) - 116, 128L << 10);
    assertThat((Files.size(file) - 24) % 116).isZero();
    try (var files = Files.list(directory)) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void aFullRecordingIsRotated(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("frames.pcap");
    record(file, "rotate", 3_000);
    Path older = directory.resolve("frames.pcap.1");
    long perFile = ((128 << 10) - 24) / 116;
    assertThat((Files.size(older) - 24) / 116).isEqualTo(perFile);
    assertThat((Files.size(file) - 24) / 116).isEqualTo(3_000 - 2 * perFile);
    ByteBuffer pcap = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.nativeOrder());
    pcap.position(24);
    assertRecord(pcap, (int) (2 * perFile));
  }

  private void record(Path file, String whenFull, int frames) {
    NetDevice a =
        host(
            "a",
            Options.empty()
                .with("network.pcap", file.toString())
                .with("network.pcap.max-bytes", "128KiB")
                .with("network.pcap.when-full", whenFull));
    for (int i = 0; i < frames; i++) {
      send(a, i);
    }
    a.close();
  }

  @Test
  void aFrameThatIsRefusedIsNotRecorded(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("frames.pcap");
    NetDevice a = host("a", Options.empty().with("network.pcap", file.toString()));
    wire.port("a").setLinkUp(false);
    TxFrame frame = frame(a, 1);
    assertThat(a.transmit(frame)).isNegative();
    frame.releaseParts();
    wire.port("a").setLinkUp(true);
    send(a, 2);
    a.close();
    ByteBuffer pcap = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.nativeOrder());
    pcap.position(24);
    assertRecord(pcap, 2);
    assertThat(pcap.hasRemaining()).isFalse();
  }

  @Test
  void aFileIsRecordedToOnce(@TempDir Path directory) {
    Options options =
        Options.empty().with("network.pcap", directory.resolve("frames.pcap").toString());
    host("a", options);
    NetDevice b = wire.attach("b", SimNetDeviceOptions.DEFAULT);
    assertThatThrownBy(() -> TraceDevices.wrap(b, options, world, world.random("x")))
        .isInstanceOf(LibOsException.class)
        .hasMessageContaining("network.pcap");
    b.close();
  }

  @Test
  void framesAreLostBothWays() {
    Map<String, Long> counters = exchange("loss=10%", 1);
    assertThat(counters.get("faults.tx-lost")).isBetween(300L, 500L);
    assertThat(counters.get("faults.rx-lost")).isBetween(300L, 500L);
    assertThat(counters.get("left")).isEqualTo(FRAMES - counters.get("faults.tx-lost"));
    assertThat(counters.get("arrived")).isEqualTo(FRAMES - counters.get("faults.rx-lost"));
  }

  @Test
  void framesComeTwiceBothWays() {
    Map<String, Long> counters = exchange("dup=10%", 1);
    assertThat(counters.get("faults.tx-duplicated")).isBetween(300L, 500L);
    assertThat(counters.get("left")).isEqualTo(FRAMES + counters.get("faults.tx-duplicated"));
    assertThat(counters.get("arrived")).isEqualTo(FRAMES + counters.get("faults.rx-duplicated"));
  }

  @Test
  void framesOvertakeEachOtherBothWays() {
    Map<String, Long> counters = exchange("reorder=5%,reorder-by=50us", 1);
    assertThat(counters.get("faults.tx-reordered")).isBetween(130L, 270L);
    assertThat(counters.get("faults.rx-reordered")).isBetween(130L, 270L);
    assertThat(counters.get("left")).isEqualTo(FRAMES);
    assertThat(counters.get("arrived")).isEqualTo(FRAMES);
    assertThat(counters.get("left-behind")).isBetween(100L, 300L);
    assertThat(counters.get("arrived-behind")).isBetween(100L, 300L);
  }

  @Test
  void framesAreCorruptedBothWays() {
    Map<String, Long> counters = exchange("corrupt=10%", 1);
    assertThat(counters.get("faults.tx-corrupted")).isBetween(300L, 500L);
    assertThat(counters.get("faults.rx-corrupted")).isBetween(300L, 500L);
    assertThat(counters.get("left-damaged")).isEqualTo(counters.get("faults.tx-corrupted"));
    assertThat(counters.get("arrived-damaged")).isEqualTo(counters.get("faults.rx-corrupted"));
  }

  @Test
  void oneDirectionCanBeSound() {
    Map<String, Long> counters = exchange("rx.loss=0.5", 1);
    assertThat(counters.get("left")).isEqualTo(FRAMES);
    assertThat(counters.get("arrived")).isLessThan(FRAMES / 2 + 300);
  }

  @Test
  void theSameSeedGivesTheSameFaults() {
    Map<String, Long> first = exchange("loss=5%,dup=5%,reorder=5%,corrupt=5%,jitter=20us", 42);
    devices.forEach(NetDevice::close);
    Map<String, Long> second = exchange("loss=5%,dup=5%,reorder=5%,corrupt=5%,jitter=20us", 42);
    assertThat(second).isEqualTo(first);
    devices.forEach(NetDevice::close);
    assertThat(exchange("loss=5%,dup=5%,reorder=5%,corrupt=5%,jitter=20us", 43))
        .isNotEqualTo(first);
  }

  @Test
  void aDelayedFrameIsSentAndReceivedInTime() {
    NetDevice a = host("a", Options.empty().with("network.faults", "delay=1ms"));
    NetDevice b = host("b", Options.empty());
    wire.defaults().delay(0, 0);
    assertThat(a.nextTimerNanos()).isEqualTo(Long.MAX_VALUE);
    send(a, 1);
    assertThat(a.nextTimerNanos()).isEqualTo(world.nanoTime() + 1_000_000);
    world.runFor(999_999);
    a.flush();
    world.runFor(0);
    assertThat(numbers(b)).isEmpty();
    world.runFor(1);
    a.flush();
    world.runFor(0);
    assertThat(numbers(b)).containsExactly(1);
    assertThat(a.nextTimerNanos()).isEqualTo(Long.MAX_VALUE);

    send(b, 2);
    world.runFor(0);
    assertThat(numbers(a)).isEmpty();
    assertThat(a.nextTimerNanos()).isEqualTo(world.nanoTime() + 1_000_000);
    world.runFor(1_000_000);
    assertThat(numbers(a)).containsExactly(2);
  }

  @Test
  void badSettingsAreExplained() {
    for (String bad :
        List.of("", "loss", "loss=2", "loss=-1%", "loss=x", "los=1%", "delay=5", "up.loss=1%")) {
      Options options = Options.empty().with("network.faults", bad);
      assertThatThrownBy(() -> TraceDevices.checkOptions(options))
          .as(bad)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("network.faults");
    }
    Options options = Options.empty().with("network.pcap.when-full", "burst");
    assertThatThrownBy(() -> TraceDevices.checkOptions(options)).hasMessageContaining("when-full");
    assertThat(TraceDevices.optionSpecs()).hasSize(5);
  }

  /// Sends frames from and to a device with faults, and counts what left it and what arrived.
  private Map<String, Long> exchange(String faults, long seed) {
    NetDevice a =
        host(
            "a",
            Options.empty()
                .with("network.faults", faults)
                .with("network.faults.seed", Long.toString(seed)));
    NetDevice b = host("b", Options.empty());
    wire.flood(true).defaults().delay(100, 100);
    List<byte[]> left = new ArrayList<>();
    List<byte[]> arrived = new ArrayList<>();
    for (int i = 0; i < FRAMES + 200; i++) {
      if (i < FRAMES) {
        send(a, i);
        send(b, i);
      }
      world.runFor(1_000);
      a.flush();
      receive(a, arrived);
      world.runFor(1_000);
      receive(b, left);
    }
    Map<String, Long> counters = counters(a);
    count("left", left, counters);
    count("arrived", arrived, counters);
    return counters;
  }

  private static void count(String name, List<byte[]> frames, Map<String, Long> counters) {
    long damaged = 0;
    long behind = 0;
    int highest = -1;
    for (byte[] frame : frames) {
      int number = ByteBuffer.wrap(frame).getInt(14);
      damaged += isDamaged(frame) ? 1 : 0;
      behind += number < highest ? 1 : 0;
      highest = Math.max(highest, number);
    }
    counters.put(name, (long) frames.size());
    counters.put(name + "-damaged", damaged);
    counters.put(name + "-behind", behind);
  }

  private NetDevice host(String name, Options options) {
    NetDevice device =
        TraceDevices.wrap(
            wire.attach(name, SimNetDeviceOptions.DEFAULT), options, world, world.random(name));
    BufferPools pools =
        new BufferPools(
            new BufferPool(new MemoryRegion(arena.allocate(2048 * 512, 64), 64, 0), 2048, 512));
    pools.setLeakDetector(leaks);
    device.start(pools);
    devices.add(device);
    return device;
  }

  private static void send(NetDevice device, int number) {
    assertThat(device.transmit(frame(device, number))).isZero();
    device.flush();
  }

  /// A frame to everybody whose bytes follow from its number, which it has twice.
  private static TxFrame frame(NetDevice device, int number) {
    Buffer buffer = device.takeFrame(FRAME_BYTES);
    MemorySegment.copy(bytes(number), 0, buffer.segment(), JAVA_BYTE, 0, FRAME_BYTES);
    TxFrame frame = new TxFrame();
    frame.add(buffer, 0, 20);
    buffer.retain();
    frame.add(buffer, 20, FRAME_BYTES - 20);
    return frame;
  }

  private static byte[] bytes(int number) {
    ByteBuffer bytes = ByteBuffer.allocate(FRAME_BYTES);
    bytes.putLong(0, -1L << 16).putShort(12, (short) 0x88b5);
    for (int at = 14; at + 4 <= FRAME_BYTES; at += 4) {
      bytes.putInt(at, number);
    }
    return bytes.array();
  }

  private static boolean isDamaged(byte[] frame) {
    return !Arrays.equals(frame, bytes(ByteBuffer.wrap(frame).getInt(50)));
  }

  private static List<Integer> numbers(NetDevice device) {
    List<byte[]> frames = new ArrayList<>();
    receive(device, frames);
    return frames.stream().map(f -> ByteBuffer.wrap(f).getInt(14)).toList();
  }

  private static void receive(NetDevice device, List<byte[]> frames) {
    int before = frames.size();
    int count =
        device.receive(
            (buffer, offset, length, checksum) -> {
              frames.add(buffer.segment().asSlice(offset, length).toArray(JAVA_BYTE));
              buffer.release();
            },
            64);
    assertThat(frames.size() - before).isEqualTo(count);
  }

  private static Map<String, Long> counters(NetDevice device) {
    Map<String, Long> counters = new HashMap<>();
    device.counters(counters::put);
    return counters;
  }
}
