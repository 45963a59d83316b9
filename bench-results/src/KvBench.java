import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// The key-value server beside redis-server: the same client, the same CPUs, rounds interleaved.
///
/// Rates come from redis-benchmark; round trips of one connection from a client here, since
/// redis-benchmark reports them in whole microseconds; it spins, but not beside a disk. The server is pinned to CPU 0, the client to
/// CPU 1, for both alike.
final class KvBench {
  private static final int VALUE_BYTES = 64;

  private KvBench() {}

  static void memory(Report report, boolean quick) throws Exception {
    Processes.need("redis-benchmark", "redis-tools");
    int rounds = quick ? 3 : 5;
    int requests = quick ? 200_000 : 300_000;
    try (Processes.Server peer = Processes.redis(0, Processes.folder(), "--appendonly", "no");
        Processes.Server ours =
            Processes.kvserver(0, Processes.folder(), "durability=memory")) {
      warm(ours, peer, 400_000);
      for (String test : List.of("SET", "GET")) {
        for (int pipeline : new int[] {1, 16}) {
          rate(report, ours, peer, test, 50, pipeline, requests * (pipeline == 1 ? 1 : 4), rounds);
        }
        lean(report, ours, peer, test, 50, quick ? 100_000 : 300_000, rounds);
        roundTrip(report, test + "-1conn", ours, peer, test, quick ? 20_000 : 60_000, rounds, true);
      }
      report.only("resident-memory", "MiB", ours.residentMiB());
      ours.gc().report(report, "");
      report.only("heap-used", "MiB", ours.heapMiB());
    }
  }

  static void fsync(Report report, boolean quick) throws Exception {
    Processes.need("redis-benchmark", "redis-tools");
    int rounds = quick ? 3 : 5;
    try (Processes.Server peer =
            Processes.redis(0, Processes.folder(), "--appendonly", "yes", "--appendfsync", "always");
        Processes.Server ours = Processes.kvserver(0, Processes.folder(), "durability=fsync")) {
      warm(ours, peer, 100_000);
      rate(report, ours, peer, "SET", 50, 1, quick ? 40_000 : 60_000, rounds);
      lean(report, ours, peer, "SET", 50, quick ? 60_000 : 200_000, rounds);
      rate(report, ours, peer, "SET", 50, 16, quick ? 200_000 : 300_000, rounds);
      // Blocking: a spinning client would keep the CPU from the kernel threads that write.
      roundTrip(report, "SET-1conn", ours, peer, "SET", quick ? 2_000 : 4_000, rounds, false);
      // A server that may keep its core for a millisecond after the last work.
      try (Processes.Server spinning =
          Processes.kvserver(0, Processes.folder(), "durability=fsync", "poll.spin=1ms")) {
        warm(spinning, peer, 100_000);
        String name = "SET-1conn-poll-spin-1ms";
        roundTrip(report, name, spinning, peer, "SET", quick ? 2_000 : 4_000, rounds, false);
      }
      ours.gc().report(report, "");
      report.only("heap-used", "MiB", ours.heapMiB());
    }
  }

  private static void warm(Processes.Server ours, Processes.Server peer, int requests)
      throws Exception {
    for (Processes.Server server : List.of(ours, peer)) {
      for (String test : List.of("SET", "GET")) {
        benchmark(server.port(), test, 50, 16, requests);
        benchmark(server.port(), test, 50, 1, requests / 4);
        trips(server.port(), test, Math.min(20_000, requests / 20), false);
      }
    }
  }

  /// Requests per second and server CPU per operation, interleaved.
  private static void rate(
      Report report,
      Processes.Server ours,
      Processes.Server peer,
      String test,
      int clients,
      int pipeline,
      int requests,
      int rounds)
      throws Exception {
    double[][] rates = new double[2][rounds];
    double[][] cpu = new double[2][rounds];
    double[][] p99 = new double[2][rounds];
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < 2; i++) {
        int which = (round + i) % 2;
        Processes.Server server = which == 0 ? ours : peer;
        Processes.awaitQuiet();
        double before = server.cpuSeconds();
        double[] figures = benchmark(server.port(), test, clients, pipeline, requests);
        rates[which][round] = figures[0];
        p99[which][round] = figures[1];
        cpu[which][round] = (server.cpuSeconds() - before) / requests * 1e6;
      }
    }
    String name = test + "-" + clients + "conn" + (pipeline > 1 ? "-P" + pipeline : "");
    report.compare(name + "-rate", "requests/s", true, rates[0], rates[1]);
    report.compare(name + "-cpu", "server CPU us/op", false, cpu[0], cpu[1]);
    report.compare(name + "-p99", "ms", false, p99[0], p99[1]);
  }

  /// As [#rate] with the load generator of `peers/kvload.c`, which costs a fraction of
  /// redis-benchmark's CPU: with one CPU for the client, redis-benchmark is what limits a fast server.
  private static void lean(
      Report report,
      Processes.Server ours,
      Processes.Server peer,
      String test,
      int clients,
      int requests,
      int rounds)
      throws Exception {
    Path program = Processes.compiled("kvload.c");
    double[][] rates = new double[2][rounds];
    double[][] cpu = new double[2][rounds];
    double[][] p99 = new double[2][rounds];
    for (int round = -1; round < rounds; round++) {
      for (int i = 0; i < 2; i++) {
        int which = (round + i) & 1;
        Processes.Server server = which == 0 ? ours : peer;
        Processes.awaitQuiet();
        List<String> command = Processes.pinned(1, program.toString(), "" + server.port(), test);
        command.addAll(List.of("" + clients, "" + requests, "" + VALUE_BYTES, "100000", "0"));
        double before = server.cpuSeconds();
        String[] words = Processes.output(command).trim().split(" ");
        if (round >= 0) {
          rates[which][round] = Double.parseDouble(words[0]);
          p99[which][round] = Double.parseDouble(words[2]) / 1e3;
          cpu[which][round] = (server.cpuSeconds() - before) / requests * 1e6;
        }
      }
    }
    String name = test + "-" + clients + "conn-kvload";
    report.compare(name + "-rate", "requests/s", true, rates[0], rates[1]);
    report.compare(name + "-cpu", "server CPU us/op", false, cpu[0], cpu[1]);
    report.compare(name + "-p99", "ms", false, p99[0], p99[1]);
  }

  /// Runs redis-benchmark; requests per second and p99 in ms.
  static double[] benchmark(int port, String test, int clients, int pipeline, int requests)
      throws Exception {
    List<String> command = Processes.pinned(1, "redis-benchmark", "-p", "" + port, "--csv");
    command.addAll(
        List.of("-t", test.toLowerCase(), "-n", "" + requests, "-c", "" + clients, "-P"));
    command.addAll(List.of("" + pipeline, "-d", "" + VALUE_BYTES, "-r", "100000"));
    for (String line : Processes.output(command).lines().toList()) {
      String[] words = line.replace("\"", "").split(",");
      if (words[0].equals(test)) {
        // test, rps, avg, min, p50, p95, p99, max
        return new double[] {Double.parseDouble(words[1]), Double.parseDouble(words[6])};
      }
    }
    throw new IllegalStateException("redis-benchmark printed no line for " + test);
  }

  private static void roundTrip(
      Report report,
      String name,
      Processes.Server ours,
      Processes.Server peer,
      String test,
      int count,
      int rounds,
      boolean spin)
      throws Exception {
    double[][] p50 = new double[2][rounds];
    double[][] p99 = new double[2][rounds];
    double[][] p999 = new double[2][rounds];
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < 2; i++) {
        int which = (round + i) % 2;
        Processes.awaitQuiet();
        long[] sorted = trips((which == 0 ? ours : peer).port(), test, count, spin);
        p50[which][round] = sorted[sorted.length / 2] / 1e3;
        p99[which][round] = sorted[(int) (sorted.length * 0.99)] / 1e3;
        p999[which][round] = sorted[(int) (sorted.length * 0.999)] / 1e3;
      }
    }
    report.compare(name + "-p50", "us", false, p50[0], p50[1]);
    report.compare(name + "-p99", "us", false, p99[0], p99[1]);
    report.compare(name + "-p99.9", "us", false, p999[0], p999[1]);
  }

  /// Round trips of one connection in nanoseconds, sorted.
  static long[] trips(int port, String test, int count, boolean spin) throws Exception {
    try (SocketChannel channel =
        SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      String value = "x".repeat(VALUE_BYTES);
      String command =
          test.equals("SET")
              ? "*3\r\n$3\r\nSET\r\n$7\r\nbench:1\r\n$" + VALUE_BYTES + "\r\n" + value + "\r\n"
              : "*2\r\n$3\r\nGET\r\n$7\r\nbench:1\r\n";
      String set =
          "*3\r\n$3\r\nSET\r\n$7\r\nbench:1\r\n$" + VALUE_BYTES + "\r\n" + value + "\r\n";
      exchange(channel, bytes(set), 5);
      int reply = test.equals("SET") ? 5 : ("$" + VALUE_BYTES + "\r\n").length() + VALUE_BYTES + 2;
      ByteBuffer out = bytes(command);
      ByteBuffer in = ByteBuffer.allocateDirect(4096);
      long[] nanos = new long[count];
      channel.configureBlocking(!spin);
      for (int i = -count / 4; i < count; i++) {
        long begin = System.nanoTime();
        out.rewind();
        while (out.hasRemaining()) {
          channel.write(out);
        }
        in.clear();
        while (in.position() < reply) {
          if (channel.read(in) < 0) {
            throw new java.io.IOException("the server closed the connection");
          }
        }
        if (i >= 0) {
          nanos[i] = System.nanoTime() - begin;
        }
      }
      Arrays.sort(nanos);
      return nanos;
    }
  }

  private static ByteBuffer bytes(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
  }

  private static void exchange(SocketChannel channel, ByteBuffer out, int reply)
      throws Exception {
    while (out.hasRemaining()) {
      channel.write(out);
    }
    ByteBuffer in = ByteBuffer.allocate(reply);
    while (in.hasRemaining()) {
      if (channel.read(in) < 0) {
        throw new java.io.IOException("the server closed the connection");
      }
    }
  }
}
