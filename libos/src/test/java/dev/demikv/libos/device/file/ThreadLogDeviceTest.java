package dev.demikv.libos.device.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/// The file log device by an I/O thread.
final class ThreadLogDeviceTest extends FileLogDeviceContract {
  @Override
  String mechanism() {
    return "thread";
  }

  @Test
  void durableWritesThatQueueShareAFlush() {
    prepare(0);
    MemorySegment memory = memory(16 * 4096);
    fill(memory, 16 * 4096, 3);
    for (int i = 0; i < 16; i++) {
      assertThat(device.write(i * 4096L, memory, i * 4096L, 4096, true, next())).isZero();
    }
    drain();
    // The thread may start on the first ones while the others are being queued; one alone has no
    // flush of its own, so that there are at most half as many flushes as writes.
    assertThat(counter("storage.file.thread_syncs")).isLessThanOrEqualTo(8);
    MemorySegment in = memory(16 * 4096);
    assertThat(read(0, in, 16 * 4096)).isEqualTo(16 * 4096);
    assertThat(in.mismatch(memory)).isEqualTo(-1);
  }
}
