package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.net.tcp.TcpCounter;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The whole stack with sockets that listen, are connected and are closing, on a wire where
/// somebody repeats, changes and invents frames: no exception, no hang, every operation answered
/// once, nothing beyond its limit, and in the end nothing left.
///
/// The frames that are changed are those of connections that there are, so that their numbers fit.
/// One seed: `mvn -o -pl libos test -Dtest=StackMutationTest -Dmutation.seed=7`.
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class StackMutationTest {
  private static final int REMEMBERED_MAX = 256;
  private static final int SESSIONS_MAX = 12;

  static LongStream seeds() {
    String chosen = System.getProperty("mutation.seed");
    return chosen == null ? LongStream.range(0, 12) : LongStream.of(Long.parseLong(chosen));
  }

  static LongStream manySeeds() {
    return LongStream.range(100, 400);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void socketsInEveryStateSurviveMutatedFrames(long seed) {
    run(seed, 3_000);
  }

  @Tag("slow")
  @ParameterizedTest(name = "seed {0}")
  @MethodSource("manySeeds")
  void socketsInEveryStateSurviveManyMutatedFrames(long seed) {
    run(seed, 8_000);
  }

  private static void run(long seed, int steps) {
    try (Arena arena = Arena.ofConfined()) {
      new Wire(arena, seed).run(steps);
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(
          "repeat with: mvn -o -pl libos test -Dtest=StackMutationTest -Dmutation.seed=" + seed, e);
    }
  }

  /// A frame that was sent, and to which side.
  private static final class Seen {
    final byte[] bytes;
    final int to;

    Seen(byte[] bytes, int to) {
      this.bytes = bytes;
      this.to = to;
    }
  }

  /// Two hosts and what is between them.
  private static final class Wire {
    private final SplittableRandom random;
    private final MutationHost[] hosts;
    private final List<Seen> remembered = new ArrayList<>();
    private long nowNanos = StackHarness.SECOND;

    Wire(Arena arena, long seed) {
      random = new SplittableRandom(seed);
      boolean staticNeighbors = seed % 2 == 0;
      hosts =
          new MutationHost[] {
            new MutationHost(arena, 1, random.split(), staticNeighbors),
            new MutationHost(arena, 2, random.split(), staticNeighbors)
          };
    }

    void run(int steps) {
      for (int i = 0; i < 40; i++) {
        turn(100_000_000, /* honest= */ true);
      }
      for (MutationHost host : hosts) {
        host.listen(AddressFamily.INET, 7000);
        host.listen(AddressFamily.INET6, 7001);
        host.datagrams(7002);
      }
      for (int i = 0; i < steps; i++) {
        for (int k = 0; k < 2; k++) {
          MutationHost host = hosts[k];
          if (host.sessionCount() < SESSIONS_MAX && random.nextInt(8) == 0) {
            host.connect(hosts[1 - k].name(random));
          }
          host.act();
        }
        long nanos = random.nextInt(200) == 0 ? 3 * StackHarness.SECOND : random.nextInt(5_000_000);
        turn(nanos, /* honest= */ false);
        for (MutationHost host : hosts) {
          host.checkLimits(i);
        }
      }
      finish();
    }

    private void turn(long nanos, boolean honest) {
      for (MutationHost host : hosts) {
        host.flush(nowNanos);
      }
      for (int k = 0; k < 2; k++) {
        TestNetDevice to = hosts[1 - k].device;
        for (byte[] frame : hosts[k].device.takeSent()) {
          if (honest || random.nextInt(40) > 0) {
            to.arrive(frame, FrameSink.CHECKSUM_UNKNOWN);
          }
          remember(new Seen(frame, 1 - k));
        }
      }
      if (!honest) {
        for (int i = random.nextInt(4); i > 0 && !remembered.isEmpty(); i--) {
          tamper();
        }
      }
      nowNanos += nanos;
      for (MutationHost host : hosts) {
        host.poll(nowNanos);
      }
    }

    private void remember(Seen seen) {
      if (remembered.size() < REMEMBERED_MAX) {
        remembered.add(seen);
      } else {
        remembered.set(random.nextInt(REMEMBERED_MAX), seen);
      }
    }

    private void tamper() {
      Seen seen = remembered.get(random.nextInt(remembered.size()));
      byte[] frame = seen.bytes.clone();
      for (int k = random.nextInt(4); k > 0; k--) {
        int at = random.nextInt(Math.min(frame.length, random.nextInt(8) == 0 ? 1_500 : 80));
        int kind = random.nextInt(6);
        switch (kind) {
          case 3 -> frame = Arrays.copyOf(frame, Math.max(14, random.nextInt(frame.length + 20)));
          // The flags of TCP over IPv4 and over IPv6.
          case 4 ->
              frame[Math.min(random.nextBoolean() ? 47 : 67, frame.length - 1)] ^=
                  (byte) (1 << random.nextInt(6));
          default -> FrameMutations.changeOctet(frame, at, kind, random);
        }
      }
      byte[] forged = random.nextInt(5) == 0 ? frame : FrameMutations.repaired(frame);
      int checksum = random.nextInt(8) == 0 ? FrameSink.CHECKSUM_GOOD : FrameSink.CHECKSUM_UNKNOWN;
      hosts[random.nextInt(8) == 0 ? 1 - seen.to : seen.to].device.arrive(forged, checksum);
    }

    private void finish() {
      for (MutationHost host : hosts) {
        host.closeAll();
      }
      // No frame passes any more: timers alone must end everything.
      for (int i = 0; i < 2_000; i++) {
        nowNanos += 2 * StackHarness.SECOND;
        for (MutationHost host : hosts) {
          host.flush(nowNanos);
          host.device.takeSent();
          host.poll(nowNanos);
        }
      }
      for (MutationHost host : hosts) {
        host.assertNothingLeft();
        assertThat(host.accepted).as("connections accepted").isGreaterThan(20);
        assertThat(host.reasons()).as("reasons for drops that were reached").isGreaterThan(20);
        assertThat(host.counter(TcpCounter.RESETS_IN.metricName())).as("resets").isPositive();
        host.close();
      }
    }
  }
}
