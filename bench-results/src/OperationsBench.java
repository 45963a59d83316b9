import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What operators ask: restart, idle cost, start-up, and YCSB's workloads.
final class OperationsBench {
  private static final int VALUE_BYTES = 100;

  private OperationsBench() {}

  /// Restart with 1 M keys of 100 B from the log and from a snapshot, beside Redis from its
  /// append-only file and from its RDB file; memory with those keys.
  static void restart(Report report, boolean quick) throws Exception {
    int keys = quick ? 100_000 : 1_000_000;
    int rounds = quick ? 2 : 3;
    double[][] log = new double[2][rounds];
    double[][] snapshot = new double[2][rounds];
    double[] logPause = new double[rounds];
    double[] snapshotPause = new double[rounds];
    Path ours = Processes.folder();
    Path peer = Processes.folder();
    String[] settings = {"durability=fsync", "snapshot.log-bytes=3GiB", "storage.file.capacity=8GiB"};
    String[] aof = {"--appendonly", "yes", "--appendfsync", "everysec", "--aof-use-rdb-preamble", "no"};
    try (Processes.Server a = Processes.kvserver(-1, ours, settings);
        Processes.Server b = Processes.redis(-1, peer, aof)) {
      load(a.port(), keys);
      load(b.port(), keys);
      report.compare(
          "resident-" + keys + "-keys",
          "MiB",
          false,
          new double[] {a.residentMiB()},
          new double[] {b.residentMiB()});
      a.gc().report(report, "load-" + keys + "-keys-");
      report.only("heap-used-" + keys + "-keys", "MiB", a.heapMiB());
      a.process().destroyForcibly().waitFor();
      b.process().destroyForcibly().waitFor();
    }
    for (int round = 0; round < rounds; round++) {
      try (Processes.Server a = Processes.kvserver(-1, ours, settings)) {
        log[0][round] = a.readySeconds();
        logPause[round] = a.gc().maxMillis();
        requireKeys(a.port(), keys);
        a.process().destroyForcibly().waitFor();
      }
      try (Processes.Server b = Processes.redis(-1, peer, aof)) {
        log[1][round] = loaded(b, keys);
        b.process().destroyForcibly().waitFor();
      }
    }
    report.compare("from-log", "s", false, log[0], log[1]);
    report.only("from-log-gc-pause-max", "ms", logPause);
    try (Processes.Server a = Processes.kvserver(-1, ours, settings);
        Processes.Server b = Processes.redis(-1, peer, aof)) {
      loaded(b, keys);
      command(a.port(), "SAVE");
      command(b.port(), "SAVE");
      a.process().destroyForcibly().waitFor();
      b.process().destroyForcibly().waitFor();
    }
    for (int round = 0; round < rounds; round++) {
      try (Processes.Server a = Processes.kvserver(-1, ours, settings)) {
        snapshot[0][round] = a.readySeconds();
        snapshotPause[round] = a.gc().maxMillis();
        requireKeys(a.port(), keys);
        a.process().destroyForcibly().waitFor();
      }
      try (Processes.Server b = Processes.redis(-1, peer, "--appendonly", "no")) {
        snapshot[1][round] = loaded(b, keys);
        b.process().destroyForcibly().waitFor();
      }
    }
    report.compare("from-snapshot", "s", false, snapshot[0], snapshot[1]);
    report.only("from-snapshot-gc-pause-max", "ms", snapshotPause);
  }

  /// CPU of an idle server with a connected client, in percent of a core.
  static void idle(Report report, boolean quick) throws Exception {
    int seconds = quick ? 5 : 20;
    try (Processes.Server a = Processes.kvserver(-1, Processes.folder(), "durability=fsync");
        Processes.Server b = Processes.redis(-1, Processes.folder());
        SocketChannel first = open(a.port());
        SocketChannel second = open(b.port())) {
      command(a.port(), "PING");
      Thread.sleep(5000); // Compilation of the start is over.
      double before = a.cpuSeconds();
      double peerBefore = b.cpuSeconds();
      Thread.sleep(seconds * 1000L);
      report.compare(
          "idle-cpu",
          "% of a core",
          false,
          new double[] {(a.cpuSeconds() - before) / seconds * 100},
          new double[] {Math.max(0.01, (b.cpuSeconds() - peerBefore) / seconds * 100)});
      if (!first.isOpen() || !second.isOpen()) {
        throw new IllegalStateException("a client was disconnected");
      }
    }
  }

  /// Seconds from the start of the process to its ready line, with an empty data directory: by the
  /// script of the source tree, and as packaged with a runtime and an ahead-of-time cache.
  static void startup(Report report, boolean quick) throws Exception {
    int rounds = quick ? 3 : 7;
    double[][] seconds = new double[2][rounds];
    double[] packaged = new double[rounds];
    Path root = Path.of(System.getProperty("demikv.root"));
    Processes.output(List.of(root.resolve("kvserver/bin/package").toString()));
    Path launcher = root.resolve("kvserver/target/demikv-kvserver/bin/kvserver");
    for (int round = 0; round < rounds; round++) {
      Processes.awaitQuiet();
      try (Processes.Server a =
          Processes.kvserver(launcher, -1, Processes.folder(), "durability=fsync")) {
        packaged[round] = a.readySeconds();
      }
      Processes.awaitQuiet();
      try (Processes.Server a = Processes.kvserver(-1, Processes.folder(), "durability=fsync")) {
        seconds[0][round] = a.readySeconds();
      }
      Processes.awaitQuiet();
      try (Processes.Server b = Processes.redis(-1, Processes.folder())) {
        seconds[1][round] = b.readySeconds();
      }
    }
    report.compare("ready", "s", false, seconds[0], seconds[1]);
    report.compare("ready-packaged", "s", false, packaged, seconds[1]);
  }

  /// YCSB workloads A to F with the binding, on a server with durability fsync and one with memory.
  static void ycsb(Report report, boolean quick) throws Exception {
    String records = quick ? "5000" : "100000";
    String operations = quick ? "10000" : "200000";
    Path root = Path.of(System.getProperty("demikv.root"));
    for (String durability : List.of("fsync", "memory")) {
      for (String workload : List.of("a", "b", "c", "d", "e", "f")) {
        try (Processes.Server server =
            Processes.kvserver(-1, Processes.folder(), "durability=" + durability)) {
          for (String phase : List.of("load", "run")) {
            List<String> command = new ArrayList<>();
            command.add(root.resolve("ycsb-binding/bin/ycsb").toString());
            command.addAll(
                List.of(phase, "-P", root.resolve("configs/ycsb/workload" + workload).toString()));
            command.addAll(List.of("-p", "kv.host=127.0.0.1", "-p", "kv.port=" + server.port()));
            command.addAll(List.of("-p", "recordcount=" + records, "-threads", "16"));
            command.addAll(
                List.of(
                    "-p",
                    "operationcount="
                        + (workload.equals("e") ? Integer.parseInt(operations) / 10 : operations)));
            String out = Processes.output(command);
            if (phase.equals("run")) {
              String name = "workload-" + workload + "-" + durability;
              report.only(name + "-rate", "operations/s", figure(out, "[OVERALL], Throughput(ops/sec), "));
              for (String operation : List.of("READ", "UPDATE", "INSERT", "SCAN", "READ-MODIFY-WRITE")) {
                if (out.contains("[" + operation + "], 99")) {
                  for (String percentile : List.of("99th", "99.9")) {
                    report.only(
                        name + "-" + operation + "-p" + percentile.replace("th", ""),
                        "us",
                        figure(out, "[" + operation + "], " + percentile + "PercentileLatency(us), "));
                  }
                }
              }
              // Of the load as well: a server is started for each workload.
              server.gc().report(report, name + "-");
            }
          }
        }
      }
    }
  }

  private static double figure(String out, String prefix) {
    Matcher m = Pattern.compile(Pattern.quote(prefix) + "([0-9.]+)").matcher(out);
    if (!m.find()) {
      throw new IllegalStateException("YCSB printed no '" + prefix + "':\n" + out);
    }
    return Double.parseDouble(m.group(1));
  }

  private static SocketChannel open(int port) throws Exception {
    return SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  /// Sets keys `key:0` to `key:n-1`, pipelined.
  private static void load(int port, int keys) throws Exception {
    try (SocketChannel channel = open(port)) {
      ByteBuffer out = ByteBuffer.allocateDirect(1 << 17);
      ByteBuffer in = ByteBuffer.allocateDirect(1 << 16);
      byte[] value = "v".repeat(VALUE_BYTES).getBytes(StandardCharsets.US_ASCII);
      for (int i = 0; i < keys; ) {
        out.clear();
        int batch = 0;
        for (; batch < 500 && i < keys; batch++, i++) {
          String key = "key:" + i;
          out.put(
              ("*3\r\n$3\r\nSET\r\n$" + key.length() + "\r\n" + key + "\r\n$" + VALUE_BYTES + "\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
          out.put(value).put((byte) '\r').put((byte) '\n');
        }
        out.flip();
        while (out.hasRemaining()) {
          channel.write(out);
        }
        for (int expected = batch * 5; expected > 0; ) {
          in.clear();
          int n = channel.read(in);
          if (n < 0) {
            throw new IllegalStateException("disconnected in the load");
          }
          expected -= n;
        }
      }
    }
  }

  /// One command without arguments; its first reply line.
  private static String command(int port, String name) throws Exception {
    try (SocketChannel channel = open(port)) {
      channel.write(ByteBuffer.wrap((name + "\r\n").getBytes(StandardCharsets.US_ASCII)));
      ByteBuffer in = ByteBuffer.allocate(4096);
      while (in.position() == 0 || in.get(in.position() - 1) != '\n') {
        if (channel.read(in) < 0) {
          throw new IllegalStateException("no reply to " + name);
        }
      }
      return new String(in.array(), 0, in.position(), StandardCharsets.US_ASCII).trim();
    }
  }

  private static void requireKeys(int port, int keys) throws Exception {
    String reply = command(port, "DBSIZE");
    if (!reply.equals(":" + keys)) {
      throw new IllegalStateException("expected " + keys + " keys after the restart, got " + reply);
    }
  }

  /// Redis opens its port before it has loaded: seconds until it has.
  private static double loaded(Processes.Server peer, int keys) throws Exception {
    long begin = System.nanoTime();
    while (!command(peer.port(), "DBSIZE").equals(":" + keys)) {
      if (System.nanoTime() - begin > 60_000_000_000L) {
        throw new IllegalStateException("redis-server did not load its keys");
      }
      Thread.sleep(5);
    }
    return peer.readySeconds() + (System.nanoTime() - begin) / 1e9;
  }
}
