package dev.demikv.libos.device.file;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.ffi.LibCConstants;
import java.util.Arrays;

/// The loop's view of the segment files: which are prepared, which are open, and which hold writes
/// that no flush has covered.
///
/// Descriptors are opened at first use and kept in a bounded number of entries, of which the least
/// recently used gives way unless it has operations in flight or writes to be flushed.
final class SegmentFiles {
  private static final byte UNPREPARED = 0;
  private static final byte PREPARING = 1;
  private static final byte PREPARED = 2;
  private static final byte DISCARDING = 3;

  private final FileCalls calls;
  private final int openFlags;
  private final byte[] segmentState;
  private final int[] segmentEntry;

  private final int[] fd;
  private final int[] entrySegment;
  private final int[] busyCount;
  private final long[] writeCount;
  private final long[] flushedCount;
  private final int[] flushError;
  private final long[] lastUse;
  private long useCount;
  private long openCount;

  /// @param prepared by segment, what was found in the directory
  SegmentFiles(FileCalls calls, boolean direct, boolean[] prepared, int entriesMax) {
    this.calls = calls;
    this.openFlags = LibCConstants.O_RDWR | (direct ? LibCConstants.O_DIRECT : 0);
    segmentState = new byte[prepared.length];
    segmentEntry = new int[prepared.length];
    Arrays.fill(segmentEntry, -1);
    for (int i = 0; i < prepared.length; i++) {
      segmentState[i] = prepared[i] ? PREPARED : UNPREPARED;
    }
    int entries = Math.min(prepared.length, entriesMax);
    fd = new int[entries];
    Arrays.fill(fd, -1);
    entrySegment = new int[entries];
    busyCount = new int[entries];
    writeCount = new long[entries];
    flushedCount = new long[entries];
    flushError = new int[entries];
    lastUse = new long[entries];
  }

  boolean isPrepared(int segment) {
    return segmentState[segment] == PREPARED;
  }

  /// Takes note that a segment is being made.
  void preparing(int segment) {
    segmentState[segment] = PREPARING;
  }

  /// The preparing thread is done with a segment. A discard that was started meanwhile stands.
  void preparingDone(int segment, int result) {
    if (segmentState[segment] == PREPARING) {
      segmentState[segment] = result < 0 ? UNPREPARED : PREPARED;
    }
  }

  /// Closes a segment and takes note that it is being given back.
  ///
  /// @return false when it has operations in flight: nothing was done
  boolean discarding(int segment) {
    int entry = segmentEntry[segment];
    if (entry >= 0) {
      if (busyCount[entry] > 0) {
        return false;
      }
      close(entry);
    }
    segmentState[segment] = DISCARDING;
    return true;
  }

  /// The preparing thread is done with a discard.
  void discardingDone(int segment) {
    if (segmentState[segment] == DISCARDING) {
      segmentState[segment] = UNPREPARED;
    }
  }

  /// Opens a prepared segment if need be and counts one operation on it, until [#release].
  ///
  /// @return its entry; -EAGAIN when every entry is in use; any other `-errno` of open(2)
  int acquire(int segment) {
    int entry = segmentEntry[segment];
    if (entry < 0) {
      entry = freeEntry();
      if (entry < 0) {
        return -Errno.EAGAIN;
      }
      int opened = calls.open(SegmentFile.SEGMENT, segment, openFlags);
      if (opened < 0) {
        return opened == -Errno.EAGAIN ? -Errno.EIO : opened;
      }
      openCount++;
      fd[entry] = opened;
      entrySegment[entry] = segment;
      segmentEntry[segment] = entry;
      busyCount[entry] = 0;
      writeCount[entry] = 0;
      flushedCount[entry] = 0;
      flushError[entry] = 0;
    }
    busyCount[entry]++;
    lastUse[entry] = ++useCount;
    return entry;
  }

  /// Counts one more operation on an entry that is open.
  void hold(int entry) {
    busyCount[entry]++;
  }

  void release(int entry) {
    assert busyCount[entry] > 0 : "entry " + entry + " is not in use";
    busyCount[entry]--;
  }

  int fd(int entry) {
    return fd[entry];
  }

  /// Takes note of a completed write that is not durable.
  void written(int entry) {
    writeCount[entry]++;
  }

  /// What a flush that starts now covers, for [#flushed].
  long mark(int entry) {
    return writeCount[entry];
  }

  /// Takes note of the result of a flush. A failed one stays: the kernel may have dropped what it
  /// could not write, so that a later success would mean nothing.
  void flushed(int entry, long mark, int result) {
    if (result < 0) {
      flushError[entry] = result;
    } else if (flushError[entry] == 0) {
      flushedCount[entry] = Math.max(flushedCount[entry], mark);
    }
  }

  /// The first entry after one that needs a flush, or -1.
  int nextToFlush(int afterEntry) {
    for (int entry = afterEntry + 1; entry < fd.length; entry++) {
      if (fd[entry] >= 0 && isDirty(entry)) {
        return entry;
      }
    }
    return -1;
  }

  /// The `-errno` of a failed flush, 0 without one.
  int flushError(int entry) {
    return flushError[entry];
  }

  long openCount() {
    return openCount;
  }

  private boolean isDirty(int entry) {
    return flushedCount[entry] < writeCount[entry] || flushError[entry] != 0;
  }

  private int freeEntry() {
    int best = -1;
    for (int entry = 0; entry < fd.length; entry++) {
      if (fd[entry] < 0) {
        return entry;
      }
      if (busyCount[entry] == 0
          && !isDirty(entry)
          && (best < 0 || lastUse[entry] < lastUse[best])) {
        best = entry;
      }
    }
    if (best >= 0) {
      close(best);
    }
    return best;
  }

  private void close(int entry) {
    calls.close(fd[entry]);
    fd[entry] = -1;
    segmentEntry[entrySegment[entry]] = -1;
  }

  void closeAll() {
    for (int entry = 0; entry < fd.length; entry++) {
      if (fd[entry] >= 0) {
        close(entry);
      }
    }
  }
}
