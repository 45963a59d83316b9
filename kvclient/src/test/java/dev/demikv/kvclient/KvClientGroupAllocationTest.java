package dev.demikv.kvclient;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.time.SystemClock;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Many clients in one loop allocate nothing once the code is compiled.
@Timeout(120)
final class KvClientGroupAllocationTest {
  private static final int COMMANDS = 200;

  /// The JDK's view of errno, 40 B, where the compiler does not do away with it: at most one for
  /// each of the three system calls of an operation.
  private static final long ERRNO_VIEWS_BYTES = 3 * 40;

  /// The compiler sees enough of a round in the first five or six.
  private static final int ROUNDS_MAX = 60;

  @TempDir static Path directory;

  private final LibOs libos =
      LibOses.open(LibOsConfig.kernel().withLimits(LibOsConfig.Limits.SMALL));
  private final QResult[] results = new QResult[16];
  private final Completion[] completions = {new Completion(), new Completion()};
  private final Command command = new Command();
  private final byte[] key = {'k', 0};

  private KvClientGroup group(int clientsMax) {
    Arrays.setAll(results, _ -> new QResult());
    return new KvClientGroup(libos, SystemClock.INSTANCE, new SplittableRandom(1), clientsMax);
  }

  @Test
  void allocatesNothing() throws Exception {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (RedisServer server = RedisServer.start(directory);
        LibOs _ = libos;
        KvClientGroup group = group(4)) {
      KvClient[] clients = new KvClient[4];
      Arrays.setAll(clients, i -> group.add(server.config(), i));
      long least = Long.MAX_VALUE;
      for (int round = 0; round < ROUNDS_MAX && least > 0; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < COMMANDS; i++) {
          exchange(group, clients);
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertThat(least)
          .as("bytes per %d commands in the best round", 4 * COMMANDS)
          .isLessThanOrEqualTo(4 * COMMANDS * ERRNO_VIEWS_BYTES);
    }
  }

  private void exchange(KvClientGroup group, KvClient[] clients) {
    for (KvClient client : clients) {
      key[1] = (byte) ('0' + client.tag());
      client.submit(command.reset("GET").arg(key));
    }
    int settled = 0;
    while (settled < clients.length) {
      group.advance();
      int count = libos.waitNext(results, group.nanosToNextTimer());
      for (int i = 0; i < count; i++) {
        group.onCompletion(results[i]);
      }
      for (KvClient client = group.next(); client != null; client = group.next()) {
        settled += client.poll(completions, 0);
      }
    }
  }
}
