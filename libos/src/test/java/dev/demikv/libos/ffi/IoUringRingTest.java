package dev.demikv.libos.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The rings shared with the kernel. Skipped by name where io_uring is refused.
final class IoUringRingTest {
  private static final int EBADF = 9;

  private final Arena arena = Arena.ofShared();
  private final CallState state = new CallState(arena);
  private IoUringRing ring;

  @BeforeEach
  void open() {
    try {
      ring = new IoUringRing(state, 4, 0);
    } catch (IoUringRing.RefusedException e) {
      assumeTrue(false, "io_uring is refused: " + e.getMessage());
    }
  }

  @AfterEach
  void close() {
    if (ring != null) {
      ring.close();
    }
    arena.close();
  }

  @Test
  void fullSubmissionQueueTakesNothingUntilSubmitted() {
    for (int i = 0; i < 4; i++) {
      assertThat(nop(i)).isTrue();
    }
    assertThat(nop(4)).isFalse();
    assertThat(ring.unsubmitted()).isEqualTo(4);
    assertThat(ring.submit()).isEqualTo(4);
    assertThat(ring.unsubmitted()).isZero();
    assertThat(nop(4)).isTrue();
  }

  @Test
  void userDataComesBackInOrderOverManyRounds() {
    long next = Long.MAX_VALUE - 100;
    for (int round = 0; round < 1000; round++) {
      int count = 1 + round % 4;
      for (int i = 0; i < count; i++) {
        assertThat(nop(next + i)).isTrue();
      }
      assertThat(ring.submit()).isEqualTo(count);
      for (int i = 0; i < count; i++) {
        assertThat(ring.hasCompletion()).isTrue();
        assertThat(ring.userData()).isEqualTo(next + i);
        assertThat(ring.result()).isZero();
        ring.advance();
      }
      assertThat(ring.hasCompletion()).isFalse();
      next += count;
    }
  }

  @Test
  void failedOperationGivesItsError() {
    assertThat(ring.push(IoUring.IORING_OP_READ, -1, 0, 0, 0, 0, 7)).isTrue();
    assertThat(ring.submit()).isEqualTo(1);
    ring.getEvents(1);
    assertThat(ring.userData()).isEqualTo(7);
    assertThat(ring.result()).isEqualTo(-EBADF);
    ring.advance();
  }

  @Test
  void writtenBytesAreInTheFile(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("file");
    Files.createFile(file);
    MemorySegment name = arena.allocateFrom(file.toString(), StandardCharsets.UTF_8);
    int fd = LibCFile.open(state, name.address(), LibCConstants.O_RDWR, 0);
    assertThat(fd).isNotNegative();
    MemorySegment text = arena.allocateFrom("durable", StandardCharsets.UTF_8);
    int flags = LibCConstants.RWF_DSYNC;
    assertThat(ring.push(IoUring.IORING_OP_WRITE, fd, 3, text.address(), 7, flags, 1)).isTrue();
    assertThat(ring.submit()).isEqualTo(1);
    ring.getEvents(1);
    assertThat(ring.result()).isEqualTo(7);
    ring.advance();
    assertThat(Files.readString(file)).isEqualTo("\0\0\0durable");
    assertThat(LibC.close(state, fd)).isZero();
  }

  private boolean nop(long userData) {
    return ring.push(IoUring.IORING_OP_NOP, -1, 0, 0, 0, 0, userData);
  }
}
