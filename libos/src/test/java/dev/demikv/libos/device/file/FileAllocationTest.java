package dev.demikv.libos.device.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.LogDevice;
import dev.demikv.libos.device.LogDeviceSink;
import dev.demikv.libos.time.SystemClock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Blocks are moved without garbage, by either mechanism.
final class FileAllocationTest {
  private static final int BLOCK_BYTES = 4096;
  private static final int TRANSFERS_WARM = 20_000;
  private static final int TRANSFERS = 5_000;
  private static final int ROUNDS_MAX = 30;

  @TempDir Path temporary;

  @ParameterizedTest
  @ValueSource(strings = {"io_uring", "thread"})
  void transfersAllocateNothingOnTheJavaHeap(String mechanism) {
    if (mechanism.equals("io_uring")) {
      String refusal = DirectProbe.ioUring();
      assumeTrue(refusal.isEmpty(), () -> "io_uring: " + refusal);
    }
    Options options =
        Options.of(
            Map.of(
                "storage.file.path", temporary.resolve("log").toString(),
                "storage.file.mechanism", mechanism,
                "storage.file.segment-bytes", "256KiB",
                "storage.file.capacity", "2MiB",
                "storage.file.queue-depth", "16"));
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Arena arena = Arena.ofShared();
        LogDevice device =
            new FileLogDeviceProvider().open(options, SystemClock.INSTANCE, new Random(1))) {
      assertThat(device.prepare(0, 0)).isZero();
      Sink sink = new Sink();
      drain(device, sink);
      MemorySegment memory = arena.allocate(BLOCK_BYTES, BLOCK_BYTES);
      transfers(device, memory, sink, TRANSFERS_WARM);
      long least = Long.MAX_VALUE;
      for (int i = 0; i < ROUNDS_MAX && least >= TRANSFERS; i++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        transfers(device, memory, sink, TRANSFERS);
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertThat(sink.errors).isZero();
      // A flush, one in a thousand operations, may make an object; a transfer makes none.
      assertThat(least).as("bytes allocated in " + TRANSFERS + " transfers").isLessThan(TRANSFERS);
    }
  }

  private static final class Sink implements LogDeviceSink {
    int errors;

    @Override
    public void completed(long userData, int result) {
      if (result != BLOCK_BYTES && result != 0) {
        errors++;
      }
    }
  }

  /// Mostly without waiting for the disk's cache, so that the test is short.
  private static void transfers(LogDevice device, MemorySegment memory, Sink sink, int count) {
    for (int i = 0; i < count; i++) {
      int result =
          switch (i & 1023) {
            case 0 -> device.write(0, memory, 0, BLOCK_BYTES, true, i);
            case 1 -> device.flush(i);
            default ->
                (i & 1) == 0
                    ? device.write(0, memory, 0, BLOCK_BYTES, false, i)
                    : device.read(0, memory, 0, BLOCK_BYTES, i);
          };
      if (result != 0) {
        throw new AssertionError("result " + result);
      }
      if ((i & 7) == 7 || (i & 1023) < 2) {
        drain(device, sink);
      }
    }
    drain(device, sink);
  }

  private static void drain(LogDevice device, Sink sink) {
    device.submit();
    while (device.inFlight() > 0) {
      device.await(-1);
      device.poll(sink);
    }
  }
}
