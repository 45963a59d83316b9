package dev.demikv.kvclient.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.kvclient.RedisServer;
import dev.demikv.kvclient.ScriptedPeer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The command line as scripts use it.
@Timeout(120)
final class KvTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private static final ScriptedPeer.Script ANSWERS =
      peer ->
          peer.serve(words ->
              switch (words.get(0)) {
                case "GET" -> "$3\r\na\nb\r\n";
                case "SET" -> "+OK\r\n";
                case "ECHO" -> "$" + words.get(1).length() + "\r\n" + words.get(1) + "\r\n";
                default -> "-ERR unknown command\r\n";
              });

  @Test
  void printsBareRepliesForScriptsAndTypedOnesForPeople() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(ANSWERS)) {
      assertThat(kv("", false, peer.port(), "GET", "k")).isZero();
      assertThat(out()).isEqualTo("a\nb\n");
      assertThat(kv("", true, peer.port(), "GET", "k")).isZero();
      assertThat(out()).isEqualTo("\"a\\nb\"\n");
      assertThat(kv("", true, peer.port(), "--raw", "GET", "k")).isZero();
      assertThat(out()).isEqualTo("a\nb\n");
      assertThat(kv("", false, peer.port(), "-2", "--json", "GET", "k")).isZero();
      assertThat(out()).isEqualTo("\"a\\nb\"\n");
    }
  }

  @Test
  void tellsByItsExitCodeWhatHappened() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(ANSWERS)) {
      assertThat(kv("", false, peer.port(), "NONSENSE")).isEqualTo(1);
      assertThat(out()).startsWith("ERR unknown command\n");
      assertThat(kv("", false, peer.port(), "--nonsense")).isEqualTo(2);
      assertThat(kv("", false, peer.port(), "--set", "network.backend=none-such", "GET", "k"))
          .isEqualTo(2);
      assertThat(err.toString(StandardCharsets.UTF_8)).contains("none-such").contains("kernel");
      assertThat(kv("", false, peer.port(), "--set", "network.nothing=1", "GET", "k")).isEqualTo(2);
      assertThat(kv("", false, peer.port(), "--timeout", "soon", "GET", "k")).isEqualTo(2);
    }
    assertThat(kv("", false, RedisServer.freePort(), "GET", "k")).isEqualTo(3);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("refused");
    ScriptedPeer.Script stalls = ScriptedPeer.Peer::stall;
    try (ScriptedPeer peer = new ScriptedPeer(stalls)) {
      assertThat(kv("", false, peer.port(), "--timeout", "30ms", "GET", "k")).isEqualTo(3);
    }
  }

  @Test
  void passesArgumentsAsTheyAre() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(ANSWERS)) {
      for (String argument : List.of("-h", "--help", "@file", "\"quoted\"", "", " ", "a=b")) {
        assertThat(kv("", false, peer.port(), "ECHO", argument)).isZero();
        assertThat(out()).isEqualTo(argument + "\n");
      }
    }
  }

  @Test
  void readsTheLastArgumentFromItsInput() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(ANSWERS)) {
      assertThat(kv("two\nlines\u0000\n", false, peer.port(), "-x", "ECHO")).isZero();
      assertThat(out()).isEqualTo("two\nlines\u0000\n\n");
    }
  }

  @Test
  void readsCommandsFromItsInput() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(ANSWERS)) {
      assertThat(kv("SET a \"b c\"\n\nECHO 'x y'\nquit\nNEVER\n", false, peer.port())).isZero();
      assertThat(out()).isEqualTo("OK\nx y\n");
      assertThat(kv("BAD\nECHO x\n", false, peer.port())).isEqualTo(1);
      assertThat(out()).isEqualTo("ERR unknown command\n\nx\n");
      assertThat(kv("ECHO \"x\n", false, peer.port())).isEqualTo(2);
      assertThat(out()).isEqualTo("Invalid argument(s)\n");
    }
  }

  @Test
  void printsWhatRedisCliPrints(@TempDir Path directory) throws Exception {
    String nested =
        "return {1,{3,'four',{5,{6}},{}},7,8,9,10,{11,12},'x\\n\\r\\t\\a\\b\\1\\\\\"\\255',false,"
            + "{err='ERR foo'},{ok='fine'},{},13}";
    List<List<String>> commands =
        List.of(
            List.of("EVAL", nested, "0"),
            List.of("EVAL", "return {}", "0"),
            List.of("GET", "absent"),
            List.of("SET", "k", "v"),
            List.of("GET", "k"),
            List.of("NONSENSE", "a"),
            List.of("HGETALL", "h"),
            List.of("HGETALL", "absent"),
            List.of("SMEMBERS", "s"),
            List.of("SMEMBERS", "absent"),
            List.of("DEBUG", "PROTOCOL", "double"),
            List.of("DEBUG", "PROTOCOL", "null"),
            List.of("DEBUG", "PROTOCOL", "map"),
            List.of("DEBUG", "PROTOCOL", "set"),
            List.of("DEBUG", "PROTOCOL", "verbatim"),
            List.of("DEBUG", "PROTOCOL", "true"),
            List.of("CLIENT", "INFO"),
            List.of("STRLEN", "k"));
    try (RedisServer server = RedisServer.start(directory)) {
      kv("", false, server.port(), "HSET", "h", "f", "v", "g", "two\nlines");
      kv("", false, server.port(), "SADD", "s", "a");
      for (String protocol : List.of("-2", "-3")) {
        for (String format : List.of("--raw", "--no-raw", "--json")) {
          for (List<String> command : commands) {
            List<String> arguments = new ArrayList<>(List.of(protocol, format));
            arguments.addAll(command);
            kv("", false, server.port(), arguments.toArray(String[]::new));
            assertThat(withoutAccidents(out()))
                .as("%s", arguments)
                .isEqualTo(withoutAccidents(redisCli(server.port(), arguments)));
          }
        }
      }
    }
  }

  /// What differs from connection to connection.
  private static String withoutAccidents(String text) {
    return text.startsWith("id=") || text.startsWith("\"id=") ? "a client" : text;
  }

  private static String redisCli(int port, List<String> arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("redis-cli", "-p", Integer.toString(port)));
    command.addAll(arguments);
    Process process = new ProcessBuilder(command).start();
    process.getOutputStream().close();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private int kv(String input, boolean tty, int port, String... arguments) {
    out.reset();
    err.reset();
    List<String> all = new ArrayList<>(List.of("-h", "127.0.0.1", "-p", Integer.toString(port)));
    all.addAll(List.of(arguments));
    Terminal terminal =
        new Terminal(
            new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false,
            tty);
    return Kv.run(terminal, all.toArray(String[]::new));
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }
}
