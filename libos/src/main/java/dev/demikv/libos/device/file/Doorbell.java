package dev.demikv.libos.device.file;

import static dev.demikv.libos.ffi.LibCConstants.EFD_CLOEXEC;
import static dev.demikv.libos.ffi.LibCConstants.EFD_NONBLOCK;

import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/// An eventfd by which other threads tell the loop that a ring has something for it.
///
/// `rung` saves system calls: only the first ring after a [#silence] writes. Whoever puts an entry
/// into a ring and then finds `rung` set is seen by the consumer, which takes `rung` down before it
/// looks into the rings; both use a read-modify-write of the same variable.
final class Doorbell {
  private static final int COUNTER_BYTES = 8;

  private final int fd;
  private final CallState state;
  private final MemorySegment counter;
  private final AtomicBoolean rung = new AtomicBoolean();

  /// @param blocking as io_uring wants it, which answers reads of a non-blocking descriptor with
  ///   EAGAIN instead of waiting; [#silence] wants a non-blocking one
  Doorbell(Arena arena, boolean blocking) {
    state = new CallState(arena);
    counter = arena.allocate(COUNTER_BYTES, COUNTER_BYTES);
    fd = LibC.eventfd(state, 0, EFD_CLOEXEC | (blocking ? 0 : EFD_NONBLOCK));
    if (fd < 0) {
      throw new LibOsException("eventfd", -fd, "Raise the limit of open files (ulimit -n).");
    }
  }

  /// Readable after a ring, until [#silence].
  int fd() {
    return fd;
  }

  /// Where a reader of the eventfd puts its 8 bytes.
  long counterAddress() {
    return counter.address();
  }

  /// Any thread: makes the descriptor readable. Does not block.
  void ring() {
    if (!rung.getAndSet(true)) {
      LibC.eventfd_write(fd, 1);
    }
  }

  /// The loop, before it looks into the rings: makes the descriptor unreadable again. No system
  /// call unless it was rung.
  void silence() {
    // When the write of ring() is still on its way the read finds nothing, and `rung` stays up, so
    // that a later call clears what the write leaves behind.
    if (rung.get() && LibC.read(state, fd, counter.address(), COUNTER_BYTES) == COUNTER_BYTES) {
      rung.getAndSet(false);
    }
  }

  /// The loop, when the eventfd was read by other means, as by io_uring.
  void wasRead() {
    rung.getAndSet(false);
  }

  void close() {
    LibC.close(state, fd);
  }
}
