package dev.demikv.libos.device.file;

import static dev.demikv.libos.device.file.FileLogDeviceOptions.BLOCK_BYTES;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.LogDevice;
import dev.demikv.libos.device.LogDeviceGeometry;
import dev.demikv.libos.device.LogDeviceSink;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibCConstants;
import dev.demikv.libos.ffi.LibCFile;
import dev.demikv.libos.ffi.struct.Pollfd;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.MemorySource;
import dev.demikv.libos.time.Clock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.ObjLongConsumer;

/// A log device of files. One thread; allocates nothing per operation.
final class FileLogDevice implements LogDevice {
  /// Longest transfer.
  static final int TRANSFER_BYTES_MAX = 4 << 20;

  private static final int OPEN_FILES_MAX = 64;
  private static final long NANOS_PER_MILLI = 1_000_000L;

  /// How soon to try again what the kernel had no memory for.
  private static final long SUBMIT_AGAIN_NANOS = NANOS_PER_MILLI;

  private static final LogDeviceSink DROP = (userData, result) -> {};

  private final LogDeviceGeometry geometry;
  private final Clock clock;
  private final List<Capability> capabilities;
  private final Arena arena;
  private final SegmentDirectory directory;
  private final OperationTable operations;
  private final SegmentFiles files;
  private final SegmentPreparer preparer;
  private final Doorbell doorbell;
  private final BlockEngine engine;
  private final BlockEngine.Results results = this::returned;
  private final CallState state;
  private final MemorySegment pollfd;

  private LogDeviceSink sink = DROP;
  private int reportedCount;
  private boolean startedAgain;
  private boolean closed;

  private long writeCount;
  private long writtenBytes;
  private long readCount;
  private long flushCount;
  private long continuedCount;
  private long failedCount;
  private long fullCount;

  /// Takes ownership of everything it is given.
  FileLogDevice(FileLogDeviceParts parts, Clock clock) {
    this.geometry = parts.geometry();
    this.clock = clock;
    this.capabilities = parts.capabilities();
    this.arena = parts.arena();
    this.directory = parts.directory();
    this.operations = parts.operations();
    this.doorbell = parts.doorbell();
    this.engine = parts.engine();
    boolean direct = parts.direct();
    files =
        new SegmentFiles(
            new FileCalls(arena, directory.dirFd()), direct, directory.prepared(), OPEN_FILES_MAX);
    preparer =
        new SegmentPreparer(
            arena,
            new FileCalls(arena, directory.dirFd()),
            operations,
            doorbell,
            geometry.segmentBytes(),
            direct,
            directory.spares(),
            geometry.queueDepth());
    state = new CallState(arena);
    pollfd = arena.allocate(Pollfd.BYTES, Pollfd.BYTES);
  }

  @Override
  public LogDeviceGeometry geometry() {
    return geometry;
  }

  @Override
  public List<Capability> capabilities() {
    return capabilities;
  }

  @Override
  public @Nullable MemorySource memorySource() {
    return null;
  }

  @Override
  public boolean isPrepared(int segment) {
    return isSegment(segment) && files.isPrepared(segment);
  }

  @Override
  public int prepare(int segment, long userData) {
    if (!isSegment(segment)) {
      return -Errno.EINVAL;
    }
    int slot = operations.take(OperationTable.PREPARE, segment, userData);
    if (slot < 0) {
      return full();
    }
    if (files.isPrepared(segment)) {
      engine.report(slot, 0);
      return 0;
    }
    files.preparing(segment);
    engine.watchDoorbell();
    preparer.start(slot);
    return 0;
  }

  /// {@inheritDoc}
  ///
  /// -EAGAIN also while operations on the segment are in flight.
  @Override
  public int discard(int segment, long userData) {
    if (!isSegment(segment)) {
      return -Errno.EINVAL;
    }
    int slot = operations.take(OperationTable.DISCARD, segment, userData);
    if (slot < 0) {
      return full();
    }
    if (!files.discarding(segment)) {
      operations.free(slot);
      return full();
    }
    engine.watchDoorbell();
    preparer.start(slot);
    return 0;
  }

  @Override
  public int write(
      long position,
      MemorySegment memory,
      long offset,
      int length,
      boolean durable,
      long userData) {
    if (!isTransfer(position, memory, offset, length) || !files.isPrepared(segment(position))) {
      return -Errno.EINVAL;
    }
    byte kind = durable ? OperationTable.WRITE_DURABLE : OperationTable.WRITE;
    return startTransfer(kind, position, memory.address() + offset, length, userData);
  }

  @Override
  public int read(long position, MemorySegment memory, long offset, int length, long userData) {
    if (!isTransfer(position, memory, offset, length)) {
      return -Errno.EINVAL;
    }
    return startTransfer(
        OperationTable.READ, position, memory.address() + offset, length, userData);
  }

  private int startTransfer(byte kind, long position, long address, int length, long userData) {
    int segment = segment(position);
    int slot = operations.take(kind, segment, userData);
    if (slot < 0) {
      return full();
    }
    int entry = files.isPrepared(segment) ? files.acquire(segment) : -Errno.ENODATA;
    if (entry == -Errno.EAGAIN) {
      operations.free(slot);
      return full();
    }
    if (entry < 0) {
      engine.report(slot, entry);
      return 0;
    }
    operations.entry[slot] = entry;
    operations.fd[slot] = files.fd(entry);
    operations.address[slot] = address;
    operations.fileOffset[slot] = position - segment * geometry.segmentBytes();
    operations.length[slot] = length;
    engine.start(slot);
    return 0;
  }

  @Override
  public int flush(long userData) {
    int slot = operations.take(OperationTable.FLUSH, -1, userData);
    if (slot < 0) {
      return full();
    }
    continueFlush(slot, -1);
    return 0;
  }

  /// Starts the flush of the next file that needs it. A flush goes through the files one by one;
  /// there is rarely more than one.
  private void continueFlush(int slot, int afterEntry) {
    int entry = files.nextToFlush(afterEntry);
    operations.entry[slot] = entry;
    if (entry < 0) {
      engine.report(slot, 0);
      return;
    }
    files.hold(entry);
    int error = files.flushError(entry);
    if (error != 0) {
      engine.report(slot, error);
      return;
    }
    operations.fd[slot] = files.fd(entry);
    operations.mark[slot] = files.mark(entry);
    engine.start(slot);
  }

  @Override
  public void submit() {
    engine.submit();
  }

  @Override
  public int poll(LogDeviceSink to) {
    sink = to;
    reportedCount = 0;
    engine.poll(results);
    for (int i = 0; i < geometry.queueDepth(); i++) {
      long completion = preparer.poll();
      if (completion == LongRing.EMPTY) {
        break;
      }
      prepared(ThreadEngine.slot(completion), ThreadEngine.result(completion));
    }
    if (preparer.outstanding() > 0) {
      engine.watchDoorbell();
      startedAgain = true;
    }
    if (startedAgain || engine.mustSubmitAgain()) {
      startedAgain = false;
      engine.submit();
    }
    sink = DROP;
    return reportedCount;
  }

  private void returned(int slot, int result) {
    switch (operations.kind[slot]) {
      case OperationTable.FLUSH -> flushReturned(slot, result);
      case OperationTable.PREPARE, OperationTable.DISCARD -> finish(slot, result);
      default -> transferReturned(slot, result);
    }
  }

  private void transferReturned(int slot, int result) {
    int entry = operations.entry[slot];
    if (entry < 0) {
      finish(slot, result); // It never started.
      return;
    }
    if (!operations.advance(slot, result)) {
      continuedCount++;
      startAgain(slot);
      return;
    }
    files.release(entry);
    int outcome = operations.outcome();
    byte kind = operations.kind[slot];
    if (kind == OperationTable.READ) {
      readCount++;
    } else {
      writeCount++;
      writtenBytes += Math.max(0, outcome);
      if (kind == OperationTable.WRITE) {
        files.written(entry); // Even a failed one may have written something.
      }
    }
    finish(slot, outcome);
  }

  private void flushReturned(int slot, int result) {
    int entry = operations.entry[slot];
    if (entry >= 0 && !operations.advance(slot, result)) {
      startAgain(slot);
      return;
    }
    if (entry >= 0) {
      files.release(entry);
      files.flushed(entry, operations.mark[slot], result);
      if (result == 0 && files.nextToFlush(entry) >= 0) {
        continueFlush(slot, entry);
        startedAgain = true;
        return;
      }
    }
    flushCount++;
    finish(slot, result);
  }

  private void startAgain(int slot) {
    engine.start(slot);
    startedAgain = true;
  }

  private void prepared(int slot, int result) {
    int segment = operations.segment[slot];
    if (operations.kind[slot] == OperationTable.PREPARE) {
      files.preparingDone(segment, result);
    } else {
      files.discardingDone(segment);
    }
    finish(slot, result);
  }

  private void finish(int slot, int result) {
    if (result < 0) {
      failedCount++;
    }
    long userData = operations.userData[slot];
    operations.free(slot);
    reportedCount++;
    sink.completed(userData, result);
  }

  @Override
  public int inFlight() {
    return operations.inUse();
  }

  @Override
  public int readinessFd() {
    return engine.readinessFd();
  }

  @Override
  public long idleWaitNanosMax() {
    return engine.mustSubmitAgain() ? SUBMIT_AGAIN_NANOS : Long.MAX_VALUE;
  }

  @Override
  public void await(long timeoutNanos) {
    engine.submit();
    long startNanos = clock.nanoTime();
    long leftNanos = timeoutNanos;
    while (inFlight() > 0 && !engine.isReady() && !preparer.isReady()) {
      long waitNanos = Math.min(leftNanos < 0 ? Long.MAX_VALUE : leftNanos, idleWaitNanosMax());
      Pollfd.set(pollfd, 0, readinessFd(), LibCConstants.POLLIN);
      int result = LibCFile.poll(state, pollfd.address(), 1, millis(waitNanos));
      if (result < 0 && result != -Errno.EINTR) {
        throw new IllegalStateException("poll: " + Errno.describe(result));
      }
      if (result > 0) {
        return;
      }
      engine.submit();
      if (timeoutNanos >= 0) {
        leftNanos = timeoutNanos - (clock.nanoTime() - startNanos);
        if (leftNanos <= 0) {
          return;
        }
      }
    }
  }

  private static int millis(long nanos) {
    if (nanos == Long.MAX_VALUE) {
      return -1;
    }
    long millis = nanos / NANOS_PER_MILLI + (nanos % NANOS_PER_MILLI == 0 ? 0 : 1);
    return (int) Math.min(millis, Integer.MAX_VALUE);
  }

  @Override
  public void counters(ObjLongConsumer<String> visitor) {
    visitor.accept("storage.file.writes", writeCount);
    visitor.accept("storage.file.written_bytes", writtenBytes);
    visitor.accept("storage.file.reads", readCount);
    visitor.accept("storage.file.flushes", flushCount);
    visitor.accept("storage.file.continued", continuedCount);
    visitor.accept("storage.file.failed", failedCount);
    visitor.accept("storage.file.queue_full", fullCount);
    visitor.accept("storage.file.opened", files.openCount());
    visitor.accept("storage.file.segments_new", preparer.newCount());
    visitor.accept("storage.file.segments_recycled", preparer.recycledCount());
    engine.counters(visitor);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    preparer.cancel();
    while (inFlight() > 0) {
      await(-1);
      poll(DROP);
    }
    preparer.close();
    engine.close();
    files.closeAll();
    doorbell.close();
    directory.close();
    arena.close();
  }

  private boolean isSegment(int segment) {
    return segment >= 0 && segment < geometry.segmentCount();
  }

  private int segment(long position) {
    return (int) (position / geometry.segmentBytes());
  }

  private boolean isTransfer(long position, MemorySegment memory, long offset, int length) {
    return position >= 0
        && length > 0
        && length <= geometry.transferBytesMax()
        && ((position | length) & (BLOCK_BYTES - 1)) == 0
        && position <= geometry.capacityBytes() - length
        && position % geometry.segmentBytes() + length <= geometry.segmentBytes()
        && memory.isNative()
        && offset >= 0
        && length <= memory.byteSize() - offset
        && (memory.address() + offset & (BLOCK_BYTES - 1)) == 0;
  }

  private int full() {
    fullCount++;
    return -Errno.EAGAIN;
  }
}
