package dev.demikv.libos.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.LogDeviceGeometry;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.MemoryRegion;
import dev.demikv.libos.time.SystemClock;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/// Push, group commit, read and truncation make no garbage.
final class LogAllocationTest {
  private static final LogDeviceGeometry GEOMETRY =
      new LogDeviceGeometry(4096, 64 << 10, 32, 256 << 10, 16, 0);
  private static final int RECORD_BYTES = 100;
  private static final int RECORDS_PER_TURN = 16;
  private static final int TURNS_WARM = 10_000;
  private static final int TURNS = 5_000;

  /// The compiler may be late on a busy machine: rounds until one is clean.
  private static final int ROUNDS_MAX = 30;

  private static final class CountingSink implements LogSink {
    long pushed;
    long popped;
    long truncated;
    long lastPosition;

    @Override
    public void pushed(long qtoken, int result, long position) {
      pushed += result;
      lastPosition = position;
    }

    @Override
    public void popped(long qtoken, int result, @Nullable ScatterGatherArray sga, long position) {
      popped += result;
      if (sga != null) {
        sga.drop();
      }
    }

    @Override
    public void truncated(long qtoken, int result, long position) {
      truncated++;
    }
  }

  @Test
  void aRecordAllocatesNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    CountingSink sink = new CountingSink();
    try (Arena arena = Arena.ofConfined()) {
      MemoryRegion region = new MemoryRegion(arena.allocate(64 << 10, 4096), 4096, 0);
      SgaPool sgas = new SgaPool(new BufferPools(new BufferPool(region, 4096, 16)), 16);
      ScatterGatherArray record = sgas.allocate(RECORD_BYTES);
      assertThat(record).isNotNull();
      try (LogStore store =
          LogStore.open(
              new ImageDevice(GEOMETRY), sgas, sink, SystemClock.INSTANCE, Options.empty())) {
        int log = store.openLog("a");
        turns(store, log, record, sink, TURNS_WARM);
        long least = Long.MAX_VALUE;
        for (int i = 0; i < ROUNDS_MAX && least >= TURNS; i++) {
          long before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
          turns(store, log, record, sink, TURNS);
          long after = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
          least = Math.min(least, after - before);
        }
        assertThat(sink.pushed).isPositive().isEqualTo(sink.popped);
        assertThat(sink.truncated).isGreaterThan(100);
        // Calls from outside of the compiled loop may allocate once per round, a turn never.
        assertThat(least).as("bytes allocated in " + TURNS + " turns").isLessThan(TURNS);
      }
      record.drop();
    }
  }

  private static void turns(
      LogStore store, int log, ScatterGatherArray record, CountingSink sink, int count) {
    long now = 0;
    for (int turn = 0; turn < count; turn++) {
      for (int i = 0; i < RECORDS_PER_TURN; i++) {
        int rc = store.append(log, record, 1);
        while (rc == -Errno.EAGAIN) {
          store.flush(now);
          store.poll(now);
          rc = store.append(log, record, 1);
        }
        if (rc != 0) {
          throw new AssertionError("append: " + Errno.name(-rc));
        }
      }
      now += 1_000;
      store.flush(now);
      store.poll(now);
      while (sink.popped < sink.pushed) {
        store.read(log, RECORD_BYTES, 2);
        store.flush(now);
        store.poll(now);
      }
      if (turn % 100 == 0) {
        store.truncate(log, sink.lastPosition, 3);
      }
    }
  }
}
