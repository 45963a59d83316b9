import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import java.nio.file.Path;

/// Round trips of 64 B messages on a TCP connection over DPDK's net_memif between two processes that
/// spin, beside bare bursts of frames through a second memif of the same two processes, and beside
/// two programs in C that spin on the kernel's TCP over the loopback interface.
final class MemifTcpBench {
  private static final int WARM_UP_ROUNDS = 5;
  private static final String ENDPOINT = "10.77.0.1:7000";

  private MemifTcpBench() {}

  static void memifTcp(Report report, boolean quick) throws Exception {
    int rounds = quick ? 5 : 25;
    Path folder = Processes.folder();
    String socket = folder.resolve("memif").toString();
    Path log = folder.resolve("server.log");
    Process server =
        Processes.startReady(MemifBench.command(MemifTcpBench.class, 0, "server", socket), log);
    JavaClient client =
        new JavaClient(MemifBench.command(MemifTcpBench.class, 1, "client", socket), 2);
    String program = Processes.compiled("echo.c").toString();
    String port = "" + Processes.freePort();
    String local = "127.0.0.1";
    Process kernel =
        Processes.start(Processes.pinned(0, program, "server", "recv", local, port, "reno"), null);
    String count = "" + MemifBench.PHASE_COUNT;
    client.measure(); // Connects, before its server is stopped.
    Contest contest = new Contest();
    contest.add(server, client);
    contest.add(
        kernel,
        Contest.program(
            Processes.pinned(
                1, program, "client", local, port, "reno", count, "" + TcpEcho.MESSAGE_BYTES)));
    double[][][] results = contest.run(WARM_UP_ROUNDS, rounds);
    String unit = "us, 64 B, TCP; peer: ";
    report.compare("p50", unit + "bare bursts", false, results[0][0], results[0][2]);
    report.compare("p99", unit + "bare bursts", false, results[0][1], results[0][3]);
    String kernelUnit = unit + "kernel TCP on loopback, C, spinning";
    report.compare("kernel.p50", kernelUnit, false, results[0][0], results[1][0]);
    report.compare("kernel.p99", kernelUnit, false, results[0][1], results[1][1]);
  }

  /// One end: `server|client SOCKET`.
  public static void main(String[] args) throws Exception {
    boolean server = args[0].equals("server");
    Options options =
        Options.of(MemifBench.options(server, args[1], 0))
            .with("network.address", server ? "10.77.0.1/24" : "10.77.0.2/24");
    LibOsConfig config =
        new LibOsConfig(
            "dpdk", "none", options, LibOsConfig.Limits.SMALL, LibOsConfig.Idle.SPIN);
    try (LibOs libos = LibOses.open(config)) {
      MemifBench.RawEnd raw = new MemifBench.RawEnd(MemifBench.open(server, args[1], 1));
      if (server) {
        TcpEcho.Server tcp = new TcpEcho.Server(libos, ENDPOINT);
        System.out.println("ready");
        while (true) { // Until the parent ends it.
          tcp.echo(MemifBench.PHASE_COUNT);
          MemifBench.serve(raw);
        }
      }
      raw.awaitLink();
      TcpEcho.Client tcp = new TcpEcho.Client(libos, ENDPOINT);
      raw.send();
      while (JavaClient.awaitRound()) {
        JavaClient.answer(tcp.roundTrips(MemifBench.PHASE_COUNT));
        JavaClient.answer(MemifBench.measure(raw));
      }
      Runtime.getRuntime().halt(0);
    }
  }
}
