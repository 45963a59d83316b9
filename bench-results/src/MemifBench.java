import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.NetDeviceProvider;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.ffi.DpdkEthdev;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.time.SystemClock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;

/// Round trips of 64 B frames over DPDK's net_memif between two processes: through the network
/// device of libos, beside bare bursts of the driver that bounce one packet buffer. Both in Java; the
/// bare bursts are what later layers are compared with.
final class MemifBench {
  /// Round trips of one phase.
  static final int PHASE_COUNT = 100_000;

  private static final int WARM_UP_ROUNDS = 5;
  private static final int FRAME_BYTES = 64;

  /// Looked at once: the first port takes some.
  private static final boolean HUGE_PAGES = hasHugePages();

  private MemifBench() {}

  private static boolean hasHugePages() {
    try {
      Path free = Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
      return Integer.parseInt(Files.readString(free).trim()) >= 48;
    } catch (IOException e) {
      return false;
    }
  }

  static void memif(Report report, boolean quick) throws Exception {
    compare(report, MemifBench.class, quick, "us, 64 B frames; peer: bare bursts");
  }

  /// Runs the main method of a class as server and as client, on a CPU each. The two alternate
  /// between our way and bare bursts: how near two CPUs are changes from minute to minute where they
  /// are virtual, and less between two phases of one pair.
  static void compare(Report report, Class<?> program, boolean quick, String unit)
      throws Exception {
    int rounds = quick ? 5 : 25;
    String count = "" + 2 * (WARM_UP_ROUNDS + rounds);
    Path folder = Processes.folder();
    String socket = folder.resolve("memif").toString();
    Path log = folder.resolve("server.log");
    Process server = Processes.startReady(command(program, 0, "server", socket, count), log);
    String out = Processes.output(command(program, 1, "client", socket, count));
    Processes.stop(server);
    List<String> lines = out.lines().filter(line -> line.startsWith("phase ")).toList();
    double[][] p50 = new double[2][rounds];
    double[][] p99 = new double[2][rounds];
    for (int round = 0; round < rounds; round++) {
      for (int which = 0; which < 2; which++) {
        String[] words = lines.get(2 * (WARM_UP_ROUNDS + round) + which).split(" ");
        p50[which][round] = Double.parseDouble(words[1]);
        p99[which][round] = Double.parseDouble(words[2]);
      }
    }
    report.compare("p50", unit, false, p50[0], p50[1]);
    report.compare("p99", unit, false, p99[0], p99[1]);
  }

  /// The command of the main method of a class of this folder.
  static List<String> command(Class<?> program, int cpu, String... arguments) {
    List<String> command =
        Processes.pinned(
            cpu, System.getProperty("demikv.java"), "--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of("-XX:+UseSerialGC", "-Xms128m", "-Xmx128m"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(
        Path.of(
                System.getProperty("demikv.root"),
                "bench-results/src/" + program.getSimpleName() + ".java")
            .toString());
    command.addAll(List.of(arguments));
    return command;
  }

  /// Options of a memif port, with huge pages where some are free.
  ///
  /// @param number which of the process's
  static Map<String, String> options(boolean server, String socket, int number) {
    return Map.of(
        "network.dpdk.eal-args",
        (HUGE_PAGES ? "--in-memory" : "--no-huge -m 256 --no-shconf")
            + " --no-pci --vdev=net_memif"
            + number
            + ",role="
            + (server ? "server" : "client")
            + ",id="
            + number
            + ",socket="
            + socket
            + ",socket-abstract=no",
        "network.dpdk.port",
        "net_memif" + number,
        "network.dpdk.mbufs",
        "4095");
  }

  /// The line of a phase for the parent: p50 and p99 in microseconds.
  static void printPhase(long[] nanos) {
    Arrays.sort(nanos);
    int count = nanos.length;
    System.out.println(
        "phase " + nanos[count / 2] / 1e3 + " " + nanos[(int) (count * 0.99)] / 1e3);
  }

  /// Opens the port of a process.
  static NetDevice open(boolean server, String socket, int number) throws Exception {
    return open(Options.of(options(server, socket, number)));
  }

  /// The same with other options.
  static NetDevice open(Options options) throws Exception {
    NetDeviceProvider provider = null;
    for (NetDeviceProvider one : ServiceLoader.load(NetDeviceProvider.class)) {
      provider = one.name().equals("dpdk") ? one : provider;
    }
    NetDevice device = provider.open(options, SystemClock.INSTANCE, new Random());
    BufferPool pool = new BufferPool(device.memorySource().allocate(1 << 20, 4096), 2048, 512);
    device.start(new BufferPools(pool));
    return device;
  }

  /// DPDK's number of a device's port.
  static int port(NetDevice device) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment number = call.allocate(JAVA_SHORT);
      DpdkEthdev.rte_eth_dev_get_port_by_name(
          call.allocateFrom(device.info().name()).address(), number.address());
      return number.get(JAVA_SHORT, 0);
    }
  }

  /// One end: `server|client SOCKET PHASES`.
  public static void main(String[] args) throws Exception {
    boolean server = args[0].equals("server");
    NetDevice device = open(server, args[1], 0);
    int phases = Integer.parseInt(args[2]);
    System.out.println("ready");
    End[] ends = {new DeviceEnd(device), new RawEnd(device)};
    if (server) {
      for (int phase = 0; phase < phases; phase++) {
        serve(ends[phase % 2]);
      }
      return;
    }
    while (!device.isLinkUp()) {
      Thread.onSpinWait();
    }
    ends[0].send();
    for (int phase = 0; phase < phases; phase++) {
      printPhase(measure(ends[phase % 2]));
    }
    Runtime.getRuntime().halt(0);
  }

  static void serve(End end) {
    for (int i = 0; i < PHASE_COUNT; ) {
      i += end.bounce();
    }
  }

  static long[] measure(End end) {
    long[] nanos = new long[PHASE_COUNT];
    for (int i = 0; i < PHASE_COUNT; i++) {
      long begin = System.nanoTime();
      while (end.bounce() == 0) {}
      nanos[i] = System.nanoTime() - begin;
    }
    return nanos;
  }

  /// Something that frames bounce off.
  interface End {
    /// Sends the first frame.
    void send();

    /// Sends back what has come.
    int bounce();
  }

  /// Through the device: a received frame is read and answered in a buffer of its own.
  private static final class DeviceEnd implements End, FrameSink {
    private final NetDevice device;
    private final TxFrame frame = new TxFrame();
    private int bounced;

    DeviceEnd(NetDevice device) {
      this.device = device;
    }

    @Override
    public void send() {
      answer(0);
      device.flush();
    }

    private void answer(long value) {
      Buffer buffer = device.takeFrame(FRAME_BYTES);
      buffer.segment().set(JAVA_LONG, 16, value);
      frame.clear();
      frame.add(buffer, 0, FRAME_BYTES);
      if (device.transmit(frame) != 0) {
        throw new IllegalStateException("refused");
      }
    }

    @Override
    public void frame(Buffer buffer, int offset, int length, int checksum) {
      long value = buffer.segment().get(JAVA_LONG, offset + 16);
      buffer.release();
      answer(value + 1);
      bounced++;
    }

    @Override
    public int bounce() {
      bounced = 0;
      device.receive(this, 32);
      device.flush();
      return bounced;
    }
  }

  /// Bursts of the driver and nothing else: what is received is sent, unread.
  static final class RawEnd implements End {
    private final MemorySegment table = Arena.global().allocate(JAVA_LONG, 32);
    private final MemorySegment receive;
    private final MemorySegment transmit;
    private final long receiveQueue;
    private final long transmitQueue;
    private final NetDevice device;

    RawEnd(NetDevice device) {
      this.device = device;
      int port = port(device);
      receive = DpdkEthdev.rxBurst(port);
      transmit = DpdkEthdev.txBurst(port);
      receiveQueue = DpdkEthdev.rxQueue(port, 0);
      transmitQueue = DpdkEthdev.txQueue(port, 0);
    }

    void awaitLink() {
      while (!device.isLinkUp()) {
        Thread.onSpinWait();
      }
    }

    @Override
    public void send() {
      new DeviceEnd(device).send();
    }

    @Override
    public int bounce() {
      int got = DpdkEthdev.burst(receive, receiveQueue, table.address(), 32);
      int sent = 0;
      while (sent < got) {
        sent +=
            DpdkEthdev.burst(transmit, transmitQueue, table.address() + 8L * sent, got - sent);
      }
      return got;
    }
  }
}
