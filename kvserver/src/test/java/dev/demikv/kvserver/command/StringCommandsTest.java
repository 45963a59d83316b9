package dev.demikv.kvserver.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.engine.Slice;
import dev.demikv.kvserver.engine.ValueType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What the differential test cannot see: other types, expired entries in place, memory at its
/// limit, encodings.
final class StringCommandsTest {
  private final CommandHarness h = new CommandHarness();

  @AfterEach
  void close() {
    h.close();
  }

  @Test
  void setStoresAndGetReads() {
    assertThat(h.line("GET k")).isEqualTo("$-1\r\n");
    assertThat(h.line("SET k v")).isEqualTo("+OK\r\n");
    assertThat(h.line("GET k")).isEqualTo("$1\r\nv\r\n");
    assertThat(h.line("SET k w NX")).isEqualTo("$-1\r\n");
    assertThat(h.line("SET k w XX GET")).isEqualTo("$1\r\nv\r\n");
    assertThat(h.line("SET new w XX")).isEqualTo("$-1\r\n");
    assertThat(h.line("SET k x NX GET")).isEqualTo("$1\r\nw\r\n");
    assertThat(h.line("GET k")).isEqualTo("$1\r\nw\r\n");
  }

  @Test
  void timesAreCountedFromTheTimeOfTheEntry() {
    h.line("SET a v EX 10");
    h.line("SET b v PX 10000");
    h.line("SETEX c 10 v");
    h.line("SET d v PXAT " + (CommandHarness.START_MILLIS + 10_000));
    for (String key : new String[] {"a", "b", "c", "d"}) {
      assertThat(h.line("PEXPIRETIME " + key))
          .isEqualTo(":" + (CommandHarness.START_MILLIS + 10_000) + "\r\n");
    }
    h.nowMillis += 9_999;
    assertThat(h.line("EXISTS a b c d")).isEqualTo(":4\r\n");
    h.nowMillis += 1;
    assertThat(h.line("EXISTS a b c d")).isEqualTo(":0\r\n");
  }

  @Test
  void readsLeaveExpiredEntriesAndWritesRemoveThem() {
    h.line("SET k v PX 5");
    h.nowMillis += 5;
    assertThat(h.line("GET k")).isEqualTo("$-1\r\n");
    assertThat(h.line("DBSIZE")).isEqualTo(":1\r\n");
    assertThat(h.line("SET k w XX")).isEqualTo("$-1\r\n");
    assertThat(h.line("DBSIZE")).isEqualTo(":0\r\n");
    assertThat(h.dispatcher.statistics().expired()).isEqualTo(1);
  }

  @Test
  void anExpiredEntryGivesNothingToItsSuccessor() {
    h.line("SET n 5 PX 5");
    h.line("SET s abc PX 5");
    h.nowMillis += 5;
    assertThat(h.line("INCR n")).isEqualTo(":1\r\n");
    assertThat(h.line("PTTL n")).isEqualTo(":-1\r\n");
    assertThat(h.line("APPEND s x")).isEqualTo(":1\r\n");
    assertThat(h.line("PTTL s")).isEqualTo(":-1\r\n");
  }

  @Test
  void keepttlKeepsAndSetClearsTheExpiry() {
    h.line("SET k v EX 100");
    h.line("SET k w KEEPTTL");
    assertThat(h.line("TTL k")).isEqualTo(":100\r\n");
    h.line("APPEND k x");
    h.line("SETRANGE k 0 y");
    assertThat(h.line("TTL k")).isEqualTo(":100\r\n");
    h.line("SET k w");
    assertThat(h.line("TTL k")).isEqualTo(":-1\r\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET hash",
        "APPEND hash x",
        "INCR hash",
        "INCRBYFLOAT hash 1",
        "STRLEN hash",
        "GETRANGE hash 0 1",
        "SETRANGE hash 0 x",
        "SETRANGE hash 0 ",
        "GETSET hash x",
        "GETDEL hash",
        "GETEX hash",
        "SET hash x GET"
      })
  void otherTypesAreRefused(String command) {
    h.engine.put(0, Slice.of("hash"), ValueType.HASH.code(), Slice.of("?"), Engine.NO_EXPIRY);
    assertThat(h.line(command)).startsWith("-WRONGTYPE Operation against a key holding");
    assertThat(h.line("TYPE hash")).isEqualTo("+hash\r\n");
  }

  @Test
  void otherTypesAreNullToMgetAndReplacedBySet() {
    h.engine.put(0, Slice.of("hash"), ValueType.HASH.code(), Slice.of("?"), Engine.NO_EXPIRY);
    assertThat(h.line("MGET hash nothing")).isEqualTo("*2\r\n$-1\r\n$-1\r\n");
    assertThat(h.line("LCS hash nothing"))
        .isEqualTo("-ERR The specified keys must contain string values\r\n");
    h.line("SET hash v");
    assertThat(h.line("TYPE hash")).isEqualTo("+string\r\n");
  }

  @Test
  void encodingsAreThoseThatRedisWouldHaveChosen() {
    h.line("SET k 12");
    assertThat(h.line("OBJECT ENCODING k")).isEqualTo("$3\r\nint\r\n");
    h.line("SETRANGE k 0 3");
    assertThat(h.line("OBJECT ENCODING k")).isEqualTo("$3\r\nraw\r\n");
    h.line("RENAME k l");
    assertThat(h.line("OBJECT ENCODING l")).isEqualTo("$3\r\nraw\r\n");
    h.line("INCR l");
    assertThat(h.line("OBJECT ENCODING l")).isEqualTo("$3\r\nint\r\n");
    h.line("INCRBYFLOAT l 1");
    assertThat(h.line("OBJECT ENCODING l")).isEqualTo("$6\r\nembstr\r\n");
    h.send("SET", "l", "x".repeat(45));
    assertThat(h.line("OBJECT ENCODING l")).isEqualTo("$3\r\nraw\r\n");
  }

  @Test
  void longStringsAreChangedInPlace() {
    h.send("SET", "k", "x".repeat(1000));
    assertThat(h.send("SETRANGE", "k", "2000", "yy")).isEqualTo(":2002\r\n");
    assertThat(h.send("GETRANGE", "k", "998", "1001")).isEqualTo("$4\r\nxx\0\0\r\n");
    assertThat(h.send("GETRANGE", "k", "1999", "-1")).isEqualTo("$3\r\n\0yy\r\n");
    assertThat(h.send("APPEND", "k", "z".repeat(100))).isEqualTo(":2102\r\n");
    assertThat(h.send("STRLEN", "k")).isEqualTo(":2102\r\n");
  }

  @Test
  void largeValuesAreCopied() {
    String large = "v".repeat(200_000);
    h.send("SET", "k", large);
    assertThat(h.line("COPY k l")).isEqualTo(":1\r\n");
    assertThat(h.line("RENAME l m")).isEqualTo("+OK\r\n");
    assertThat(h.send("SET", "m", "w", "GET")).isEqualTo("$200000\r\n" + large + "\r\n");
    assertThat(h.line("GETSET k x")).isEqualTo("$200000\r\n" + large + "\r\n");
  }

  @Test
  void whenMemoryRunsOutNothingIsChangedAndExactlyOneErrorIsAnswered() {
    h.line("SET k old");
    h.engine.setLimitBytes(h.engine.usedBytes() + 2000);
    String large = "x".repeat(100_000);
    String oom = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
    assertThat(h.send("SET", "k", large)).isEqualTo(oom);
    assertThat(h.send("SET", "k", large, "GET")).isEqualTo(oom);
    assertThat(h.send("GETSET", "k", large)).isEqualTo(oom);
    assertThat(h.send("APPEND", "k", large)).isEqualTo(oom);
    assertThat(h.send("SETRANGE", "new", "1000000", "x")).isEqualTo(oom);
    assertThat(h.line("GET k")).isEqualTo("$3\r\nold\r\n");
    assertThat(h.line("EXISTS new")).isEqualTo(":0\r\n");
    h.engine.setLimitBytes(1);
    assertThat(h.line("SET k v")).isEqualTo(oom);
    assertThat(h.line("DEL k")).isEqualTo(":1\r\n");
  }

  @Test
  void lcsIsBoundedInMemory() {
    h.send("SET", "a", "x".repeat(5000));
    h.send("SET", "b", "x".repeat(5000));
    assertThat(h.line("LCS a b")).startsWith("-ERR Insufficient memory, transient memory for LCS");
    h.send("SET", "b", "x".repeat(3000));
    assertThat(h.line("LCS a b LEN")).isEqualTo(":3000\r\n");
  }

  @Test
  void stringsAreBoundedInLength() {
    h.line("SET k v");
    String tooLong = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n";
    assertThat(h.line("SETRANGE k 536870912 x")).isEqualTo(tooLong);
    assertThat(h.line("SETRANGE none 9223372036854775807 x")).isEqualTo(tooLong);
    assertThat(h.line("SETRANGE none 9223372036854775807 ")).isEqualTo(":0\r\n");
  }

  @Test
  void theSameEntriesGiveTheSameStateWhateverTheClockSays() {
    // Two engines apply one log, the second later: the entries' times count, not the reader's.
    long seed = 77;
    try (CommandHarness other = new CommandHarness()) {
      RandomCommands commands = new RandomCommands(seed);
      for (int i = 0; i < 20_000; i++) {
        h.nowMillis += i % 7;
        String[] command = commands.next();
        other.nowMillis = h.nowMillis;
        h.send(command);
        // The second one does not see the reads.
        CommandSpec spec = CommandTable.standard().find(command[0]);
        if (spec == null || !spec.has(CommandFlag.READONLY)) {
          other.send(command);
        }
      }
      h.nowMillis += 10;
      other.nowMillis = h.nowMillis;
      for (String db : new String[] {"0", "1", "2"}) {
        h.line("SELECT " + db);
        other.line("SELECT " + db);
        assertThat(h.line("DBSIZE")).as("seed %d", seed).isEqualTo(other.line("DBSIZE"));
        assertThat(h.line("KRANGE - +")).as("seed %d", seed).isEqualTo(other.line("KRANGE - +"));
      }
    }
  }
}
