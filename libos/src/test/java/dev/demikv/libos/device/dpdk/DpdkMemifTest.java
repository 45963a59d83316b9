package dev.demikv.libos.device.dpdk;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsReport;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Two ports in one process, joined by shared memory.
final class DpdkMemifTest {
  private static final AtomicInteger PORTS = new AtomicInteger();
  private static final int JUMBO_BYTES = 9_000;

  @TempDir private Path directory;

  private final TxFrame frame = new TxFrame();
  private DpdkDevice server;
  private DpdkDevice client;
  private String clientPort;

  @BeforeEach
  void open() {
    String serverPort = "net_memif" + PORTS.incrementAndGet();
    clientPort = "net_memif" + PORTS.incrementAndGet();
    server = open(serverPort, "role=server");
    client = open(clientPort, "role=client");
    awaitLink(server, true);
    awaitLink(client, true);
  }

  private DpdkDevice open(String port, String role) {
    String socket = "socket=" + directory.resolve("memif") + ",socket-abstract=no";
    Options options =
        DpdkTestPorts.options(port, port + "," + role + "," + socket)
            .with(DpdkOptions.MTU, "" + JUMBO_BYTES);
    DpdkDevice device = DpdkTestPorts.open(options);
    BufferPool pool = new BufferPool(device.memorySource().allocate(1 << 20, 4096), 16_384, 64);
    device.start(new BufferPools(pool));
    return device;
  }

  @AfterEach
  void close() {
    for (DpdkDevice device : new DpdkDevice[] {client, server}) {
      if (device != null) {
        device.close();
      }
    }
  }

  @Test
  void framesOfEveryLengthCrossInBothDirections() {
    for (int length : new int[] {14, 60, 64, 1514, 2047, 2048, 2049, 4096, JUMBO_BYTES + 18}) {
      exchange(client, server, length);
      exchange(server, client, length);
    }
    assertThat(server.pool().buffers().outCount()).isZero();
    assertThat(client.pool().buffers().outCount()).isZero();
    assertThat(counters(server)).containsEntry("dpdk.rx-frames", 9L);
    // The driver of 22.11 puts pieces of its ring into one packet buffer where there is room.
    boolean whole = DpdkTestPorts.soname() == 23;
    assertThat(counters(server)).containsEntry("dpdk.rx-copied", whole ? 0L : 3L);
  }

  @Test
  void thePayloadOfAnOwnPoolIsSentByReferenceAndReleasedAtOnce() {
    DpdkDevice sender = client;
    BufferPool pool = new BufferPool(sender.memorySource().allocate(1 << 16, 4096), 16_384, 4);
    Buffer payload = pool.take();
    fill(payload, 0, 8000, 14);
    frame.clear();
    Buffer header = sender.takeFrame(14);
    fill(header, 0, 14, 0);
    frame.add(header, 0, 14);
    frame.add(payload, 0, 8000);

    assertThat(sender.transmit(frame)).isZero();
    assertThat(payload.references()).isEqualTo(1);
    sender.flush();

    assertThat(payload.references()).as("this driver copies within the burst").isZero();
    expect(client, server, 8014);
  }

  @Test
  void aFullRingIsToldBeforeAFrameIsMade() {
    int sent = 0;
    while (!client.isFull()) {
      assertThat(send(client, 100)).isZero();
      sent++;
      assertThat(sent).as("the ring of the driver is bounded").isLessThan(10_000);
    }

    assertThat(send(client, 100)).isEqualTo(-Errno.EAGAIN);
    expect(client, server, 100);
    assertThat(client.isFull()).isFalse();
  }

  @Test
  void xstatsAreReported() {
    exchange(client, server, 100);

    assertThat(counters(client)).containsEntry("dpdk.xstat.tx_good_packets", 1L);
    assertThat(counters(server)).containsEntry("dpdk.xstat.rx_good_packets", 1L);
  }

  @Test
  void aPeerThatClosesTakesTheLinkDownAndMayComeBack() {
    exchange(client, server, 100);
    Map<String, Long> before = counters(server);
    client.close();
    awaitLink(server, false);
    assertThat(server.isLinkUp()).isFalse();
    Map<String, Long> after = counters(server);
    before.forEach((name, was) -> {
      if (after.getOrDefault(name, 0L) < was && !name.startsWith("dpdk.xstat.")) {
        assertThat(LibOsReport.isGauge(name)).as("%s is a gauge", name).isTrue();
      }
    });
    assertThat(before.get("dpdk.link-up")).isEqualTo(1);
    assertThat(after.get("dpdk.link-up")).isZero();

    int code = 0;
    for (int i = 0; i < 100 && code == 0; i++) {
      code = send(server, 200);
    }
    server.flush();

    assertThat(code).isEqualTo(-Errno.ENETDOWN);
    client = open(clientPort, "role=client");
    awaitLink(client, true);
    awaitLink(server, true);
    exchange(server, client, 300); // And nothing from before.
    exchange(client, server, 300);
  }

  @Test
  void severalQueuesOfAPortHaveALibOsEach() {
    DpdkDevice[] servers = new DpdkDevice[2];
    DpdkDevice[] clients = new DpdkDevice[2];
    String serverPort = "net_memif" + PORTS.incrementAndGet();
    String twoPort = "net_memif" + PORTS.incrementAndGet();
    String socket = ",id=1,socket=" + directory.resolve("two") + ",socket-abstract=no";
    for (int queue = 0; queue < 2; queue++) {
      servers[queue] = openQueue(serverPort, "role=server" + socket, queue);
      clients[queue] = openQueue(twoPort, "role=client" + socket, queue);
    }
    awaitLink(servers[1], true);
    awaitLink(clients[1], true);

    for (int queue = 0; queue < 2; queue++) {
      exchange(clients[queue], servers[queue], 100 + queue);
      exchange(servers[queue], clients[queue], 200 + queue);
    }
    servers[0].close();
    exchange(clients[1], servers[1], 300); // The port goes on for the other.
    servers[1].close();
    clients[0].close();
    clients[1].close();
  }

  private DpdkDevice openQueue(String port, String arguments, int queue) {
    DpdkDevice device =
        DpdkTestPorts.open(
            DpdkTestPorts.options(port, port + "," + arguments)
                .with("network.dpdk.queues", "2")
                .with("network.dpdk.queue", "" + queue));
    device.start(
        new BufferPools(new BufferPool(device.memorySource().allocate(1 << 16, 4096), 2048, 32)));
    return device;
  }

  @Test
  void aSecondServerOnTheSocketLeavesTheFirstAlone() {
    String second = "net_memif" + PORTS.incrementAndGet();
    DpdkDevice other = open(second, "role=server,id=7");
    other.close();

    exchange(client, server, 100);
    exchange(server, client, 100);
  }

  @Test
  void anIdlePortWithoutADescriptorSleepsLongerAndLonger() {
    assertThat(server.readinessFd()).isEqualTo(-1);
    long first = server.idleWaitNanosMax();
    for (int i = 0; i < 50; i++) {
      server.idleWaitNanosMax();
    }
    assertThat(first).isEqualTo(50_000);
    assertThat(server.idleWaitNanosMax()).isEqualTo(1_000_000);

    exchange(client, server, 64);

    assertThat(server.idleWaitNanosMax()).isEqualTo(50_000);
  }

  private void exchange(DpdkDevice from, DpdkDevice to, int length) {
    assertThat(send(from, length)).isZero();
    expect(from, to, length);
  }

  private int send(DpdkDevice from, int length) {
    Buffer buffer = from.takeFrame(length);
    fill(buffer, 0, length, 0);
    frame.clear();
    frame.add(buffer, 0, length);
    int code = from.transmit(frame);
    if (code != 0) {
      frame.releaseParts();
    }
    return code;
  }

  /// The server can send only once the client has offered it buffers, by receiving: both turn.
  private static void expect(DpdkDevice from, DpdkDevice at, int length) {
    int[] lengths = {-1};
    FrameSink sink =
        (buffer, offset, bytes, checksum) -> {
          lengths[0] = bytes;
          for (int i = 0; i < bytes; i++) {
            assertThat(buffer.segment().get(JAVA_BYTE, offset + i)).isEqualTo((byte) i);
          }
          buffer.release();
        };
    for (int i = 0; i < 1000 && lengths[0] < 0; i++) {
      from.flush();
      at.receive(sink, 1);
    }
    assertThat(lengths[0]).isEqualTo(length);
  }

  private static void fill(Buffer buffer, int offset, int length, int first) {
    for (int i = 0; i < length; i++) {
      buffer.segment().set(JAVA_BYTE, offset + i, (byte) (first + i));
    }
  }

  private static void awaitLink(DpdkDevice device, boolean up) {
    // The driver's own thread connects; looks are what moves our view of it.
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (device.isLinkUp() != up && System.nanoTime() < deadline) {
      device.receive((buffer, o, l, c) -> buffer.release(), 1);
      Thread.onSpinWait();
    }
    assertThat(device.isLinkUp()).as("link up").isEqualTo(up);
  }

  private static Map<String, Long> counters(DpdkDevice device) {
    Map<String, Long> counters = new TreeMap<>();
    device.counters(counters::put);
    return counters;
  }
}
