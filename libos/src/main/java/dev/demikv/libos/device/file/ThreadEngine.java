package dev.demikv.libos.device.file;

import static dev.demikv.libos.ffi.LibCConstants.RWF_DSYNC;

import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibCFile;
import dev.demikv.libos.ffi.struct.Iovec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ObjLongConsumer;

/// Moves blocks by one I/O thread that makes blocking calls: for machines without io_uring.
///
/// Durable writes and flushes that queue while the thread is busy form a group, which shares one
/// fdatasync(2) per file. A durable write alone is one pwritev2(2) with RWF_DSYNC, which lets a
/// disk with FUA do without a flush.
final class ThreadEngine implements BlockEngine {
  private static final int GROUP_COUNT_MAX = 64;

  private final OperationTable operations;
  private final Doorbell doorbell;
  private final int depth;
  private final WorkQueue submissions;
  private final LongRing completions;
  private boolean started;

  // Results without a system call, by the loop for itself.
  private final int[] reportedSlots;
  private final int[] reportedResults;
  private int reportedCount;

  // The I/O thread's own.
  private final CallState state;
  private final MemorySegment iovec;
  private final int[] group = new int[GROUP_COUNT_MAX];
  private final int[] groupResults = new int[GROUP_COUNT_MAX];
  private int groupCount;
  private final AtomicLong syncCount = new AtomicLong();

  ThreadEngine(Arena arena, OperationTable operations, Doorbell doorbell, int depth) {
    this.operations = operations;
    this.doorbell = doorbell;
    this.depth = depth;
    completions = new LongRing(depth);
    // While poll() hands out as many as there are slots, as many again may be reported.
    reportedSlots = new int[2 * depth];
    reportedResults = new int[2 * depth];
    state = new CallState(arena);
    iovec = arena.allocate(Iovec.BYTES, 8);
    submissions = new WorkQueue("demikv-log-io", depth, this::gather, this::endGroup);
    submissions.start();
  }

  @Override
  public void start(int slot) {
    boolean offered = submissions.offer(slot);
    assert offered : "more entries than slots";
    started = true;
  }

  @Override
  public void report(int slot, int result) {
    reportedSlots[reportedCount] = slot;
    reportedResults[reportedCount++] = result;
    doorbell.ring();
  }

  @Override
  public void submit() {
    if (started) {
      started = false;
      submissions.wake();
    }
  }

  @Override
  public boolean mustSubmitAgain() {
    return false;
  }

  @Override
  public void poll(Results results) {
    doorbell.silence();
    int count = reportedCount;
    for (int i = 0; i < count; i++) {
      results.returned(reportedSlots[i], reportedResults[i]);
    }
    reportedCount -= count;
    for (int i = 0; i < reportedCount; i++) { // Reported meanwhile, by results().
      reportedSlots[i] = reportedSlots[count + i];
      reportedResults[i] = reportedResults[count + i];
    }
    for (int i = 0; i < depth; i++) {
      long completion = completions.poll();
      if (completion == LongRing.EMPTY) {
        break;
      }
      results.returned(slot(completion), result(completion));
    }
  }

  @Override
  public boolean isReady() {
    return reportedCount > 0 || !completions.isEmpty();
  }

  @Override
  public void watchDoorbell() {
    // It is the readiness descriptor.
  }

  @Override
  public int readinessFd() {
    return doorbell.fd();
  }

  @Override
  public void counters(ObjLongConsumer<String> visitor) {
    visitor.accept("storage.file.thread_syncs", syncCount.get());
  }

  @Override
  public void close() {
    submissions.close();
  }

  /// A slot and its result as one number ≥ 0.
  static long completion(int slot, int result) {
    return (long) slot << 32 | Integer.toUnsignedLong(result);
  }

  static int slot(long completion) {
    return (int) (completion >>> 32);
  }

  static int result(long completion) {
    return (int) completion;
  }

  // From here on: the I/O thread.

  /// Reads and writes that need not be durable are done at once; the others wait for the group.
  private void gather(long entry) {
    int slot = (int) entry;
    switch (operations.kind[slot]) {
      case OperationTable.READ -> {
        long at = operations.done[slot];
        complete(
            slot,
            (int)
                LibCFile.pread(
                    state,
                    operations.fd[slot],
                    operations.address[slot] + at,
                    operations.length[slot] - at,
                    operations.fileOffset[slot] + at));
      }
      case OperationTable.WRITE -> complete(slot, write(slot));
      default -> {
        group[groupCount++] = slot;
        if (groupCount == GROUP_COUNT_MAX) {
          endGroup();
        }
      }
    }
  }

  private void endGroup() {
    int count = groupCount;
    groupCount = 0;
    if (count == 1 && operations.kind[group[0]] == OperationTable.WRITE_DURABLE) {
      complete(group[0], writeDurable(group[0]));
      return;
    }
    for (int i = 0; i < count; i++) {
      boolean isFlush = operations.kind[group[i]] == OperationTable.FLUSH;
      groupResults[i] = isFlush ? 0 : write(group[i]);
    }
    for (int i = 0; i < count; i++) {
      if (group[i] < 0) {
        continue; // Done with an earlier one of the same file.
      }
      int fd = operations.fd[group[i]];
      int synced = LibCFile.fdatasync(state, fd);
      syncCount.incrementAndGet();
      for (int j = i; j < count; j++) {
        if (group[j] >= 0 && operations.fd[group[j]] == fd) {
          complete(group[j], synced < 0 && groupResults[j] >= 0 ? synced : groupResults[j]);
          group[j] = -1;
        }
      }
    }
  }

  private int write(int slot) {
    long at = operations.done[slot];
    return (int)
        LibCFile.pwrite(
            state,
            operations.fd[slot],
            operations.address[slot] + at,
            operations.length[slot] - at,
            operations.fileOffset[slot] + at);
  }

  private int writeDurable(int slot) {
    long at = operations.done[slot];
    Iovec.set(iovec, 0, operations.address[slot] + at, operations.length[slot] - at);
    return (int)
        LibCFile.pwritev2(
            state,
            operations.fd[slot],
            iovec.address(),
            1,
            operations.fileOffset[slot] + at,
            RWF_DSYNC);
  }

  private void complete(int slot, int result) {
    boolean offered = completions.offer(completion(slot, result));
    assert offered : "more completions than slots";
    doorbell.ring();
  }
}
