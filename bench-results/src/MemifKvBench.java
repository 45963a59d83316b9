import dev.demikv.kvclient.Command;
import dev.demikv.kvclient.Completion;
import dev.demikv.kvclient.KvClient;
import dev.demikv.kvclient.KvClientConfig;
import dev.demikv.kvclient.KvClientGroup;
import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.time.SystemClock;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/// The key-value server on the user-level stack, over DPDK's net_memif, with kvclient at the other
/// end; beside redis-server over kernel TCP with a client in C. Memory only on both sides, 64 B
/// values, 100,000 keys. Servers on CPU 0, clients on CPU 1.
///
/// Our server spins, and so burns its core whatever it does: it is stopped (SIGSTOP) while Redis is
/// measured, and its CPU time is that of all its threads during a run in which it always has
/// requests of some of 50 connections before it, as far as the client can.
final class MemifKvBench {
  private static final int VALUE_BYTES = 64;
  private static final int KEYS = 100_000;
  private static final String SERVER_ADDRESS = "10.77.0.1";
  private static final int SERVER_PORT = 6379;

  private MemifKvBench() {}

  static void memifKv(Report report, boolean quick) throws Exception {
    int rounds = quick ? 3 : 7;
    Path kvload = Processes.compiled("kvload.c");
    String socket = Processes.folder().resolve("memif").toString();
    try (Processes.Server redis = Processes.redis(0, Processes.folder(), "--appendonly", "no");
        Processes.Server server = kvserver(socket);
        Conversation client =
            new Conversation(
                MemifBench.command(
                    MemifKvBench.class, 1, socket, "" + server.process().pid()))) {
      Peer peer = new Peer(kvload, redis);
      for (String test : List.of("SET", "GET")) {
        load(client, test, 50, 3_000_000);
        load(client, test, 1, 300_000);
      }
      for (String test : List.of("SET", "GET")) {
        Processes.pause(server.process(), true);
        peer.load(test, 50, 200_000, false);
        Processes.pause(server.process(), false);
      }
      for (String test : List.of("SET", "GET")) {
        int few = quick ? 50_000 : 200_000;
        Load[][] one = loads(server, client, peer, test, 1, few, few / 4, rounds);
        String unit =
            "us, one connection; ours: poll.spin = always on both ends, memif; peer: kernel TCP,"
                + " spinning client in C";
        compare(report, test + "-1conn-p50", unit, false, one, Load::p50);
        compare(report, test + "-1conn-p99", unit, false, one, Load::p99);
        compare(report, test + "-1conn-p99.9", unit, false, one, Load::p999);
        int many = quick ? 150_000 : 400_000;
        Load[][] fifty = loads(server, client, peer, test, 50, many * 4, many, rounds);
        String name = test + "-50conn";
        compare(
            report,
            name + "-per-cpu-second",
            "requests per CPU-second of the server, all threads; ours spins (poll.spin = always)",
            true,
            fifty,
            load -> load.count / load.serverSeconds);
        compare(report, name + "-rate", "requests/s", true, fifty, Load::rate);
        compare(report, name + "-p99", "us", false, fifty, Load::p99);
      }
    }
  }

  /// Runs in turn, ours and the peer's.
  ///
  /// @return by who, by round
  private static Load[][] loads(
      Processes.Server server,
      Conversation client,
      Peer peer,
      String test,
      int connections,
      int ourCount,
      int peerCount,
      int rounds)
      throws Exception {
    Load[][] loads = new Load[2][rounds];
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < 2; i++) {
        int which = (round + i) % 2;
        if (which == 0) {
          loads[0][round] = load(client, test, connections, ourCount);
        } else {
          Processes.pause(server.process(), true);
          loads[1][round] = peer.load(test, connections, peerCount, connections == 1);
          Processes.pause(server.process(), false);
        }
      }
    }
    return loads;
  }

  private static void compare(
      Report report,
      String metric,
      String unit,
      boolean higherIsBetter,
      Load[][] loads,
      ToDoubleFunction<Load> value) {
    report.compare(
        metric,
        unit,
        higherIsBetter,
        Arrays.stream(loads[0]).mapToDouble(value).toArray(),
        Arrays.stream(loads[1]).mapToDouble(value).toArray());
  }

  /// What a run gave; times in microseconds.
  private record Load(
      long count, double rate, double p50, double p99, double p999, double serverSeconds) {}

  private static Processes.Server kvserver(String socket) throws Exception {
    Map<String, String> options = MemifBench.options(true, socket, 0);
    return Processes.kvserver(
        0,
        Processes.folder(),
        "durability=memory",
        "poll.spin=always",
        "listen=" + SERVER_ADDRESS + ":" + SERVER_PORT,
        "network.backend=dpdk",
        "network.address=" + SERVER_ADDRESS + "/24",
        // Memory for the buffers of a server.
        "network.dpdk.eal-args="
            + options.get("network.dpdk.eal-args").replace("-m 256", "-m 512"),
        "network.dpdk.port=" + options.get("network.dpdk.port"),
        "network.dpdk.mbufs=" + options.get("network.dpdk.mbufs"));
  }

  private static Load load(Conversation client, String test, int connections, int count)
      throws Exception {
    client.ask(test + " " + connections + " " + count);
    double[] v = client.answer("load");
    return new Load(count, v[0], v[1], v[2], v[3], v[4]);
  }

  /// Redis with its client.
  private record Peer(Path kvload, Processes.Server redis) {
    Load load(String test, int connections, int count, boolean spin) throws Exception {
      List<String> command = Processes.pinned(1, kvload.toString(), "" + redis.port(), test);
      command.addAll(List.of("" + connections, "" + count, "" + VALUE_BYTES, "" + KEYS));
      command.add(spin ? "1" : "0");
      Processes.awaitQuiet();
      double before = redis.cpuSeconds();
      String[] words = Processes.output(command).trim().split(" ");
      double[] figures = Arrays.stream(words).mapToDouble(Double::parseDouble).toArray();
      double cpu = redis.cpuSeconds() - before;
      return new Load(count, figures[0], figures[1], figures[2], figures[3], cpu);
    }
  }

  /// The client: `SOCKET SERVER_PID`; then a run for each line `SET|GET CONNECTIONS REQUESTS` of the
  /// standard input, answered by `load RATE P50 P99 P99.9 SERVER_CPU_SECONDS`.
  public static void main(String[] args) throws Exception {
    Options options =
        Options.of(MemifBench.options(false, args[0], 0)).with("network.address", "10.77.0.2/24");
    LibOsConfig config =
        new LibOsConfig("dpdk", "none", options, LibOsConfig.Limits.SMALL, LibOsConfig.Idle.SPIN);
    ProcessHandle server = ProcessHandle.of(Long.parseLong(args[1])).orElseThrow();
    try (LibOs libos = LibOses.open(config)) {
      Generator generator = new Generator(libos, server);
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] words = line.split(" ");
        int count = Integer.parseInt(words[2]);
        generator.run(words[0].equals("SET"), Integer.parseInt(words[1]), count / 10);
        System.out.println(
            generator.run(words[0].equals("SET"), Integer.parseInt(words[1]), count));
      }
    }
    Runtime.getRuntime().halt(0);
  }

  /// Keeps one request in flight on each of some connections, from one loop.
  private static final class Generator {
    private final LibOs libos;
    private final ProcessHandle server;
    private final KvClientGroup group;
    private final KvClient[] clients = new KvClient[50];
    private final QResult[] results = new QResult[64];
    private final Completion[] completions = {new Completion()};
    private final Command command = new Command();
    private final byte[] key = "key:000000000000".getBytes(StandardCharsets.ISO_8859_1);
    private final byte[] value = "x".repeat(VALUE_BYTES).getBytes(StandardCharsets.ISO_8859_1);
    private final SplittableRandom random = new SplittableRandom(1);
    private final long[] sentNanos = new long[clients.length];
    private int issued;

    Generator(LibOs libos, ProcessHandle server) {
      this.libos = libos;
      this.server = server;
      group =
          new KvClientGroup(libos, SystemClock.INSTANCE, new SplittableRandom(2), clients.length);
      Arrays.setAll(results, _ -> new QResult());
      KvClientConfig config =
          KvClientConfig.of(SERVER_ADDRESS, SERVER_PORT)
              .withCommandTimeoutNanos(TimeUnit.SECONDS.toNanos(60));
      for (int i = 0; i < clients.length; i++) {
        clients[i] = group.add(config, i);
      }
    }

    String run(boolean set, int connections, int count) {
      long[] nanos = new long[count];
      int done = 0;
      issued = 0;
      Duration cpu = server.info().totalCpuDuration().orElseThrow();
      long begin = System.nanoTime();
      for (int i = 0; i < connections; i++) {
        issue(clients[i], set);
      }
      while (done < count) {
        group.advance();
        int n = libos.waitNext(results, group.nanosToNextTimer());
        for (int i = 0; i < n; i++) {
          group.onCompletion(results[i]);
        }
        for (KvClient client = group.next(); client != null; client = group.next()) {
          if (client.poll(completions, 0) == 0) {
            continue;
          }
          if (!completions[0].isOk()) {
            throw completions[0].exception();
          }
          nanos[done++] = System.nanoTime() - sentNanos[client.tag()];
          if (issued < count) {
            issue(client, set);
          }
        }
      }
      double seconds = (System.nanoTime() - begin) / 1e9;
      double cpuSeconds =
          server.info().totalCpuDuration().orElseThrow().minus(cpu).toNanos() / 1e9;
      Arrays.sort(nanos);
      return "load "
          + count / seconds
          + " "
          + nanos[count / 2] / 1e3
          + " "
          + nanos[(int) (count * 0.99)] / 1e3
          + " "
          + nanos[(int) (count * 0.999)] / 1e3
          + " "
          + cpuSeconds;
    }

    private void issue(KvClient client, boolean set) {
      int number = random.nextInt(KEYS);
      for (int at = key.length - 1, rest = number; at > 3; at--, rest /= 10) {
        key[at] = (byte) ('0' + rest % 10);
      }
      if (set) {
        command.reset("SET").arg(key).arg(value);
      } else {
        command.reset("GET").arg(key);
      }
      sentNanos[client.tag()] = System.nanoTime();
      if (client.submit(command) < 0) {
        throw new IllegalStateException("refused");
      }
      issued++;
    }
  }
}
