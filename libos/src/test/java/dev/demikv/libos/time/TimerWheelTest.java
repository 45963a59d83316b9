package dev.demikv.libos.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TimerWheelTest {
  private static final long TICK = 100_000;

  @Test
  void firesAtItsDeadlineAndNeverBefore() {
    TimerWheel wheel = new TimerWheel(4, TICK, 0);
    List<Integer> fired = new ArrayList<>();
    wheel.arm(2, 1_000_001);
    wheel.advance(1_000_000, fired::add);
    assertThat(fired).isEmpty();
    wheel.advance(1_000_001 + TICK, fired::add);
    assertThat(fired).containsExactly(2);
    assertThat(wheel.armedCount()).isZero();
  }

  @Test
  void aTimerMayBeArmedAgainFromItsOwnFiring() {
    TimerWheel wheel = new TimerWheel(1, TICK, 0);
    int[] count = {0};
    wheel.arm(0, TICK);
    for (long now = 0; now <= 10 * TICK; now += TICK) {
      long at = now;
      wheel.advance(
          now,
          timer -> {
            count[0]++;
            wheel.arm(timer, at + TICK);
          });
    }
    assertThat(count[0]).isEqualTo(10);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void agreesWithASortedListUnderRandomUse(long seed) {
    Random random = new Random(seed);
    int capacity = 200;
    TimerWheel wheel = new TimerWheel(capacity, TICK, 12_345);
    long[] deadlines = new long[capacity]; // 0: not armed.
    long now = 12_345;
    for (int step = 0; step < 5_000; step++) {
      int timer = random.nextInt(capacity);
      switch (random.nextInt(4)) {
        case 0, 1 -> {
          // From microseconds to many days, beyond the horizon of the wheel.
          long in = random.nextLong() >>> (15 + random.nextInt(40));
          deadlines[timer] = now + in + 1;
          wheel.arm(timer, deadlines[timer]);
        }
        case 2 -> {
          deadlines[timer] = 0;
          wheel.disarm(timer);
        }
        default -> {
          long next = wheel.nextNanos();
          long step1 = random.nextLong() >>> (21 + random.nextInt(36));
          now =
              random.nextBoolean() && next != Long.MAX_VALUE && next < now + (1L << 43)
                  ? Math.max(now, next)
                  : now + Math.min(step1, 1L << 42);
          long at = now;
          wheel.advance(
              now,
              fired -> {
                assertThat(deadlines[fired]).as("seed %d", seed).isNotZero();
                assertThat(deadlines[fired]).as("early, seed %d", seed).isLessThanOrEqualTo(at);
                deadlines[fired] = 0;
              });
          for (int i = 0; i < capacity; i++) {
            if (deadlines[i] != 0) {
              assertThat(deadlines[i]).as("late, seed %d", seed).isGreaterThan(now - TICK);
              assertThat(wheel.isArmed(i)).isTrue();
            }
          }
        }
      }
      long earliest = Long.MAX_VALUE;
      for (long deadline : deadlines) {
        if (deadline != 0) {
          earliest = Math.min(earliest, deadline);
        }
      }
      if (earliest == Long.MAX_VALUE) {
        assertThat(wheel.nextNanos()).isEqualTo(Long.MAX_VALUE);
      } else {
        assertThat(wheel.nextNanos()).as("seed %d", seed).isLessThan(earliest + TICK);
      }
    }
  }
}
