import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.sim.SimWorld;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// What 10,000 idle TCP connections cost on the user-level stack: memory of each end, and what they add
/// to a turn of the loop and to an echo on one connection beside them.
///
/// Two LibOses on an Ethernet in the process's memory, in one thread, so that nothing but their own
/// work is measured. Each connection has carried an echo, has keepalive on, and a pop waits on both
/// ends. Memory is Java heap after a collection, of tables and objects, over that of a pair with limits
/// for one connection; no buffer is in use, and beside buffers the stack has no other memory. The peer
/// of the memory is the kernel's slab for connections over its loopback; the peer of the times is a
/// pair of the same limits without idle connections.
final class IdleConnectionsBench {
  private static final int CONNECTIONS = 10_000;
  private static final int PORT = 7000;
  private static final int MESSAGE_BYTES = 64;
  private static final int ECHOES = 50_000;
  private static final int TURNS = 500_000;
  private static final long STEP_NANOS = 1_000;

  private IdleConnectionsBench() {}

  static void idleConnections(Report report, boolean quick) throws Exception {
    int rounds = quick ? 3 : 15;
    double heap = heapBytes();
    Pair small = new Pair(2);
    small.connect(1);
    double fixed = heapBytes() - heap;
    small.close();
    small = null;
    heap = heapBytes();
    Pair full = new Pair(CONNECTIONS + 1);
    full.connect(CONNECTIONS + 1);
    double ours = (heapBytes() - heap - fixed) / (2.0 * CONNECTIONS);
    report.compare(
        "memory-per-connection",
        "B an end, without buffers; peer: the kernel's slab over loopback",
        false,
        new double[] {ours},
        new double[] {kernelBytes()});

    Pair empty = new Pair(CONNECTIONS + 1);
    empty.connect(1);
    double[][] echo = new double[2][rounds];
    double[][] turn = new double[2][rounds];
    for (int round = -3; round < rounds; round++) { // The first ones warm up.
      for (int which = 0; which < 2; which++) {
        Pair pair = which == 0 ? full : empty;
        double echoNanos = pair.echoNanos();
        double turnNanos = pair.turnNanos();
        if (round >= 0) {
          echo[which][round] = echoNanos;
          turn[which][round] = turnNanos;
        }
      }
    }
    String unit = "ns, both ends in one thread; peer: no idle connections";
    report.compare("echo", unit, false, echo[0], echo[1]);
    report.compare("turn", "ns of a turn without work; peer: the same", false, turn[0], turn[1]);
    full.close();
    empty.close();
  }

  private static double heapBytes() throws InterruptedException {
    for (int i = 0; i < 3; i++) {
      System.gc();
      Thread.sleep(50);
    }
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  /// What the kernel's slab grows by for each end of a connection over loopback.
  private static double kernelBytes() throws Exception {
    List<SocketChannel> ends = new ArrayList<>();
    try (ServerSocketChannel listener = ServerSocketChannel.open()) {
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1_024);
      double before = slabBytes();
      for (int i = 0; i < CONNECTIONS / 4; i++) {
        ends.add(SocketChannel.open(listener.getLocalAddress()));
        ends.add(listener.accept());
      }
      return (slabBytes() - before) / ends.size();
    } finally {
      for (SocketChannel end : ends) {
        end.close();
      }
    }
  }

  private static double slabBytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
      if (line.startsWith("Slab:")) {
        return 1024 * Double.parseDouble(line.replaceAll("[^0-9]", ""));
      }
    }
    throw new IOException("no Slab in /proc/meminfo");
  }

  /// Client and server on one wire.
  private static final class Pair implements AutoCloseable {
    private final SimWorld world = new SimWorld(1);
    private final LibOs client;
    private final LibOs server;
    private final QResult[] results = new QResult[64];
    private final ScatterGatherArray message;
    private int active;
    private int accepted;
    private int answers;

    Pair(int connectionsMax) {
      for (int i = 0; i < results.length; i++) {
        results[i] = new QResult();
      }
      client = open("client", 1, connectionsMax);
      server = open("server", 2, connectionsMax);
      message = client.sgaAlloc(MESSAGE_BYTES);
      int listener = server.socket(SocketType.STREAM);
      server.bind(listener, Endpoint.parse("10.77.0.2:" + PORT));
      server.listen(listener, 16);
      server.accept(listener);
    }

    private LibOs open(String name, int number, int connectionsMax) {
      Options options =
          Options.empty()
              .with("sim.world", world.id())
              .with("network.wire.host", name)
              .with("network.address", "10.77.0." + number + "/24")
              .with("network.ipv6", "false")
              .with("network.close-linger", "0ms")
              .with("network.tcp.connections-max", "" + connectionsMax);
      LibOsConfig.Limits limits =
          new LibOsConfig.Limits(connectionsMax + 8, 2 * connectionsMax + 64, 256, 256, 64, 4);
      return LibOses.open(
          new LibOsConfig("wire", "none", options, limits, LibOsConfig.Idle.SPIN),
          world,
          world.random(name));
    }

    /// Makes connections; the last one is the active one.
    void connect(int count) {
      for (int i = 0; i < count; i++) {
        active = client.socket(SocketType.STREAM);
        client.setsockopt(active, SocketOption.KEEPALIVE, 1);
        client.setsockopt(active, SocketOption.PUSH_QUIET, 1);
        client.connect(active, Endpoint.parse("10.77.0.2:" + PORT));
        int connected = i + 1;
        int answered = answers + 1;
        while (accepted < connected || answers < answered) {
          turns();
        }
      }
    }

    private void turns() {
      int worked = clientTurn() + serverTurn();
      if (worked == 0) {
        world.advance(world.nanoTime() + STEP_NANOS);
      }
    }

    private int clientTurn() {
      int count = client.waitNext(results, 0);
      for (int i = 0; i < count; i++) {
        QResult result = results[i];
        if (result.failed()) {
          throw new IllegalStateException(result.opcode + ": " + result.result);
        }
        if (result.opcode == Opcode.CONNECT) {
          client.push(result.qd, message);
        } else {
          client.sgaFree(result.sga);
          answers++;
        }
        client.pop(result.qd);
      }
      return count;
    }

    private int serverTurn() {
      int count = server.waitNext(results, 0);
      for (int i = 0; i < count; i++) {
        QResult result = results[i];
        if (result.failed()) {
          throw new IllegalStateException(result.opcode + ": " + result.result);
        }
        if (result.opcode == Opcode.ACCEPT) {
          accepted++;
          server.setsockopt(result.result, SocketOption.KEEPALIVE, 1);
          server.setsockopt(result.result, SocketOption.PUSH_QUIET, 1);
          server.pop(result.result);
          server.accept(result.qd);
        } else {
          server.push(result.qd, result.sga);
          server.sgaFree(result.sga);
          server.pop(result.qd);
        }
      }
      return count;
    }

    double echoNanos() {
      long begin = System.nanoTime();
      for (int i = 0; i < ECHOES; i++) {
        int answered = answers + 1;
        client.push(active, message);
        while (answers < answered) {
          turns();
        }
      }
      return (double) (System.nanoTime() - begin) / ECHOES;
    }

    double turnNanos() {
      long begin = System.nanoTime();
      for (int i = 0; i < TURNS; i++) {
        if (server.waitNext(results, 0) != 0) {
          throw new IllegalStateException("something happened on an idle server");
        }
      }
      return (double) (System.nanoTime() - begin) / TURNS;
    }

    @Override
    public void close() {
      client.sgaFree(message);
      client.close();
      server.close();
      world.close();
    }
  }
}
