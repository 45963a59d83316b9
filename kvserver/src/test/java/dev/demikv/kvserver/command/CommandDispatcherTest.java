package dev.demikv.kvserver.command;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class CommandDispatcherTest {
  private final CommandHarness h = new CommandHarness();

  @AfterEach
  void close() {
    h.close();
  }

  @Test
  void unknownCommandsAreQuoted() {
    assertThat(h.line("nosuch a b"))
        .isEqualTo("-ERR unknown command 'nosuch', with args beginning with: 'a' 'b' \r\n");
    assertThat(h.send("no\r\nsuch"))
        .isEqualTo("-ERR unknown command 'no  such', with args beginning with: \r\n");
    assertThat(h.send("x".repeat(300)))
        .isEqualTo(
            "-ERR unknown command '" + "x".repeat(128) + "', with args beginning with: \r\n");
    assertThat(h.send("")).startsWith("-ERR unknown command ''");
    assertThat(h.line("CONFIG NOSUCH"))
        .isEqualTo("-ERR unknown subcommand 'NOSUCH'. Try CONFIG HELP.\r\n");
  }

  @Test
  void arityIsCheckedForCommandsAndSubcommands() {
    assertThat(h.line("GET")).isEqualTo("-ERR wrong number of arguments for 'get' command\r\n");
    assertThat(h.line("get a b")).isEqualTo("-ERR wrong number of arguments for 'get' command\r\n");
    assertThat(h.line("CONFIG"))
        .isEqualTo("-ERR wrong number of arguments for 'config' command\r\n");
    assertThat(h.line("CONFIG GET"))
        .isEqualTo("-ERR wrong number of arguments for 'config|get' command\r\n");
    CommandSpec get = h.dispatcher.table().find("get");
    assertThat(get).isNotNull();
    assertThat(h.dispatcher.statistics().rejections(get)).isEqualTo(2);
    assertThat(h.dispatcher.statistics().calls(get)).isZero();
  }

  @Test
  void wrongPartsOfAPipelineDoNotHarmTheRest() {
    assertThat(h.sendRaw("SET a 1\r\nNOSUCH\r\nGET\r\nINCR a\r\nGET a\r\n"))
        .isEqualTo(
            String.join(
                "\r\n",
                "+OK",
                "-ERR unknown command 'NOSUCH', with args beginning with: ",
                "-ERR wrong number of arguments for 'get' command",
                ":2",
                "$1",
                "2",
                ""));
  }

  @Test
  void everyCommandAnswersExactlyOnceToNonsense() {
    // Each command with one to six arguments of nonsense, and a PING behind that must be seen.
    for (CommandSpec spec : h.dispatcher.table().all()) {
      String name = spec.name().replace('|', ' ');
      for (int arguments = 0; arguments <= 6; arguments++) {
        if (name.equals("quit") || name.startsWith("client reply") || name.equals("shutdown")) {
          continue;
        }
        h.reconnect();
        String reply = h.sendRaw(name + " 1".repeat(arguments) + "\r\nPING end\r\n");
        assertThat(reply).as(name + " " + arguments).endsWith("$3\r\nend\r\n");
        assertThat(replies(reply)).as(name + " " + arguments + ": " + reply).isEqualTo(2);
      }
    }
  }

  private static int replies(String stream) {
    int count = 0;
    int at = 0;
    while (at < stream.length()) {
      at = skip(stream, at);
      count++;
    }
    return count;
  }

  private static int skip(String stream, int at) {
    int end = stream.indexOf("\r\n", at);
    String rest = stream.substring(at + 1, end);
    int next = end + 2;
    return switch (stream.charAt(at)) {
      case '$' -> rest.equals("-1") ? next : next + Integer.parseInt(rest) + 2;
      case '*' -> skipAll(stream, next, Integer.parseInt(rest));
      default -> next;
    };
  }

  private static int skipAll(String stream, int from, int count) {
    int at = from;
    for (int i = 0; i < count; i++) {
      at = skip(stream, at);
    }
    return at;
  }
}
