import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Goodput of one connection over a long cable that loses frames: CUBIC of the user-level stack beside
/// Linux's, both over an emulated link of 200 Mbit/s, 10 ms each way, 0.1 % loss of data frames
/// (`peers/link.c`), between two network namespaces each.
///
/// All senders of a round run at the same time, each on a link of its own with the seed of the round,
/// so that the same frames by number are lost. Reno is measured beside as a control: there the
/// algorithms are the same on both sides. Rounds with evenly spaced loss show what is left when no
/// luck is: with drawn losses, RFC 9438's faster increase above the window of the last loss (§4.3),
/// which Linux does not have, makes ours the faster one.
final class CubicBench {
  private static final String SENDER = "10.78.0.1";
  private static final String RECEIVER = "10.78.0.2";
  private static final int PORT = 7000;
  private static final int PUSH_BYTES = 64 << 10;
  private static final int LOSS_PPM = 1_000;
  private static final int DELAY_MICROS = 10_000;
  private static final int MEGABITS = 200;

  /// A round trip of the bandwidth.
  private static final int QUEUE_BYTES = 500_000;

  private static final int WARM_SECONDS = 3;

  /// Who sends to whom, by what congestion control.
  private enum Pair {
    LINUX_TO_LINUX(false, false, "cubic"),
    OURS_TO_LINUX(true, false, "cubic"),
    OURS_TO_OURS(true, true, "cubic"),
    LINUX_RENO(false, false, "reno"),
    OURS_RENO(true, false, "newreno");

    final boolean oursSends;
    final boolean oursReceives;
    final String control;

    Pair(boolean oursSends, boolean oursReceives, String control) {
      this.oursSends = oursSends;
      this.oursReceives = oursReceives;
      this.control = control;
    }
  }

  private CubicBench() {}

  static void cubic(Report report, boolean quick) throws Exception {
    Processes.need("ip", "iproute2");
    Path link = Processes.compiled("link.c");
    Path bulk = Processes.compiled("bulk.c");
    int seconds = quick ? 8 : 20;
    double[][][] drawn = rounds(quick ? 2 : 7, 1, seconds, link, bulk);
    compare(report, "", drawn);
    double[][][] even = rounds(quick ? 1 : 2, 0, seconds, link, bulk);
    compare(report, "-even-loss", even);
  }

  private static void compare(Report report, String suffix, double[][][] measured) {
    double[][] goodput = measured[0];
    double[] linux = goodput[Pair.LINUX_TO_LINUX.ordinal()];
    String unit = "Mbit/s, 10 ms each way, 0.1 % loss; peer: Linux to Linux, cubic";
    report.compare(
        "goodput" + suffix, unit, true, goodput[Pair.OURS_TO_LINUX.ordinal()], linux);
    report.compare(
        "goodput-both-ours" + suffix, unit, true, goodput[Pair.OURS_TO_OURS.ordinal()], linux);
    report.compare(
        "goodput-reno" + suffix,
        "Mbit/s, the same link; newreno, peer: Linux to Linux, reno",
        true,
        goodput[Pair.OURS_RENO.ordinal()],
        goodput[Pair.LINUX_RENO.ordinal()]);
    report.compare(
        "loss" + suffix,
        "% of data frames, ours to Linux; peer: Linux to Linux",
        false,
        measured[1][Pair.OURS_TO_LINUX.ordinal()],
        measured[1][Pair.LINUX_TO_LINUX.ordinal()]);
  }

  /// Runs rounds and gives goodput and loss by pair and round.
  ///
  /// @param seed of the first round; 0 for evenly spaced losses in all of them
  private static double[][][] rounds(int count, int seed, int seconds, Path link, Path bulk)
      throws Exception {
    Pair[] pairs = Pair.values();
    double[][][] measured = new double[2][pairs.length][count];
    for (int round = 0; round < count; round++) {
      List<Transfer> transfers = new ArrayList<>();
      try {
        for (Pair pair : pairs) {
          Transfer transfer = new Transfer(pair, link, bulk);
          transfers.add(transfer);
          transfer.open(seed == 0 ? 0 : seed + round);
        }
        for (Transfer transfer : transfers) {
          transfer.receive(seconds);
        }
        for (Transfer transfer : transfers) {
          transfer.send();
        }
        for (Transfer transfer : transfers) {
          int pair = transfer.pair.ordinal();
          measured[0][pair][round] = transfer.awaitMegabits(seconds);
          measured[1][pair][round] = transfer.lossPercent();
        }
      } finally {
        for (Transfer transfer : transfers) {
          transfer.close();
        }
      }
    }
    return measured;
  }

  /// A cable between two namespaces, and the programs at its ends.
  private static final class Transfer implements AutoCloseable {
    final Pair pair;
    private final Path linkProgram;
    private final Path bulkProgram;
    private final Path linkLog;
    private final Path sendLog;
    private final Path receiveLog;
    private final List<Process> running = new ArrayList<>();
    private Process link;
    private Process receiver;

    Transfer(Pair pair, Path linkProgram, Path bulkProgram) throws IOException {
      this.pair = pair;
      this.linkProgram = linkProgram;
      this.bulkProgram = bulkProgram;
      Path folder = Processes.folder();
      linkLog = folder.resolve("link.log");
      sendLog = folder.resolve("send.log");
      receiveLog = folder.resolve("receive.log");
    }

    private String interfaceName(int end) {
      return "dkcub" + pair.ordinal() + (end == 0 ? "a" : "b");
    }

    /// Lays the cable.
    void open(int seed) throws Exception {
      List<String> command =
          List.of(
              linkProgram.toString(),
              interfaceName(0),
              interfaceName(1),
              "" + seed,
              "" + LOSS_PPM,
              "" + DELAY_MICROS,
              "" + MEGABITS,
              "" + QUEUE_BYTES);
      link = start(command, linkLog);
      Processes.awaitReady(link, linkLog);
      for (int end = 0; end < 2; end++) {
        String name = interfaceName(end);
        Processes.output(List.of("ip", "netns", "add", name));
        Processes.output(List.of("ip", "link", "set", name, "netns", name));
        ip(end, "link", "set", name, "txqueuelen", "10000", "addrgenmode", "none");
        if (!(end == 0 ? pair.oursSends : pair.oursReceives)) {
          ip(end, "addr", "add", (end == 0 ? SENDER : RECEIVER) + "/24", "dev", name);
        }
        ip(end, "link", "set", name, "up");
      }
    }

    private void ip(int end, String... arguments) throws Exception {
      List<String> command = new ArrayList<>(List.of("ip", "-n", interfaceName(end)));
      command.addAll(List.of(arguments));
      Processes.output(command);
    }

    void receive(int seconds) throws Exception {
      String warm = "" + WARM_SECONDS;
      receiver =
          pair.oursReceives
              ? ours(1, receiveLog, "receive", interfaceName(1), RECEIVER, warm, "" + seconds)
              : linux(1, receiveLog, "receive", "" + PORT, warm, "" + seconds);
      Processes.awaitReady(receiver, receiveLog);
    }

    void send() throws Exception {
      if (pair.oursSends) {
        ours(0, sendLog, "send", interfaceName(0), SENDER, RECEIVER, pair.control);
      } else {
        linux(0, sendLog, "send", RECEIVER, "" + PORT, pair.control);
      }
    }

    private Process ours(int end, Path log, String... arguments) throws Exception {
      List<String> command =
          new ArrayList<>(List.of("ip", "netns", "exec", interfaceName(end)));
      command.add(System.getProperty("demikv.java"));
      command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC"));
      command.addAll(List.of("-Xms64m", "-Xmx64m", "-cp", System.getProperty("java.class.path")));
      Path source =
          Path.of(System.getProperty("demikv.root"), "bench-results/src/CubicBench.java");
      command.add(source.toString());
      command.addAll(List.of(arguments));
      return start(command, log);
    }

    private Process linux(int end, Path log, String... arguments) throws Exception {
      List<String> command =
          new ArrayList<>(List.of("ip", "netns", "exec", interfaceName(end)));
      command.add(bulkProgram.toString());
      command.addAll(List.of(arguments));
      return start(command, log);
    }

    private Process start(List<String> command, Path log) throws IOException {
      Process process = Processes.start(command, log);
      running.add(process);
      return process;
    }

    double awaitMegabits(int seconds) throws Exception {
      String what = pair + ": ";
      if (!receiver.waitFor(WARM_SECONDS + seconds + 60, TimeUnit.SECONDS)) {
        throw new IllegalStateException(what + Files.readString(sendLog));
      }
      String text = Files.readString(receiveLog);
      if (receiver.exitValue() != 0) {
        throw new IllegalStateException(what + text + Files.readString(sendLog));
      }
      return Double.parseDouble(text.lines().reduce((first, second) -> second).orElseThrow());
    }

    /// What the cable lost on the way forth; ends the cable.
    double lossPercent() throws IOException {
      Processes.stop(link);
      for (String line : Files.readAllLines(linkLog)) {
        if (line.startsWith("forth ")) {
          String[] words = line.split(" ");
          double lost = Double.parseDouble(words[4]);
          return 100 * lost / (lost + Double.parseDouble(words[2]));
        }
      }
      throw new IllegalStateException("the link says nothing: " + Files.readString(linkLog));
    }

    @Override
    public void close() throws Exception {
      running.reversed().forEach(Processes::stop);
      for (int end = 0; end < 2; end++) {
        if (Files.exists(Path.of("/run/netns", interfaceName(end)))) {
          Processes.output(List.of("ip", "netns", "del", interfaceName(end)));
        }
      }
    }
  }

  /// One end of ours: `send INTERFACE ADDRESS TO CONTROL` or `receive INTERFACE ADDRESS WARM SECONDS`.
  public static void main(String[] args) {
    Options options =
        Options.empty().with("network.interface", args[1]).with("network.address", args[2] + "/24");
    boolean sends = args[0].equals("send");
    if (sends) {
      options = options.with("network.tcp.congestion-control", args[4]);
    }
    LibOsConfig config =
        new LibOsConfig(
            "packet", "none", options, LibOsConfig.Limits.DEFAULT, LibOsConfig.Idle.BLOCK);
    try (LibOs libos = LibOses.open(config)) {
      End end = new End(libos);
      if (sends) {
        end.send(args[3]);
      } else {
        end.receive(args[2], Double.parseDouble(args[3]), Double.parseDouble(args[4]));
      }
    }
  }

  /// Sends, or receives, as fast as it goes.
  private static final class End {
    private final LibOs libos;
    private final QResult[] results = new QResult[64];

    End(LibOs libos) {
      this.libos = libos;
      for (int i = 0; i < results.length; i++) {
        results[i] = new QResult();
      }
    }

    /// Until the peer resets the connection.
    void send(String to) {
      int qd = libos.socket(SocketType.STREAM);
      libos.wait(libos.connect(qd, Endpoint.parse(to + ":" + PORT)), -1, results[0]);
      if (results[0].failed()) {
        throw new IllegalStateException("connect: " + results[0].result);
      }
      while (true) {
        ScatterGatherArray sga = libos.sgaAlloc(PUSH_BYTES);
        long qtoken = libos.push(qd, sga);
        libos.sgaFree(sga);
        if (qtoken > 0) {
          continue;
        }
        if (qtoken != -Errno.EAGAIN) {
          throw new IllegalStateException("push: " + qtoken);
        }
        int count = libos.waitNext(results, -1);
        for (int i = 0; i < count; i++) {
          if (results[i].failed()) {
            return;
          }
        }
      }
    }

    /// Prints what it received in Mbit/s.
    void receive(String address, double warm, double seconds) {
      int listener = libos.socket(SocketType.STREAM);
      libos.bind(listener, Endpoint.parse(address + ":" + PORT));
      libos.listen(listener, 1);
      libos.accept(listener);
      System.out.println("ready");
      long begin = 0;
      long from = 0;
      long bytes = 0;
      while (true) {
        int count = libos.waitNext(results, -1);
        long now = System.nanoTime();
        for (int i = 0; i < count; i++) {
          QResult result = results[i];
          if (result.failed()) {
            throw new IllegalStateException(result.opcode + ": " + result.result);
          }
          if (result.opcode == Opcode.ACCEPT) {
            begin = now;
            libos.pop(result.result);
            continue;
          }
          if (from > 0) {
            bytes += result.result;
          } else if (now - begin >= warm * 1e9) {
            from = now;
          }
          libos.sgaFree(result.sga);
          libos.pop(result.qd);
        }
        if (begin != 0 && now - begin >= (warm + seconds) * 1e9) {
          System.out.println(bytes * 8e3 / (now - from));
          return;
        }
      }
    }
  }
}
