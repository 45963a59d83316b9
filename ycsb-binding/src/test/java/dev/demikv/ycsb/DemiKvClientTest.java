package dev.demikv.ycsb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.Vector;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import site.ycsb.ByteIterator;
import site.ycsb.DBException;
import site.ycsb.Status;
import site.ycsb.StringByteIterator;

/// The binding, and YCSB itself with it, against the key-value server.
@Timeout(180)
@SuppressWarnings("JdkObsolete") // YCSB's scan wants a Vector.
final class DemiKvClientTest {
  @TempDir static Path directory;

  private static InProcessServer server;

  @BeforeAll
  static void startServer() {
    server = new InProcessServer(directory);
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @Test
  void doesWhatYcsbAsks() throws DBException {
    DemiKvClient db = open("fieldcount", "2");
    try {
      assertThat(db.insert("t", "k1", fields("a", "1", "b", "2"))).isEqualTo(Status.OK);
      assertThat(db.insert("t", "k2", fields("a", "3", "b", "4"))).isEqualTo(Status.OK);
      assertThat(db.insert("tt", "k3", fields("a", "5", "b", "6"))).isEqualTo(Status.OK);
      assertThat(read(db, "k1", null)).isEqualTo(Map.of("a", "1", "b", "2"));
      assertThat(read(db, "k1", Set.of("b"))).isEqualTo(Map.of("b", "2"));

      assertThat(db.update("t", "k1", fields("b", "20"))).isEqualTo(Status.OK);
      assertThat(read(db, "k1", null)).isEqualTo(Map.of("a", "1", "b", "20"));
      assertThat(db.update("t", "k1", fields("a", "x", "b", "y"))).isEqualTo(Status.OK);
      assertThat(read(db, "k1", null)).isEqualTo(Map.of("a", "x", "b", "y"));
      assertThat(db.update("t", "absent", fields("b", "1"))).isEqualTo(Status.NOT_FOUND);
      assertThat(db.update("t", "absent", fields("a", "1", "b", "1"))).isEqualTo(Status.NOT_FOUND);

      assertThat(scan(db, "k1", 10)).containsExactly("x", "3");
      assertThat(scan(db, "k1", 1)).containsExactly("x");
      assertThat(scan(db, "k11", 10)).containsExactly("3");
      assertThat(scan(db, "k3", 10)).isEmpty();

      assertThat(db.delete("t", "k1")).isEqualTo(Status.OK);
      assertThat(db.delete("t", "k1")).isEqualTo(Status.NOT_FOUND);
      assertThat(db.read("t", "k1", null, new HashMap<>())).isEqualTo(Status.NOT_FOUND);
    } finally {
      db.cleanup();
    }
  }

  @Test
  void scansBeyondOnePage() throws DBException {
    DemiKvClient db = open("fieldcount", "1");
    try {
      List<String> expected = new ArrayList<>();
      for (int i = 10_000; i < 12_500; i++) {
        assertThat(db.insert("pages", "k" + i, fields("a", "" + i))).isEqualTo(Status.OK);
        expected.add("" + i);
      }
      Vector<HashMap<String, ByteIterator>> rows = new Vector<>();
      assertThat(db.scan("pages", "k10000", 5_000, null, rows)).isEqualTo(Status.OK);
      assertThat(rows.stream().map(row -> row.get("a").toString())).isEqualTo(expected);
      rows.clear();
      assertThat(db.scan("pages", "k10000", 2_000, null, rows)).isEqualTo(Status.OK);
      assertThat(rows).hasSize(2_000);
    } finally {
      db.cleanup();
    }
  }

  @Test
  void saysWhatIsWrongWithItsProperties() {
    assertThatThrownBy(() -> open("kv.libos.network.nothing", "1"))
        .isInstanceOf(DBException.class)
        .hasMessageContaining("network.nothing");
    assertThatThrownBy(() -> open("kv.loop", "none"))
        .isInstanceOf(DBException.class)
        .hasMessageContaining("auto, own or shared");
    assertThatThrownBy(() -> open("kv.loop", "shared", "kv.port", "1"))
        .isInstanceOf(DBException.class)
        .hasMessageContaining("127.0.0.1:1");
    assertThatThrownBy(() -> open("kv.port", "1"))
        .isInstanceOf(DBException.class)
        .hasMessageContaining("127.0.0.1:1");
  }

  /// By a loop of the process, as on a device, over kernel sockets.
  @Test
  void threadsShareALoop() throws Exception {
    int threads = 8;
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      List<Callable<Integer>> tasks = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        int number = t;
        tasks.add(() -> insertAndRead(number));
      }
      for (Future<Integer> future : executor.invokeAll(tasks)) {
        assertThat(future.get()).isEqualTo(100);
      }
    }
  }

  private static int insertAndRead(int thread) throws DBException {
    DemiKvClient db = open("kv.loop", "shared", "fieldcount", "1", "threadcount", "8");
    int right = 0;
    try {
      for (int i = 0; i < 100; i++) {
        String key = "s" + thread + "-" + i;
        assertThat(db.insert("t", key, fields("a", key))).isEqualTo(Status.OK);
        right += read(db, key, null).equals(Map.of("a", key)) ? 1 : 0;
        assertThat(db.delete("t", key)).isEqualTo(Status.OK);
      }
    } finally {
      db.cleanup();
    }
    return right;
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "b", "c", "d", "e", "f"})
  void runsTheWorkloadsWithEveryValueRight(String workload) throws IOException {
    Map<String, Long> loaded = ycsb(workload, "-load", "0");
    assertThat(loaded).containsOnly(Map.entry("INSERT OK", 200L));
    Map<String, Long> run = ycsb(workload, "-t", "300");
    assertThat(run.keySet()).allMatch(name -> name.endsWith(" OK"));
    String main = workload.equals("e") ? "SCAN OK" : "READ OK";
    assertThat(run.get(main)).isPositive();
    if (!workload.equals("e")) {
      assertThat(run.get("VERIFY OK")).isEqualTo(run.get("READ OK"));
    }
  }

  private static Map<String, Long> ycsb(String workload, String phase, String operations)
      throws IOException {
    List<String> properties =
        List.of(
            "kv.port=" + server.port(),
            "operationcount=" + operations,
            "table=table-" + workload,
            "kv.libos.poll.spin=0");
    return YcsbProcess.run(List.of(), workload, phase, 2, properties);
  }

  private static DemiKvClient open(String... namesAndValues) throws DBException {
    Properties properties = new Properties();
    properties.setProperty("kv.port", Integer.toString(server.port()));
    for (int i = 0; i < namesAndValues.length; i += 2) {
      properties.setProperty(namesAndValues[i], namesAndValues[i + 1]);
    }
    DemiKvClient db = new DemiKvClient();
    db.setProperties(properties);
    db.init();
    return db;
  }

  private static Map<String, ByteIterator> fields(String... namesAndValues) {
    Map<String, ByteIterator> fields = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      fields.put(namesAndValues[i], new StringByteIterator(namesAndValues[i + 1]));
    }
    return fields;
  }

  private static Map<String, String> read(DemiKvClient db, String key, Set<String> wanted) {
    Map<String, ByteIterator> result = new HashMap<>();
    assertThat(db.read("t", key, wanted, result)).isEqualTo(Status.OK);
    Map<String, String> texts = new HashMap<>();
    result.forEach((name, value) -> texts.put(name, value.toString()));
    return texts;
  }

  /// The values of field `a`.
  private static List<String> scan(DemiKvClient db, String start, int count) {
    Vector<HashMap<String, ByteIterator>> rows = new Vector<>();
    assertThat(db.scan("t", start, count, null, rows)).isEqualTo(Status.OK);
    return rows.stream().map(row -> row.get("a").toString()).toList();
  }
}
