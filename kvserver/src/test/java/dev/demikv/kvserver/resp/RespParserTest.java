package dev.demikv.kvserver.resp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RespParserTest {
  private static final RespLimits SMALL = new RespLimits(100_000, 1000, 256 * 1024);

  /// A stream that uses every form, and the commands in it.
  private static final String STREAM =
      "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$12\r\nvalue\r\n$3\r\nx\r\n"
          + "GET k\r\n"
          + "\r\n"
          + "*0\r\n"
          + "*-1\r\n"
          + "*1\r\n$4\r\nPING\r\n"
          + "*12\r\n$4\r\nMGET\r\n"
          + "$1\r\nb\r\n".repeat(11)
          + "set 'a b' \"c\\x41\\n\\\"d\" ''\n"
          + "*2\r\n$0\r\n\r\n$10\r\n0123456789\r\n";

  private static final List<List<String>> COMMANDS =
      List.of(
          List.of("SET", "k", "value\r\n$3\r\nx"),
          List.of("GET", "k"),
          List.of(),
          List.of(),
          List.of(),
          List.of("PING"),
          List.of("MGET", "b", "b", "b", "b", "b", "b", "b", "b", "b", "b", "b"),
          List.of("set", "a b", "cA\n\"d", ""),
          List.of("", "0123456789"));

  @Test
  void parsesAPipelineInOneGo() {
    assertThat(parse(STREAM, SMALL, STREAM.length())).isEqualTo(COMMANDS);
  }

  @Test
  void resultDoesNotDependOnWhereTheBytesAreCut() {
    for (int chunk = 1; chunk <= 40; chunk++) {
      assertThat(parse(STREAM, SMALL, chunk)).as("in pieces of %d", chunk).isEqualTo(COMMANDS);
    }
    for (int cut = 1; cut < STREAM.length(); cut++) {
      Feeder feeder = new Feeder(SMALL);
      feeder.feed(STREAM.substring(0, cut));
      feeder.feed(STREAM.substring(cut));
      assertThat(feeder.commands).as("cut at %d", cut).isEqualTo(COMMANDS);
    }
  }

  @Test
  void randomCommandsComeOutAsTheyWentIn() {
    long seed = 20261123;
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      List<List<String>> commands = new ArrayList<>();
      StringBuilder stream = new StringBuilder();
      for (int i = random.nextInt(5); i >= 0; i--) {
        List<String> command = randomCommand(random);
        commands.add(command);
        stream.append(encode(command));
      }
      int chunk = 1 + random.nextInt(300);
      assertThat(parse(stream.toString(), SMALL, chunk))
          .as("seed %d round %d pieces of %d", seed, round, chunk)
          .isEqualTo(commands);
    }
  }

  private static List<String> randomCommand(Random random) {
    List<String> command = new ArrayList<>();
    for (int i = random.nextInt(20); i >= 0; i--) {
      byte[] bytes = new byte[random.nextInt(8) == 0 ? random.nextInt(500) : random.nextInt(12)];
      random.nextBytes(bytes);
      command.add(new String(bytes, StandardCharsets.ISO_8859_1));
    }
    return command;
  }

  @Test
  void aLongValueInSmallPiecesIsNotScannedAgain() {
    // Every byte of the value is a line end: a parser that looked at them would find lines.
    int length = 90_000;
    String value = "\r".repeat(length);
    String stream = encode(List.of("SET", "k", value));
    RespParser parser = new RespParser(SMALL);
    CommandArgs args = new CommandArgs();
    MemorySegment memory = segment(stream);
    int header = stream.indexOf("\r\n\r") + 2;
    int calls = 0;
    for (int limit = header; limit < stream.length(); limit += 16) {
      assertThat(parser.parse(memory, 0, limit, args)).isEqualTo(RespParser.NEED_MORE);
      assertThat(parser.bytesWanted()).isEqualTo(stream.length());
      calls++;
    }
    assertThat(calls).isGreaterThan(5000);
    assertThat(parser.parse(memory, 0, stream.length(), args)).isEqualTo(stream.length());
    assertThat(args.length(2)).isEqualTo(length);
  }

  @Test
  void bytesMayMoveBetweenCalls() {
    String stream = encode(List.of("SET", "key", "some value"));
    RespParser parser = new RespParser(SMALL);
    CommandArgs args = new CommandArgs();
    for (int cut = 1; cut < stream.length(); cut++) {
      assertThat(parser.parse(segment(stream.substring(0, cut)), 0, cut, args)).isZero();
      MemorySegment elsewhere = segment("#".repeat(cut) + stream);
      assertThat(parser.parse(elsewhere, cut, cut + stream.length(), args))
          .isEqualTo(stream.length());
      assertThat(texts(args)).containsExactly("SET", "key", "some value");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "*x\\r\\n|invalid multibulk length",
        "*\\r\\n|invalid multibulk length",
        "*+1\\r\\n|invalid multibulk length",
        "*01\\r\\n|invalid multibulk length",
        "*1001\\r\\n|invalid multibulk length",
        "*3000000000\\r\\n|invalid multibulk length",
        "*99999999999999999999\\r\\n|invalid multibulk length",
        "*1\\r\\nfoo\\r\\n|expected '$', got 'f'",
        "*2\\r\\n$1\\r\\nx\\r\\n+OK\\r\\n|expected '$', got '+'",
        "*1\\r\\n$-1\\r\\n|invalid bulk length",
        "*1\\r\\n$x\\r\\n|invalid bulk length",
        "*1\\r\\n$100001\\r\\n|invalid bulk length",
        "*1\\r\\n$9223372036854775808\\r\\n|invalid bulk length",
        "*4\\r\\n$99990\\r\\n|",
        "set \"a\\r\\n|unbalanced quotes in request",
        "set 'a\\r\\n|unbalanced quotes in request",
        "set \"a\"b\\r\\n|unbalanced quotes in request",
        "set 'a'b\\r\\n|unbalanced quotes in request",
        "set \"a\\\\\\r\\n|unbalanced quotes in request"
      })
  void protocolErrorsAreWordedAsRedisWordsThem(String escaped, String reason) {
    String bytes = escaped.replace("\\r", "\r").replace("\\n", "\n").replace("\\\\", "\\");
    for (int chunk : new int[] {1, 2, 7, bytes.length()}) {
      Feeder feeder = new Feeder(SMALL);
      feeder.feedIn(bytes, chunk);
      assertThat(feeder.error).isEqualTo(reason == null ? "" : "ERR Protocol error: " + reason);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1000, 65536, 200_000})
  void linesAreBounded(int chunk) {
    assertThat(errorOf("x".repeat(65537), chunk))
        .isEqualTo("ERR Protocol error: too big inline request");
    assertThat(errorOf("x".repeat(65537) + "\n", chunk))
        .isEqualTo("ERR Protocol error: too big inline request");
    assertThat(errorOf("x".repeat(65535) + "\n", chunk)).isEmpty();
    assertThat(errorOf("*" + "1".repeat(65537), chunk))
        .isEqualTo("ERR Protocol error: too big mbulk count string");
    assertThat(errorOf("*1\r\n$" + "1".repeat(65537), chunk))
        .isEqualTo("ERR Protocol error: too big bulk count string");
  }

  @Test
  void commandsAreBoundedAsAWhole() {
    RespLimits limits = new RespLimits(100_000, 1000, 128 * 1024);
    String argument = "$60000\r\n" + "v".repeat(60_000) + "\r\n";
    assertThat(parse("*2\r\n" + argument + argument, limits, 5000)).hasSize(1);
    Feeder feeder = new Feeder(limits);
    feeder.feedIn("*3\r\n" + argument + argument + "$60000\r\n", 5000);
    assertThat(feeder.error).isEqualTo("ERR Protocol error: too big command");
  }

  @Test
  void strangersHaveTighterLimits() {
    Feeder count = new Feeder(SMALL);
    count.parser.setAuthenticated(false);
    count.feed("*10\r\n" + "$1\r\nx\r\n".repeat(10) + "*11\r\n");
    assertThat(count.commands).hasSize(1);
    assertThat(count.error).isEqualTo("ERR Protocol error: unauthenticated multibulk length");
    Feeder length = new Feeder(SMALL);
    length.parser.setAuthenticated(false);
    length.feed("*1\r\n$16384\r\n" + "x".repeat(16384) + "\r\n*1\r\n$16385\r\n");
    assertThat(length.commands).hasSize(1);
    assertThat(length.error).isEqualTo("ERR Protocol error: unauthenticated bulk length");
  }

  @Test
  void anErrorStays() {
    Feeder feeder = new Feeder(SMALL);
    feeder.feed("*1\r\nfoo\r\n");
    assertThat(feeder.parser.parse(segment("PING\r\n"), 0, 6, feeder.args))
        .isEqualTo(RespParser.PROTOCOL_ERROR);
    feeder.parser.reset();
    assertThat(feeder.parser.parse(segment("PING\r\n"), 0, 6, feeder.args)).isEqualTo(6);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a  b|a,b",
        "\\t a\\x0bb |a\\x0bb",
        "a\\x00b c|a",
        "\\x00|",
        "a\"b c\" d|ab c,d",
        "'it\\'s'|it's",
        "\"\\a\\b\\t\\r\\q\\x4\"|\\x07\\x08\\t\\rqx4",
        "\"\\xff\"|\\xff"
      },
      ignoreLeadingAndTrailingWhitespace = false)
  void inlineCommandsAreSplitAsRedisSplitsThem(String line, String arguments) {
    // Only what the test source cannot hold is written with \x and the like outside of quotes.
    String bytes = line.startsWith("\"") || line.startsWith("'") ? line : unescape(line);
    List<String> expected =
        arguments == null ? List.of() : List.of(unescape(arguments).split(",", -1));
    assertThat(parse(bytes + "\r\n", SMALL, 3)).containsExactly(expected);
  }

  @Test
  void argumentsGrowOnlyWithWhatArrives() {
    RespParser parser = new RespParser(RespLimits.DEFAULT);
    CommandArgs args = new CommandArgs();
    String stream = "*1048576\r\n$536870912\r\n";
    long before = allocatedBytes();
    assertThat(parser.parse(segment(stream), 0, stream.length(), args)).isZero();
    assertThat(allocatedBytes() - before).isLessThan(100_000);
  }

  @Test
  void longArgumentListsAreGivenBack() {
    String stream = encode(List.of("x").stream().flatMap(RespParserTest::times5000).toList());
    RespParser parser = new RespParser(RespLimits.DEFAULT);
    CommandArgs args = new CommandArgs();
    assertThat(parser.parse(segment(stream), 0, stream.length(), args)).isEqualTo(stream.length());
    assertThat(args.count()).isEqualTo(5000);
    assertThat(args.text(4999)).isEqualTo("x");
    args.clear();
    assertThat(args.count()).isZero();
  }

  private static Stream<String> times5000(String text) {
    return Stream.generate(() -> text).limit(5000);
  }

  private static long allocatedBytes() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }

  private static String unescape(String text) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      if (text.startsWith("\\x", i)) {
        out.append((char) Integer.parseInt(text.substring(i + 2, i + 4), 16));
        i += 3;
      } else if (text.startsWith("\\t", i) || text.startsWith("\\r", i)) {
        out.append(text.charAt(++i) == 't' ? '\t' : '\r');
      } else {
        out.append(text.charAt(i));
      }
    }
    return out.toString();
  }

  private static String errorOf(String stream, int chunk) {
    Feeder feeder = new Feeder(SMALL);
    feeder.feedIn(stream, chunk);
    return feeder.error;
  }

  private static List<List<String>> parse(String stream, RespLimits limits, int chunk) {
    Feeder feeder = new Feeder(limits);
    feeder.feedIn(stream, chunk);
    assertThat(feeder.error).isEmpty();
    assertThat(feeder.parser.isInside()).isFalse();
    return feeder.commands;
  }

  static String encode(List<String> command) {
    StringBuilder out = new StringBuilder("*" + command.size() + "\r\n");
    for (String argument : command) {
      out.append('$').append(argument.length()).append("\r\n").append(argument).append("\r\n");
    }
    return out.toString();
  }

  private static MemorySegment segment(String text) {
    return MemorySegment.ofArray(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static List<String> texts(CommandArgs args) {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < args.count(); i++) {
      texts.add(args.text(i));
    }
    return texts;
  }

  /// A connection's input: bytes come behind those that were not yet consumed.
  private static final class Feeder {
    final RespParser parser;
    final CommandArgs args = new CommandArgs();
    final List<List<String>> commands = new ArrayList<>();
    String error = "";
    private MemorySegment memory = MemorySegment.ofArray(new byte[512 * 1024]);
    private int start;
    private int limit;

    Feeder(RespLimits limits) {
      parser = new RespParser(limits);
    }

    void feedIn(String stream, int chunk) {
      for (int at = 0; at < stream.length() && error.isEmpty(); at += chunk) {
        feed(stream.substring(at, Math.min(at + chunk, stream.length())));
      }
    }

    void feed(String text) {
      byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
      MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, limit, bytes.length);
      limit += bytes.length;
      while (start < limit) {
        int consumed = parser.parse(memory, start, limit, args);
        if (consumed == RespParser.NEED_MORE) {
          return;
        }
        if (consumed == RespParser.PROTOCOL_ERROR) {
          error = parser.errorText();
          return;
        }
        commands.add(texts(args));
        start += consumed;
      }
    }
  }
}
