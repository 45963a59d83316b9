package dev.demikv.libos.device.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The file log device by io_uring.
final class IoUringLogDeviceTest extends FileLogDeviceContract {
  @BeforeAll
  static void ioUringIsThere() {
    String refusal = DirectProbe.ioUring();
    assumeTrue(refusal.isEmpty(), () -> "io_uring: " + refusal);
  }

  @Override
  String mechanism() {
    return "io_uring";
  }

  @Test
  void oneTurnIsOneSystemCall() {
    prepare(0);
    MemorySegment memory = memory(4096);
    long before = counter("storage.file.io_uring_enters");
    for (int i = 0; i < 16; i++) {
      assertThat(device.write(i * 4096L, memory, 0, 4096, true, next())).isZero();
    }
    device.submit();
    assertThat(counter("storage.file.io_uring_enters") - before).isEqualTo(1);
    drain();
  }
}
