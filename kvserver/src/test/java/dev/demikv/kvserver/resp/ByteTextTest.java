package dev.demikv.kvserver.resp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.kvserver.engine.Slice;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ByteTextTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-",
        "+1",
        "01",
        "-0",
        "00",
        " 1",
        "1 ",
        "1a",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999",
        "10000000000000000000"
      })
  void refusesWhatIsNotPrintedSo(String text) {
    assertThat(ByteText.isLong(Slice.of(text))).isFalse();
  }

  @Test
  void readsAndWritesEveryLong() {
    long seed = 3;
    Random random = new Random(seed);
    byte[] bytes = new byte[32];
    MemorySegment memory = MemorySegment.ofArray(bytes);
    for (int i = 0; i < 10_000; i++) {
      long value = random.nextLong() >> random.nextInt(64);
      if (i < 4) {
        value = new long[] {0, -1, Long.MAX_VALUE, Long.MIN_VALUE}[i];
      }
      int length = ByteText.putLong(memory, 3, value);
      String text = new String(bytes, 3, length, StandardCharsets.US_ASCII);
      assertThat(text).as("seed %d", seed).isEqualTo(Long.toString(value));
      Slice slice = new Slice().set(memory, 3, length);
      assertThat(ByteText.isLong(slice)).as(text).isTrue();
      assertThat(ByteText.toLong(slice)).isEqualTo(value);
    }
  }
}
