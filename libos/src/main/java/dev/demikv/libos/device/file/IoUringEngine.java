package dev.demikv.libos.device.file;

import static dev.demikv.libos.ffi.IoUring.IORING_FSYNC_DATASYNC;
import static dev.demikv.libos.ffi.IoUring.IORING_OP_FSYNC;
import static dev.demikv.libos.ffi.IoUring.IORING_OP_NOP;
import static dev.demikv.libos.ffi.IoUring.IORING_OP_READ;
import static dev.demikv.libos.ffi.IoUring.IORING_OP_WRITE;
import static dev.demikv.libos.ffi.LibCConstants.RWF_DSYNC;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.IoUring;
import dev.demikv.libos.ffi.IoUringRing;
import java.lang.foreign.Arena;
import java.util.function.ObjLongConsumer;

/// Moves blocks by io_uring(7): one system call per turn for all that was started, none to learn of
/// completions.
///
/// What was measured against a blocking `O_DIRECT|O_DSYNC` pwrite of 4 KiB, at depth 1: RWF_DSYNC
/// 1.05, a linked fdatasync 1.17, IOSQE_ASYNC 1.12; registered files and buffers change nothing; a
/// registered eventfd costs 2 µs more than the ring's own descriptor, which is readable while there
/// are completions. IORING_SETUP_DEFER_TASKRUN does not wake an epoll of that descriptor (6.18).
///
/// A disk with a volatile cache and without FUA (`/sys/block/*/queue/fua` is 0) makes the kernel
/// flush on a worker that is bound to one CPU. Where all CPUs are saturated by others that worker
/// waits for its turn: a write then took 1.2 to 1.9 times as long as with [ThreadEngine], which on
/// idle CPUs is the slower one by some 3 µs.
final class IoUringEngine implements BlockEngine {
  private static final int SUBMIT_TRIES_MAX = 16;

  /// In user data: the read of the doorbell's eventfd.
  private static final long DOORBELL = 1L << 32;

  /// In user data: a NOP that carries a result of ours.
  private static final long REPORT = 1L << 33;

  private final OperationTable operations;
  private final Doorbell doorbell;
  private final IoUringRing ring;
  private final int[] reported;
  private boolean doorbellWatched;
  private long enterCount;
  private long refusedCount;

  private IoUringEngine(OperationTable operations, Doorbell doorbell, IoUringRing ring, int depth) {
    this.operations = operations;
    this.doorbell = doorbell;
    this.ring = ring;
    this.reported = new int[depth];
  }

  /// Sets up an io_uring.
  ///
  /// @param depth slots of the table
  /// @throws IoUringRing.RefusedException if the kernel has none or forbids it
  static IoUringEngine open(Arena arena, OperationTable operations, Doorbell doorbell, int depth)
      throws IoUringRing.RefusedException {
    return new IoUringEngine(operations, doorbell, ring(arena, depth + 1), depth);
  }

  /// As [#open] without an engine: a ring that is to be closed.
  static IoUringRing ring(Arena arena, int entries) throws IoUringRing.RefusedException {
    CallState state = new CallState(arena);
    try {
      // A completion must not interrupt the loop while it works on something else.
      return new IoUringRing(
          state, entries, IoUring.IORING_SETUP_COOP_TASKRUN | IoUring.IORING_SETUP_TASKRUN_FLAG);
    } catch (IoUringRing.RefusedException e) {
      if (e.errno() != Errno.EINVAL) {
        throw e;
      }
      return new IoUringRing(state, entries, 0); // Before Linux 5.19.
    }
  }

  @Override
  public void start(int slot) {
    int fd = operations.fd[slot];
    int done = operations.done[slot];
    long address = operations.address[slot] + done;
    long offset = operations.fileOffset[slot] + done;
    int length = operations.length[slot] - done;
    switch (operations.kind[slot]) {
      case OperationTable.READ -> push(IORING_OP_READ, fd, offset, address, length, 0, slot);
      case OperationTable.WRITE -> push(IORING_OP_WRITE, fd, offset, address, length, 0, slot);
      case OperationTable.WRITE_DURABLE ->
          push(IORING_OP_WRITE, fd, offset, address, length, RWF_DSYNC, slot);
      case OperationTable.FLUSH -> push(IORING_OP_FSYNC, fd, 0, 0, 0, IORING_FSYNC_DATASYNC, slot);
      default -> throw new AssertionError("operation " + operations.kind[slot]);
    }
  }

  @Override
  public void report(int slot, int result) {
    reported[slot] = result;
    push(IORING_OP_NOP, -1, 0, 0, 0, 0, slot | REPORT);
  }

  private void push(
      int opcode, int fd, long offset, long address, int length, int flags, long userData) {
    // Each slot and the doorbell have at most one entry, and the ring has room for all.
    boolean pushed = ring.push(opcode, fd, offset, address, length, flags, userData);
    assert pushed : "more entries than slots";
  }

  @Override
  public void submit() {
    for (int i = 0; i < SUBMIT_TRIES_MAX && ring.unsubmitted() > 0; i++) {
      enterCount++;
      int result = ring.submit();
      if (result == -Errno.EAGAIN || result == -Errno.EBUSY) {
        refusedCount++;
        return; // Out of memory for now: see mustSubmitAgain.
      }
      if (result < 0 && result != -Errno.EINTR) {
        throw new IllegalStateException("io_uring_enter: " + Errno.describe(result));
      }
    }
  }

  @Override
  public boolean mustSubmitAgain() {
    return ring.unsubmitted() > 0;
  }

  @Override
  public void poll(Results results) {
    if (!ring.hasCompletion() && ring.hasHeldBack()) {
      enterCount++;
      ring.getEvents(0);
    }
    for (int i = 0; i <= reported.length && ring.hasCompletion(); i++) {
      long userData = ring.userData();
      int result = ring.result();
      ring.advance();
      int slot = (int) userData;
      if ((userData & DOORBELL) != 0) {
        doorbellWatched = false;
        doorbell.wasRead();
      } else if ((userData & REPORT) != 0) {
        results.returned(slot, reported[slot]);
      } else {
        results.returned(slot, result);
      }
    }
  }

  @Override
  public boolean isReady() {
    return ring.hasCompletion() || ring.hasHeldBack();
  }

  /// The helper thread writes to an eventfd; a read of it in the ring turns that into a completion,
  /// so that one descriptor announces everything.
  @Override
  public void watchDoorbell() {
    if (!doorbellWatched) {
      doorbellWatched = true;
      push(IORING_OP_READ, doorbell.fd(), 0, doorbell.counterAddress(), 8, 0, DOORBELL);
    }
  }

  @Override
  public int readinessFd() {
    return ring.fd();
  }

  @Override
  public void counters(ObjLongConsumer<String> visitor) {
    visitor.accept("storage.file.io_uring_enters", enterCount);
    visitor.accept("storage.file.io_uring_refused", refusedCount);
  }

  @Override
  public void close() {
    if (doorbellWatched) {
      // Completes the read, whose memory is about to be freed.
      doorbell.ring();
      submit();
      while (!ring.hasCompletion()) {
        ring.getEvents(1);
      }
    }
    ring.close();
  }
}
