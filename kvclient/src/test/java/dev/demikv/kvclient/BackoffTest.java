package dev.demikv.kvclient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class BackoffTest {
  @Test
  void doublesUpToTheCapWithHalfOfItRandom() {
    Backoff backoff = new Backoff(new ReconnectPolicy(10, 1_000, 100), new SplittableRandom(3));
    assertThat(backoff.nextDelayNanos()).isZero();
    long full = 10;
    for (int failures = 1; failures < 100; failures++) {
      backoff.failed();
      for (int i = 0; i < 20; i++) {
        assertThat(backoff.nextDelayNanos()).isBetween(full / 2, full);
      }
      full = Math.min(1_000, full * 2);
    }
    assertThat(backoff.isExhausted()).isFalse();
    backoff.failed();
    assertThat(backoff.isExhausted()).isTrue();
    backoff.succeeded();
    assertThat(backoff.nextDelayNanos()).isZero();
  }

  @Test
  void jitterComesFromTheGivenRandomness() {
    assertThat(delays(1)).isEqualTo(delays(1)).isNotEqualTo(delays(2));
  }

  private static List<Long> delays(long seed) {
    Backoff backoff =
        new Backoff(new ReconnectPolicy(1_000_000, 1L << 40, 100), new SplittableRandom(seed));
    List<Long> delays = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      backoff.failed();
      delays.add(backoff.nextDelayNanos());
    }
    return delays;
  }

  @Test
  void refusesAPolicyThatCannotBe() {
    assertThatThrownBy(() -> new ReconnectPolicy(10, 9, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ReconnectPolicy(0, 9, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
