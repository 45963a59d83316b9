package dev.demikv.libos.net.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.demikv.libos.api.ConnectionInfo;
import dev.demikv.libos.api.ScatterGatherArray;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/// The data path leaves no garbage.
final class TcpAllocationTest {
  private static final int WARM_UP = 20_000;
  private static final int ECHOES = 20_000;

  /// The compiler may be late on a busy machine: rounds until one is clean.
  private static final int ROUNDS_MAX = 30;

  @Test
  void anEchoAllocatesNothing() {
    try (Arena arena = Arena.ofConfined()) {
      DirectPair pair = new DirectPair(arena, config());
      ScatterGatherArray request = pair.array(64);
      pair.echo(WARM_UP, request);
      long least = least(() -> pair.echo(ECHOES, request));

      // Calls from outside of the compiled loop may allocate once per round, an echo never.
      assertThat(least).as("bytes allocated in " + ECHOES + " echoes").isLessThan(ECHOES);
    }
  }

  @Test
  void bulkAllocatesNothing() {
    try (Arena arena = Arena.ofConfined()) {
      DirectPair pair = new DirectPair(arena, config());
      ScatterGatherArray piece = pair.array(16_000);
      pair.bulk(100_000_000, piece);
      long least = least(() -> pair.bulk(30_000_000, piece));
      assertThat(least).as("bytes allocated in 20,000 segments").isLessThan(20_000);
    }
  }

  @Test
  void statisticsAllocateNothing() {
    try (Arena arena = Arena.ofConfined()) {
      DirectPair pair = new DirectPair(arena, config());
      pair.echo(1, pair.array(64));
      ConnectionInfo info = new ConnectionInfo();
      long least =
          least(() -> {
            for (int i = 0; i < ECHOES; i++) {
              pair.clientConnection.statistics(info);
            }
          });

      assertThat(info.bytesIn).isEqualTo(64);
      assertThat(least).as("bytes allocated in " + ECHOES + " looks").isLessThan(ECHOES);
    }
  }

  private static TcpConfig config() {
    return TcpConfig.builder().connectionsMax(64).synQueueMax(16).timeWaitMax(64).build();
  }

  private static long least(Runnable work) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (int i = 0; i < ROUNDS_MAX && least >= ECHOES; i++) {
      long before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
      work.run();
      long after = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
      least = Math.min(least, after - before);
    }
    return least;
  }
}
