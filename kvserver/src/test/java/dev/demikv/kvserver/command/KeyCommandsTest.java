package dev.demikv.kvserver.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Walks, and keys of several databases.
final class KeyCommandsTest {
  private final CommandHarness h = new CommandHarness();

  @AfterEach
  void close() {
    h.close();
  }

  @Test
  void scanVisitsEveryKeyWhileKeysComeAndGo() {
    Set<String> lasting = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      h.line("SET lasting:" + i + " v");
      lasting.add("lasting:" + i);
    }
    Set<String> seen = new HashSet<>();
    String cursor = "0";
    int step = 0;
    do {
      List<String> reply = scan(h.line("SCAN " + cursor + " COUNT 17"));
      cursor = reply.getFirst();
      seen.addAll(reply.subList(1, reply.size()));
      for (int i = 0; i < 100; i++) {
        h.line("SET passing:" + step + ":" + i + " v");
        h.line("DEL passing:" + (step - 3) + ":" + i);
      }
      step++;
    } while (!cursor.equals("0") && step < 10_000);
    assertThat(cursor).isEqualTo("0");
    assertThat(seen).containsAll(lasting);
  }

  @Test
  void scanFiltersByPatternAndTypeAndLeavesExpiredOut() {
    h.line("MSET a:1 v a:2 v b:1 v");
    h.line("SET a:3 v PX 1");
    h.nowMillis += 1;
    assertThat(scanAll("MATCH a:*")).containsExactlyInAnyOrder("a:1", "a:2");
    assertThat(scanAll("TYPE string")).hasSize(3);
    assertThat(scanAll("TYPE hash")).isEmpty();
    assertThat(scanAll("TYPE STRING MATCH b*")).containsExactly("b:1");
    assertThat(h.line("DBSIZE")).isEqualTo(":4\r\n");
    assertThat(h.line("KEYS a:3")).isEqualTo("*0\r\n");
  }

  @Test
  void scanWorksInBoundedSteps() {
    for (int i = 0; i < 10_000; i++) {
      h.line("SET k" + i + " v");
    }
    List<String> reply = scan(h.line("SCAN 0 COUNT 10 MATCH nothing"));
    assertThat(reply).hasSize(1);
    assertThat(reply.getFirst()).isNotEqualTo("0");
    assertThat(scan(h.line("SCAN 0")).size()).isBetween(11, 60);
    assertThat(scan(h.line("SCAN 0 COUNT 9223372036854775807"))).hasSize(10_001);
  }

  @Test
  void cursorsAreUnsignedNumbers() {
    assertThat(h.line("SCAN x")).isEqualTo("-ERR invalid cursor\r\n");
    assertThat(h.line("SCAN 18446744073709551616")).isEqualTo("-ERR invalid cursor\r\n");
    assertThat(h.line("SCAN 18446744073709551615")).startsWith("*2\r\n");
  }

  @Test
  void randomkeyFindsWhatIsNotExpired() {
    assertThat(h.line("RANDOMKEY")).isEqualTo("$-1\r\n");
    h.line("SET gone v PX 1");
    h.line("SET here v");
    h.nowMillis += 1;
    assertThat(h.line("RANDOMKEY")).isEqualTo("$4\r\nhere\r\n");
    h.line("DEL here");
    assertThat(h.line("RANDOMKEY")).isEqualTo("$-1\r\n");
  }

  @Test
  void krangeWalksInOrder() {
    h.line("MSET b 2 a 1 d 4 c 3 bb 22");
    assertThat(keys("KRANGE - + KEYS")).containsExactly("a", "b", "bb", "c", "d");
    assertThat(keys("KRANGE - + KEYS REV")).isEmpty();
    assertThat(keys("KRANGE + - REV KEYS")).containsExactly("d", "c", "bb", "b", "a");
    assertThat(keys("KRANGE [b [c KEYS")).containsExactly("b", "bb", "c");
    assertThat(keys("KRANGE (b (c KEYS")).containsExactly("bb");
    assertThat(keys("KRANGE [c [b KEYS")).isEmpty();
    assertThat(keys("KRANGE (c [b REV KEYS")).containsExactly("bb", "b");
    assertThat(keys("KRANGE [ba + KEYS LIMIT 2")).containsExactly("bb", "c");
    assertThat(keys("KRANGE + - REV KEYS LIMIT 1")).containsExactly("d");
    assertThat(keys("KRANGE - + VALUES LIMIT 3")).containsExactly("1", "2", "22");
    assertThat(keys("KRANGE [c + LIMIT 2")).containsExactly("c", "3", "d", "4");
    assertThat(keys("KRANGE - + LIMIT 0")).isEmpty();
    assertThat(keys("KRANGE + -")).isEmpty();
    assertThat(keys("KRANGE - -")).isEmpty();
  }

  @Test
  void krangeKnowsTheEmptyKeyAndLeavesExpiredOut() {
    h.send("SET", "", "empty");
    h.line("MSET a 1 b 2");
    h.line("PEXPIRE a 1");
    h.nowMillis += 1;
    assertThat(keys("KRANGE - + KEYS")).containsExactly("", "b");
    assertThat(keys("KRANGE [ [ KEYS")).containsExactly("");
    assertThat(keys("KRANGE ( + KEYS")).containsExactly("b");
    assertThat(keys("KRANGE [ - REV KEYS")).containsExactly("");
    assertThat(keys("KRANGE [ [ REV")).containsExactly("", "empty");
    assertThat(keys("KRANGE ( - REV")).isEmpty();
  }

  @Test
  void krangeComparesBytesUnsigned() {
    h.send("SET", "\u007f", "1");
    h.send("SET", "\u0080", "2");
    h.send("SET", "\u00ff", "3");
    assertThat(keys("KRANGE - + VALUES")).containsExactly("1", "2", "3");
    assertThat(elements(h.send("KRANGE", "(\u007f", "(\u00ff", "VALUES"))).containsExactly("2");
  }

  @Test
  void krangeHasALimitByDefault() {
    for (int i = 0; i < 1500; i++) {
      h.line("SET k" + i + " v");
    }
    assertThat(keys("KRANGE - + KEYS")).hasSize(1000);
    assertThat(keys("KRANGE - + KEYS LIMIT 1200")).hasSize(1200);
    assertThat(h.line("KRANGE - + LIMIT 100001"))
        .isEqualTo("-ERR LIMIT is out of range, must be 0 to 100000\r\n");
    assertThat(h.line("KRANGE - + LIMIT -1")).startsWith("-ERR LIMIT is out of range");
    assertThat(h.line("KRANGE - + LIMIT")).isEqualTo("-ERR syntax error\r\n");
    assertThat(h.line("KRANGE - + KEYS VALUES")).isEqualTo("-ERR syntax error\r\n");
    assertThat(h.line("KRANGE a +")).isEqualTo("-ERR min or max not valid string range item\r\n");
    assertThat(h.line("KRANGE -- +")).isEqualTo("-ERR min or max not valid string range item\r\n");
  }

  @Test
  void flushesAndSwapsDatabases() {
    h.line("SET k 0");
    h.line("SELECT 1");
    h.line("SET k 1");
    assertThat(h.line("SWAPDB 0 1")).isEqualTo("+OK\r\n");
    assertThat(h.line("GET k")).isEqualTo("$1\r\n0\r\n");
    assertThat(h.line("FLUSHDB")).isEqualTo("+OK\r\n");
    assertThat(h.line("DBSIZE")).isEqualTo(":0\r\n");
    h.line("SELECT 0");
    assertThat(h.line("GET k")).isEqualTo("$1\r\n1\r\n");
    assertThat(h.line("FLUSHALL ASYNC")).isEqualTo("+OK\r\n");
    assertThat(h.line("DBSIZE")).isEqualTo(":0\r\n");
  }

  @Test
  void movingTakesTheExpiryAlong() {
    h.line("SET k v EX 100");
    h.line("MOVE k 1");
    h.line("SELECT 1");
    assertThat(h.line("TTL k")).isEqualTo(":100\r\n");
    h.line("COPY k l DB 2");
    h.line("SELECT 2");
    assertThat(h.line("TTL l")).isEqualTo(":100\r\n");
    h.line("SET m v");
    h.line("RENAME m l");
    assertThat(h.line("TTL l")).isEqualTo(":-1\r\n");
  }

  @Test
  void expiredTargetsDoNotStandInTheWay() {
    h.line("SET a 1");
    h.line("SET b 2 PX 1");
    h.nowMillis += 1;
    assertThat(h.line("RENAMENX a b")).isEqualTo(":1\r\n");
    assertThat(h.line("PTTL b")).isEqualTo(":-1\r\n");
    h.line("SET a 1 PX 1");
    h.nowMillis += 1;
    assertThat(h.line("COPY b a")).isEqualTo(":1\r\n");
    assertThat(h.line("RENAME nothing a")).isEqualTo("-ERR no such key\r\n");
  }

  private List<String> scanAll(String options) {
    List<String> all = new ArrayList<>();
    String cursor = "0";
    do {
      List<String> reply = scan(h.line("SCAN " + cursor + " " + options));
      cursor = reply.getFirst();
      all.addAll(reply.subList(1, reply.size()));
    } while (!cursor.equals("0"));
    return all;
  }

  /// The cursor, then the keys.
  private static List<String> scan(String reply) {
    assertThat(reply).startsWith("*2\r\n");
    return elements(reply.substring(4).replaceFirst("\r\n\\*\\d+\r\n", "\r\n"), 0);
  }

  private List<String> keys(String command) {
    return elements(h.line(command));
  }

  private static List<String> elements(String reply) {
    assertThat(reply).startsWith("*");
    return elements(reply, reply.indexOf("\r\n") + 2);
  }

  /// The bulk strings of a reply.
  private static List<String> elements(String reply, int from) {
    List<String> elements = new ArrayList<>();
    int at = from;
    while (at < reply.length()) {
      int end = reply.indexOf("\r\n", at);
      int length = Integer.parseInt(reply.substring(at + 1, end));
      elements.add(reply.substring(end + 2, end + 2 + length));
      at = end + 2 + length + 2;
    }
    return elements;
  }
}
