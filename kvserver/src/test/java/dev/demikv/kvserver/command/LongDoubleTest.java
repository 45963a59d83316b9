package dev.demikv.kvserver.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.kvserver.engine.Slice;
import dev.demikv.libos.lang.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class LongDoubleTest {
  private static LongDouble number(String text) {
    @Nullable LongDouble parsed = LongDouble.parse(Slice.of(text));
    assertThat(parsed).as(text).isNotNull();
    return parsed;
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "3, 3",
    "3.0, 3",
    "-0.5, -0.5",
    "5.0e3, 5000",
    "1e18, 1000000000000000000",
    "0.1, 0.1",
    "1e-18, 0",
    "-1e-30, 0",
    "0x1p4, 16",
    "0x.8, 0.5",
    "18446744073709551615, 18446744073709551615",
    "18446744073709551617, 18446744073709551616",
    "18446744073709551619, 18446744073709551620"
  })
  void readsAndPrintsAsC(String text, String printed) {
    assertThat(number(text)).hasToString(printed);
  }

  @ParameterizedTest
  @CsvSource({
    "0.1, 0.2, 0.3",
    "10.50, 0.1, 10.6",
    "5.0e3, 200, 5200",
    // Less than half a unit in the last place, 2^-8, is lost.
    "1e17, 0.001, 100000000000000000",
    "-1, 1, 0",
    "3, 1.1, 4.1"
  })
  void addsWithSixtyFourBits(String a, String b, String sum) {
    LongDouble total = number(a).plus(number(b));
    assertThat(total.isFinite()).isTrue();
    assertThat(total).hasToString(sum);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " 1",
        "1 ",
        "abc",
        "1.2.3",
        "nan",
        "1e5000",
        "1e-5000",
        "--1",
        "0x",
        "0x1p999999",
        "1e99999999999"
      })
  void refusesWhatIsNoNumber(String text) {
    assertThat(LongDouble.parse(Slice.of(text))).isNull();
  }

  @Test
  void refusesLongTexts() {
    assertThat(LongDouble.parse(Slice.of("1".repeat(4900)))).isNotNull();
    assertThat(LongDouble.parse(Slice.of("0".repeat(5200) + "1"))).isNull();
  }

  @Test
  void infinityIsSaidSo() {
    assertThat(number("inf").isFinite()).isFalse();
    assertThat(number("-Infinity").isFinite()).isFalse();
    assertThat(number("1e4932").plus(number("1e4932")).isFinite()).isFalse();
  }
}
