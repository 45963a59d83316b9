package dev.demikv.kvserver.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Values of many megabytes, from the client to the disk and back.
///
/// `-Dlarge.print=true` prints for each command how long it took, and how long the loop did not
/// answer another client meanwhile.
@Timeout(600)
final class LargeValuesTest {
  private static final int MIB = 1 << 20;

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"memory", "fsync"})
  void valuesOfManyMegabytes(String durability) {
    exercise(durability, 48);
  }

  /// The longest there is, with the default limits.
  @Tag("slow")
  @ParameterizedTest
  @ValueSource(strings = {"memory", "fsync"})
  void longestValues(String durability) {
    exercise(durability, 512);
  }

  @Test
  void longerThanTheLimitIsAnError() {
    try (TestServer server = start(64, "durability=memory", "limits.bulk=1MiB");
        RawClient client = server.connect()) {
      assertThat(client.call("SET", "k", "v".repeat(MIB))).isEqualTo("+OK");
      client.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + (MIB + 1) + "\r\n");
      assertThat(client.read()).isEqualTo("-ERR Protocol error: invalid bulk length");
    }
  }

  private TestServer start(int mib, String... settings) {
    String[] all = Arrays.copyOf(settings, settings.length + 4);
    all[settings.length] = "storage.file.capacity=" + (6 * mib + 128) + "MiB";
    all[settings.length + 1] = "storage.file.segment-bytes=8MiB";
    all[settings.length + 2] = "memory.limit=" + (4 * mib + 128) + "MiB";
    all[settings.length + 3] = "snapshot.log-bytes=" + (2 * mib + 64) + "MiB";
    return TestServer.start(directory, all);
  }

  private void exercise(String durability, int mib) {
    int length = mib * MIB;
    byte[] value = new byte[length];
    for (int i = 0; i < length; i++) {
      value[i] = (byte) (i * 31 + (i >>> 12));
    }
    byte[] head = Arrays.copyOf(value, length - MIB);
    byte[] tail = Arrays.copyOfRange(value, length - MIB, length);
    try (TestServer server = start(mib, "durability=" + durability);
        RawClient client = server.connect();
        Pings pings = new Pings(server.connect())) {
      assertThat(pings.measure("SET", () -> client.call("SET", "k", value))).isEqualTo("+OK");
      assertGet(pings, client, "k", value);
      assertThat(pings.measure("SET over it", () -> client.call("SET", "k", head)))
          .isEqualTo("+OK");
      assertThat(pings.measure("APPEND", () -> client.call("APPEND", "k", tail)))
          .isEqualTo((long) length);
      assertGet(pings, client, "k", value);
      assertThat(pings.measure("SET small over it", () -> client.call("SET", "k", "small")))
          .isEqualTo("+OK");
      assertThat(pings.measure("SETRANGE", () -> client.call("SETRANGE", "z", length - 3, "end")))
          .isEqualTo((long) length);
      assertThat(client.call("GETRANGE", "z", length / 2, length / 2 + 3)).isEqualTo("\0\0\0\0");
      assertThat(pings.measure("DEL", () -> client.call("DEL", "z"))).isEqualTo(1L);
      assertThat(pings.measure("SET", () -> client.call("SET", "k", value))).isEqualTo("+OK");
      pings.measure("BGSAVE", () -> saveInBackground(client));
      // Written over while it is handed to a snapshot: the snapshot has what was there before.
      assertThat(client.call("BGSAVE").toString()).startsWith("+Background");
      assertThat(
              pings.measure("SETRANGE beside BGSAVE", () -> client.call("SETRANGE", "k", 0, "!")))
          .isEqualTo((long) length);
      value[0] = '!';
      assertThat(pings.measure("end of BGSAVE", () -> client.awaitEndOfSnapshot()))
          .contains("rdb_last_bgsave_status:ok");
      assertGet(pings, client, "k", value);
      if (durability.equals("memory")) {
        assertThat(server.stop()).isEqualTo(Server.EXIT_OK);
      } else {
        server.crash();
      }
    }
    try (TestServer server = start(mib, "durability=" + durability);
        RawClient client = server.connect();
        Pings pings = new Pings(server.connect())) {
      assertThat(client.call("DBSIZE")).isEqualTo(1L);
      assertGet(pings, client, "k", value);
      assertThat(pings.measure("FLUSHALL", () -> client.call("FLUSHALL"))).isEqualTo("+OK");
      assertThat(client.call("DBSIZE")).isEqualTo(0L);
    }
  }

  private static void assertGet(Pings pings, RawClient client, String key, byte[] expected) {
    byte[] found =
        pings.measure(
            "GET", () -> client.call("GET", key).toString().getBytes(StandardCharsets.ISO_8859_1));
    // Not by a matcher, which would print both.
    assertThat(Arrays.equals(found, expected)).as("GET %s", key).isTrue();
  }

  private static String saveInBackground(RawClient client) {
    assertThat(client.call("BGSAVE").toString()).startsWith("+Background");
    String info = client.awaitEndOfSnapshot();
    assertThat(info).contains("rdb_last_bgsave_status:ok");
    return info;
  }

  /// A second client that pings all the time and notes the longest wait for an answer.
  private static final class Pings implements AutoCloseable {
    private final RawClient client;
    private final AtomicBoolean over = new AtomicBoolean();
    private final AtomicLong worstNanos = new AtomicLong();
    private final Thread thread;

    Pings(RawClient client) {
      this.client = client;
      thread = new Thread(this::run, "pings");
      thread.start();
    }

    private void run() {
      while (!over.get()) {
        long begin = System.nanoTime();
        try {
          client.call("PING");
        } catch (UncheckedIOException e) {
          return; // The server has ended.
        }
        worstNanos.accumulateAndGet(System.nanoTime() - begin, Math::max);
      }
    }

    <T> T measure(String what, Supplier<T> action) {
      worstNanos.set(0);
      long begin = System.nanoTime();
      T result = action.get();
      if (Boolean.getBoolean("large.print")) {
        System.out.printf(
            "%s: %d ms, longest without an answer %.1f ms%n",
            what, (System.nanoTime() - begin) / 1_000_000, worstNanos.get() / 1e6);
      }
      return result;
    }

    @Override
    public void close() {
      over.set(true);
      client.close();
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }
}
