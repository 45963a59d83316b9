import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;

/// Round trips of 64 B messages on a TCP connection over DPDK's net_memif between two processes that
/// spin, beside bare bursts of frames through a second memif of the same two processes.
final class MemifTcpBench {
  private static final int MESSAGE_BYTES = 64;
  private static final int PORT = 7000;

  private MemifTcpBench() {}

  static void memifTcp(Report report, boolean quick) throws Exception {
    MemifBench.compare(
        report, MemifTcpBench.class, quick, "us, 64 B, TCP; peer: bare bursts of 64 B frames");
  }

  /// One end: `server|client SOCKET PHASES`.
  public static void main(String[] args) throws Exception {
    boolean server = args[0].equals("server");
    int phases = Integer.parseInt(args[2]);
    Options options =
        Options.of(MemifBench.options(server, args[1], 0))
            .with("network.address", server ? "10.77.0.1/24" : "10.77.0.2/24");
    LibOsConfig config =
        new LibOsConfig(
            "dpdk", "none", options, LibOsConfig.Limits.SMALL, LibOsConfig.Idle.SPIN);
    try (LibOs libos = LibOses.open(config)) {
      MemifBench.RawEnd raw = new MemifBench.RawEnd(MemifBench.open(server, args[1], 1));
      if (server) {
        serve(new Server(libos), raw, phases);
      } else {
        raw.awaitLink();
        measure(new Client(libos), raw, phases);
        Runtime.getRuntime().halt(0);
      }
    }
  }

  private static void serve(Server tcp, MemifBench.RawEnd raw, int phases) {
    System.out.println("ready");
    for (int phase = 0; phase < phases; phase++) {
      if (phase % 2 == 0) {
        tcp.echo(MemifBench.PHASE_COUNT);
      } else {
        MemifBench.serve(raw);
      }
    }
    tcp.echo(Integer.MAX_VALUE); // Until the parent ends it.
  }

  private static void measure(Client tcp, MemifBench.RawEnd raw, int phases) {
    raw.send();
    for (int phase = 0; phase < phases; phase++) {
      MemifBench.printPhase(
          phase % 2 == 0 ? tcp.roundTrips(MemifBench.PHASE_COUNT) : MemifBench.measure(raw));
    }
  }

  /// Echoes what comes on connections.
  private static final class Server {
    private final LibOs libos;
    private final int listener;
    private final QResult[] results = new QResult[16];

    Server(LibOs libos) {
      this.libos = libos;
      for (int i = 0; i < results.length; i++) {
        results[i] = new QResult();
      }
      listener = libos.socket(SocketType.STREAM);
      libos.bind(listener, Endpoint.parse("10.77.0.1:" + PORT));
      libos.listen(listener, 16);
      libos.accept(listener);
    }

    void echo(int count) {
      for (int echoes = 0; echoes < count; ) {
        int n = libos.waitNext(results, -1);
        for (int i = 0; i < n; i++) {
          QResult result = results[i];
          if (result.opcode == Opcode.ACCEPT) {
            libos.setsockopt(result.result, SocketOption.PUSH_QUIET, 1);
            libos.pop(result.result);
          } else if (result.sga != null) {
            libos.push(result.qd, result.sga);
            libos.sgaFree(result.sga);
            libos.pop(result.qd);
            echoes++;
          }
        }
      }
      for (int i = 0; i < 4; i++) {
        libos.waitNext(results, 0); // Sends the last one.
      }
    }
  }

  /// Sends a message and waits for its echo.
  private static final class Client {
    private final LibOs libos;
    private final int qd;
    private final QResult result = new QResult();
    private final ScatterGatherArray message;

    Client(LibOs libos) {
      this.libos = libos;
      qd = libos.socket(SocketType.STREAM, AddressFamily.INET);
      libos.wait(libos.connect(qd, Endpoint.parse("10.77.0.1:" + PORT)), -1, result);
      if (result.result < 0) {
        throw new IllegalStateException("connect: " + result.result);
      }
      libos.setsockopt(qd, SocketOption.PUSH_QUIET, 1);
      message = libos.sgaAlloc(MESSAGE_BYTES);
    }

    long[] roundTrips(int count) {
      long[] nanos = new long[count];
      for (int i = 0; i < count; i++) {
        long begin = System.nanoTime();
        libos.push(qd, message);
        int missing = MESSAGE_BYTES;
        while (missing > 0) {
          libos.wait(libos.pop(qd), -1, result);
          if (result.result <= 0 || result.sga == null) {
            throw new IllegalStateException("pop: " + result.result);
          }
          missing -= result.result;
          libos.sgaFree(result.sga);
        }
        nanos[i] = System.nanoTime() - begin;
      }
      return nanos;
    }
  }
}
