package dev.demikv.libos.device.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibCConstants;
import dev.demikv.libos.ffi.LibCFile;
import dev.demikv.libos.ffi.struct.Pollfd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The ways between the loop and the other threads.
@Timeout(120)
final class LongRingTest {
  @Test
  void fullRingTakesNothing() {
    LongRing ring = new LongRing(4);
    for (int i = 0; i < 4; i++) {
      assertThat(ring.offer(i)).isTrue();
    }
    assertThat(ring.offer(4)).isFalse();
    assertThat(ring.poll()).isZero();
    assertThat(ring.offer(4)).isTrue();
    for (int i = 1; i < 5; i++) {
      assertThat(ring.poll()).isEqualTo(i);
    }
    assertThat(ring.poll()).isEqualTo(LongRing.EMPTY);
    assertThat(ring.isEmpty()).isTrue();
  }

  @Test
  void workAndAnswersTravelWithoutBeingLost() {
    int count = 50_000;
    try (Arena arena = Arena.ofShared()) {
      Doorbell doorbell = new Doorbell(arena, false);
      CallState state = new CallState(arena);
      MemorySegment pollfd = arena.allocate(Pollfd.BYTES, Pollfd.BYTES);
      LongRing answers = new LongRing(8);
      WorkQueue queue =
          new WorkQueue(
              "test",
              8,
              entry -> {
                if (!answers.offer(entry + 1)) {
                  throw new IllegalStateException("more answers than questions");
                }
                doorbell.ring();
              },
              () -> {});
      queue.start();
      long sent = 0;
      long received = 0;
      while (received < count) {
        while (sent < count && sent - received < 8 && queue.offer(sent)) {
          sent++;
          if (sent % 3 == 0 || sent == count || sent - received == 8) {
            queue.wake();
          }
        }
        queue.wake();
        awaitReadable(state, pollfd, doorbell.fd());
        doorbell.silence();
        for (long answer = answers.poll(); answer != LongRing.EMPTY; answer = answers.poll()) {
          assertThat(answer).isEqualTo(++received);
        }
      }
      queue.close();
      doorbell.close();
    }
  }

  private static void awaitReadable(CallState state, MemorySegment pollfd, int fd) {
    Pollfd.set(pollfd, 0, fd, LibCConstants.POLLIN);
    int result = LibCFile.poll(state, pollfd.address(), 1, 30_000);
    assertThat(result).as("a ring of the doorbell was lost").isIn(1, -Errno.EINTR);
  }
}
