package dev.demikv.kvclient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.demikv.libos.time.SystemClock;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What the client does when the server misbehaves.
@Timeout(60)
final class KvClientFailureTest {
  private static final long MILLI = 1_000_000;
  private static final byte[] KEY = {'k'};
  private static final byte[] VALUE = {'v'};

  private static final ScriptedPeer.Script ANSWERS =
      peer -> peer.serve(words -> words.get(0).equals("GET") ? "$5\r\nvalue\r\n" : "+OK\r\n");

  @Test
  void readsRepliesThatArriveByteByByte() throws Exception {
    ScriptedPeer.Script script =
        peer -> {
          peer.command();
          for (char c : "*2\r\n$3\r\na\r\n\r\n:-12\r\n".toCharArray()) {
            peer.send(String.valueOf(c));
          }
          peer.stall();
        };
    try (ScriptedPeer peer = new ScriptedPeer(script);
        KvClient client = KvClient.open(peer.config())) {
      assertThat(client.executeWords("X").elements())
          .containsExactly(
              new Reply.Bulk("a\r\n".getBytes(StandardCharsets.UTF_8)), new Reply.Int(-12));
    }
  }

  @Test
  void refusesGarbageAndConnectsAnew() throws Exception {
    ScriptedPeer.Script script =
        peer -> {
          peer.command();
          peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
          peer.stall();
        };
    try (ScriptedPeer peer = new ScriptedPeer(script, ANSWERS);
        KvClient client = KvClient.open(peer.config())) {
      KvException.ProtocolViolation thrown =
          catchThrowableOfType(KvException.ProtocolViolation.class, () -> client.set(KEY, VALUE));
      assertThat(thrown).hasMessageContaining("cannot begin with 'H'");
      assertThat(thrown.outcomeUnknown()).isTrue();
      assertThat(client.get("k")).isEqualTo("value");
      assertThat(peer.acceptedCount()).isEqualTo(2);
    }
  }

  @Test
  void refusesALengthBeyondTheLimitWithoutAllocatingForIt() throws Exception {
    ScriptedPeer.Script script =
        peer -> {
          peer.command();
          peer.send("$1073741825\r\nabc");
          peer.stall();
        };
    try (ScriptedPeer peer = new ScriptedPeer(script);
        KvClient client = KvClient.open(peer.config())) {
      assertThatThrownBy(() -> client.get(KEY))
          .isInstanceOf(KvException.LimitExceeded.class)
          .hasMessageContaining("bulkBytesMax");
    }
  }

  @Test
  void refusesARequestBeyondTheLimitWithoutSendingIt() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(ANSWERS);
        KvClient client = KvClient.open(peer.config().withRequestBytesMax(1024))) {
      KvException thrown =
          catchThrowableOfType(
              KvException.LimitExceeded.class, () -> client.set(KEY, new byte[1024]));
      assertThat(thrown.outcomeUnknown()).isFalse();
      client.set(KEY, VALUE);
      assertThat(peer.acceptedCount()).isEqualTo(1);
    }
  }

  @Test
  void neverRepeatsAWriteWhoseOutcomeIsUnknown() throws Exception {
    List<List<String>> seen = new CopyOnWriteArrayList<>();
    ScriptedPeer.Script script =
        peer -> {
          seen.add(peer.command());
          peer.send("$10\r\nabc");
        };
    try (ScriptedPeer peer = new ScriptedPeer(script);
        KvClient client = KvClient.open(peer.config())) {
      KvException thrown =
          catchThrowableOfType(KvException.ConnectionLost.class, () -> client.set(KEY, VALUE));
      assertThat(thrown.outcomeUnknown()).isTrue();
      assertThat(thrown).hasMessageContaining("may have been executed");
      assertThat(seen).containsExactly(List.of("SET", "k", "v"));
    }
  }

  @Test
  void repeatsAReadAfterALostConnection() throws Exception {
    ScriptedPeer.Script script =
        peer -> {
          peer.command();
          peer.send("$10\r\nabc");
          peer.reset();
        };
    try (ScriptedPeer peer = new ScriptedPeer(script, ANSWERS);
        KvClient client = KvClient.open(peer.config())) {
      assertThat(client.get("k")).isEqualTo("value");
      assertThat(peer.acceptedCount()).isEqualTo(2);
    }
  }

  @Test
  void repeatsAReadOnlyAsOftenAsConfigured() throws Exception {
    ScriptedPeer.Script script = ScriptedPeer.Peer::command;
    try (ScriptedPeer peer = new ScriptedPeer(script);
        KvClient client = KvClient.open(peer.config().withReadRetriesMax(2))) {
      assertThatThrownBy(() -> client.get(KEY)).isInstanceOf(KvException.ConnectionLost.class);
      assertThat(peer.acceptedCount()).isEqualTo(3);
    }
  }

  @Test
  void sendsAWriteAgainThatWasCutShort() throws Exception {
    ScriptedPeer.Script resets =
        peer -> {
          peer.readByte();
          peer.reset();
        };
    byte[] large = new byte[48 << 20];
    try (ScriptedPeer peer = new ScriptedPeer(resets, ANSWERS);
        KvClient client = KvClient.open(peer.config())) {
      client.set(KEY, large);
      assertThat(peer.acceptedCount()).isEqualTo(2);
    }
  }

  @Test
  void noticesAHalfCloseBeforeTheNextCommand() throws Exception {
    ScriptedPeer.Script script =
        peer -> {
          peer.command();
          peer.send("+OK\r\n");
          peer.endOutput();
          peer.stall();
        };
    try (ScriptedPeer peer = new ScriptedPeer(script, ANSWERS);
        KvClient client = KvClient.open(peer.config())) {
      client.set(KEY, VALUE);
      pollUntilDisconnected(client);
      client.set(KEY, VALUE);
      assertThat(peer.acceptedCount()).isEqualTo(2);
    }
  }

  @Test
  void refusesAReplyThatNobodyAskedFor() throws Exception {
    ScriptedPeer.Script script =
        peer -> {
          peer.send("+OK\r\n");
          peer.stall();
        };
    try (ScriptedPeer peer = new ScriptedPeer(script, ANSWERS);
        KvClient client = KvClient.open(peer.config())) {
      pollUntilDisconnected(client);
      assertThat(client.get("k")).isEqualTo("value");
    }
  }

  @Test
  void skipsPushes() throws Exception {
    ScriptedPeer.Script script =
        peer -> {
          peer.send(">1\r\n+before\r\n");
          peer.command();
          peer.send(">2\r\n+between\r\n:1\r\n$1\r\nx\r\n>1\r\n+behind\r\n");
          peer.command();
          peer.send(":7\r\n");
          peer.stall();
        };
    try (ScriptedPeer peer = new ScriptedPeer(script);
        KvClient client = KvClient.open(peer.config())) {
      assertThat(client.get("k")).isEqualTo("x");
      assertThat(client.increment(KEY, 1)).isEqualTo(7);
    }
  }

  @Test
  void timesOutOnASilentServerAndLeavesItsConnection() throws Exception {
    ScriptedPeer.Script stalls = ScriptedPeer.Peer::stall;
    try (ScriptedPeer peer = new ScriptedPeer(stalls, ANSWERS);
        KvClient client = KvClient.open(peer.config().withCommandTimeoutNanos(50 * MILLI))) {
      long begun = System.nanoTime();
      KvException thrown =
          catchThrowableOfType(KvException.Timeout.class, () -> client.set(KEY, VALUE));
      assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(50 * MILLI);
      assertThat(thrown.outcomeUnknown()).isTrue();
      client.setCommandTimeoutNanos(10_000 * MILLI);
      client.set(KEY, VALUE);
      assertThat(peer.acceptedCount()).isEqualTo(2);
    }
  }

  @Test
  void dropsTheLateReplyToACommandThatTimedOut() throws Exception {
    ScriptedPeer.Script script =
        peer -> {
          peer.command();
          peer.command();
          peer.send("$5\r\nhe"); // Alive, but slow.
          peer.command();
          peer.send("llo\r\n+late\r\n:3\r\n");
          peer.stall();
        };
    try (ScriptedPeer peer = new ScriptedPeer(script);
        KvClient client = KvClient.open(peer.config())) {
      Completion[] completions = {new Completion()};
      long first = client.submit(Command.of("GET", KEY));
      client.setCommandTimeoutNanos(500 * MILLI);
      long second = client.submit(Command.of("SET", KEY, VALUE));
      assertThat(client.poll(completions, Long.MAX_VALUE)).isEqualTo(1);
      assertThat(completions[0].id()).isEqualTo(second);
      assertThat(completions[0].status()).isEqualTo(Completion.Status.TIMEOUT);
      assertThat(completions[0].outcomeUnknown()).isTrue();
      client.setCommandTimeoutNanos(10_000 * MILLI);
      long third = client.submit(Command.of("INCR", KEY));
      assertThat(client.poll(completions, Long.MAX_VALUE)).isEqualTo(1);
      assertThat(completions[0].id()).isEqualTo(first);
      assertThat(completions[0].toBytes()).asString(StandardCharsets.UTF_8).isEqualTo("hello");
      assertThat(client.poll(completions, Long.MAX_VALUE)).isEqualTo(1);
      assertThat(completions[0].id()).isEqualTo(third);
      assertThat(completions[0].integer()).isEqualTo(3);
      assertThat(client.outstandingCount()).isZero();
    }
  }

  @Test
  void saysThatNothingListens() throws Exception {
    int port = RedisServer.freePort();
    KvClientConfig config = KvClientConfig.of("127.0.0.1", port);
    KvException thrown =
        catchThrowableOfType(KvException.ConnectionLost.class, () -> KvClient.open(config).close());
    assertThat(thrown).hasMessageContaining("127.0.0.1:" + port).hasMessageContaining("refused");
    assertThat(thrown.outcomeUnknown()).isFalse();
  }

  @Test
  void givesUpAfterTheAttemptsOfItsPolicy() throws Exception {
    KvClientConfig config =
        KvClientConfig.of("127.0.0.1", RedisServer.freePort())
            .withReconnect(new ReconnectPolicy(MILLI, 4 * MILLI, 5));
    try (KvClient client =
        KvClient.openLazily(config, SystemClock.INSTANCE, new SplittableRandom(1))) {
      KvException thrown =
          catchThrowableOfType(KvException.ConnectionLost.class, () -> client.set(KEY, VALUE));
      assertThat(thrown.outcomeUnknown()).isFalse();
    }
  }

  @Test
  void waitsForAServerNoLongerThanTheTimeout() throws Exception {
    KvClientConfig config =
        KvClientConfig.of("127.0.0.1", RedisServer.freePort()).withCommandTimeoutNanos(50 * MILLI);
    try (KvClient client =
        KvClient.openLazily(config, SystemClock.INSTANCE, new SplittableRandom(1))) {
      KvException thrown =
          catchThrowableOfType(KvException.ConnectionLost.class, () -> client.set(KEY, VALUE));
      assertThat(thrown.outcomeUnknown()).isFalse();
      assertThat(thrown).hasMessageContaining("refused");
    }
  }

  @Test
  void aCommandWaitsForAServerThatComesLate() throws Exception {
    int port = RedisServer.freePort();
    KvClientConfig config =
        KvClientConfig.of("127.0.0.1", port)
            .withProtocol(KvClientConfig.Protocol.RESP2)
            .withReconnect(new ReconnectPolicy(MILLI, 4 * MILLI, Integer.MAX_VALUE));
    try (KvClient client =
        KvClient.openLazily(config, SystemClock.INSTANCE, new SplittableRandom(1))) {
      Completion[] completions = {new Completion()};
      client.submit(Command.of("SET", KEY, VALUE));
      assertThat(client.poll(completions, 20 * MILLI)).isZero();
      try (ScriptedPeer peer =
          new ScriptedPeer(InetAddress.ofLiteral("127.0.0.1"), port, ANSWERS)) {
        assertThat(client.poll(completions, Long.MAX_VALUE)).isEqualTo(1);
        assertThat(completions[0].isOk()).isTrue();
        assertThat(peer.acceptedCount()).isEqualTo(1);
      }
    }
  }

  @Test
  void greetsAnOldServerInItsOwnWay() throws Exception {
    List<List<String>> seen = new CopyOnWriteArrayList<>();
    ScriptedPeer.Script script =
        peer ->
            peer.serve(words -> {
              seen.add(words);
              return words.get(0).equals("HELLO") ? "-ERR unknown command `HELLO`\r\n" : "+OK\r\n";
            });
    try (ScriptedPeer peer = new ScriptedPeer(script);
        KvClient client =
            KvClient.open(
                peer.config()
                    .withProtocol(KvClientConfig.Protocol.RESP3)
                    .withCredentials(null, "secret")
                    .withDatabase(3))) {
      assertThat(client.protocolVersion()).isEqualTo(2);
      client.set(KEY, VALUE);
      assertThat(seen)
          .containsExactly(
              List.of("HELLO", "3", "AUTH", "default", "secret"),
              List.of("AUTH", "secret"),
              List.of("SELECT", "3"),
              List.of("SET", "k", "v"));
    }
  }

  @Test
  void aPipelineKeepsWhatCameBeforeAFailure() throws Exception {
    ScriptedPeer.Script script =
        peer -> {
          for (int i = 0; i < 5; i++) {
            peer.command();
          }
          peer.send(":1\r\n-ERR no\r\n:3\r\n");
        };
    try (ScriptedPeer peer = new ScriptedPeer(script);
        KvClient client = KvClient.open(peer.config())) {
      Pipeline pipeline = client.pipeline(10);
      for (int i = 0; i < 5; i++) {
        pipeline.add("INCR", KEY);
      }
      KvException thrown = catchThrowableOfType(KvException.ConnectionLost.class, pipeline::flush);
      assertThat(thrown.outcomeUnknown()).isTrue();
      assertThat(pipeline.replies())
          .containsExactly(new Reply.Int(1), new Reply.Failure("ERR no"), new Reply.Int(3));
      assertThat(client.outstandingCount()).isZero();
    }
  }

  @Test
  void speaksIpv6() throws Exception {
    ScriptedPeer peer;
    try {
      peer = new ScriptedPeer(InetAddress.ofLiteral("::1"), 0, ANSWERS);
    } catch (IOException e) {
      assumeTrue(false, "needs IPv6 on the loopback interface: skipped (" + e + ")");
      return;
    }
    try (peer;
        KvClient client =
            KvClient.open(
                KvClientConfig.of("::1", peer.port())
                    .withProtocol(KvClientConfig.Protocol.RESP2))) {
      assertThat(client.get("k")).isEqualTo("value");
    }
  }

  private static void pollUntilDisconnected(KvClient client) {
    Completion[] completions = {new Completion()};
    long deadline = System.nanoTime() + 20_000 * MILLI;
    while (client.isConnected() && System.nanoTime() < deadline) {
      assertThat(client.poll(completions, 0)).isZero();
    }
    assertThat(client.isConnected()).isFalse();
  }
}
