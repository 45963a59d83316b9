package dev.demikv.libos.log;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.LogDevice;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// Writes the superblock when it has changed: the first copy, then the second, one update at a
/// time. What an update brings about happens when both copies are durable: truncations are
/// reported, truncated segments are free, new segments may be written.
final class SuperblockWriter {
  /// Most truncations that wait.
  private static final int TRUNCATIONS_MAX = 256;

  private final LogDevice device;
  private final Superblock superblock;
  private final SegmentTable segments;
  private final LogSink sink;
  private final MemorySegment memory;
  private final ByteBuffer view;
  private final long[] encodedKeepFrom = new long[LogFormat.LOGS_MAX];
  private final long[] encodedEnd = new long[LogFormat.LOGS_MAX];
  private int encodedLogCount;

  private final long[] truncationTokens = new long[TRUNCATIONS_MAX];
  private final long[] truncationPositions = new long[TRUNCATIONS_MAX];
  private final int[] truncationLogs = new int[TRUNCATIONS_MAX];
  private long truncationHead;
  private long truncationEncoded;
  private long truncationTail;

  private boolean dirty;

  /// The copy being written, or -1.
  private int copy = -1;

  private boolean submitted;
  private int lengthBytes;
  private int failedErrno;
  private long writeCount;

  SuperblockWriter(
      LogDevice device,
      Superblock superblock,
      SegmentTable segments,
      LogSink sink,
      MemorySegment memory) {
    this.device = device;
    this.superblock = superblock;
    this.segments = segments;
    this.sink = sink;
    this.memory = memory;
    this.view = memory.asByteBuffer();
  }

  /// The tables have changed.
  void markDirty() {
    dirty = true;
  }

  /// Whether everything is written.
  boolean isClean() {
    return !dirty && copy < 0;
  }

  boolean isWriting() {
    return copy >= 0;
  }

  boolean hasRoomForTruncation() {
    return truncationTail - truncationHead < TRUNCATIONS_MAX;
  }

  /// Adds a truncation, which the tables already show.
  void addTruncation(int log, long position, long qtoken) {
    int slot = (int) (truncationTail++ % TRUNCATIONS_MAX);
    truncationLogs[slot] = log;
    truncationPositions[slot] = position;
    truncationTokens[slot] = qtoken;
    dirty = true;
  }

  /// Whether a truncation waits.
  boolean isTruncating(int log, long qtoken) {
    for (long i = truncationHead; i < truncationTail; i++) {
      int slot = (int) (i % TRUNCATIONS_MAX);
      if (truncationLogs[slot] == log && truncationTokens[slot] == qtoken) {
        return true;
      }
    }
    return false;
  }

  /// Reports the waiting truncations of a log with -ECANCELED; they still happen.
  void abandonTruncations(int log) {
    for (long i = truncationHead; i < truncationTail; i++) {
      int slot = (int) (i % TRUNCATIONS_MAX);
      if (truncationLogs[slot] == log && truncationTokens[slot] != 0) {
        long qtoken = truncationTokens[slot];
        truncationTokens[slot] = 0;
        sink.truncated(qtoken, -Errno.ECANCELED, truncationPositions[slot]);
      }
    }
  }

  /// Starts what can be started.
  ///
  /// @return operations started
  int advance() {
    if (failedErrno != 0) {
      return 0;
    }
    if (copy < 0) {
      if (!dirty) {
        return 0;
      }
      encode();
      copy = 0;
    }
    if (submitted) {
      return 0;
    }
    long position = Superblock.slotPosition(superblock.geometry, copy);
    long tag = LogIo.tag(LogIo.SUPERBLOCK, copy);
    submitted = device.write(position, memory, 0, lengthBytes, true, tag) == 0;
    return submitted ? 1 : 0;
  }

  private void encode() {
    dirty = false;
    superblock.sequence++;
    encodedLogCount = superblock.logCount;
    for (int i = 0; i < encodedLogCount; i++) {
      encodedKeepFrom[i] = superblock.log(i).keepFromOrdinal();
      encodedEnd[i] = superblock.log(i).endOrdinal();
    }
    truncationEncoded = truncationTail;
    lengthBytes = superblock.encode(memory, view);
  }

  /// A copy is durable, or failed.
  ///
  /// @return 0 or the error, which is final
  int written(int result) {
    submitted = false;
    if (result < 0) {
      return -result;
    }
    if (failedErrno != 0) {
      return 0;
    }
    writeCount++;
    if (copy == 0) {
      copy = 1;
      return 0;
    }
    copy = -1;
    for (int i = 0; i < encodedLogCount; i++) {
      LogState log = superblock.log(i);
      while (log.firstOrdinal() < encodedKeepFrom[i]) {
        segments.release(log.removeFirst());
      }
      log.usableEndOrdinal = Math.max(log.usableEndOrdinal, encodedEnd[i]);
    }
    reportTruncations(truncationEncoded, 0);
    return 0;
  }

  /// Every waiting and later truncation fails.
  void fail(int errno) {
    failedErrno = errno;
    dirty = false;
    copy = -1;
    reportTruncations(truncationTail, -errno);
  }

  private void reportTruncations(long until, int result) {
    while (truncationHead < until) {
      int slot = (int) (truncationHead++ % TRUNCATIONS_MAX);
      if (truncationTokens[slot] != 0) {
        sink.truncated(truncationTokens[slot], result, truncationPositions[slot]);
      }
    }
  }

  long writeCount() {
    return writeCount;
  }
}
