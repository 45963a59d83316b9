package dev.demikv.kvserver.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The server over real sockets, without a log.
@Timeout(120)
final class ServerTest {
  @TempDir Path directory;

  private TestServer start(String... settings) {
    return TestServer.startWithoutStorage(directory, settings);
  }

  @Test
  void answersCommandsInlineAndAsArrays() {
    try (TestServer server = start();
        RawClient client = server.connect()) {
      assertThat(client.send("PING\r\n").read()).isEqualTo("+PONG");
      assertThat(client.call("SET", "k", "v")).isEqualTo("+OK");
      assertThat(client.call("GET", "k")).isEqualTo("v");
      assertThat(client.call("GET", "absent")).isNull();
      assertThat(client.call("NOSUCH", "x").toString()).startsWith("-ERR unknown command");
      assertThat(client.call("GET").toString()).startsWith("-ERR wrong number of arguments");
    }
  }

  @Test
  void answersPipelinedCommandsInOrder() {
    try (TestServer server = start("limits.commands-per-turn=7");
        RawClient client = server.connect()) {
      StringBuilder all = new StringBuilder();
      for (int i = 0; i < 1000; i++) {
        all.append(new String(RawClient.command("SET", "k" + i % 10, i), StandardCharsets.US_ASCII))
            .append(new String(RawClient.command("GET", "k" + i % 10), StandardCharsets.US_ASCII));
      }
      client.send(all.toString());
      for (int i = 0; i < 1000; i++) {
        assertThat(client.read()).isEqualTo("+OK");
        assertThat(client.read()).isEqualTo(Integer.toString(i));
      }
    }
  }

  @Test
  void takesCommandsHoweverTheyAreCut() {
    byte[] bytes = RawClient.command("SET", "key", "a value with some length");
    try (TestServer server = start();
        RawClient client = server.connect();
        RawClient other = server.connect()) {
      for (int cut = 1; cut < bytes.length; cut++) {
        client.send(Arrays.copyOf(bytes, cut));
        // The reply to another client shows that the first piece was seen.
        assertThat(other.call("PING")).isEqualTo("+PONG");
        client.send(Arrays.copyOfRange(bytes, cut, bytes.length));
        assertThat(client.read()).isEqualTo("+OK");
      }
      for (byte one : RawClient.command("GET", "key")) {
        client.send(new byte[] {one});
      }
      assertThat(client.read()).isEqualTo("a value with some length");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2_000, 16_300, 70_000, 1 << 20, 16 << 20})
  void keepsValuesOfAnySize(int length) {
    byte[] value = new byte[length];
    new Random(length).nextBytes(value);
    String text = new String(value, StandardCharsets.ISO_8859_1);
    try (TestServer server = start();
        RawClient client = server.connect()) {
      assertThat(client.call("SET", "big", value)).isEqualTo("+OK");
      assertThat(client.call("GET", "big").equals(text)).isTrue();
      // Several at once, so that the transport cannot take the replies in one go.
      client.send(RawClient.command("GET", "big"));
      client.send(RawClient.command("MGET", "big", "big"));
      client.send(RawClient.command("STRLEN", "big"));
      assertThat(client.read().equals(text)).isTrue();
      assertThat(client.read()).isEqualTo(List.of(text, text));
      assertThat(client.read()).isEqualTo((long) length);
    }
  }

  @Test
  void refusesClientsBeyondTheLimitAndTakesThemWhenOthersLeave() {
    try (TestServer server = start("limits.clients=2");
        RawClient first = server.connect()) {
      try (RawClient second = server.connect()) {
        assertThat(first.call("PING")).isEqualTo("+PONG");
        assertThat(second.call("PING")).isEqualTo("+PONG");
        try (RawClient third = server.connect()) {
          assertThat(third.readToEnd()).isEqualTo("-ERR max number of clients reached\r\n");
        }
        assertThat(second.call("QUIT")).isEqualTo("+OK");
        assertThat(second.isClosedByServer()).isTrue();
      }
      try (RawClient next = server.connect()) {
        assertThat(next.call("PING")).isEqualTo("+PONG");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'*2\r\n$3\r\nGET\r\nx\r\n','-ERR Protocol error: expected ''$'', got ''x'''",
    "'*99999999\r\n','-ERR Protocol error: invalid multibulk length'",
    "'*1\r\n$-5\r\n','-ERR Protocol error: invalid bulk length'",
    "'SET \"unbalanced\r\n','-ERR Protocol error: unbalanced quotes in request'"
  })
  void answersProtocolErrorsAndCloses(String bytes, String error) {
    try (TestServer server = start();
        RawClient client = server.connect()) {
      client.send(RawClient.command("PING"));
      client.send(bytes);
      assertThat(client.readToEnd()).isEqualTo("+PONG\r\n" + error + "\r\n");
      try (RawClient other = server.connect()) {
        assertThat(other.call("INFO", "stats").toString()).contains("protocol_errors:1");
      }
    }
  }

  @Test
  void disconnectsAClientThatDoesNotReadWhenItsOutputIsAtTheLimit() {
    try (TestServer server = start("limits.output-buffer=1MiB");
        RawClient client = server.connect();
        RawClient slow = server.connect()) {
      client.call("SET", "big", new byte[4 << 20]);
      List<Object> words = new ArrayList<>(List.of("MGET"));
      for (int i = 0; i < 16; i++) {
        words.add("big"); // One reply of 64 MB: more than sockets take.
      }
      slow.send(RawClient.command(words.toArray()));
      assertThat(slow.readToEnd().length()).isLessThan(64 << 20);
      assertThat(client.call("INFO", "stats").toString())
          .contains("client_output_buffer_limit_disconnections:1");
      assertThat(client.call("PING")).isEqualTo("+PONG");
    }
  }

  @Test
  void clientsThatDoNotReadCannotTakeTheBuffersOfOthers() {
    List<RawClient> slow = new ArrayList<>();
    // 25 MiB of buffers; 40 clients that leave 16 MiB each.
    try (TestServer server = start("limits.output-stall=1s");
        RawClient client = server.connect()) {
      client.call("SET", "big", "x".repeat(16 << 20));
      for (int i = 0; i < 40; i++) {
        RawClient one = server.connect();
        slow.add(one);
        one.send(RawClient.command("GET", "big"));
        assertThat(client.call("PING")).isEqualTo("+PONG");
      }
      assertThat(client.call("GET", "big").toString()).hasSize(16 << 20);
      String stats = "";
      while (!stats.contains("client_output_stall_disconnections:40")) {
        stats = client.call("INFO", "stats").toString(); // Bounded by the time-out of the test.
      }
      assertThat(stats).contains("client_output_buffer_limit_disconnections:0");
      for (RawClient one : slow) {
        assertThat(one.readToEnd().length()).isLessThan(16 << 20);
      }
    } finally {
      slow.forEach(RawClient::close);
    }
  }

  @Test
  void slowReaderGetsEverythingWhileOthersGoOn() {
    int values = 40;
    try (TestServer server = start();
        RawClient client = server.connect();
        RawClient slow = server.connect()) {
      client.call("SET", "big", "x".repeat(1 << 20));
      for (int i = 0; i < values; i++) {
        slow.send(RawClient.command("GET", "big"));
      }
      for (int i = 0; i < 100; i++) {
        assertThat(client.call("INCR", "n")).isEqualTo(i + 1L);
      }
      for (int i = 0; i < values; i++) {
        assertThat(slow.read().toString()).hasSize(1 << 20);
      }
      assertThat(slow.call("PING")).isEqualTo("+PONG");
    }
  }

  @Test
  void closesAClientWhoseCommandIsTooLong() {
    try (TestServer server = start("limits.query-buffer=128KiB");
        RawClient client = server.connect()) {
      client.send("*2\r\n$3\r\nGET\r\n$1000000\r\n");
      assertThat(client.readToEnd()).startsWith("-ERR Protocol error: too big");
      try (RawClient other = server.connect()) {
        assertThat(other.call("PING")).isEqualTo("+PONG");
      }
    }
  }

  @Test
  void answersWhatCameBeforeTheEndOfTheStream() {
    try (TestServer server = start();
        RawClient client = server.connect()) {
      client.send("SET k v\r\nGET k\r\nGET").endOutput();
      assertThat(client.readToEnd()).isEqualTo("+OK\r\n$1\r\nv\r\n");
    }
  }

  @Test
  void runsNothingBehindQuit() {
    try (TestServer server = start();
        RawClient client = server.connect();
        RawClient other = server.connect()) {
      client.send("SET k before\r\nQUIT\r\nSET k after\r\n");
      assertThat(client.readToEnd()).isEqualTo("+OK\r\n+OK\r\n");
      assertThat(other.call("GET", "k")).isEqualTo("before");
    }
  }

  @Test
  void refusesWritesBeyondTheMemoryLimit() {
    try (TestServer server = start("memory.limit=2MiB");
        RawClient client = server.connect()) {
      String last = "";
      for (int i = 0; i < 100 && !last.startsWith("-OOM"); i++) {
        last = client.call("SET", "k" + i, "x".repeat(100_000)).toString();
      }
      assertThat(last).startsWith("-OOM");
      assertThat(client.call("GET", "k0")).isNotNull();
      assertThat(client.call("DEL", "k0", "k1", "k2")).isEqualTo(3L);
      assertThat(client.call("SET", "k0", "v")).isEqualTo("+OK");
      assertThat(client.call("CONFIG", "SET", "maxmemory", "4mb")).isEqualTo("+OK");
      assertThat(client.call("CONFIG", "GET", "memory.limit"))
          .isEqualTo(List.of("memory.limit", "4mb"));
    }
  }

  @Test
  void asksForThePassword() {
    try (TestServer server = start("requirepass=secret");
        RawClient client = server.connect()) {
      assertThat(client.call("GET", "k").toString()).startsWith("-NOAUTH");
      assertThat(client.call("AUTH", "wrong").toString()).startsWith("-WRONGPASS");
      assertThat(client.call("AUTH", "secret")).isEqualTo("+OK");
      assertThat(client.call("GET", "k")).isNull();
    }
  }

  @Test
  void holdsWritesDuringAPause() {
    try (TestServer server = start();
        RawClient client = server.connect();
        RawClient writer = server.connect()) {
      assertThat(client.call("CLIENT", "PAUSE", "60000", "WRITE")).isEqualTo("+OK");
      writer.send(RawClient.command("SET", "k", "v"));
      assertThat(client.call("GET", "k")).isNull();
      assertThat(client.call("CLIENT", "UNPAUSE")).isEqualTo("+OK");
      assertThat(writer.read()).isEqualTo("+OK");
    }
  }

  @Test
  void removesKeysWhoseTimeHasComeWithoutBeingAsked() {
    try (TestServer server = start("expiry.interval=1ms");
        RawClient client = server.connect()) {
      for (int i = 0; i < 1000; i++) {
        client.send(RawClient.command("SET", "k" + i, "v", "PX", "1"));
      }
      for (int i = 0; i < 1000; i++) {
        assertThat(client.read()).isEqualTo("+OK");
      }
      Object size = 1L;
      while (!size.equals(0L)) {
        size = client.call("DBSIZE"); // Bounded by the time-out of the test.
      }
      assertThat(client.call("INFO", "stats").toString()).contains("expired_keys:1000");
    }
  }

  @Test
  void endsCleanly() {
    try (TestServer server = start();
        RawClient client = server.connect()) {
      assertThat(client.call("PING")).isEqualTo("+PONG");
      assertThat(server.stop()).isEqualTo(Server.EXIT_OK);
      assertThat(client.isClosedByServer()).isTrue();
    }
  }

  @Test
  void endsOnShutdown() {
    try (TestServer server = start();
        RawClient client = server.connect()) {
      client.send("SHUTDOWN NOSAVE\r\n");
      assertThat(client.isClosedByServer()).isTrue();
      assertThat(server.exitCode()).isEqualTo(Server.EXIT_OK);
    }
  }
}
