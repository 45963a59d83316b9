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
import dev.demikv.libos.device.sim.SimWorld;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The whole server on the user-level TCP/IP stack, over a simulated Ethernet that loses, doubles,
/// reorders and spoils frames, with a simulated disk: virtual time, one thread, one seed.
/// `-Dstack.seed=S` repeats one.
@Timeout(120)
final class StackServerTest {
  private static final int SEEDS = 12;
  private static final int COMMANDS = 400;
  private static final int STEPS_MAX = 3_000_000;

  @TempDir Path directory;

  private static LongStream seeds() {
    Long one = Long.getLong("stack.seed");
    return one != null ? LongStream.of(one) : LongStream.rangeClosed(1, SEEDS);
  }

  private Server open(SimWorld world) {
    List<String> settings =
        List.of(
            "listen=10.77.0.1:6379",
            "data.dir=" + directory,
            "durability=fsync",
            "network.backend=wire",
            "network.wire.host=server",
            "network.address=10.77.0.1/24",
            "storage.backend=sim",
            "storage.sim.segment=1MiB",
            "storage.sim.segments=64",
            "sim.world=" + world.id(),
            "memory.buffers.small=1024",
            "memory.buffers.medium=256",
            "memory.buffers.large=64");
    ConfigKeys keys = new ConfigKeys(LibOses.options());
    Server server =
        Server.open(ConfigReader.read(keys, null, settings), world, world.random("server"));
    server.start();
    return server;
  }

  private static LibOs client(SimWorld world) {
    Options options =
        Options.empty()
            .with("sim.world", world.id())
            .with("network.wire.host", "client")
            .with("network.address", "10.77.0.2/24");
    return LibOses.open(
        new LibOsConfig("wire", "none", options, LibOsConfig.Limits.SMALL, LibOsConfig.Idle.BLOCK),
        world,
        world.random("client"));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void answersInOrderOverAWireThatLosesAndSpoilsFrames(long seed) {
    try (SimWorld world = new SimWorld(seed)) {
      RandomGenerator random = world.random("commands");
      world.wire("lan").defaults().delay(20_000, 200_000);
      world.wire("lan").defaults().loss(0.02).duplicate(0.01).reorder(0.05, 500_000);
      world.wire("lan").defaults().flipBits(0.005);
      ByteArrayOutputStream requests = new ByteArrayOutputStream();
      ByteArrayOutputStream replies = new ByteArrayOutputStream();
      Map<String, String> model = new HashMap<>();
      for (int i = 0; i < COMMANDS; i++) {
        String key = "key" + random.nextInt(20);
        if (random.nextInt(3) == 0) {
          String value = "v".repeat(random.nextInt(random.nextInt(8) == 0 ? 20_000 : 200)) + i;
          requests.writeBytes(bytes("*3\r\n$3\r\nSET\r\n$%d\r\n".formatted(key.length())));
          requests.writeBytes(bytes(key + "\r\n$" + value.length() + "\r\n" + value + "\r\n"));
          replies.writeBytes(bytes("+OK\r\n"));
          model.put(key, value);
        } else {
          requests.writeBytes(bytes("*2\r\n$3\r\nGET\r\n$%d\r\n".formatted(key.length())));
          requests.writeBytes(bytes(key + "\r\n"));
          String value = model.get(key);
          replies.writeBytes(
              bytes(value == null ? "$-1\r\n" : "$" + value.length() + "\r\n" + value + "\r\n"));
        }
      }
      try (Server server = open(world);
          LibOs client = client(world)) {
        byte[] got = talk(world, server, client, requests.toByteArray(), replies.size());
        assertThat(new String(got, StandardCharsets.ISO_8859_1))
            .as("replies, -Dstack.seed=%d", seed)
            .isEqualTo(replies.toString(StandardCharsets.ISO_8859_1));
      }
    }
  }

  @Test
  void tellsTheStatisticsOfAConnectionOfTheStack() {
    try (SimWorld world = new SimWorld(1)) {
      world.wire("lan").defaults().delay(100_000, 100_000);
      try (Server server = open(world);
          LibOs client = client(world)) {
        String request = "SET key value\r\nCLIENT TCPINFO\r\n";
        byte[] got = talk(world, server, client, bytes(request), 700);
        assertThat(new String(got, StandardCharsets.ISO_8859_1))
            .startsWith("+OK\r\n$")
            .contains("\r\nladdr:10.77.0.1:6379\r\nstate:established\r\n")
            .contains("congestion_control:cubic\r\n")
            .contains("bytes_in:" + request.length() + "\r\n")
            .containsPattern("srtt_nanos:[2-9]\\d{5}\\r")
            .contains("retransmissions:0\r\n");
      }
    }
  }

  /// Sends everything, as fast as the queue takes it, and reads as many bytes as are expected.
  private static byte[] talk(
      SimWorld world, Server server, LibOs client, byte[] requests, int expected) {
    ByteArrayOutputStream got = new ByteArrayOutputStream();
    int qd = client.socket(SocketType.STREAM);
    assertThat(client.connect(qd, Endpoint.parse("10.77.0.1:6379"))).isPositive();
    QResult[] results = {new QResult(), new QResult(), new QResult(), new QResult()};
    boolean connected = false;
    int sent = 0;
    for (int step = 0; step < STEPS_MAX && got.size() < expected; step++) {
      server.turn(0);
      int count = client.waitNext(results, 0);
      for (int i = 0; i < count; i++) {
        QResult result = results[i];
        assertThat(result.result).as("%s", result.opcode).isGreaterThanOrEqualTo(0);
        ScatterGatherArray array = result.sga;
        if (result.opcode == Opcode.POP) {
          assertThat(array).as("the server closed the connection").isNotNull();
          if (array != null) {
            got.writeBytes(array.toByteArray());
            client.sgaFree(array);
          }
        }
        connected |= result.opcode == Opcode.CONNECT;
        if (result.opcode != Opcode.PUSH) {
          assertThat(client.pop(qd)).isPositive();
        }
      }
      if (connected && sent < requests.length) {
        sent += push(client, qd, requests, sent);
      }
      if (!world.step()) {
        world.runFor(100_000); // Nothing is on the wire: time for the timers of the stacks.
      }
    }
    assertThat(got.size()).as("bytes after %d events", STEPS_MAX).isGreaterThanOrEqualTo(expected);
    client.close(qd);
    return got.toByteArray();
  }

  private static int push(LibOs client, int qd, byte[] bytes, int from) {
    int length = Math.min(bytes.length - from, 3_000);
    ScatterGatherArray array = client.sgaAlloc(length);
    if (array == null) {
      return 0;
    }
    array.copyFrom(0, MemorySegment.ofArray(bytes), from, length);
    long qtoken = client.push(qd, array);
    client.sgaFree(array);
    assertThat(qtoken).matches(code -> code > 0 || code == -Errno.EAGAIN);
    return qtoken > 0 ? length : 0;
  }
}
