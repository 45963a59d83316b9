package dev.demikv.kvserver.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A snapshot that cannot be written harms nobody: the server goes on, and says so.
@Timeout(180)
final class SnapshotFailureTest {
  private static final int KEYS = 120_000;
  private static final int BURST = 1_000;

  /// Lies in the cell, so that a copy for the snapshot takes as much as the entry.
  private static final String VALUE = "v".repeat(250);

  @TempDir Path directory;

  private TestServer start(String... settings) {
    List<String> all = new ArrayList<>();
    all.add("storage.file.capacity=256MiB");
    all.add("snapshot.log-bytes=1GiB");
    all.addAll(List.of(settings));
    return TestServer.start(directory, all.toArray(String[]::new));
  }

  /// Nothing may be reserved any more, so that what changes cannot be kept aside.
  @Test
  void snapshotThatFindsNoMemoryIsAbandonedAndTheServerGoesOn() {
    try (TestServer server = start("durability=memory", "snapshot.entries-per-turn=1");
        RawClient client = server.connect()) {
      forAllKeys(client, i -> RawClient.command("SET", "k" + i, VALUE, "EX", "1000"), "+OK");
      assertThat(client.call("BGSAVE").toString()).startsWith("+Background");
      assertThat(client.call("CONFIG", "SET", "memory.limit", "1MiB")).isEqualTo("+OK");
      forAllKeys(client, i -> RawClient.command("EXPIRE", "k" + i, "2000"), 1L);
      forAllKeys(client, i -> RawClient.command("EXPIRE", "k" + i, "3000"), 1L);
      String info = client.awaitEndOfSnapshot();
      assertThat(info)
          .contains("rdb_last_bgsave_status:err")
          .contains("rdb_saves:0")
          .contains("snapshot_failures:1")
          .contains("memory.limit");

      assertThat(client.call("SET", "k0", VALUE).toString()).startsWith("-OOM");
      assertThat(client.call("CONFIG", "SET", "memory.limit", "1GiB")).isEqualTo("+OK");
      assertThat(client.call("SET", "k0", "changed")).isEqualTo("+OK");
      assertThat(client.call("SAVE")).isEqualTo("+OK");
      assertThat(client.call("INFO", "persistence").toString())
          .contains("rdb_last_bgsave_status:ok")
          .contains("snapshot_failures:1");
      server.crash();
    }
    try (TestServer server = start("durability=memory");
        RawClient client = server.connect()) {
      assertThat(client.call("DBSIZE")).isEqualTo((long) KEYS);
      assertThat(client.call("GET", "k0")).isEqualTo("changed");
      assertThat(client.call("TTL", "k" + (KEYS - 1))).isIn(2_999L, 3_000L, 2_998L, 2_997L);
    }
  }

  /// A half-written snapshot does not count, and the one before it, or the log, is used.
  @ParameterizedTest
  @ValueSource(strings = {"memory", "fsync"})
  void overwritesAtTheLimitBesideASnapshotAreDoneOrRefused(String durability) {
    int[] stored = new int[KEYS];
    try (TestServer server = start("durability=" + durability, "snapshot.entries-per-turn=8");
        RawClient client = server.connect()) {
      forAllKeys(client, i -> RawClient.command("SET", "k" + i, "0" + VALUE), "+OK");
      assertThat(client.call("SAVE")).isEqualTo("+OK");
      long used = RawClient.number(client.call("INFO", "memory").toString(), "used_memory");
      client.call("CONFIG", "SET", "memory.limit", Long.toString(used + 200_000));
      assertThat(client.call("BGSAVE").toString()).startsWith("+Background");
      int refused = 0;
      for (int from = 0; from < KEYS; from += BURST) {
        ByteArrayOutputStream burst = new ByteArrayOutputStream();
        for (int i = from; i < from + BURST; i++) {
          burst.writeBytes(RawClient.command("SET", "k" + i, "1" + VALUE));
        }
        client.send(burst.toByteArray());
        for (int i = from; i < from + BURST; i++) {
          String reply = client.read().toString();
          stored[i] = reply.equals("+OK") ? 1 : 0;
          refused += reply.startsWith("-OOM") ? 1 : 0;
        }
      }
      int done = 0;
      for (int i = 0; i < KEYS; i++) {
        done += stored[i];
      }
      assertThat(done + refused).isEqualTo(KEYS);
      assertThat(refused).isPositive();
      assertThat(done).isPositive();
      assertThat(client.awaitEndOfSnapshot()).contains("rdb_last_bgsave_status:ok");
      if (durability.equals("memory")) {
        assertThat(client.call("SAVE")).isEqualTo("+OK");
      }
      server.crash();
    }
    try (TestServer server = start("durability=" + durability);
        RawClient client = server.connect()) {
      forAllKeys(
          client,
          i -> RawClient.command("GETRANGE", "k" + i, "0", "0"),
          i -> Integer.toString(stored[i]));
    }
  }

  private static void forAllKeys(RawClient client, KeyCommand command, Object reply) {
    forAllKeys(client, command, i -> reply);
  }

  /// Sends a command for each key, a burst at a time, and compares the replies.
  private static void forAllKeys(RawClient client, KeyCommand command, IntFunction<Object> reply) {
    for (int from = 0; from < KEYS; from += BURST) {
      ByteArrayOutputStream burst = new ByteArrayOutputStream();
      for (int i = from; i < from + BURST; i++) {
        burst.writeBytes(command.of(i));
      }
      client.send(burst.toByteArray());
      for (int i = from; i < from + BURST; i++) {
        assertThat(client.read()).as("k%d", i).isEqualTo(reply.apply(i));
      }
    }
  }

  private interface KeyCommand {
    byte[] of(int key);
  }
}
