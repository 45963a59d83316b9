package dev.demikv.kvclient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.demikv.libos.config.LibOsConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Blocking clients of many threads over one loop.
@Timeout(120)
final class SharedLoopTest {
  private static final byte[] KEY = {'k'};
  private static final byte[] VALUE = {'v'};

  private static final ScriptedPeer.Script ANSWERS =
      peer -> peer.serve(words -> words.get(0).equals("GET") ? "$5\r\nvalue\r\n" : "+OK\r\n");

  @TempDir static Path directory;

  private static SharedLoop loop(int clientsMax) {
    return SharedLoop.open(
        LibOsConfig.kernel().withLimits(SharedLoop.limits(clientsMax)), clientsMax);
  }

  @Test
  void everyThreadGetsItsOwnReplies() throws Exception {
    int threads = 8;
    try (RedisServer server = RedisServer.start(directory);
        SharedLoop loop = loop(threads);
        ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      List<Callable<Integer>> tasks = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        String name = "thread:" + t;
        tasks.add(() -> exchange(loop, server.config(), name));
      }
      for (Future<Integer> future : executor.invokeAll(tasks)) {
        assertThat(future.get()).isEqualTo(300);
      }
    }
  }

  /// Values of many lengths, so that a reply of another client's would be seen.
  private static int exchange(SharedLoop loop, KvClientConfig config, String name) {
    int right = 0;
    for (int connection = 0; connection < 3; connection++) {
      try (SharedClient client = loop.client(config)) {
        for (int i = 0; i < 100; i++) {
          String value = name + ("-" + i).repeat(i * i % 3_000);
          client.set(name, value);
          right += value.equals(client.get(name)) ? 1 : 0;
        }
        assertThat(client.call(Command.ofWords("INCR", name))).isInstanceOf(Reply.Failure.class);
        assertThat(client.executeWords("STRLEN", name).integer()).isPositive();
      }
    }
    return right;
  }

  @Test
  void failsToConnectAsAClientOfItsOwn() {
    try (SharedLoop loop = loop(1)) {
      for (int i = 0; i < 3; i++) { // Its place is free again each time.
        assertThatThrownBy(() -> loop.client(KvClientConfig.of("127.0.0.1", 1)))
            .isInstanceOf(KvException.ConnectionLost.class)
            .hasMessageContaining("127.0.0.1:1");
      }
    }
  }

  @Test
  void timesOutAndSaysThatTheOutcomeIsUnknown() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(ScriptedPeer.Peer::stall);
        SharedLoop loop = loop(1);
        SharedClient client = loop.client(peer.config().withCommandTimeoutNanos(30_000_000))) {
      KvException.Timeout thrown =
          catchThrowableOfType(KvException.Timeout.class, () -> client.set(KEY, VALUE));
      assertThat(thrown.outcomeUnknown()).isTrue();
    }
  }

  @Test
  void repeatsReadsAndNeverAWriteWhoseOutcomeIsUnknown() throws Exception {
    ScriptedPeer.Script cutsShort =
        peer -> {
          peer.command();
          peer.send("$10\r\nabc");
        };
    try (ScriptedPeer peer = new ScriptedPeer(cutsShort, ANSWERS);
        SharedLoop loop = loop(1);
        SharedClient client = loop.client(peer.config())) {
      assertThat(client.get("k")).isEqualTo("value");
      assertThat(peer.acceptedCount()).isEqualTo(2);
    }
    try (ScriptedPeer peer = new ScriptedPeer(cutsShort, ANSWERS);
        SharedLoop loop = loop(1);
        SharedClient client = loop.client(peer.config())) {
      KvException thrown =
          catchThrowableOfType(KvException.ConnectionLost.class, () -> client.set(KEY, VALUE));
      assertThat(thrown.outcomeUnknown()).isTrue();
      assertThat(client.get("k")).isEqualTo("value");
    }
  }

  @Test
  void refusesARequestBeyondTheLimit() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(ANSWERS);
        SharedLoop loop = loop(1);
        SharedClient client = loop.client(peer.config().withRequestBytesMax(1024))) {
      assertThatThrownBy(() -> client.set(KEY, new byte[1024]))
          .isInstanceOf(KvException.LimitExceeded.class);
      client.set(KEY, VALUE);
    }
  }

  @Test
  void isBounded() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(ANSWERS);
        SharedLoop loop = loop(1)) {
      SharedClient client = loop.client(peer.config());
      assertThatThrownBy(() -> loop.client(peer.config()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("as many as it may");
      client.close();
    }
  }

  @Test
  void whoWaitsLearnsThatTheLoopEnds() throws Exception {
    CountDownLatch commanded = new CountDownLatch(1);
    ScriptedPeer.Script swallows =
        peer -> {
          peer.command();
          commanded.countDown();
          peer.stall();
        };
    try (ScriptedPeer peer = new ScriptedPeer(swallows);
        ExecutorService executor = Executors.newSingleThreadExecutor()) {
      SharedLoop loop = loop(1);
      SharedClient client = loop.client(peer.config());
      Future<KvException> waits =
          executor.submit(
              () -> catchThrowableOfType(KvException.class, () -> client.set(KEY, VALUE)));
      commanded.await();
      loop.close();
      assertThat(waits.get()).hasMessageContaining("the shared loop has ended");
      assertThat(waits.get().outcomeUnknown()).isTrue();
      assertThatThrownBy(() -> client.get(KEY))
          .isInstanceOf(KvException.ConnectionLost.class)
          .hasMessageContaining("the shared loop has ended");
      client.close();
      loop.close();
    }
  }

  @Test
  void saysWhyItCannotBeOpened() {
    assertThatThrownBy(
            () -> SharedLoop.open(LibOsConfig.kernel().withOption("network.nothing", "1"), 1))
        .hasMessageContaining("network.nothing");
  }
}
