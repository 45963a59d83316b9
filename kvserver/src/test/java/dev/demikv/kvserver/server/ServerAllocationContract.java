package dev.demikv.kvserver.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The loop makes no garbage for GET and SET, however they come. A class for each way, so that each
/// has a JVM of its own: what the compiler takes apart depends on what it saw before.
@Timeout(180)
abstract class ServerAllocationContract {
  private static final int COMMANDS = 100;
  private static final int ROUNDS = 300;
  private static final int WINDOWS_MAX = 40;
  private static final int WARM_UP_TURNS = 40_000;

  @TempDir Path directory;

  static long allocatedBytes(TestServer server) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    return threads.getThreadAllocatedBytes(server.thread().threadId());
  }

  private static byte[] commands() {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 0; i < COMMANDS / 2; i++) {
      all.writeBytes(RawClient.command("SET", "key" + i, "value of some length " + i));
      all.writeBytes(RawClient.command("GET", "key" + i));
    }
    return all.toByteArray();
  }

  private static void run(RawClient client, byte[] commands, int rounds, boolean pipelined) {
    byte[] ping = RawClient.command("GET", "key0");
    for (int i = 0; i < rounds; i++) {
      if (pipelined) {
        client.send(commands);
        for (int j = 0; j < COMMANDS; j++) {
          client.read();
        }
      } else {
        client.send(ping);
        client.read();
      }
    }
  }

  final void makesNoGarbage(String durability, boolean pipelined) {
    byte[] commands = commands();
    // Large segments: what is done once per segment is not what is measured.
    String[] settings = {
      "durability=" + durability, "storage.file.segment-bytes=64MiB", "storage.file.capacity=1GiB"
    };
    try (TestServer server = TestServer.start(directory, settings);
        RawClient client = server.connect()) {
      run(client, commands, 1, true);
      // A turn per command, so that the compiler sees the turn as often as the command.
      run(client, commands, WARM_UP_TURNS, false);
      int scale = pipelined ? 1 : COMMANDS / 10;
      long least = Long.MAX_VALUE;
      // Until the compiler has seen that what it is given does not escape. What is done once per
      // second may make an object, a turn makes none.
      for (int window = 0; window < WINDOWS_MAX && least >= ROUNDS; window++) {
        long before = allocatedBytes(server);
        run(client, commands, ROUNDS * scale, pipelined);
        least = Math.min(least, allocatedBytes(server) - before);
      }
      assertThat(least).as("bytes in %d turns", ROUNDS * scale).isLessThan(ROUNDS);
    }
  }
}
