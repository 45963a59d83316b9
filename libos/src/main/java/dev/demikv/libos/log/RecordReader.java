package dev.demikv.libos.log;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.device.LogDevice;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// The cursor of one log: reads durable records in order and hands them to the pops that wait.
///
/// It holds one buffer of a run of blocks, read ahead up to the end of what is durable. Durable
/// blocks never change, so the buffer never goes stale.
final class RecordReader {
  /// Most pops that wait.
  static final int POPS_MAX = 256;

  private final LogDevice device;
  private final LogState log;
  private final FrameCodec codec;
  private final SgaPool sgas;
  private final LogSink sink;
  private final MemorySegment buffer;
  private final ByteBuffer view;
  private final int blockBytes;
  private final int recordBytesMax;

  private long bufferStart;
  private int bufferBytes;
  private boolean reading;
  private long readingStart;
  private int readingBytes;
  private boolean readAgain;

  private final long[] popToken = new long[POPS_MAX];
  private final int[] popBytesMax = new int[POPS_MAX];
  private int popHead;
  private int popCount;

  /// Where the next record starts, or anywhere between the end of the last one and it.
  private long cursor;

  /// Where parsing stands: at the cursor, or behind it within a record that is cut.
  private long at;

  /// Records that start before this are skipped.
  private long skipUntil;

  /// Whether pieces of a record without their beginning may come: behind a jump.
  private boolean afterJump;

  /// Whether parsing already began at the start of the segment, as the cursor was at no frame.
  private boolean fromSegmentStart;

  /// Epoch of the frames around [#at], or -1 behind a jump.
  private int epoch;

  private @Nullable ScatterGatherArray partial;
  private int partialBytes;
  private int partialEpoch;
  private @Nullable String damage;
  private long recordCount;

  /// @param buffer aligned, as long as the longest group
  /// @param recordBytesMax longest record that arrays have room for
  RecordReader(
      LogDevice device,
      LogState log,
      FrameCodec codec,
      SgaPool sgas,
      LogSink sink,
      MemorySegment buffer,
      int recordBytesMax) {
    this.device = device;
    this.log = log;
    this.codec = codec;
    this.sgas = sgas;
    this.sink = sink;
    this.buffer = buffer;
    this.view = buffer.asByteBuffer();
    this.blockBytes = device.geometry().blockBytes();
    this.recordBytesMax = recordBytesMax;
  }

  /// Moves the cursor.
  void seek(long position) {
    dropPartial();
    cursor = position;
    at = position;
    skipUntil = position;
    afterJump = true;
    fromSegmentStart = false;
    epoch = -1;
    damage = null;
  }

  /// Moves the cursor to the head if it stands before it.
  void truncated() {
    if (cursor < log.head) {
      seek(log.head);
    }
  }

  /// Adds a pop.
  ///
  /// @return 0 or -EAGAIN
  int pop(int bytesMax, long qtoken) {
    if (popCount == POPS_MAX) {
      return -Errno.EAGAIN;
    }
    int slot = (popHead + popCount++) % POPS_MAX;
    popToken[slot] = qtoken;
    popBytesMax[slot] = bytesMax;
    return 0;
  }

  /// Removes a pop and reports it with -ECANCELED.
  ///
  /// @return whether there was one
  boolean cancel(long qtoken) {
    for (int i = 0; i < popCount; i++) {
      if (popToken[(popHead + i) % POPS_MAX] == qtoken) {
        for (int k = i; k < popCount - 1; k++) {
          int slot = (popHead + k) % POPS_MAX;
          int next = (popHead + k + 1) % POPS_MAX;
          popToken[slot] = popToken[next];
          popBytesMax[slot] = popBytesMax[next];
        }
        popCount--;
        if (i == 0) {
          restart();
        }
        sink.popped(qtoken, -Errno.ECANCELED, null, cursor);
        return true;
      }
    }
    return false;
  }

  /// Reports every pop with -ECANCELED.
  void cancelAll() {
    restart();
    while (popCount > 0) {
      complete(-Errno.ECANCELED, null, cursor);
    }
  }

  /// A read is done.
  void completed(int result) {
    reading = false;
    if (result < 0) {
      bufferBytes = 0;
      if (popCount > 0) {
        damage = log.place(readingStart) + ": " + Errno.describe(-result);
        complete(result, null, readingStart);
      }
      return;
    }
    bufferStart = readingStart;
    bufferBytes = readingBytes;
  }

  boolean isReading() {
    return reading;
  }

  /// Serves the pops that wait, as far as what is read and what buffers there are allow.
  ///
  /// @return pops served
  int advance() {
    if (popCount == 0) {
      return 0;
    }
    if (readAgain) {
      readAgain = false;
      startRead();
    }
    int work = 0;
    while (popCount > 0 && !reading && !readAgain) {
      if (at >= log.durableEnd) {
        atTail();
        work++;
        continue;
      }
      int step = step();
      if (step == STARVED) {
        break;
      }
      work += step;
    }
    return work;
  }

  private static final int STARVED = -1;

  private void atTail() {
    if (partial != null) {
      restart();
    } else {
      cursor = at;
    }
    complete(0, null, cursor);
  }

  /// Looks at the bytes at [#at].
  ///
  /// @return pops served, or STARVED
  private int step() {
    int intoBlock = (int) (at & blockBytes - 1);
    if (!isBuffered(at, LogFormat.FRAME_ALIGN)) {
      startRead();
      return 0;
    }
    int offset = (int) (at - bufferStart);
    int length = FrameCodec.length(buffer, offset);
    if (intoBlock != 0 && length == 0 && FrameCodec.crcOf(buffer, offset) == 0) {
      at += blockBytes - intoBlock; // Zeros behind the last frame of a group.
      return 0;
    }
    long most =
        Math.min(buffer.byteSize(), Math.min(log.segmentEnd(at), log.durableEnd) - at)
            - LogFormat.FRAME_HEADER_BYTES;
    if (length <= 0 || length > most) {
      return refuse(length == 0 ? Verdict.EMPTY : Verdict.LENGTH);
    }
    if (!isBuffered(at, LogFormat.FRAME_HEADER_BYTES + length)) {
      if (bufferStart == LogFormat.alignDown(at, blockBytes)) {
        return refuse(Verdict.LENGTH); // No group is so long.
      }
      startRead();
      return 0;
    }
    int generation = log.generation(log.ordinal(at));
    Verdict verdict =
        codec.check(buffer, view, offset, bufferBytes - offset, at, generation, log.id);
    if (verdict == Verdict.VALID) {
      verdict = checkPlace(offset, intoBlock);
    }
    return verdict == Verdict.VALID ? accept(offset, length) : refuse(verdict);
  }

  /// Checks epoch and kind of an intact frame.
  private Verdict checkPlace(int offset, int intoBlock) {
    int found = FrameCodec.epoch(buffer, offset);
    int type = FrameCodec.type(buffer, offset);
    boolean current = at >= log.epochStart;
    if (current ? found != log.epoch : found >= log.epoch) {
      return Verdict.EPOCH;
    }
    if (type == LogFormat.TYPE_GROUP) {
      return intoBlock == 0 && found >= epoch ? Verdict.VALID : Verdict.TYPE;
    }
    if (epoch >= 0 && found != epoch) {
      return Verdict.EPOCH;
    }
    int record = FrameCodec.recordBytes(buffer, offset);
    int length = FrameCodec.length(buffer, offset);
    return switch (type) {
      case LogFormat.TYPE_FULL ->
          partial == null && record == length ? Verdict.VALID : Verdict.STRUCTURE;
      case LogFormat.TYPE_FIRST ->
          partial == null && record > length ? Verdict.VALID : Verdict.STRUCTURE;
      case LogFormat.TYPE_MIDDLE, LogFormat.TYPE_LAST ->
          checkPiece(record, length, type == LogFormat.TYPE_LAST);
      default -> Verdict.TYPE;
    };
  }

  private Verdict checkPiece(int record, int length, boolean last) {
    ScatterGatherArray sga = partial;
    if (sga == null) {
      return afterJump ? Verdict.VALID : Verdict.STRUCTURE;
    }
    int left = sga.totalBytes() - partialBytes;
    return record == sga.totalBytes() && (last ? length == left : length < left)
        ? Verdict.VALID
        : Verdict.STRUCTURE;
  }

  private int accept(int offset, int length) {
    int type = FrameCodec.type(buffer, offset);
    int frameBytes = FrameCodec.frameBytes(length);
    epoch = FrameCodec.epoch(buffer, offset);
    if (type == LogFormat.TYPE_GROUP) {
      if (partial != null && epoch != partialEpoch) {
        dropPartial(); // A recovery cut the rest of this record off; it was never acknowledged.
      }
      at += frameBytes;
      return 0;
    }
    boolean begins = type == LogFormat.TYPE_FULL || type == LogFormat.TYPE_FIRST;
    if (begins && at >= skipUntil) {
      if (!beginRecord(offset, type)) {
        return STARVED;
      }
      if (partial == null) {
        return 1; // Refused: longer than the pop takes.
      }
    }
    ScatterGatherArray sga = partial;
    if (sga == null) {
      at += frameBytes; // A piece of a record that is skipped.
      return 0;
    }
    int payload = offset + LogFormat.FRAME_HEADER_BYTES;
    sga.copyFrom(partialBytes, buffer, payload, length);
    partialBytes += length;
    at += frameBytes;
    if (partialBytes < sga.totalBytes()) {
      return 0;
    }
    long position = cursor;
    partial = null;
    cursor = at;
    recordCount++;
    complete(sga.totalBytes(), sga, position);
    return 1;
  }

  /// Takes an array for the record that starts here, or reports that it does not fit.
  ///
  /// @return false when there is no memory now
  private boolean beginRecord(int offset, int type) {
    int record = FrameCodec.recordBytes(buffer, offset);
    cursor = at;
    if (record > popBytesMax[popHead] || record > recordBytesMax) {
      complete(-Errno.EMSGSIZE, null, cursor);
      return true;
    }
    ScatterGatherArray sga = sgas.allocate(record);
    if (sga == null) {
      return false;
    }
    assert type == LogFormat.TYPE_FULL || type == LogFormat.TYPE_FIRST : type;
    partial = sga;
    partialBytes = 0;
    partialEpoch = epoch;
    afterJump = false;
    return true;
  }

  /// There is no such frame here: a jump to no frame's position starts over at the segment's start;
  /// anything else is damage.
  private int refuse(Verdict verdict) {
    if (afterJump && at == skipUntil && !fromSegmentStart) {
      fromSegmentStart = true;
      long start = log.segmentStart(at);
      at = log.epochStart <= at ? Math.max(start, log.epochStart) : start;
      epoch = -1;
      return 0;
    }
    damage =
        "%s: expected a frame of epoch %s, found %s"
            .formatted(
                log.place(at),
                at >= log.epochStart ? "" + log.epoch : "before " + log.epoch,
                verdict.text());
    long place = at;
    restart();
    bufferBytes = 0; // The next pop reads anew, in case the fault was on the way.
    complete(-Errno.EBADMSG, null, place);
    return 1;
  }

  private boolean isBuffered(long position, int length) {
    return position >= bufferStart && position + length <= bufferStart + bufferBytes;
  }

  private void startRead() {
    long start = LogFormat.alignDown(at, blockBytes);
    long end = Math.min(log.segmentEnd(at), log.durableEnd);
    int bytes = (int) Math.min(buffer.byteSize(), end - start);
    bufferBytes = 0;
    int rc =
        device.read(log.devicePosition(start), buffer, 0, bytes, LogIo.tag(LogIo.READ, log.id));
    if (rc == 0) {
      reading = true;
      readingStart = start;
      readingBytes = bytes;
    } else if (rc == -Errno.EAGAIN) {
      readAgain = true;
    } else {
      complete(rc, null, at);
    }
  }

  private void complete(int result, @Nullable ScatterGatherArray sga, long position) {
    long qtoken = popToken[popHead];
    popHead = (popHead + 1) % POPS_MAX;
    popCount--;
    sink.popped(qtoken, result, sga, position);
  }

  /// Goes back to the start of the record that was being put together.
  private void restart() {
    dropPartial();
    at = cursor;
    epoch = -1;
  }

  private void dropPartial() {
    if (partial != null) {
      partial.drop();
      partial = null;
    }
  }

  /// What was found where a record should be, or `null`.
  @Nullable
  String damage() {
    return damage;
  }

  long recordCount() {
    return recordCount;
  }
}
