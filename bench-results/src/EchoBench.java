import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.LibOsConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A 64 B echo over the kernel backend, spinning, beside a spinning epoll echo server in C; the
/// client is the same C program for both.
final class EchoBench {
  private EchoBench() {}

  static void echo(Report report, boolean quick) throws Exception {
    Path folder = Processes.folder();
    String program = Processes.compiled("echo.c").toString();
    int rounds = quick ? 3 : 9;
    String count = quick ? "50000" : "200000";
    int peerPort = Processes.freePort();
    Process peer = Processes.start(Processes.pinned(0, program, "server", "" + peerPort), null);
    int port = Processes.freePort();
    List<String> command =
        Processes.pinned(0, System.getProperty("demikv.java"), "--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of("-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path")));
    command.add(
        Path.of(System.getProperty("demikv.root"), "bench-results/src/EchoBench.java").toString());
    command.add("" + port);
    Process ours = Processes.start(command, folder.resolve("ours.log"));
    for (int i = 0; i < 600 && !Files.readString(folder.resolve("ours.log")).contains("ready"); i++) {
      Thread.sleep(50);
    }
    double[][] p50 = new double[2][rounds];
    double[][] p99 = new double[2][rounds];
    for (int round = -2; round < rounds; round++) {
      for (int i = 0; i < 2; i++) {
        int which = Math.floorMod(round + i, 2);
        pause(which == 0 ? peer : ours, true);
        pause(which == 0 ? ours : peer, true);
        Processes.awaitQuiet();
        pause(which == 0 ? ours : peer, false);
        String out =
            Processes.output(
                Processes.pinned(
                    1, program, "client", "" + (which == 0 ? port : peerPort), count, "64"));
        pause(which == 0 ? peer : ours, false);
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

  /// Stops and continues the server that is not measured: both spin on one CPU.
  static void pause(Process process, boolean stop) throws Exception {
    Processes.output(List.of("kill", stop ? "-STOP" : "-CONT", "" + process.pid()));
  }

  /// The server: spins on the kernel backend.
  public static void main(String[] args) {
    try (LibOs libos = LibOses.open(LibOsConfig.kernel().withIdle(LibOsConfig.Idle.SPIN))) {
      int listener = libos.socket(SocketType.STREAM);
      libos.bind(listener, Endpoint.parse("127.0.0.1:" + args[0]));
      libos.listen(listener, 16);
      libos.accept(listener);
      System.out.println("ready");
      QResult[] results = new QResult[64];
      for (int i = 0; i < results.length; i++) {
        results[i] = new QResult();
      }
      while (true) {
        int n = libos.waitNext(results, -1);
        for (int i = 0; i < n; i++) {
          QResult result = results[i];
          if (result.opcode == Opcode.ACCEPT) {
            libos.setsockopt(result.result, SocketOption.PUSH_QUIET, 1);
            libos.pop(result.result);
            libos.accept(listener);
          } else if (result.sga != null) {
            libos.push(result.qd, result.sga);
            libos.sgaFree(result.sga);
            libos.pop(result.qd);
          } else {
            libos.close(result.qd);
          }
        }
      }
    }
  }
}
