import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.config.LibOsConfig;

/// A 64 B echo over the kernel backend, spinning, beside a spinning epoll echo server in C; the
/// client is the same C program for both.
final class EchoBench {
  private static final String LOCAL = "127.0.0.1";

  private EchoBench() {}

  static void echo(Report report, boolean quick) throws Exception {
    String program = Processes.compiled("echo.c").toString();
    int rounds = quick ? 3 : 9;
    String count = quick ? "50000" : "200000";
    int peerPort = Processes.freePort();
    Process peer =
        Processes.start(
            Processes.pinned(0, program, "server", "epoll", LOCAL, "" + peerPort, "-"), null);
    int port = Processes.freePort();
    Process ours =
        Processes.startReady(
            MemifBench.command(EchoBench.class, 0, "" + port),
            Processes.folder().resolve("ours.log"));
    double[][] p50 = new double[2][rounds];
    double[][] p99 = new double[2][rounds];
    for (int round = -2; round < rounds; round++) {
      for (int i = 0; i < 2; i++) {
        int which = Math.floorMod(round + i, 2);
        Processes.pause(which == 0 ? peer : ours, true);
        Processes.pause(which == 0 ? ours : peer, true);
        Processes.awaitQuiet();
        Processes.pause(which == 0 ? ours : peer, false);
        String out =
            Processes.output(
                Processes.pinned(
                    1, program, "client", LOCAL, "" + (which == 0 ? port : peerPort), "-", count, "64"));
        Processes.pause(which == 0 ? peer : ours, false);
        if (round >= 0) {
          String[] words = out.trim().split(" ");
          p50[which][round] = Double.parseDouble(words[0]) / 1e3;
          p99[which][round] = Double.parseDouble(words[1]) / 1e3;
        }
      }
    }
    report.compare("p50", "us, 64 B, spinning", false, p50[0], p50[1]);
    report.compare("p99", "us, 64 B, spinning", false, p99[0], p99[1]);
  }

  /// The server: spins on the kernel backend.
  public static void main(String[] args) {
    try (LibOs libos = LibOses.open(LibOsConfig.kernel().withIdle(LibOsConfig.Idle.SPIN))) {
      TcpEcho.Server server = new TcpEcho.Server(libos, LOCAL + ":" + args[0]);
      System.out.println("ready");
      server.echo();
    }
  }
}
