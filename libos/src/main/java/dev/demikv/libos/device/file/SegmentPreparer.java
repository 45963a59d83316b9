package dev.demikv.libos.device.file;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.ffi.LibCConstants;
import dev.demikv.libos.ffi.LibCFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/// Makes and gives back segment files on a thread of its own, because both wait for the disk.
///
/// A new file is allocated, written with zeros and synced under a temporary name, then renamed: its
/// extents are *written*, so that an fdatasync(2) of later writes has no metadata to commit. A
/// discarded file becomes a spare if there are few, and the next segment is made from it by a
/// rename alone.
final class SegmentPreparer {
  /// Whole files kept for the next segments.
  static final int SPARES_MAX = 2;

  private static final int CHUNK_BYTES = 256 << 10;
  private static final int BUFFERED_SYNC_BYTES = 4 << 20;

  private final OperationTable operations;
  private final Doorbell doorbell;
  private final WorkQueue requests;
  private final LongRing results;
  private final long segmentBytes;
  private final boolean direct;
  private volatile boolean closing;
  private int outstanding;

  // The thread's own.
  private final FileCalls calls;
  private final MemorySegment zeros;
  private final boolean[] spares;
  private final AtomicLong newCount = new AtomicLong();
  private final AtomicLong recycledCount = new AtomicLong();

  /// @param spares which spare files there are
  SegmentPreparer(
      Arena arena,
      FileCalls calls,
      OperationTable operations,
      Doorbell doorbell,
      long segmentBytes,
      boolean direct,
      boolean[] spares,
      int depth) {
    this.operations = operations;
    this.doorbell = doorbell;
    this.segmentBytes = segmentBytes;
    this.direct = direct;
    this.calls = calls;
    this.spares = spares.clone();
    zeros = arena.allocate(CHUNK_BYTES, FileLogDeviceOptions.BLOCK_BYTES);
    results = new LongRing(depth);
    requests = new WorkQueue("demikv-log-prepare", depth, this::perform, () -> {});
    requests.start();
  }

  /// The loop: starts what a slot says, PREPARE or DISCARD.
  void start(int slot) {
    boolean offered = requests.offer(slot);
    assert offered : "more requests than slots";
    outstanding++;
    requests.wake();
  }

  /// The loop: a [ThreadEngine#completion], or [LongRing#EMPTY].
  long poll() {
    long result = results.poll();
    if (result != LongRing.EMPTY) {
      outstanding--;
    }
    return result;
  }

  boolean isReady() {
    return !results.isEmpty();
  }

  /// Requests not yet polled.
  int outstanding() {
    return outstanding;
  }

  /// The loop: gives up what is being made; its result is -ECANCELED.
  void cancel() {
    closing = true;
  }

  void close() {
    closing = true;
    requests.close();
  }

  /// Segments made by writing a whole file.
  long newCount() {
    return newCount.get();
  }

  /// Segments made from spares.
  long recycledCount() {
    return recycledCount.get();
  }

  // From here on: the thread.

  private void perform(long entry) {
    int slot = (int) entry;
    int segment = operations.segment[slot];
    int result =
        operations.kind[slot] == OperationTable.PREPARE ? prepare(segment) : discard(segment);
    boolean offered = results.offer(ThreadEngine.completion(slot, result));
    assert offered : "more results than slots";
    doorbell.ring();
  }

  private int prepare(int segment) {
    long size = calls.size(SegmentFile.SEGMENT, segment);
    if (size == segmentBytes) {
      return 0; // A discard that failed left it.
    }
    if (size >= 0) {
      return -Errno.EEXIST;
    }
    if (size != -Errno.ENOENT) {
      return (int) size;
    }
    int result = recycle(segment);
    if (result == -Errno.ENOENT) {
      result = make(segment);
    }
    if (result == 0) {
      result = calls.syncDirectory();
      if (result < 0) {
        calls.unlink(SegmentFile.SEGMENT, segment);
      }
    }
    return result;
  }

  private int recycle(int segment) {
    for (int i = 0; i < spares.length; i++) {
      if (spares[i]) {
        spares[i] = false;
        if (calls.rename(SegmentFile.SPARE, i, SegmentFile.SEGMENT, segment) == 0) {
          recycledCount.incrementAndGet();
          return 0;
        }
      }
    }
    return -Errno.ENOENT;
  }

  private int make(int segment) {
    int flags = LibCConstants.O_RDWR | LibCConstants.O_CREAT | LibCConstants.O_TRUNC;
    int fd =
        calls.open(SegmentFile.UNFINISHED, segment, flags | (direct ? LibCConstants.O_DIRECT : 0));
    if (fd < 0) {
      return fd;
    }
    int result = fill(fd);
    int closed = calls.close(fd);
    if (result == 0) {
      result = closed;
    }
    if (result == 0) {
      result = calls.rename(SegmentFile.UNFINISHED, segment, SegmentFile.SEGMENT, segment);
    }
    if (result < 0) {
      calls.unlink(SegmentFile.UNFINISHED, segment);
    } else {
      newCount.incrementAndGet();
    }
    return result;
  }

  private int fill(int fd) {
    int allocated = LibCFile.fallocate(calls.state(), fd, 0, 0, segmentBytes);
    if (allocated < 0 && allocated != -Errno.EOPNOTSUPP && allocated != -Errno.EINTR) {
      return allocated;
    }
    long offset = 0;
    while (offset < segmentBytes) {
      if (closing) {
        return -Errno.ECANCELED;
      }
      long count = Math.min(CHUNK_BYTES, segmentBytes - offset);
      long written = LibCFile.pwrite(calls.state(), fd, zeros.address(), count, offset);
      if (written < 0 && written != -Errno.EINTR) {
        return (int) written;
      }
      if (written == 0) {
        return -Errno.EIO;
      }
      long done = Math.max(0, written);
      offset += done - done % FileLogDeviceOptions.BLOCK_BYTES;
      if (!direct && offset % BUFFERED_SYNC_BYTES == 0) {
        // Keeps the page cache from filling up with what would then be written at one go.
        int synced = LibCFile.fdatasync(calls.state(), fd);
        if (synced < 0) {
          return synced;
        }
      }
    }
    return LibCFile.fsync(calls.state(), fd);
  }

  private int discard(int segment) {
    int result = -Errno.EEXIST;
    for (int i = 0; i < spares.length && result < 0; i++) {
      if (!spares[i]) {
        result = calls.rename(SegmentFile.SEGMENT, segment, SegmentFile.SPARE, i);
        spares[i] = result == 0;
      }
    }
    if (result < 0) {
      result = calls.unlink(SegmentFile.SEGMENT, segment);
    }
    if (result == -Errno.ENOENT) {
      return 0; // It never was prepared.
    }
    return result < 0 ? result : calls.syncDirectory();
  }
}
