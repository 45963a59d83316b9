package dev.demikv.kvserver.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.kvserver.engine.Slice;
import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GlobPatternTest {
  @ParameterizedTest
  @CsvSource({
    "*, anything, true",
    "a*c, abbc, true",
    "a*c, abbd, false",
    "a**c, ac, true",
    "h?llo, hello, true",
    "h?llo, hllo, false",
    "h[ae]llo, hallo, true",
    "h[^e]llo, hello, false",
    "h[^e]llo, hallo, true",
    "h[a-c]llo, hbllo, true",
    "h[c-a]llo, hbllo, true",
    "h[a-c, hb, true",
    "[, x, false",
    "a\\*c, a*c, true",
    "a\\*c, abc, false",
    "[\\]], ], true",
    "abc, abcd, false",
    "abcd, abc, false",
    "abc*, abc, true",
    "*a*b*c, xaybzc, true",
    "*a*b*c, xaybz, false"
  })
  void matchesAsRedisDoes(String pattern, String text, boolean matches) {
    assertThat(GlobPattern.of(Slice.of(pattern)).matches(Slice.of(text))).isEqualTo(matches);
  }

  @Test
  void foldsCaseWhenAsked() {
    assertThat(GlobPattern.of(Slice.of("MAX*")).matches(Slice.of("maxmemory"))).isFalse();
    assertThat(GlobPattern.ignoringCase(Slice.of("M[A-B]X*")).matches(Slice.of("maxmemory")))
        .isTrue();
  }

  @Test
  void manyStarsCostNoMoreThanTheProductOfTheLengths() {
    GlobPattern pattern = GlobPattern.of(Slice.of("a*".repeat(5000) + "b"));
    Slice text = Slice.of("a".repeat(20_000));
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(20), () -> assertThat(pattern.matches(text)).isFalse());
  }
}
