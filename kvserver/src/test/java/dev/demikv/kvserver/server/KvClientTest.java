package dev.demikv.kvserver.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.demikv.kvclient.Command;
import dev.demikv.kvclient.Completion;
import dev.demikv.kvclient.KvClient;
import dev.demikv.kvclient.KvClientConfig;
import dev.demikv.kvclient.KvException;
import dev.demikv.kvclient.Pipeline;
import dev.demikv.kvclient.Reply;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Our client in its three styles against our server.
@Timeout(120)
final class KvClientTest {
  @TempDir Path data;

  private static KvClientConfig config(TestServer server) {
    return KvClientConfig.of("127.0.0.1", server.port());
  }

  @ParameterizedTest
  @EnumSource
  void blockingCallsMeanWhatTheySay(KvClientConfig.Protocol protocol) {
    try (TestServer server = TestServer.startWithoutStorage(data);
        KvClient client = KvClient.open(config(server).withProtocol(protocol))) {
      byte[] key = {0, '\r', '\n', (byte) 0xff};
      client.ping();
      assertThat(client.get(key)).isNull();
      client.set(key, new byte[0]);
      assertThat(client.get(key)).isEmpty();
      assertThat(client.setIfAbsent(key, key)).isFalse();
      assertThat(client.append(key, key)).isEqualTo(4);
      assertThat(client.expire(key, 100_000)).isTrue();
      assertThat(client.timeToLiveMillis(key)).isBetween(90_000L, 100_000L);
      assertThat(client.getAndDelete(key)).isEqualTo(key);
      assertThat(client.increment(key, 5)).isEqualTo(5);
      client.setAll(Map.of(new byte[] {'a'}, new byte[] {'b'}));
      assertThat(client.getAll(List.of(new byte[] {'a'}, new byte[] {'x'})))
          .containsExactly(new byte[] {'b'}, null);
      assertThat(client.type(key)).isEqualTo("string");
      assertThat(client.scan("0", null, 100).keys()).hasSize(2);
      assertThat(client.size()).isEqualTo(2);
      KvException.ServerError error =
          catchThrowableOfType(
              KvException.ServerError.class, () -> client.increment(new byte[] {'a'}, 1));
      assertThat(error).hasMessage("ERR value is not an integer or out of range");
      client.select(3);
      assertThat(client.size()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({"memory, 20000", "fsync, 3000"})
  void pipelinesKeepOrder(String durability, int commands) {
    try (TestServer server = TestServer.start(data, "durability=" + durability);
        KvClient client = KvClient.open(config(server))) {
      Pipeline pipeline = client.pipeline(2 * commands);
      for (int i = 0; i < commands; i++) {
        pipeline.add("INCR").arg("n");
        pipeline.add("GET").arg("n");
      }
      List<Reply> replies = pipeline.flush();
      assertThat(replies).hasSize(2 * commands);
      for (int i = 0; i < commands; i++) {
        assertThat(replies.get(2 * i)).isEqualTo(new Reply.Int(i + 1));
        assertThat(replies.get(2 * i + 1).text()).isEqualTo(Integer.toString(i + 1));
      }
    }
  }

  /// Reads behind writes of the same connection see them, also while the log is being written.
  @ParameterizedTest
  @CsvSource({"memory, 20000", "fsync, 4000"})
  void completionsAgreeWithAMap(String durability, int commands) {
    long seed = 11;
    SplittableRandom random = new SplittableRandom(seed);
    Map<Integer, Integer> model = new HashMap<>();
    List<String> expected = new ArrayList<>();
    List<String> received = new ArrayList<>();
    Completion[] completions = new Completion[16];
    Arrays.setAll(completions, _ -> new Completion());
    try (TestServer server = TestServer.start(data, "durability=" + durability);
        KvClient client = KvClient.open(config(server).withInFlightMax(64))) {
      Command command = new Command();
      while (received.size() < commands) {
        int key = random.nextInt(50);
        boolean read = random.nextBoolean();
        if (read) {
          command.reset("GET").arg(key);
        } else {
          command.reset("SET").arg(key).arg(expected.size());
        }
        if (expected.size() < commands && client.submit(command) > 0) {
          if (!read) {
            model.put(key, expected.size());
          }
          expected.add(read ? String.valueOf(model.get(key)) : "OK");
          continue;
        }
        int count = client.poll(completions, Long.MAX_VALUE);
        for (int i = 0; i < count; i++) {
          received.add(String.valueOf(completions[i].reply().text()));
        }
      }
    }
    assertThat(received).as("seed %d", seed).isEqualTo(expected);
  }

  @Test
  void largeValuesPassBothWays() {
    byte[] large = new byte[5 << 20];
    new SplittableRandom(3).nextBytes(large);
    try (TestServer server = TestServer.startWithoutStorage(data);
        KvClient client = KvClient.open(config(server))) {
      byte[] key = "large".getBytes(StandardCharsets.UTF_8);
      client.set(key, large);
      assertThat(Arrays.equals(client.get(key), large)).isTrue();
    }
  }

  @Test
  void theGreetingCarriesThePassword() {
    try (TestServer server = TestServer.startWithoutStorage(data, "requirepass=secret")) {
      for (KvClientConfig.Protocol protocol : KvClientConfig.Protocol.values()) {
        KvClientConfig config = config(server).withProtocol(protocol);
        KvException.ServerError wrong =
            catchThrowableOfType(
                KvException.ServerError.class,
                () -> KvClient.open(config.withCredentials(null, "wrong")).close());
        assertThat(wrong.code()).isEqualTo("WRONGPASS");
        try (KvClient client = KvClient.open(config.withCredentials(null, "secret"))) {
          client.ping();
        }
      }
    }
  }

  @Test
  void aClientOutlivesARestartOfItsServer() {
    TestServer first = TestServer.start(data, "durability=fsync");
    int port = first.port();
    try (KvClient client = KvClient.open(config(first))) {
      client.set("k", "v");
      first.stop();
      try (TestServer second =
          TestServer.start(data, "durability=fsync", "listen=127.0.0.1:" + port)) {
        assertThat(second.port()).isEqualTo(port);
        assertThat(client.get("k")).isEqualTo("v");
      }
    } finally {
      first.close();
    }
  }
}
