package dev.demikv.kvserver.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.kvserver.config.ConfigKeys;
import dev.demikv.kvserver.config.ConfigReader;
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
import dev.demikv.libos.device.sim.SimDiskFaults;
import dev.demikv.libos.device.sim.SimWorld;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The whole server in a simulated world: its disk fails, its power goes, in virtual time and by a
/// seed. `-Dsim.seed=S` repeats one seed.
@Timeout(120)
final class SimulatedServerTest {
  private static final int STEPS_MAX = 2_000_000;
  private static final int SEEDS = 25;
  private static final int KEYS = 20;

  @TempDir Path directory;

  private static List<Long> seeds() {
    Long one = Long.getLong("sim.seed");
    if (one != null) {
      return List.of(one);
    }
    List<Long> all = new ArrayList<>();
    for (long seed = 1; seed <= SEEDS; seed++) {
      all.add(seed);
    }
    return all;
  }

  private Server open(SimWorld world, String... settings) {
    List<String> all = new ArrayList<>();
    all.add("listen=" + SERVER);
    all.add("data.dir=" + directory);
    all.add("network.backend=sim");
    all.add("network.sim.host=server");
    all.add("storage.backend=sim");
    all.add("storage.sim.segment=1MiB");
    all.add("storage.sim.segments=32");
    all.add("sim.world=" + world.id());
    all.add("snapshot.log-bytes=1MiB");
    all.add("memory.buffers.small=256");
    all.add("memory.buffers.medium=256");
    all.add("memory.buffers.large=64");
    all.addAll(List.of(settings));
    ConfigKeys keys = new ConfigKeys(LibOses.options());
    Server server = Server.open(ConfigReader.read(keys, null, all), world, world.random("server"));
    server.start();
    return server;
  }

  private static final String SERVER = "10.0.0.1:6379";

  /// A client on another host of the world.
  private static final class SimClient implements AutoCloseable {
    private final LibOs libos;
    private final int qd;
    private final QResult[] results = {new QResult(), new QResult(), new QResult()};
    private final StringBuilder received = new StringBuilder();
    private boolean connected;

    SimClient(SimWorld world) {
      LibOsConfig config =
          new LibOsConfig(
                  "sim", "none", Options.empty(), LibOsConfig.Limits.SMALL, LibOsConfig.Idle.BLOCK)
              .withOption("sim.world", world.id())
              .withOption("network.sim.host", "client");
      libos = LibOses.open(config, world, world.random("client"));
      qd = libos.socket(SocketType.STREAM);
      assertThat(libos.connect(qd, Endpoint.parse(SERVER))).isPositive();
    }

    /// Takes what came.
    void poll() {
      int count = libos.waitNext(results, 0);
      for (int i = 0; i < count; i++) {
        QResult result = results[i];
        ScatterGatherArray array = result.sga;
        if (array != null) {
          received.append(new String(array.toByteArray(), StandardCharsets.ISO_8859_1));
          libos.sgaFree(array);
        }
        if (result.opcode == Opcode.CONNECT) {
          assertThat(result.result).isZero();
          connected = true;
        }
        if (result.opcode == Opcode.CONNECT || (result.opcode == Opcode.POP && array != null)) {
          assertThat(libos.pop(qd)).isPositive();
        }
      }
    }

    boolean isConnected() {
      return connected;
    }

    void send(byte[] bytes) {
      ScatterGatherArray array = libos.sgaAlloc(bytes.length);
      assertThat(array).isNotNull();
      array.copyFrom(0, MemorySegment.ofArray(bytes), 0, bytes.length);
      assertThat(libos.push(qd, array)).isPositive();
      libos.sgaFree(array);
    }

    /// The next reply that is one line, if it is there; bulk strings as `$value`.
    @Nullable
    String reply() {
      int end = received.indexOf("\r\n");
      if (end < 0) {
        return null;
      }
      String line = received.substring(0, end);
      int next = end + 2;
      if (line.startsWith("$") && !line.equals("$-1")) {
        int length = Integer.parseInt(line.substring(1));
        if (received.length() < next + length + 2) {
          return null;
        }
        line = "$" + received.substring(next, next + length);
        next += length + 2;
      }
      received.delete(0, next);
      return line;
    }

    @Override
    public void close() {
      libos.close();
    }
  }

  /// Lets server, client and world go on by a step.
  private static void step(SimWorld world, Server server, SimClient client) {
    server.turn(0);
    client.poll();
    world.step();
  }

  private static String call(SimWorld world, Server server, SimClient client, Object... words) {
    for (int i = 0; !client.isConnected(); i++) {
      assertThat(i).isLessThan(STEPS_MAX);
      step(world, server, client);
    }
    client.send(RawClient.command(words));
    for (int i = 0; i < STEPS_MAX; i++) {
      String reply = client.reply();
      if (reply != null) {
        return reply;
      }
      step(world, server, client);
    }
    throw new AssertionError("no reply in " + world);
  }

  @Test
  void failedLogStopsWritesButNotReadsAndEndsTheServer() {
    try (SimWorld world = new SimWorld(1)) {
      try (Server server = open(world);
          SimClient client = new SimClient(world)) {
        assertThat(call(world, server, client, "SET", "a", "1")).isEqualTo("+OK");
        world.disks().get(0).faults().failNext(SimDiskFaults.Kind.WRITE, 1, Errno.EIO);
        assertThat(call(world, server, client, "SET", "b", "2")).startsWith("-MISCONF The log");
        assertThat(call(world, server, client, "GET", "a")).isEqualTo("$1");
        assertThat(call(world, server, client, "GET", "b")).isEqualTo("$-1");
        assertThat(call(world, server, client, "SET", "c", "3")).startsWith("-MISCONF The log");
        world.runFor(11_000_000_000L);
        for (int i = 0; i < 3; i++) {
          server.turn(0);
        }
        assertThat(server.isOver()).isTrue();
        assertThat(server.exitCode()).isEqualTo(Server.EXIT_LOG_FAILED);
      }
      try (Server server = open(world);
          SimClient client = new SimClient(world)) {
        assertThat(call(world, server, client, "GET", "a")).isEqualTo("$1");
        assertThat(call(world, server, client, "SET", "c", "3")).isEqualTo("+OK");
      }
    }
  }

  /// Lets time pass, with turns of the server in between.
  private static void pass(SimWorld world, Server server, long nanos) {
    for (int i = 0; i < 100; i++) {
      world.runFor(nanos / 100);
      server.turn(0);
    }
  }

  @Test
  void failedSnapshotIsTriedAgainLaterAndLater() {
    try (SimWorld world = new SimWorld(1);
        Server server = open(world, "durability=memory", "snapshot.interval=1s");
        SimClient client = new SimClient(world)) {
      assertThat(call(world, server, client, "SET", "a", "1")).isEqualTo("+OK");
      // Fails the device for good, and so each attempt.
      world.disks().get(0).faults().failNext(SimDiskFaults.Kind.WRITE, 1, Errno.ENOSPC);
      // 1 s is the interval; after a failure 10 s pass, then 20 s, then 40 s.
      long[] failuresAfterSeconds = {0, 1, 1, 2, 2, 3, 3, 4};
      long[] seconds = {0, 2, 8, 3, 16, 5, 33, 8};
      for (int i = 0; i < seconds.length; i++) {
        pass(world, server, seconds[i] * 1_000_000_000L);
        assertThat(call(world, server, client, "INFO", "persistence"))
            .contains("snapshot_failures:" + failuresAfterSeconds[i])
            .contains("rdb_last_bgsave_status:" + (i == 0 ? "ok" : "err"));
        assertThat(server.timeoutNanos(Long.MAX_VALUE)).isPositive();
      }
      assertThat(call(world, server, client, "GET", "a")).isEqualTo("$1");
    }
  }

  @Test
  void sleepsWhenTheIntervalIsOverAndNothingWasWritten() {
    try (SimWorld world = new SimWorld(1);
        Server server =
            open(world, "durability=memory", "snapshot.interval=1s", "expiry.interval=1000s");
        SimClient client = new SimClient(world)) {
      assertThat(call(world, server, client, "SET", "a", "1")).isEqualTo("+OK");
      pass(world, server, 3_000_000_000L);
      assertThat(call(world, server, client, "INFO", "persistence")).contains("rdb_saves:1");
      pass(world, server, 3_000_000_000L);
      assertThat(server.timeoutNanos(Long.MAX_VALUE)).isNotZero();
      assertThat(call(world, server, client, "INFO", "persistence")).contains("rdb_saves:1");
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void acknowledgedWritesSurvivePowerLosses(long seed) {
    assertThat(keysWithLostWrites(seed)).as("lost writes, -Dsim.seed=%d", seed).isZero();
  }

  /// The control: what the test looks for is found where it must be.
  @Test
  void aServerThatAcknowledgesTooEarlyIsFoundOut() {
    assertThat(keysWithLostWrites(1, "durability=memory")).isPositive();
  }

  private int keysWithLostWrites(long seed, String... settings) {
    Random random = new Random(seed);
    long[] sent = new long[KEYS];
    long[] acknowledged = new long[KEYS];
    int lost = 0;
    try (SimWorld world = new SimWorld(seed)) {
      for (int round = 0; round < 4; round++) {
        try (Server server = open(world, settings);
            SimClient client = new SimClient(world)) {
          for (int key = 0; key < KEYS; key++) {
            String reply = call(world, server, client, "GET", "k" + key);
            long value = reply.equals("$-1") ? 0 : Long.parseLong(reply.substring(1).strip());
            lost += value >= acknowledged[key] && value <= sent[key] ? 0 : 1;
            sent[key] = value;
            acknowledged[key] = value;
          }
          load(world, server, client, random, sent, acknowledged);
          world.disks().get(0).powerLoss();
        }
      }
    }
    return lost;
  }

  /// Numbers the writes of each key, with values of all lengths, pipelined, until a moment that the
  /// seed chooses.
  private static void load(
      SimWorld world,
      Server server,
      SimClient client,
      Random random,
      long[] sent,
      long[] acknowledged) {
    Queue<Integer> waiting = new ArrayDeque<>();
    int writes = 1 + random.nextInt(600);
    int done = 0;
    for (int i = 0; i < STEPS_MAX && done < writes; i++) {
      if (waiting.size() < 30 && random.nextInt(3) == 0) {
        int key = random.nextInt(KEYS);
        int padding = random.nextInt(50) == 0 ? 300_000 : random.nextInt(3000);
        client.send(RawClient.command("SET", "k" + key, ++sent[key] + " ".repeat(padding)));
        waiting.add(key);
      }
      for (String reply = client.reply(); reply != null; reply = client.reply()) {
        assertThat(reply).isEqualTo("+OK");
        acknowledged[waiting.remove()]++;
        done++;
      }
      step(world, server, client);
    }
    assertThat(done).as("replies").isGreaterThanOrEqualTo(writes);
  }
}
