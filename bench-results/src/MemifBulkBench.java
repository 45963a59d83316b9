import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.ffi.Dpdk;
import dev.demikv.libos.ffi.DpdkEthdev;
import dev.demikv.libos.ffi.struct.RteMbuf;
import dev.demikv.libos.memory.Buffer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Bytes of one TCP connection per second over DPDK's net_memif between two processes, in one
/// direction and in the other, with long pushes by reference and pops that are the device's buffers;
/// beside what a bare frame pump moves at the same frame size through a second memif of the same two
/// processes, and beside plain copies of that size into shared memory and out of it again: what
/// memif does with each frame, and nothing else.
final class MemifBulkBench {
  private static final int PORT = 7000;
  private static final int CHUNK_BYTES = 256 << 10;
  private static final int CHUNKS = 4;
  private static final int BURST_COUNT = 32;
  private static final int WARM_UP_ROUNDS = 5;

  /// What a round measures, in this order.
  private static final String[] PHASES = {"to-server", "to-client", "frames", "copies"};

  private static final LibOsConfig.Limits LIMITS =
      new LibOsConfig.Limits(64, 1_024, 4_096, 1_024, 64, 16);

  private MemifBulkBench() {}

  static void memifBulk(Report report, boolean quick) throws Exception {
    for (int mtu : new int[] {1_500, 9_000}) {
      measure(report, quick, mtu);
    }
  }

  private static void measure(Report report, boolean quick, int mtu) throws Exception {
    int rounds = quick ? 3 : 9;
    Path folder = Processes.folder();
    Path shared = Files.isDirectory(Path.of("/dev/shm")) ? Path.of("/dev/shm") : folder;
    Path ring = Files.createTempFile(shared, "memif-bulk", null);
    try {
      String[] arguments = {
        folder.resolve("memif").toString(),
        ring.toString(),
        "" + mtu,
        "" + (WARM_UP_ROUNDS + rounds),
        "" + (quick ? 512 : 1_024)
      };
      Path log = folder.resolve("server.log");
      Process server = Processes.startReady(command(0, "server", arguments), log);
      String out = Processes.output(command(1, "client", arguments));
      Processes.stop(server);
      double[][] rates = new double[PHASES.length][];
      for (int phase = 0; phase < PHASES.length; phase++) {
        rates[phase] = rates(out + Files.readString(log), PHASES[phase], rounds);
      }
      String unit = "Gbit/s, one connection, MTU " + mtu + "; peer: ";
      for (int phase = 0; phase < 2; phase++) {
        String metric = "mtu-" + mtu + "-" + PHASES[phase];
        report.compare(metric, unit + "bare frames", true, rates[phase], rates[2]);
        report.compare(
            metric + "-copies", unit + "copies in and out", true, rates[phase], rates[3]);
      }
    } finally {
      Files.deleteIfExists(ring);
    }
  }

  private static List<String> command(int cpu, String role, String[] arguments) {
    List<String> all = new ArrayList<>(List.of(role));
    all.addAll(List.of(arguments));
    return MemifBench.command(MemifBulkBench.class, cpu, all.toArray(new String[0]));
  }

  private static double[] rates(String out, String phase, int rounds) throws IOException {
    double[] all =
        out.lines()
            .filter(line -> line.startsWith(phase + " "))
            .mapToDouble(line -> Double.parseDouble(line.substring(phase.length() + 1)))
            .toArray();
    if (all.length != WARM_UP_ROUNDS + rounds) {
      throw new IOException(all.length + " rounds of " + phase + ":\n" + out);
    }
    return java.util.Arrays.copyOfRange(all, WARM_UP_ROUNDS, all.length);
  }

  /// Options of a port for frames of a size: one buffer of memif holds a frame, and what goes round
  /// (memif's ring, packet buffers) fits the caches of a core.
  private static Options options(boolean server, String socket, int number, int mtu) {
    Map<String, String> small = MemifBench.options(server, socket, number);
    String memif = mtu > 2_000 ? ",bsize=9024,rsize=6" : ",rsize=8";
    return Options.of(small)

        .with("network.dpdk.eal-args", small.get("network.dpdk.eal-args") + memif)
        .with("network.dpdk.mbufs", "1023")
        .with("network.dpdk.rx-ring", "128")
        .with("network.dpdk.tx-ring", "128")
        .with("network.mtu", "" + mtu)
        .with("network.address", server ? "10.77.0.1/24" : "10.77.0.2/24");
  }

  /// One end: `server|client SOCKET RING MTU ROUNDS MEBIBYTES`. Prints the rates of the phases in
  /// which it received.
  public static void main(String[] args) throws Exception {
    boolean server = args[0].equals("server");
    int mtu = Integer.parseInt(args[3]);
    int rounds = Integer.parseInt(args[4]);
    long bytes = Long.parseLong(args[5]) << 20;
    LibOsConfig config =
        new LibOsConfig(
            "dpdk", "none", options(server, args[1], 0, mtu), LIMITS, LibOsConfig.Idle.SPIN);
    try (LibOs libos = LibOses.open(config)) {
      NetDevice device = MemifBench.open(options(server, args[1], 1, mtu));
      if (server) {
        System.out.println("ready");
      }
      Stream stream = server ? Stream.accept(libos) : Stream.connect(libos);
      while (!device.isLinkUp()) {
        Thread.onSpinWait();
      }
      FramePump frames = new FramePump(device, mtu + 14);
      CopyPump copies = new CopyPump(Path.of(args[2]), mtu + 14);
      Mover[] movers = {stream, stream, frames, copies};
      for (int round = 0; round < rounds; round++) {
        for (int phase = 0; phase < PHASES.length; phase++) {
          if (server == (phase != 1)) {
            long nanos = movers[phase].receive(bytes);
            System.out.println(PHASES[phase] + " " + bytes * 8.0 / nanos);
            stream.sayDone();
          } else {
            movers[phase].send(bytes);
            stream.awaitDone();
          }
        }
      }
      if (server) {
        stream.awaitEnd(); // The parent ends it.
      }
      Runtime.getRuntime().halt(0);
    }
  }

  /// Something that moves bytes from one process to the other.
  private interface Mover {
    /// Sends so many bytes; they may still be under way.
    void send(long bytes);

    /// Receives so many bytes.
    ///
    /// @return nanoseconds from the first to the last
    long receive(long bytes);
  }

  /// The TCP connection.
  private static final class Stream implements Mover {
    private final LibOs libos;
    private final int qd;
    private final QResult result = new QResult();
    private final QResult[] results = {result};
    private final ScatterGatherArray[] chunks = new ScatterGatherArray[CHUNKS];
    private final ScatterGatherArray done;
    private long sentChunks;
    private long position;

    private Stream(LibOs libos, int qd) {
      this.libos = libos;
      this.qd = qd;
      libos.setsockopt(qd, SocketOption.PUSH_QUIET, 1);
      for (int i = 0; i < CHUNKS; i++) {
        chunks[i] = libos.sgaAlloc(CHUNK_BYTES);
        for (long at = 0; at < CHUNK_BYTES; at += Long.BYTES) {
          chunks[i].memory(0).set(JAVA_LONG, chunks[i].offset(0) + at, at);
        }
      }
      done = libos.sgaAlloc(1);
    }

    static Stream accept(LibOs libos) {
      QResult result = new QResult();
      int listener = libos.socket(SocketType.STREAM);
      libos.bind(listener, Endpoint.parse("10.77.0.1:" + PORT));
      libos.listen(listener, 16);
      libos.wait(libos.accept(listener), -1, result);
      return new Stream(libos, result.result);
    }

    static Stream connect(LibOs libos) {
      QResult result = new QResult();
      int qd = libos.socket(SocketType.STREAM, AddressFamily.INET);
      libos.wait(libos.connect(qd, Endpoint.parse("10.77.0.1:" + PORT)), -1, result);
      if (result.result < 0) {
        throw new IllegalStateException("connect: " + result.result);
      }
      return new Stream(libos, qd);
    }

    @Override
    public void send(long bytes) {
      for (long left = bytes; left > 0; ) {
        long qtoken = libos.push(qd, chunks[(int) (sentChunks % CHUNKS)]);
        if (qtoken > 0) {
          sentChunks++;
          left -= CHUNK_BYTES;
        } else if (qtoken == -Errno.EAGAIN) {
          libos.waitNext(results, 0);
        } else {
          throw new IllegalStateException("push: " + qtoken);
        }
      }
    }

    @Override
    public long receive(long bytes) {
      long begin = 0;
      for (long left = bytes; left > 0; ) {
        libos.wait(libos.pop(qd), -1, result);
        ScatterGatherArray sga = result.sga;
        if (sga == null) {
          throw new IllegalStateException("pop: " + result.result);
        }
        if (begin == 0) {
          begin = System.nanoTime();
        }
        check(sga);
        left -= result.result;
        libos.sgaFree(sga);
      }
      return System.nanoTime() - begin;
    }

    /// The first whole word of every segment says where it stands.
    private void check(ScatterGatherArray sga) {
      for (int i = 0; i < sga.segmentCount(); i++) {
        int skip = (int) (-position & Long.BYTES - 1);
        if (skip + Long.BYTES <= sga.length(i)) {
          long word = sga.memory(i).get(JAVA_LONG_UNALIGNED, (long) sga.offset(i) + skip);
          if (word != (position + skip) % CHUNK_BYTES) {
            throw new IllegalStateException("word " + word + " at byte " + (position + skip));
          }
        }
        position += sga.length(i);
      }
    }

    void sayDone() {
      if (libos.push(qd, done) < 0) {
        throw new IllegalStateException("push refused");
      }
      for (int i = 0; i < 4; i++) {
        libos.waitNext(results, 0); // Sends it.
      }
    }

    void awaitDone() {
      libos.wait(libos.pop(qd), -1, result);
      if (result.result != 1 || result.sga == null) {
        throw new IllegalStateException("pop: " + result.result);
      }
      libos.sgaFree(result.sga);
    }

    void awaitEnd() {
      libos.wait(libos.pop(qd), -1, result);
    }
  }

  /// Bursts of the driver and nothing else: the same frames again and again, received and freed.
  private static final class FramePump implements Mover {
    private final MemorySegment table = Arena.global().allocate(JAVA_LONG, BURST_COUNT);
    private final long[] mbufs = new long[BURST_COUNT];
    private final MemorySegment[] headers = new MemorySegment[BURST_COUNT];
    private final MemorySegment receive;
    private final MemorySegment transmit;
    private final long receiveQueue;
    private final long transmitQueue;
    private final int frameBytes;

    FramePump(NetDevice device, int frameBytes) {
      this.frameBytes = frameBytes;
      int port = MemifBench.port(device);
      receive = DpdkEthdev.rxBurst(port);
      transmit = DpdkEthdev.txBurst(port);
      receiveQueue = DpdkEthdev.rxQueue(port, 0);
      transmitQueue = DpdkEthdev.txQueue(port, 0);
      for (int i = 0; i < BURST_COUNT; i++) {
        Buffer buffer = device.takeFrame(frameBytes);
        // A packet buffer lies right before its bytes.
        mbufs[i] = buffer.address() - RteMbuf.BYTES;
        headers[i] = Dpdk.segment(mbufs[i], RteMbuf.BYTES, Arena.global());
        RteMbuf.reset(headers[i], 0, Dpdk.RTE_PKTMBUF_HEADROOM, frameBytes);
      }
    }

    @Override
    public void send(long bytes) {
      for (long left = bytes / frameBytes + 1; left > 0; ) {
        int count = (int) Math.min(left, BURST_COUNT);
        for (int i = 0; i < count; i++) {
          // The driver drops a reference when it has copied the frame; this one stays.
          headers[i].set(JAVA_SHORT, RteMbuf.REFCNT_OFFSET, (short) 2);
          table.setAtIndex(JAVA_LONG, i, mbufs[i]);
        }
        left -= DpdkEthdev.burst(transmit, transmitQueue, table.address(), count);
      }
    }

    @Override
    public long receive(long bytes) {
      long begin = 0;
      for (long left = bytes / frameBytes + 1; left > 0; ) {
        int got = DpdkEthdev.burst(receive, receiveQueue, table.address(), BURST_COUNT);
        if (got > 0) {
          begin = begin == 0 ? System.nanoTime() : begin;
          Dpdk.rte_pktmbuf_free_bulk(table.address(), got);
          left -= got;
        }
      }
      return System.nanoTime() - begin;
    }
  }

  /// Copies into the slots of a ring in shared memory and out of them.
  private static final class CopyPump implements Mover {
    private static final int SLOTS = 64;
    private static final int PRIVATE_SLOTS = 64;
    private static final long WRITTEN = 0;
    private static final long READ = 128;
    private static final long HEADER_BYTES = 256;
    private static final VarHandle COUNT = JAVA_LONG.varHandle();

    private final MemorySegment ring;
    private final MemorySegment own;
    private final int blockBytes;
    private final int strideBytes;

    CopyPump(Path file, int blockBytes) throws IOException {
      this.blockBytes = blockBytes;
      this.strideBytes = blockBytes + 63 & -64;
      long length = HEADER_BYTES + (long) SLOTS * strideBytes;
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        ring = channel.map(FileChannel.MapMode.READ_WRITE, 0, length, Arena.global());
      }
      own = Arena.global().allocate((long) PRIVATE_SLOTS * strideBytes, 64);
      own.fill((byte) 7);
    }

    private long slot(long index) {
      return HEADER_BYTES + index % SLOTS * strideBytes;
    }

    private long ownSlot(long index) {
      return index % PRIVATE_SLOTS * strideBytes;
    }

    @Override
    public void send(long bytes) {
      long at = (long) COUNT.getAcquire(ring, WRITTEN);
      long end = at + bytes / blockBytes + 1;
      while (at < end) {
        long limit = Math.min(end, (long) COUNT.getAcquire(ring, READ) + SLOTS);
        long burst = Math.min(limit, at + BURST_COUNT);
        for (; at < burst; at++) {
          MemorySegment.copy(own, ownSlot(at), ring, slot(at), blockBytes);
        }
        COUNT.setRelease(ring, WRITTEN, at);
      }
    }

    @Override
    public long receive(long bytes) {
      long begin = 0;
      long at = (long) COUNT.getAcquire(ring, READ);
      long end = at + bytes / blockBytes + 1;
      while (at < end) {
        long burst = Math.min((long) COUNT.getAcquire(ring, WRITTEN), at + BURST_COUNT);
        if (at < burst) {
          begin = begin == 0 ? System.nanoTime() : begin;
        }
        for (; at < burst; at++) {
          MemorySegment.copy(ring, slot(at), own, ownSlot(at), blockBytes);
        }
        COUNT.setRelease(ring, READ, at);
      }
      return System.nanoTime() - begin;
    }
  }
}
