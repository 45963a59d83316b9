package dev.demikv.kvclient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every style against a redis-server.
@Timeout(120)
final class KvClientRedisTest {
  @TempDir static Path directory;

  private static RedisServer server;

  @BeforeAll
  static void startServer() throws IOException {
    server = RedisServer.start(directory);
  }

  @AfterAll
  static void stopServer() {
    if (server != null) {
      server.close();
    }
  }

  @BeforeEach
  void empty() {
    try (KvClient client = KvClient.open(server.config())) {
      client.executeWords("FLUSHALL");
    }
  }

  @ParameterizedTest
  @EnumSource
  void typedCommandsMeanWhatTheySay(KvClientConfig.Protocol protocol) {
    try (KvClient client = KvClient.open(server.config().withProtocol(protocol))) {
      byte[] key = {0, '\r', '\n', (byte) 0xff};
      client.ping();
      assertThat(client.get(key)).isNull();
      client.set(key, new byte[0]);
      assertThat(client.get(key)).isEmpty();
      assertThat(client.setIfAbsent(key, key)).isFalse();
      assertThat(client.setIfPresent(key, key)).isTrue();
      assertThat(client.get(key)).isEqualTo(key);
      assertThat(client.length(key)).isEqualTo(4);
      assertThat(client.append(key, key)).isEqualTo(8);
      assertThat(client.timeToLiveMillis(key)).isEqualTo(-1);
      assertThat(client.expire(key, 100_000)).isTrue();
      assertThat(client.timeToLiveMillis(key)).isBetween(90_000L, 100_000L);
      assertThat(client.persist(key)).isTrue();
      client.setExpiring(key, key, 50_000);
      assertThat(client.timeToLiveMillis(key)).isBetween(40_000L, 50_000L);
      assertThat(client.type(key)).isEqualTo("string");
      assertThat(client.exists(key)).isTrue();
      assertThat(client.getAndDelete(key)).isEqualTo(key);
      assertThat(client.delete(key)).isFalse();
      assertThat(client.increment(key, -5)).isEqualTo(-5);
      byte[] other = {'o'};
      client.setAll(Map.of(other, other));
      assertThat(client.getAll(List.of(other, new byte[] {'x'}))).containsExactly(other, null);
      assertThat(client.size()).isEqualTo(2);
      assertThat(client.delete(List.of(key, other, other))).isEqualTo(2);
      client.set("ключ", "значение");
      assertThat(client.get("ключ")).isEqualTo("значение");
      client.clear();
      assertThat(client.size()).isZero();
    }
  }

  @Test
  void errorsCarryTheirCode() {
    try (KvClient client = KvClient.open(server.config())) {
      client.executeWords("LPUSH", "list", "a");
      KvException.ServerError thrown =
          catchThrowableOfType(
              KvException.ServerError.class, () -> client.executeWords("INCR", "list"));
      assertThat(thrown.code()).isEqualTo("WRONGTYPE");
      assertThat(thrown.outcomeUnknown()).isFalse();
      assertThat(client.call(Command.ofWords("INCR", "list"))).isInstanceOf(Reply.Failure.class);
    }
  }

  @Test
  void scansAllKeys() {
    try (KvClient client = KvClient.open(server.config())) {
      Pipeline pipeline = client.pipeline(1_000);
      Set<String> expected = new HashSet<>();
      for (int i = 0; i < 1_000; i++) {
        pipeline.add("SET").arg("key:" + i).arg(i);
        expected.add("key:" + i);
      }
      pipeline.flush();
      client.set("other", "x");
      Set<String> found = new HashSet<>();
      String cursor = KvCommands.Scan.BEGIN;
      do {
        KvCommands.Scan step = client.scan(cursor, "key:*", 50);
        step.keys().forEach(key -> found.add(new String(key, StandardCharsets.UTF_8)));
        cursor = step.cursor();
      } while (!cursor.equals(KvCommands.Scan.BEGIN));
      assertThat(found).isEqualTo(expected);
    }
  }

  @Test
  void aPipelineLargerThanTheWindowKeepsOrder() {
    try (KvClient client = KvClient.open(server.config().withInFlightMax(16))) {
      Pipeline pipeline = client.pipeline(20_000);
      for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 20_000; i++) {
          pipeline.add("INCR").arg("n");
        }
        List<Reply> replies = pipeline.flush();
        assertThat(replies).hasSize(20_000);
        for (int i = 0; i < 20_000; i++) {
          assertThat(replies.get(i)).isEqualTo(new Reply.Int(round * 20_000L + i + 1));
        }
      }
    }
  }

  @Test
  void aPipelineIsBounded() {
    try (KvClient client = KvClient.open(server.config().withRequestBytesMax(4_096))) {
      Pipeline pipeline = client.pipeline(2);
      pipeline.add("PING").arg("a");
      pipeline.add("PING").arg("b");
      assertThatThrownBy(() -> pipeline.add("PING")).isInstanceOf(KvException.LimitExceeded.class);
      assertThat(pipeline.flush()).hasSize(2);
      assertThat(pipeline.flush()).isEmpty();
      Pipeline large = client.pipeline(100);
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 100; i++) {
                  large.add("PING").arg(new byte[1_000]);
                }
              })
          .isInstanceOf(KvException.LimitExceeded.class);
    }
  }

  @Test
  void largeValuesPassBothWays() {
    byte[] large = new byte[12 << 20];
    long seed = 7;
    SplittableRandom random = new SplittableRandom(seed);
    random.nextBytes(large);
    try (KvClient client = KvClient.open(server.config())) {
      byte[] key = {'l'};
      client.set(key, large);
      assertThat(Arrays.equals(client.get(key), large)).isTrue();
      client.set(key, key);
      assertThat(client.get(key)).isEqualTo(key);
    }
  }

  @Test
  void readsEveryTypeThatTheServerMakes() {
    try (KvClient client = KvClient.open(server.config())) {
      assertThat(client.protocolVersion()).isEqualTo(3);
      assertThat(client.executeWords("DEBUG", "PROTOCOL", "double"))
          .isEqualTo(new Reply.Real(3.141, "3.141"));
      assertThat(client.executeWords("DEBUG", "PROTOCOL", "verbatim"))
          .isEqualTo(new Reply.Verbatim("txt", "This is a verbatim\nstring"));
      assertThat(client.executeWords("DEBUG", "PROTOCOL", "true")).isEqualTo(new Reply.Bool(true));
      assertThat(client.executeWords("DEBUG", "PROTOCOL", "null")).isEqualTo(new Reply.Null());
      assertThat(client.executeWords("DEBUG", "PROTOCOL", "attrib").text())
          .isEqualTo("Some real reply following the attribute");
      assertThat(client.executeWords("DEBUG", "PROTOCOL", "push").text())
          .isEqualTo("Some real reply following the push reply");
      assertThat(client.executeWords("DEBUG", "PROTOCOL", "bignum"))
          .isInstanceOf(Reply.BigNumber.class);
      assertThat(client.executeWords("DEBUG", "PROTOCOL", "set"))
          .isInstanceOf(Reply.Unordered.class);
      assertThat(client.executeWords("DEBUG", "PROTOCOL", "map").elements()).hasSize(6);
    }
  }

  @Test
  void theDatabaseSurvivesAReconnection() {
    try (KvClient client = KvClient.open(server.config())) {
      client.select(5);
      client.set("k", "five");
      client.executeWords("QUIT");
      assertThat(client.get("k")).isEqualTo("five");
    }
    try (KvClient client = KvClient.open(server.config().withDatabase(5))) {
      assertThat(client.get("k")).isEqualTo("five");
    }
  }

  @Test
  void thePasswordIsAskedFor(@TempDir Path other) throws IOException {
    try (RedisServer locked = RedisServer.start(other, "--requirepass", "secret")) {
      assertThatThrownBy(() -> KvClient.open(locked.config()).close())
          .isInstanceOf(KvException.ServerError.class)
          .hasMessageContaining("NOAUTH");
      assertThatThrownBy(
              () -> KvClient.open(locked.config().withCredentials(null, "wrong")).close())
          .isInstanceOf(KvException.ServerError.class)
          .hasMessageContaining("WRONGPASS");
      for (KvClientConfig.Protocol protocol : KvClientConfig.Protocol.values()) {
        KvClientConfig config =
            locked.config().withCredentials(null, "secret").withProtocol(protocol);
        try (KvClient client = KvClient.open(config)) {
          client.ping();
        }
        assertThat(config.toString()).doesNotContain("secret");
      }
    }
  }

  /// Random reads and writes with completions, checked against a map.
  @Test
  void agreesWithAMap() {
    long seed = 42;
    SplittableRandom random = new SplittableRandom(seed);
    Map<Integer, Integer> model = new HashMap<>();
    List<String> expected = new ArrayList<>();
    List<String> received = new ArrayList<>();
    Completion[] completions = new Completion[7];
    Arrays.setAll(completions, _ -> new Completion());
    try (KvClient client = KvClient.open(server.config().withInFlightMax(32))) {
      Command command = new Command();
      int submitted = 0;
      while (submitted < 5_000) {
        int key = random.nextInt(50);
        boolean read = random.nextBoolean();
        if (read) {
          command.reset("GET").arg(key);
        } else {
          command.reset("SET").arg(key).arg(submitted);
        }
        if (client.submit(command) > 0) {
          expected.add(read ? String.valueOf(model.get(key)) : "OK");
          if (!read) {
            model.put(key, submitted);
          }
          submitted++;
        } else {
          receive(client, completions, received);
        }
      }
      while (client.outstandingCount() > 0) {
        receive(client, completions, received);
      }
    }
    assertThat(received).as("seed %d", seed).isEqualTo(expected);
  }

  private static void receive(KvClient client, Completion[] completions, List<String> received) {
    int count = client.poll(completions, Long.MAX_VALUE);
    for (int i = 0; i < count; i++) {
      received.add(String.valueOf(completions[i].reply().text()));
    }
  }
}
