package dev.demikv.kvserver.command;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ServerCommandsTest {
  private final CommandHarness h = new CommandHarness();

  @AfterEach
  void close() {
    h.close();
  }

  @Test
  void infoHasSections() {
    h.line("SET k v EX 10");
    h.line("GET k");
    h.line("GET nothing");
    h.line("INCR k");
    assertThat(h.line("INFO"))
        .contains("# Server\r\nredis_version:7.0.15\r\n")
        .contains("# Clients\r\nconnected_clients:0\r\n")
        .contains("used_memory:")
        .contains("keyspace_hits:1\r\nkeyspace_misses:1\r\n")
        .contains("# Keyspace\r\ndb0:keys=1,expires=1,avg_ttl=0\r\n")
        .doesNotContain("Commandstats");
    assertThat(h.line("INFO commandstats"))
        .contains("cmdstat_get:calls=2,rejected_calls=0,failed_calls=0\r\n")
        .contains("cmdstat_incr:calls=1,rejected_calls=0,failed_calls=1\r\n");
    assertThat(h.line("INFO keyspace cluster"))
        .contains("# Cluster\r\ncluster_enabled:0\r\n\r\n# Keyspace\r\n")
        .doesNotContain("# Server");
    assertThat(h.line("INFO nosuch")).isEqualTo("$0\r\n\r\n");
    h.line("HELLO 3");
    assertThat(h.line("INFO cluster")).startsWith("=").contains("\r\ntxt:# Cluster\r\n");
  }

  @Test
  void configIsReadByPattern() {
    assertThat(h.line("CONFIG GET maxmemory")).isEqualTo("*2\r\n$9\r\nmaxmemory\r\n$1\r\n0\r\n");
    assertThat(h.line("CONFIG GET MAX* timeout")).startsWith("*6\r\n$9\r\nmaxmemory\r\n");
    assertThat(h.line("CONFIG GET nosuch")).isEqualTo("*0\r\n");
    h.line("HELLO 3");
    assertThat(h.line("CONFIG GET timeout")).isEqualTo("%1\r\n$7\r\ntimeout\r\n$1\r\n0\r\n");
  }

  @Test
  void configIsSetAllOrNothing() {
    assertThat(h.line("CONFIG SET maxmemory 5 TIMEOUT 6")).isEqualTo("+OK\r\n");
    assertThat(h.server.config).containsEntry("maxmemory", "5").containsEntry("timeout", "6");
    assertThat(h.line("CONFIG SET maxmemory 7 databases 3"))
        .isEqualTo(
            "-ERR CONFIG SET failed (possibly related to argument 'databases') - can't set"
                + " immutable config\r\n");
    assertThat(h.line("CONFIG SET maxmemory 7 nosuch 3"))
        .isEqualTo("-ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'\r\n");
    assertThat(h.server.config).containsEntry("maxmemory", "5");
    assertThat(h.line("CONFIG REWRITE"))
        .isEqualTo("-ERR The server is running without a config file\r\n");
    h.line("GET k");
    assertThat(h.line("CONFIG RESETSTAT")).isEqualTo("+OK\r\n");
    assertThat(h.server.asked).containsExactly("resetStatistics");
    assertThat(h.dispatcher.statistics().misses()).isZero();
  }

  @Test
  void timeIsThatOfTheTurn() {
    h.server.nowMicros = 1_800_000_000_000_042L;
    assertThat(h.line("TIME")).isEqualTo("*2\r\n$10\r\n1800000000\r\n$2\r\n42\r\n");
  }

  @Test
  void savesAndShutdownAreHandedToTheServer() {
    assertThat(h.line("BGSAVE")).isEqualTo("+Background saving started\r\n");
    assertThat(h.line("BGSAVE x")).isEqualTo("-ERR syntax error\r\n");
    assertThat(h.line("SAVE")).isEqualTo("-ERR Background save already in progress\r\n");
    assertThat(h.line("LASTSAVE")).isEqualTo(":12345\r\n");
    assertThat(h.line("SHUTDOWN NOSAVE NOW")).isEmpty();
    assertThat(h.line("SHUTDOWN SAVE NOSAVE")).isEqualTo("-ERR syntax error\r\n");
    assertThat(h.line("SHUTDOWN ABORT")).isEqualTo("-ERR No shutdown in progress.\r\n");
    assertThat(h.line("DEBUG SET-ACTIVE-EXPIRE 0")).isEqualTo("+OK\r\n");
    assertThat(h.line("DEBUG RELOAD")).startsWith("-ERR unknown subcommand or wrong number");
    assertThat(h.server.asked)
        .containsExactly("saveInBackground", "shutdown NOSAVE", "activeExpiry false");
  }

  @Test
  void toolsFindWhatTheyBeginWith() {
    assertThat(h.line("FUNCTION FLUSH")).isEqualTo("+OK\r\n");
    assertThat(h.line("FUNCTION FLUSH x"))
        .isEqualTo("-ERR FUNCTION FLUSH only supports SYNC|ASYNC option\r\n");
    assertThat(h.line("WAIT 0 0")).isEqualTo(":0\r\n");
    assertThat(h.line("OBJECT HELP"))
        .startsWith("*")
        .contains("+OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r\n")
        .contains("+ENCODING key\r\n")
        .endsWith("+HELP\r\n+    Prints this help.\r\n");
  }

  @Test
  void setReadsItsKeyOnlyWhenAskedTo() {
    String key = "*1\r\n*2\r\n$1\r\nk\r\n";
    assertThat(h.line("COMMAND GETKEYSANDFLAGS SET k get"))
        .isEqualTo(key + "*2\r\n+OW\r\n+update\r\n");
    assertThat(h.line("COMMAND GETKEYSANDFLAGS SET k v EX 10 GET"))
        .isEqualTo(key + "*3\r\n+RW\r\n+access\r\n+update\r\n");
  }
}
