package dev.demikv.kvserver.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.demikv.kvserver.persist.DataException;
import dev.demikv.libos.api.LibOsException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What was acknowledged is there again, whatever happened in between.
@Timeout(180)
final class DurabilityTest {
  @TempDir Path directory;

  private TestServer start(String... settings) {
    return TestServer.start(directory, settings);
  }

  @Test
  void acknowledgedWritesSurviveACrash() {
    try (TestServer server = start();
        RawClient client = server.connect()) {
      for (int i = 0; i < 300; i++) {
        assertThat(client.call("SET", "k" + i, "v" + i)).isEqualTo("+OK");
      }
      assertThat(client.call("INCRBY", "n", "7")).isEqualTo(7L);
      assertThat(client.call("DEL", "k0", "k1")).isEqualTo(2L);
      server.crash();
    }
    try (TestServer server = start();
        RawClient client = server.connect()) {
      assertThat(client.call("DBSIZE")).isEqualTo(299L);
      assertThat(client.call("GET", "k299")).isEqualTo("v299");
      assertThat(client.call("GET", "k0")).isNull();
      assertThat(client.call("INCR", "n")).isEqualTo(8L);
      server.crash();
    }
    try (TestServer server = start();
        RawClient client = server.connect()) {
      assertThat(client.call("GET", "n")).isEqualTo("8");
    }
  }

  @Test
  void repliesOfMixedPipelinesStayInOrder() {
    Random random = new Random(7);
    try (TestServer server = start("limits.commands-per-turn=33", "log.batches-in-flight=2");
        RawClient client = server.connect()) {
      List<Object> expected = new ArrayList<>();
      Map<String, Long> model = new HashMap<>();
      for (int i = 0; i < 3000; i++) {
        String key = "k" + random.nextInt(5);
        switch (random.nextInt(6)) {
          case 0, 1 -> {
            client.send(RawClient.command("INCR", key));
            expected.add(model.merge(key, 1L, Long::sum));
          }
          case 2, 3 -> {
            client.send(RawClient.command("GET", key));
            Long value = model.get(key);
            expected.add(value == null ? null : value.toString());
          }
          case 4 -> {
            client.send(RawClient.command("PING"));
            expected.add("+PONG");
          }
          default -> {
            client.send(RawClient.command("SET", key));
            expected.add("-ERR wrong number of arguments for 'set' command");
          }
        }
      }
      for (int i = 0; i < expected.size(); i++) {
        assertThat(client.read()).as("reply %d", i).isEqualTo(expected.get(i));
      }
    }
  }

  @Test
  void selectedDatabaseGoesWithEachWrite() {
    try (TestServer server = start();
        RawClient client = server.connect()) {
      client.send("SET k 0\r\nSELECT 3\r\nSET k 3\r\nSELECT 0\r\nGET k\r\nSELECT 3\r\nGET k\r\n");
      List<Object> replies = new ArrayList<>();
      for (int i = 0; i < 7; i++) {
        replies.add(client.read());
      }
      assertThat(replies).containsExactly("+OK", "+OK", "+OK", "+OK", "0", "+OK", "3");
      server.crash();
    }
    try (TestServer server = start();
        RawClient client = server.connect()) {
      client.call("SELECT", "3");
      assertThat(client.call("GET", "k")).isEqualTo("3");
    }
  }

  @Test
  void commandsLongerThanARecordSurvive() {
    byte[] value = new byte[5 << 20];
    new Random(5).nextBytes(value);
    String text = new String(value, StandardCharsets.ISO_8859_1);
    try (TestServer server = start();
        RawClient client = server.connect();
        RawClient other = server.connect()) {
      client.send(RawClient.command("SET", "big", value));
      client.send(RawClient.command("SET", "small", "s"));
      client.send(RawClient.command("STRLEN", "big"));
      assertThat(other.call("SET", "other", "o")).isEqualTo("+OK");
      assertThat(client.read()).isEqualTo("+OK");
      assertThat(client.read()).isEqualTo("+OK");
      assertThat(client.read()).isEqualTo((long) value.length);
      server.crash();
    }
    try (TestServer server = start();
        RawClient client = server.connect()) {
      assertThat(client.call("GET", "big").equals(text)).isTrue();
      assertThat(client.call("MGET", "small", "other")).isEqualTo(List.of("s", "o"));
      // Once more from the snapshot, in which the entry is cut over records as well.
      assertThat(server.stop()).isEqualTo(Server.EXIT_OK);
    }
    try (TestServer server = start();
        RawClient client = server.connect()) {
      assertThat(client.call("GET", "big").equals(text)).isTrue();
      assertThat(client.call("DBSIZE")).isEqualTo(3L);
    }
  }

  @Test
  void expiriesAreKeptAsTimesAndExpiredKeysStayAway() {
    try (TestServer server = start("expiry.interval=1ms");
        RawClient client = server.connect()) {
      client.call("SET", "long", "v", "EX", "1000");
      client.call("SET", "short", "v", "PX", "1");
      Object there = 1L;
      while (!there.equals(1L) || !client.call("DBSIZE").equals(1L)) {
        there = client.call("EXISTS", "long"); // Bounded by the time-out of the test.
      }
      server.crash();
    }
    try (TestServer server = start();
        RawClient client = server.connect()) {
      assertThat(client.call("GET", "short")).isNull();
      assertThat((long) client.call("TTL", "long")).isBetween(900L, 1000L);
    }
  }

  @Test
  void snapshotUnderLoadAndRestartGiveTheSameState() {
    Random random = new Random(11);
    Map<String, String> model = new TreeMap<>();
    try (TestServer server = start("snapshot.log-bytes=1MiB", "snapshot.entries-per-turn=16");
        RawClient client = server.connect()) {
      for (int round = 0; round < 60; round++) {
        for (int i = 0; i < 100; i++) {
          String key = "k" + random.nextInt(2000);
          if (random.nextInt(10) == 0) {
            client.send(RawClient.command("DEL", key));
            model.remove(key);
          } else {
            String value = "v".repeat(random.nextInt(2000)) + random.nextInt();
            client.send(RawClient.command("SET", key, value));
            model.put(key, value);
          }
        }
        for (int i = 0; i < 100; i++) {
          assertThat(client.read()).isIn("+OK", 1L, 0L);
        }
      }
      String info = client.call("INFO", "persistence").toString();
      assertThat(RawClient.number(info, "rdb_saves")).isBetween(1L, 8L);
      assertThat(RawClient.number(info, "aof_current_size")).isLessThan(6 << 20);
      server.crash();
    }
    for (boolean clean : new boolean[] {true, false}) {
      try (TestServer server = start();
          RawClient client = server.connect()) {
        assertThat(contents(client)).isEqualTo(model);
        if (clean) {
          server.stop();
        }
      }
    }
  }

  private static Map<String, String> contents(RawClient client) {
    Map<String, String> all = new TreeMap<>();
    for (Object key : (List<?>) client.call("KEYS", "*")) {
      all.put(key.toString(), client.call("GET", key).toString());
    }
    return all;
  }

  @Test
  void memoryModeKeepsWhatTheSnapshotsHold() {
    try (TestServer server = start("durability=memory");
        RawClient client = server.connect()) {
      client.call("SET", "saved", "v");
      assertThat(client.call("SAVE")).isEqualTo("+OK");
      client.call("SET", "lost", "v");
      server.crash();
    }
    try (TestServer server = start("durability=memory");
        RawClient client = server.connect()) {
      assertThat(client.call("KEYS", "*")).isEqualTo(List.of("saved"));
      client.call("SET", "second", "v");
      assertThat(server.stop()).isEqualTo(Server.EXIT_OK);
    }
    try (TestServer server = start("durability=fsync");
        RawClient client = server.connect()) {
      assertThat(client.call("MGET", "saved", "second")).isEqualTo(List.of("v", "v"));
      client.call("SET", "logged", "v");
      server.crash();
    }
    try (TestServer server = start("durability=memory");
        RawClient client = server.connect()) {
      assertThat(client.call("DBSIZE")).isEqualTo(3L);
    }
  }

  @Test
  void cleanEndUnderLoadKeepsWhatWasAcknowledgedInBothModes() {
    for (String durability : List.of("memory", "fsync")) {
      Path data = directory.resolve(durability);
      long acknowledged = 0;
      try (TestServer server = TestServer.start(data, "durability=" + durability);
          RawClient client = server.connect()) {
        StringBuilder burst = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
          burst.append("SET k").append(i).append(" v\r\n");
        }
        client.send(burst.toString());
        assertThat(client.read()).isEqualTo("+OK");
        assertThat(server.stop()).isEqualTo(Server.EXIT_OK);
        acknowledged = 1 + client.countUntilClosed("+OK");
      }
      try (TestServer server = TestServer.start(data, "durability=" + durability);
          RawClient client = server.connect()) {
        assertThat((long) client.call("DBSIZE")).isGreaterThanOrEqualTo(acknowledged);
        assertThat(client.call("GET", "k" + (acknowledged - 1))).isEqualTo("v");
      }
    }
  }

  @Test
  void savesInTheBackgroundWhileItServes() {
    try (TestServer server = start();
        RawClient client = server.connect()) {
      client.call("SET", "k", "v");
      assertThat(client.call("BGSAVE").toString()).startsWith("+Background saving started");
      String info = "";
      while (!info.contains("rdb_saves:1") || !info.contains("rdb_bgsave_in_progress:0")) {
        info = client.call("INFO", "persistence").toString();
      }
      assertThat((long) client.call("LASTSAVE")).isPositive();
      assertThat(client.call("SAVE")).isEqualTo("+OK");
    }
  }

  @Test
  void fullDiskIsAnErrorAndLosesNothing() {
    int acknowledged = 0;
    String last = "";
    try (TestServer server = start("storage.file.capacity=8MiB", "snapshot.log-bytes=1GiB");
        RawClient client = server.connect()) {
      while (!last.startsWith("-") && acknowledged < 10_000) {
        last = client.call("SET", "k" + acknowledged, "x".repeat(10_000)).toString();
        acknowledged += last.equals("+OK") ? 1 : 0;
      }
      assertThat(last).startsWith("-MISCONF The storage is full");
      assertThat(acknowledged).isGreaterThan(100);
      client.send(RawClient.command("GET", "k0"));
      client.send(RawClient.command("SET", "refused", "x".repeat(100_000)));
      client.send(RawClient.command("GET", "refused"));
      assertThat(client.read().toString()).hasSize(10_000);
      assertThat(client.read().toString()).startsWith("-MISCONF");
      assertThat(client.read()).isNull();
      server.crash();
    }
    try (TestServer server = start("storage.file.capacity=64MiB");
        RawClient client = server.connect()) {
      assertThat(client.call("DBSIZE")).isEqualTo((long) acknowledged);
      assertThat(client.call("SET", "next", "v")).isEqualTo("+OK");
    }
  }

  @Test
  void overwritingForEverFitsASmallDisk() {
    try (TestServer server = start("storage.file.capacity=10MiB", "snapshot.log-bytes=1GiB");
        RawClient client = server.connect()) {
      for (int i = 0; i < 3_000; i += 10) {
        for (int j = i; j < i + 10; j++) {
          client.send(RawClient.command("SET", "k" + j % 20, j + "x".repeat(10_000)));
        }
        for (int j = i; j < i + 10; j++) {
          assertThat(client.read()).isEqualTo("+OK");
        }
      }
      server.crash();
    }
    try (TestServer server = start();
        RawClient client = server.connect()) {
      for (int i = 2_980; i < 3_000; i++) {
        assertThat(client.call("GET", "k" + i % 20).toString()).startsWith(i + "x");
      }
    }
  }

  @Test
  void damagedLogIsRefusedWithItsPlaceAndLeftAsItIs() throws IOException {
    try (TestServer server = start();
        RawClient client = server.connect()) {
      for (int i = 0; i < 200; i++) {
        client.call("SET", "k" + i, "needle".repeat(100));
      }
      server.crash();
    }
    Path damaged = damage("needle");
    byte[] before = Files.readAllBytes(damaged);
    assertThatThrownBy(this::start)
        .isInstanceOfAny(DataException.class, LibOsException.class)
        .hasMessageContaining("commands");
    assertThat(Files.readAllBytes(damaged)).isEqualTo(before);
  }

  /// Changes a byte in the first file that has a text, behind its tenth place.
  private Path damage(String text) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(directory.resolve("log"))) {
      files = all.filter(f -> f.toString().endsWith(".log")).sorted().toList();
    }
    for (Path file : files) {
      String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
      int at = bytes.indexOf(text);
      if (at >= 0) {
        try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
          raw.seek(at + 10L * text.length());
          raw.write('#');
        }
        return file;
      }
    }
    throw new AssertionError("no file has " + text);
  }

  @Test
  void dataOfAnotherEngineOrFormatIsRefused() throws IOException {
    Path identity = directory.resolve("kvserver.identity");
    Files.writeString(identity, "format = 1\nengine = rocksdb\n");
    assertThatThrownBy(this::start)
        .isInstanceOf(DataException.class)
        .hasMessageContaining("rocksdb");
    Files.writeString(identity, "format = 9\nengine = memory\n");
    assertThatThrownBy(this::start)
        .isInstanceOf(DataException.class)
        .hasMessageContaining("format '9'");
  }

  @Test
  void segmentsTooSmallForARecordAreRefusedAtTheStart() {
    assertThatThrownBy(() -> start("storage.file.segment-bytes=128KiB"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("segment-bytes");
  }

  @Test
  void folderIsOpenInOneServerAtATime() {
    try (TestServer server = start()) {
      assertThat(server.port()).isPositive();
      assertThatThrownBy(this::start)
          .isInstanceOf(DataException.class)
          .hasMessageContaining("in use");
    }
  }

  @Test
  void folderThatCannotBeWrittenIsExplained() throws IOException {
    Path blocked = directory.resolve("file");
    Files.writeString(blocked, "not a folder");
    assertThatThrownBy(() -> TestServer.start(blocked.resolve("data")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("data.dir");
    Path readOnly = Files.createDirectory(directory.resolve("read-only"));
    assumeTrue(readOnly.toFile().setWritable(false), "the file system has no permissions");
    assumeTrue(!Files.isWritable(readOnly), "this user may write everywhere (root)");
    assertThatThrownBy(() -> TestServer.start(readOnly))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("data.dir");
  }
}
