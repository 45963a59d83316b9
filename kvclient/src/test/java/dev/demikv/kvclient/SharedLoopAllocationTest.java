package dev.demikv.kvclient;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.demikv.libos.config.LibOsConfig;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The thread of a shared loop allocates nothing of its own once the code is compiled.
@Timeout(120)
final class SharedLoopAllocationTest {
  private static final int OPERATIONS = 1_000;
  private static final byte[] KEY = {'k'};

  /// The JDK's view of errno, 40 B, where the compiler does not do away with it: at most one for
  /// each of the three system calls of an operation.
  private static final long ERRNO_VIEWS_BYTES = 3 * 40;

  private static SharedLoop loop(int clientsMax) {
    return SharedLoop.open(
        LibOsConfig.kernel().withLimits(SharedLoop.limits(clientsMax)), clientsMax);
  }

  /// What the client allocates is the value it returns; the loop's thread allocates nothing.
  @Test
  void theLoopAllocatesNothingForAnOperation() throws Exception {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    ScriptedPeer.Script script = peer -> peer.serve(words -> "$4\r\nabcd\r\n");
    try (ScriptedPeer peer = new ScriptedPeer(script);
        SharedLoop loop = loop(1);
        SharedClient client = loop.client(peer.config())) {
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 60 && least > 0; round++) {
        long before = threads.getThreadAllocatedBytes(loop.threadId());
        for (int i = 0; i < OPERATIONS; i++) {
          assertThat(new String(client.get(KEY), StandardCharsets.US_ASCII)).isEqualTo("abcd");
        }
        least = Math.min(least, threads.getThreadAllocatedBytes(loop.threadId()) - before);
      }
      assertThat(least)
          .as("bytes per 1,000 operations in the best round")
          .isLessThanOrEqualTo(OPERATIONS * ERRNO_VIEWS_BYTES);
    }
  }
}
