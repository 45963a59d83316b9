package dev.demikv.kvserver.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.demikv.libos.api.LibOsException;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `GET /metrics` of a running server: the text by the rules of Prometheus's exposition format
/// 0.0.4, the values beside those of INFO.
@Timeout(120)
final class MetricsTest {
  private static final String[] LISTENING = {"metrics.listen=127.0.0.1:0"};
  private static final String NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
  private static final Pattern HELP = Pattern.compile("# HELP (" + NAME + ") (\\S.*)");
  private static final Pattern TYPE =
      Pattern.compile("# TYPE (" + NAME + ") (counter|gauge|histogram|summary|untyped)");
  private static final Pattern SAMPLE =
      Pattern.compile(
          "("
              + NAME
              + ")(\\{[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\]|\\\\[\\\\\"n])*\""
              + "(?:,[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\]|\\\\[\\\\\"n])*\")*,?})?"
              + " (NaN|[+-]Inf|-?[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)");

  @TempDir Path directory;

  /// An answer of HTTP.
  private record Answer(int status, String type, String body) {}

  private static Answer http(String method, String address, String path) throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection) URI.create("http://" + address + path).toURL().openConnection();
    connection.setRequestMethod(method);
    connection.setConnectTimeout(20_000);
    connection.setReadTimeout(20_000);
    int status = connection.getResponseCode();
    try (var in = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
      String body = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return new Answer(status, connection.getContentType(), body);
    }
  }

  private static Map<String, Double> scrape(TestServer server) throws IOException {
    Answer answer = http("GET", server.metricsAddress(), "/metrics");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.type()).isEqualTo("text/plain; version=0.0.4; charset=utf-8");
    return parse(answer.body());
  }

  /// Checks every line and returns the values by series.
  private static Map<String, Double> parse(String text) {
    assertThat(text).endsWith("\n");
    Map<String, String> types = new HashMap<>();
    Map<String, String> helps = new HashMap<>();
    Map<String, Double> values = new HashMap<>();
    for (String line : text.stripTrailing().split("\n", -1)) {
      Matcher help = HELP.matcher(line);
      Matcher type = TYPE.matcher(line);
      Matcher sample = SAMPLE.matcher(line);
      if (help.matches()) {
        assertThat(helps.put(help.group(1), help.group(2))).as("HELP twice: " + line).isNull();
      } else if (type.matches()) {
        assertThat(helps).as("no HELP before " + line).containsKey(type.group(1));
        assertThat(types.put(type.group(1), type.group(2))).as("TYPE twice: " + line).isNull();
      } else {
        assertThat(sample.matches()).as("no line of the format: " + line).isTrue();
        String name = sample.group(1);
        String family = types.containsKey(name) ? name : histogramOf(name);
        assertThat(types).as("no TYPE before " + line).containsKey(family);
        if (types.get(family).equals("counter")) {
          assertThat(name).endsWith("_total");
          assertThat(number(sample.group(3))).as(line).isNotNegative();
        }
        String series = name + (sample.group(2) == null ? "" : sample.group(2));
        assertThat(values.put(series, number(sample.group(3)))).as("twice: " + series).isNull();
      }
    }
    assertThat(types.keySet()).isEqualTo(helps.keySet());
    return values;
  }

  private static double number(String text) {
    return text.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
  }

  private static String histogramOf(String name) {
    return name.replaceAll("_(bucket|sum|count)$", "");
  }

  private static double value(Map<String, Double> metrics, String series) {
    assertThat(metrics).containsKey(series);
    return metrics.get(series);
  }

  @Test
  void everyLineIsOfTheFormatAndValuesAreThoseOfInfo() throws IOException {
    try (TestServer server = TestServer.start(directory, LISTENING);
        RawClient client = server.connect()) {
      for (int i = 0; i < 10; i++) {
        client.call("SET", "key" + i, "value");
        client.call("GET", "key" + i);
      }
      client.call("GET", "absent");
      client.call("SELECT", "3");
      client.call("SET", "other", "value", "EX", "1000");
      client.call("INCR", "other");

      String info = client.call("INFO", "everything").toString();
      Map<String, Double> metrics = scrape(server);

      assertThat(value(metrics, "demikv_command_calls_total{command=\"set\"}")).isEqualTo(11);
      assertThat(value(metrics, "demikv_command_calls_total{command=\"get\"}")).isEqualTo(11);
      assertThat(value(metrics, "demikv_command_failures_total{command=\"incr\"}")).isEqualTo(1);
      assertThat(value(metrics, "demikv_keys{db=\"0\"}")).isEqualTo(10);
      assertThat(value(metrics, "demikv_keys_expiring{db=\"3\"}")).isEqualTo(1);
      assertThat(value(metrics, "demikv_connections{state=\"established\"}")).isEqualTo(1);
      assertThat(value(metrics, "demikv_connection_srtt_seconds_gcount")).isEqualTo(1);
      equal(info, "connected_clients", metrics, "demikv_clients_connected");
      equal(info, "maxclients", metrics, "demikv_clients_max");
      equal(info, "total_connections_received", metrics, "demikv_clients_accepted_total");
      equal(info, "total_net_input_bytes", metrics, "demikv_client_received_bytes_total");
      equal(info, "used_memory", metrics, "demikv_memory_used_bytes");
      equal(info, "maxmemory", metrics, "demikv_memory_limit_bytes");
      equal(info, "keyspace_hits", metrics, "demikv_keyspace_hits_total");
      equal(info, "keyspace_misses", metrics, "demikv_keyspace_misses_total");
      equal(info, "engine_entries", metrics, "demikv_engine_entries");
      equal(info, "rdb_changes_since_last_save", metrics, "demikv_writes_since_snapshot");
      equal(info, "log_commits", metrics, "demikv_log_commit_seconds_count");
      equal(info, "aof_current_size", metrics, "demikv_log_size_bytes");
      equal(
          info,
          "libos.network.kernel.accepts",
          metrics,
          "demikv_libos_network_kernel_accepts_total");
      equal(info, "connections_established", metrics, "demikv_connections{state=\"established\"}");
      assertThat(RawClient.number(info, "log_commits")).isBetween(1L, 12L);
      assertThat(RawClient.number(info, "log_commit_usec"))
          .isEqualTo(
              Math.floorDiv(
                  Math.round(value(metrics, "demikv_log_commit_seconds_sum") * 1e9), 1_000L));
    }
  }

  private static void equal(String info, String field, Map<String, Double> metrics, String name) {
    assertThat(value(metrics, name)).as(field).isEqualTo((double) RawClient.number(info, field));
  }

  @Test
  void everyCounterOfTheLibraryOsIsThere() throws IOException {
    try (TestServer server = TestServer.start(directory, LISTENING);
        RawClient client = server.connect()) {
      String info = client.call("INFO", "stats").toString();
      Map<String, Double> metrics = scrape(server);

      List<String> missing = new ArrayList<>();
      int found = 0;
      for (String line : info.split("\r\n", -1)) {
        if (!line.startsWith("libos.") || line.contains(".errors.")) {
          continue;
        }
        String name = line.substring(0, line.indexOf(':')).replace('.', '_').replace('-', '_');
        Matcher buffers = Pattern.compile("libos_buffers_(\\d+)_(.*)").matcher(name);
        String metric =
            buffers.matches() ? "demikv_libos_buffers_" + buffers.group(2) : "demikv_" + name;
        String label = buffers.matches() ? "{bytes=\"" + buffers.group(1) + "\"}" : "";
        if (metrics.containsKey(metric + label) || metrics.containsKey(metric + "_total" + label)) {
          found++;
        } else {
          missing.add(line);
        }
      }
      assertThat(missing).isEmpty();
      assertThat(found).isGreaterThan(40);
    }
  }

  @Test
  void countersOnlyGrow() throws IOException {
    try (TestServer server = TestServer.start(directory, LISTENING)) {
      List<RawClient> clients = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        clients.add(server.connect());
        clients.getLast().call("SET", "key" + i, "v".repeat(100_000));
      }
      Map<String, Double> before = scrape(server);
      clients.forEach(RawClient::close);
      try (RawClient last = server.connect()) {
        last.call("SAVE");
        last.call("FLUSHALL");
        last.call("DEBUG", "NOSUCH");
      }
      Map<String, Double> after = scrape(server);

      assertThat(value(after, "demikv_snapshots_total")).isEqualTo(1);
      before.forEach((series, was) -> {
        if (series.contains("_total")) {
          assertThat(value(after, series)).as(series).isGreaterThanOrEqualTo(was);
        }
      });
    }
  }

  @Test
  void bucketsAreCumulativeAndEndAtTheCount() throws IOException {
    try (TestServer server = TestServer.start(directory, LISTENING);
        RawClient client = server.connect()) {
      for (int i = 0; i < 20; i++) {
        client.call("SET", "key", "value" + i);
      }
      Answer answer = http("GET", server.metricsAddress(), "/metrics");
      double last = 0;
      int buckets = 0;
      for (String line : answer.body().split("\n", -1)) {
        if (line.startsWith("demikv_log_commit_seconds_bucket")) {
          double count = number(line.substring(line.lastIndexOf(' ') + 1));
          assertThat(count).isGreaterThanOrEqualTo(last);
          last = count;
          buckets++;
        }
      }
      assertThat(buckets).isEqualTo(18);
      assertThat(last).isEqualTo(20);
      assertThat(value(parse(answer.body()), "demikv_log_commit_seconds_count")).isEqualTo(20);
    }
  }

  @Test
  void onlyGetAndHeadOfOnePathAreAnswered() throws IOException {
    try (TestServer server = TestServer.startWithoutStorage(directory, LISTENING)) {
      String address = server.metricsAddress();
      assertThat(http("GET", address, "/").status()).isEqualTo(404);
      assertThat(http("GET", address, "/metrics/x").status()).isEqualTo(404);
      assertThat(http("DELETE", address, "/metrics").status()).isEqualTo(405);
      Answer head = http("HEAD", address, "/metrics");
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.body()).isEmpty();
    }
  }

  /// Clients that say nothing, or half a request, hold a connection or a thread for a bounded time
  /// only.
  @Test
  void clientsThatAskNothingDoNotKeepOthersOut() throws IOException {
    try (TestServer server = TestServer.startWithoutStorage(directory, LISTENING);
        RawClient client = server.connect()) {
      String address = server.metricsAddress();
      int port = Integer.parseInt(address.substring(address.indexOf(':') + 1));
      List<Socket> idle = new ArrayList<>();
      try {
        for (int i = 0; i < 30; i++) {
          Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
          idle.add(socket);
          sendHalfARequest(socket);
        }
        assertThat(client.call("PING")).isEqualTo("+PONG");
        int status = 0;
        while (status != 200) { // Bounded by the time-out of the test.
          try {
            status = http("GET", address, "/metrics").status();
          } catch (IOException e) {
            LockSupport.parkNanos(50_000_000); // Closed: as many connections as may be.
          }
        }
        assertThat(status).isEqualTo(200);
      } finally {
        for (Socket socket : idle) {
          socket.close();
        }
      }
    }
  }

  private static void sendHalfARequest(Socket socket) {
    try {
      socket.getOutputStream().write("GET /metr".getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      assertThat(e)
          .as("closed, for there are as many as may be")
          .hasMessageNotContaining("refused");
    }
  }

  @Test
  void manyAskAtOnceWhileClientsAreServed() throws Exception {
    try (TestServer server = TestServer.startWithoutStorage(directory, LISTENING);
        RawClient client = server.connect();
        ExecutorService threads = Executors.newFixedThreadPool(8)) {
      List<Callable<Integer>> tasks = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        tasks.add(() -> scrape(server).size());
      }
      List<Future<Integer>> answers = tasks.stream().map(threads::submit).toList();
      for (int i = 0; i < 1_000; i++) {
        assertThat(client.call("PING")).isEqualTo("+PONG");
      }
      for (Future<Integer> answer : answers) {
        assertThat(answer.get()).isGreaterThan(60);
      }
    }
  }

  @Test
  void anAddressInUseIsToldAtTheStart() {
    try (TestServer server = TestServer.startWithoutStorage(directory, LISTENING)) {
      String taken = "metrics.listen=" + server.metricsAddress();
      assertThatThrownBy(() -> TestServer.startWithoutStorage(directory, taken).close())
          .isInstanceOf(LibOsException.class)
          .hasMessageContaining(taken.replace("=", " = "))
          .hasMessageContaining("EADDRINUSE");
    }
  }

  @Test
  void nothingIsServedByDefault() {
    try (TestServer server = TestServer.startWithoutStorage(directory)) {
      assertThat(server.metricsAddress()).isEmpty();
    }
  }
}
