package dev.demikv.kvclient;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ReplyScannerTest {
  private static final ReplyLimits SMALL = new ReplyLimits(4, 100, 64, 1000, 4096);

  @Test
  void readsEveryTypeOfBothProtocols() {
    assertThat(read("+OK\r\n")).isEqualTo(new Reply.Status("OK"));
    assertThat(read("-ERR no\r\n")).isEqualTo(new Reply.Failure("ERR no"));
    assertThat(read(":-42\r\n")).isEqualTo(new Reply.Int(-42));
    assertThat(read(":9223372036854775807\r\n")).isEqualTo(new Reply.Int(Long.MAX_VALUE));
    assertThat(read(":-9223372036854775808\r\n")).isEqualTo(new Reply.Int(Long.MIN_VALUE));
    assertThat(read("$3\r\na\r\n\r\n")).isEqualTo(bulk("a\r\n"));
    assertThat(read("$0\r\n\r\n")).isEqualTo(bulk(""));
    assertThat(read("$-1\r\n")).isEqualTo(new Reply.Null());
    assertThat(read("*-1\r\n")).isEqualTo(new Reply.Null());
    assertThat(read("_\r\n")).isEqualTo(new Reply.Null());
    assertThat(read("#t\r\n")).isEqualTo(new Reply.Bool(true));
    assertThat(read(",-1.5e3\r\n")).isEqualTo(new Reply.Real(-1500, "-1.5e3"));
    assertThat(read(",inf\r\n")).isEqualTo(new Reply.Real(Double.POSITIVE_INFINITY, "inf"));
    assertThat(read("(12345678901234567890\r\n"))
        .isEqualTo(new Reply.BigNumber(new BigInteger("12345678901234567890")));
    assertThat(read("!5\r\nERR x\r\n")).isEqualTo(new Reply.Failure("ERR x"));
    assertThat(read("=8\r\ntxt:text\r\n")).isEqualTo(new Reply.Verbatim("txt", "text"));
    assertThat(read("*2\r\n:1\r\n*0\r\n"))
        .isEqualTo(new Reply.Array(List.of(new Reply.Int(1), new Reply.Array(List.of()))));
    assertThat(read("%1\r\n+a\r\n~1\r\n_\r\n"))
        .isEqualTo(
            new Reply.Pairs(
                List.of(new Reply.Status("a"), new Reply.Unordered(List.of(new Reply.Null())))));
  }

  @Test
  void dropsAttributes() {
    assertThat(read("|1\r\n+ttl\r\n:3600\r\n$1\r\nv\r\n")).isEqualTo(bulk("v"));
    assertThat(read("|0\r\n:1\r\n")).isEqualTo(new Reply.Int(1));
    assertThat(read("*2\r\n|1\r\n+a\r\n*1\r\n:9\r\n:1\r\n|0\r\n:2\r\n"))
        .isEqualTo(new Reply.Array(List.of(new Reply.Int(1), new Reply.Int(2))));
  }

  @Test
  void tellsThePayloadOfTheReplyItself() {
    ReplyScanner scanner = new ReplyScanner(SMALL);
    byte[] bytes = bytes("|1\r\n+a\r\n$2\r\nzz\r\n$3\r\nabc\r\n");
    assertThat(scanner.scan(bytes, 0, bytes.length)).isEqualTo(ReplyScanner.WHOLE);
    assertThat((char) scanner.type()).isEqualTo('$');
    assertThat(
            new String(
                bytes, scanner.payloadOffset(), scanner.payloadLength(), StandardCharsets.UTF_8))
        .isEqualTo("abc");
    assertThat(scanner.replyLength()).isEqualTo(bytes.length);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x\r\n",
        "\r\n",
        "+a\n",
        "+a\rb",
        ":\r\n",
        ":1x\r\n",
        ":99999999999999999999\r\n",
        "$x\r\n",
        "$-2\r\n",
        "$1\r\nabc\r\n",
        "$1\r\na\nb",
        "*x\r\n",
        "*-2\r\n",
        "%-1\r\n",
        "#x\r\n",
        "#\r\n",
        "_x\r\n",
        ",\r\n",
        ",1.2.3\r\n",
        ",e5\r\n",
        "(1.5\r\n",
        "(\r\n",
        "=3\r\nabc\r\n",
        "!-1\r\n",
        "$?\r\n",
        "*?\r\n",
        "*1\r\n>1\r\n+a\r\n",
        "HTTP/1.1 200 OK\r\n"
      })
  void refusesWhatIsNoReply(String text) {
    ReplyScanner scanner = new ReplyScanner(SMALL);
    byte[] bytes = bytes(text);
    assertThat(scanner.scan(bytes, 0, bytes.length)).isEqualTo(ReplyScanner.VIOLATION);
    assertThat(scanner.complaint()).startsWith("the peer does not speak RESP: ");
  }

  @ParameterizedTest
  @CsvSource({
    "bulkBytesMax, '$1001\r\n'",
    "bulkBytesMax, '$9223372036854775807\r\n'",
    "elementsMax, '*101\r\n'",
    "elementsMax, '*60\r\n*60\r\n'",
    "elementsMax, '%51\r\n'",
    "elementsMax, '*4611686018427387904\r\n'",
    "depthMax, '*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n'",
    "depthMax, '|1\r\n|1\r\n|1\r\n|1\r\n|1\r\n'",
    "lineBytesMax, '+123456789012345678901234567890123456789012345678901234567890123456789'",
    "replyBytesMax, '*5\r\n$1000\r\n'"
  })
  void refusesWhatIsBeyondALimitBeforeItArrives(String limit, String begin) {
    ReplyScanner scanner = new ReplyScanner(SMALL);
    byte[] bytes = bytes(limit.equals("replyBytesMax") ? fiveTimes1000() : begin);
    assertThat(scanner.scan(bytes, 0, bytes.length)).isEqualTo(ReplyScanner.LIMIT);
    assertThat(scanner.complaint()).contains(limit);
  }

  private static String fiveTimes1000() {
    String bulk = "$1000\r\n" + "x".repeat(1000) + "\r\n";
    return "*5\r\n" + bulk.repeat(4) + "$1000\r\n";
  }

  @Test
  void findsTheSameEndHoweverTheBytesArrive() {
    for (long seed = 0; seed < 300; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      StringBuilder text = new StringBuilder();
      Reply expected = write(random, text, 0);
      byte[] bytes = bytes(text + "+next\r\n");
      int length = text.length();
      ReplyScanner scanner = new ReplyScanner(ReplyLimits.DEFAULT);
      int from = random.nextInt(10);
      int arrived = 0;
      int result = ReplyScanner.MORE;
      while (result == ReplyScanner.MORE) {
        arrived = Math.min(length, arrived + random.nextInt(1, 20));
        // The buffer moves between calls, as it does when it is compacted.
        from = random.nextInt(10);
        byte[] buffer = new byte[from + arrived];
        System.arraycopy(bytes, 0, buffer, from, arrived);
        result = scanner.scan(buffer, from, from + arrived);
        assertThat(result).as("seed %d at %d of %s", seed, arrived, text).isNotNegative();
        if (arrived < length) {
          assertThat(result).as("seed %d at %d", seed, arrived).isEqualTo(ReplyScanner.MORE);
        }
      }
      assertThat(scanner.replyLength()).as("seed %d", seed).isEqualTo(length);
      assertThat(ReplyReader.read(bytes, 0)).as("seed %d", seed).isEqualTo(expected);
    }
  }

  @Test
  void survivesDamagedReplies() {
    for (long seed = 0; seed < 3_000; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      StringBuilder text = new StringBuilder();
      write(random, text, 0);
      byte[] bytes = bytes(text.toString());
      for (int i = random.nextInt(1, 4); i > 0; i--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      ReplyScanner scanner = new ReplyScanner(SMALL);
      if (scanner.scan(bytes, 0, bytes.length) == ReplyScanner.WHOLE) {
        assertThat(ReplyReader.read(bytes, 0)).as("seed %d", seed).isNotNull();
      }
    }
  }

  /// Writes a random reply in wire form and returns it as values.
  private static Reply write(SplittableRandom random, StringBuilder out, int depth) {
    if (random.nextInt(12) == 0) {
      out.append("|1\r\n+note\r\n:1\r\n");
    }
    return switch (random.nextInt(depth > 3 ? 7 : 10)) {
      case 0 -> put(out, "+fine", new Reply.Status("fine"));
      case 1 -> put(out, "-ERR bad", new Reply.Failure("ERR bad"));
      case 2 -> {
        long value = random.nextLong();
        yield put(out, ":" + value, new Reply.Int(value));
      }
      case 3 -> put(out, "_", new Reply.Null());
      case 4 -> {
        double value = random.nextDouble(-1e6, 1e6);
        yield put(out, "," + value, new Reply.Real(value, Double.toString(value)));
      }
      case 5 -> put(out, "#t", new Reply.Bool(true));
      case 6 -> {
        String text = "\r\n".repeat(random.nextInt(3)) + "x".repeat(random.nextInt(40));
        yield put(out, "$" + text.length() + "\r\n" + text, bulk(text));
      }
      default -> writeAggregate(random, out, depth);
    };
  }

  private static Reply put(StringBuilder out, String wire, Reply reply) {
    out.append(wire).append("\r\n");
    return reply;
  }

  private static Reply writeAggregate(SplittableRandom random, StringBuilder out, int depth) {
    int kind = random.nextInt(3);
    int count = random.nextInt(4);
    out.append("*~%".charAt(kind)).append(count).append("\r\n");
    List<Reply> elements = new ArrayList<>();
    for (int i = 0; i < (kind == 2 ? 2 * count : count); i++) {
      elements.add(write(random, out, depth + 1));
    }
    return switch (kind) {
      case 0 -> new Reply.Array(elements);
      case 1 -> new Reply.Unordered(elements);
      default -> new Reply.Pairs(elements);
    };
  }

  private static Reply read(String text) {
    byte[] bytes = bytes(text);
    ReplyScanner scanner = new ReplyScanner(ReplyLimits.DEFAULT);
    assertThat(scanner.scan(bytes, 0, bytes.length)).isEqualTo(ReplyScanner.WHOLE);
    assertThat(scanner.replyLength()).isEqualTo(bytes.length);
    return ReplyReader.read(bytes, 0);
  }

  private static Reply bulk(String text) {
    return new Reply.Bulk(bytes(text));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
