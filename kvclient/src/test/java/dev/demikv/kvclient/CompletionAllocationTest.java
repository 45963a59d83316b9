package dev.demikv.kvclient;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The completion style makes no garbage, from the command to the bytes of its reply.
@Timeout(120)
final class CompletionAllocationTest {
  private static final int PAIRS = 1_000;

  /// The compiler sees enough of a round in the first five or six.
  private static final int ROUNDS_MAX = 60;

  @Test
  void getAndSetAllocateNothing() throws Exception {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    ScriptedPeer.Script script =
        peer -> peer.serve(words -> words.get(0).equals("GET") ? "$4\r\nabcd\r\n" : "+OK\r\n");
    try (Arena arena = Arena.ofConfined();
        ScriptedPeer peer = new ScriptedPeer(script);
        KvClient client = KvClient.open(peer.config())) {
      MemorySegment memory = arena.allocateFrom("keyvaluevalue");
      Command get = new Command();
      Command set = new Command();
      Completion[] completions = new Completion[8];
      Arrays.setAll(completions, _ -> new Completion());
      long least = Long.MAX_VALUE;
      for (int round = 0; round < ROUNDS_MAX && least > 0; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < PAIRS; i++) {
          client.submit(get.reset("GET").arg(memory, 0, 3));
          client.submit(set.reset("SET").arg(memory, 0, 3).arg(memory, 3, 10));
          settle(client, completions, memory);
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertThat(least).as("bytes per %d commands in the best round", 2 * PAIRS).isZero();
    }
  }

  private static void settle(KvClient client, Completion[] completions, MemorySegment memory) {
    int settled = 0;
    while (settled < 2) {
      int count = client.poll(completions, Long.MAX_VALUE);
      for (int i = 0; i < count; i++) {
        if (!completions[i].isOk()) {
          throw completions[i].exception();
        }
        if (completions[i].type() == '$') {
          completions[i].copyTo(memory, 3);
        }
      }
      settled += count;
    }
  }
}
