package dev.demikv.kvserver.resp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.kvserver.engine.Slice;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RespWriterTest {
  private static String written(int protocol, Consumer<RespWriter> body) {
    RespWriter writer = new RespWriter();
    PiecesSink sink = new PiecesSink(64, 1000);
    writer.begin(sink, protocol);
    body.accept(writer);
    writer.end();
    return sink.take();
  }

  private static void assertWritten(String resp2, String resp3, Consumer<RespWriter> body) {
    assertThat(written(2, body)).isEqualTo(resp2);
    assertThat(written(3, body)).isEqualTo(resp3);
  }

  @Test
  void writesEveryType() {
    assertWritten("+OK\r\n", "+OK\r\n", RespWriter::ok);
    assertWritten("+a b\r\n", "+a b\r\n", w -> w.simple("a b"));
    assertWritten("-ERR a  b\r\n", "-ERR a  b\r\n", w -> w.error("ERR a\r\nb\r\n"));
    assertWritten("$-1\r\n", "_\r\n", RespWriter::nullBulk);
    assertWritten("*-1\r\n", "_\r\n", RespWriter::nullArray);
    assertWritten("$3\r\nabc\r\n", "$3\r\nabc\r\n", w -> w.bulk(Slice.of("abc")));
    assertWritten("$0\r\n\r\n", "$0\r\n\r\n", w -> w.bulk(""));
    assertWritten("$2\r\n-7\r\n", "$2\r\n-7\r\n", w -> w.bulkLong(-7));
    assertWritten("*2\r\n", "*2\r\n", w -> w.array(2));
    assertWritten("*4\r\n", "%2\r\n", w -> w.map(2));
    assertWritten("*2\r\n", "~2\r\n", w -> w.set(2));
    assertWritten("*2\r\n", ">2\r\n", w -> w.push(2));
    assertWritten(":1\r\n", "#t\r\n", w -> w.bool(true));
    assertWritten(":0\r\n", "#f\r\n", w -> w.bool(false));
    assertWritten("$3\r\n0.5\r\n", ",0.5\r\n", w -> w.doubleValue(0.5));
    assertWritten("$3\r\ninf\r\n", ",inf\r\n", w -> w.doubleValue(Double.POSITIVE_INFINITY));
    assertWritten("$2\r\n99\r\n", "(99\r\n", w -> w.bigNumber("99"));
    assertWritten("$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n", w -> w.verbatim("txt", "hi"));
  }

  @ParameterizedTest
  @CsvSource({
    "0",
    "9",
    "10",
    "-1",
    "-10",
    "99",
    "100",
    "9223372036854775807",
    "-9223372036854775808"
  })
  void writesIntegers(long value) {
    assertThat(written(2, w -> w.integer(value))).isEqualTo(":" + value + "\r\n");
  }

  @ParameterizedTest
  @CsvSource({
    "3, 3",
    "0.1, 0.10000000000000001",
    "-2.5, -2.5",
    "1e17, 1e+17",
    "12345678901234567, 12345678901234568",
    "1e-5, 1.0000000000000001e-05",
    "0.0001, 0.0001",
    "1e300, 1.0000000000000001e+300"
  })
  void writesDoublesAsC(double value, String text) {
    assertThat(RespWriter.doubleText(value)).isEqualTo(text);
  }

  @Test
  void repliesRunOverPieces() {
    long seed = 7;
    Random random = new Random(seed);
    for (int round = 0; round < 300; round++) {
      PiecesSink sink = new PiecesSink(64 + random.nextInt(100), 100_000);
      RespWriter writer = new RespWriter();
      StringBuilder expected = new StringBuilder();
      for (int turn = 0; turn < 5; turn++) {
        writer.begin(sink, 2);
        for (int i = 0; i < 20; i++) {
          String value = "v".repeat(random.nextInt(300));
          writer.bulk(value);
          writer.bulk(Slice.of(value));
          writer.integer(i);
          String bulk = "$" + value.length() + "\r\n" + value + "\r\n";
          expected.append(bulk).append(bulk).append(':').append(i).append("\r\n");
        }
        writer.end();
      }
      assertThat(sink.take()).as("seed %d round %d", seed, round).isEqualTo(expected.toString());
    }
  }

  @Test
  void outputBeyondTheLimitIsCutAndSaidSo() {
    PiecesSink sink = new PiecesSink(64, 3);
    RespWriter writer = new RespWriter();
    writer.begin(sink, 2);
    for (int i = 0; i < 100; i++) {
      writer.bulk("0123456789");
    }
    assertThat(writer.overflowed()).isTrue();
    writer.end();
    assertThat(sink.take().length()).isBetween(3 * 32, 3 * 64);
    PiecesSink other = new PiecesSink(64, 3);
    writer.begin(other, 2);
    writer.ok();
    writer.end();
    assertThat(writer.overflowed()).isFalse();
    assertThat(other.take()).isEqualTo("+OK\r\n");
  }

  @Test
  void mutedRepliesAreDroppedAndErrorsCounted() {
    PiecesSink sink = new PiecesSink(64, 3);
    RespWriter writer = new RespWriter();
    writer.begin(sink, 2);
    writer.setMuted(true);
    writer.error("ERR no");
    writer.bulk("x".repeat(10_000));
    writer.setMuted(false);
    writer.ok();
    writer.end();
    assertThat(sink.take()).isEqualTo("+OK\r\n");
    assertThat(writer.errorCount()).isEqualTo(1);
    assertThat(writer.overflowed()).isFalse();
  }
}
