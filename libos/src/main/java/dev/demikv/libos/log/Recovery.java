package dev.demikv.libos.log;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// Finds the end of a log, and tells a torn tail from damage. Reads only; see the package's
/// description for the argument.
///
/// One pass walks the groups from the start, each checked in whole and chained to the one before.
/// It stops at the first place `b` where no such group is. A second pass looks behind `b` for
/// intact group headers whose durable mark lies behind `b`: one such proves that what was at `b`
/// had been acknowledged, and `b` is damage. Without one, `b` is the tail. Both passes are linear
/// in the bytes of the log's segments and use one buffer.
final class Recovery {
  private final LogIo io;
  private final LogState log;
  private final FrameCodec codec;
  private final MemorySegment buffer;
  private final ByteBuffer view;
  private final int blockBytes;
  private final int groupBytesMax;

  /// What [#buffer] holds.
  private long bufferStart;

  private int bufferBytes;

  /// Of the last group looked at.
  private long groupEnd;

  private int groupLink;
  private int groupEpoch;
  private long verdictPosition;

  /// The walk.
  private long position;

  private boolean linkKnown;
  private int link;
  private int epoch;
  private Verdict stopVerdict = Verdict.EMPTY;
  private long stopPosition;

  /// @param buffer aligned, at least as long as the longest group
  Recovery(LogIo io, LogState log, FrameCodec codec, MemorySegment buffer, int groupBytesMax) {
    this.io = io;
    this.log = log;
    this.codec = codec;
    this.buffer = buffer;
    this.view = buffer.asByteBuffer();
    this.blockBytes = io.device.geometry().blockBytes();
    this.groupBytesMax = groupBytesMax;
  }

  /// Finds the tail and sets the positions of the log accordingly, in memory only.
  ///
  /// @param verifyAll whether to check everything or only what lies behind the last mark
  /// @throws LibOsException EBADMSG naming the place of damage; EIO, ETIMEDOUT
  void run(boolean verifyAll) {
    long head = log.head;
    position = log.segmentStart(head);
    if (log.epochStart >= position && log.epochStart <= head) {
      position = log.epochStart;
    }
    if (!verifyAll && log.durableEnd > position) {
      position = log.durableEnd;
      linkKnown = position > head;
      link = log.durableLink;
    }
    walk(head);
    long stop = Math.max(position, head);
    long proven = Math.max(log.epochStart, log.durableEnd);
    String proof = "the superblock";
    for (long p = LogFormat.alignDown(stop, blockBytes); proven <= stop && p < end(); ) {
      if (isHeader(p)) {
        long mark = buffer.get(LogFormat.U64, offset(p) + LogFormat.GROUP_DURABLE_MARK);
        if (mark > proven) {
          proven = mark;
          proof = "the group at position " + p;
        }
      }
      p += blockBytes;
    }
    if (proven > stop) {
      throw damage(
          stop,
          "%s proves that everything before position %d was durable".formatted(proof, proven));
    }
    if (stopVerdict == Verdict.LINK) {
      throw damage(stop, "the group that is there names another one as the one before it");
    }
    boolean atMark = position == log.durableEnd;
    long tail = LogFormat.alignUp(stop, blockBytes);
    if (position < head) {
      log.head = tail; // Truncated into what is now cut off: nothing is left.
    }
    log.link = linkKnown ? link : atMark ? log.durableLink : 0;
    log.durableLink = log.link;
    log.durableEnd = tail;
    log.nextPosition = tail;
    log.epochStart = tail;
  }

  /// Walks from [#position] to the first place where no group is.
  private void walk(long head) {
    while (position < end()) {
      Verdict verdict = group(position);
      if (verdict == Verdict.VALID) {
        linkKnown = groupEnd > head; // A group that is truncated in whole proves nothing.
        link = groupLink;
        epoch = groupEpoch;
        position = groupEnd;
        continue;
      }
      stopVerdict = verdict;
      stopPosition = verdictPosition;
      if (position >= head) {
        return;
      }
      // What lies before the head may be damaged: the next group takes up the walk.
      linkKnown = false;
      long next = position + blockBytes;
      while (next <= head && !(isHeader(next) && group(next) == Verdict.VALID)) {
        next += blockBytes;
      }
      if (next > head) {
        return;
      }
      position = next;
    }
  }

  /// End of the log's segments.
  private long end() {
    return log.endOrdinal() * io.device.geometry().segmentBytes();
  }

  /// Whether an intact header of a group of the current epoch, or of any before its start, is here.
  private boolean isHeader(long p) {
    if (!log.owns(log.ordinal(p)) || !ensure(p, LogFormat.GROUP_HEADER_BYTES)) {
      return false;
    }
    int offset = offset(p);
    return FrameCodec.type(buffer, offset) == LogFormat.TYPE_GROUP
        && FrameCodec.length(buffer, offset) == LogFormat.GROUP_PAYLOAD_BYTES
        && FrameCodec.position(buffer, offset) == p
        && header(p) == Verdict.VALID;
  }

  private Verdict header(long p) {
    int offset = offset(p);
    verdictPosition = p;
    Verdict verdict =
        codec.check(
            buffer, view, offset, bufferBytes - offset, p, log.generation(log.ordinal(p)), log.id);
    if (verdict != Verdict.VALID) {
      return verdict;
    }
    if (FrameCodec.type(buffer, offset) != LogFormat.TYPE_GROUP
        || FrameCodec.length(buffer, offset) != LogFormat.GROUP_PAYLOAD_BYTES) {
      return Verdict.TYPE;
    }
    int bytes = buffer.get(LogFormat.U32, (long) offset + LogFormat.GROUP_BYTES);
    if (bytes < LogFormat.GROUP_HEADER_BYTES
        || bytes > groupBytesMax
        || bytes % blockBytes != 0
        || bytes > log.segmentEnd(p) - p) {
      return Verdict.STRUCTURE;
    }
    int found = FrameCodec.epoch(buffer, offset);
    boolean current = p >= log.epochStart;
    boolean fits = current ? found == log.epoch : found < log.epoch && p + bytes <= log.epochStart;
    return fits ? Verdict.VALID : Verdict.EPOCH;
  }

  /// Checks the whole group at a position, and that it follows the one before.
  private Verdict group(long p) {
    verdictPosition = p;
    if (!ensure(p, LogFormat.GROUP_HEADER_BYTES)) {
      return Verdict.UNREADABLE;
    }
    Verdict verdict = header(p);
    if (verdict != Verdict.VALID) {
      return verdict;
    }
    int bytes = buffer.get(LogFormat.U32, offset(p) + LogFormat.GROUP_BYTES);
    if (!ensure(p, bytes)) {
      return Verdict.UNREADABLE;
    }
    int offset = offset(p);
    groupEpoch = FrameCodec.epoch(buffer, offset);
    groupLink = FrameCodec.crcOf(buffer, offset);
    groupEnd = p + bytes;
    if (groupEpoch < epoch) {
      return Verdict.EPOCH;
    }
    if (linkKnown && buffer.get(LogFormat.U32, (long) offset + LogFormat.GROUP_LINK) != link) {
      return Verdict.LINK;
    }
    int count = buffer.get(LogFormat.U32, (long) offset + LogFormat.GROUP_FRAME_COUNT);
    return frames(p, offset, bytes, count);
  }

  private Verdict frames(long p, int groupOffset, int bytes, int count) {
    int generation = log.generation(log.ordinal(p));
    int at = LogFormat.GROUP_HEADER_BYTES;
    for (int i = 0; i < count; i++) {
      verdictPosition = p + at;
      if (bytes - at <= LogFormat.FRAME_HEADER_BYTES) {
        return Verdict.STRUCTURE;
      }
      int offset = groupOffset + at;
      Verdict verdict = codec.check(buffer, view, offset, bytes - at, p + at, generation, log.id);
      if (verdict != Verdict.VALID) {
        return verdict;
      }
      if (FrameCodec.epoch(buffer, offset) != groupEpoch) {
        return Verdict.EPOCH;
      }
      if (FrameCodec.type(buffer, offset) == LogFormat.TYPE_GROUP) {
        return Verdict.TYPE;
      }
      at += FrameCodec.frameBytes(FrameCodec.length(buffer, offset));
    }
    return count > 0 && LogFormat.alignUp(at, blockBytes) == bytes
        ? Verdict.VALID
        : Verdict.STRUCTURE;
  }

  private int offset(long p) {
    return (int) (p - bufferStart);
  }

  /// Brings bytes of one segment into the buffer.
  ///
  /// @return false when the segment is not there
  private boolean ensure(long p, int length) {
    if (p >= bufferStart && p + length <= bufferStart + bufferBytes) {
      return true;
    }
    int bytes = (int) Math.min(buffer.byteSize(), log.segmentEnd(p) - p);
    bufferBytes = 0;
    int rc = io.readNow(log.devicePosition(p), buffer, 0, bytes);
    if (rc == -Errno.ENODATA) {
      return false;
    }
    if (rc < 0) {
      throw new LibOsException("recovery of " + log.place(p) + ": read", -rc, "");
    }
    bufferStart = p;
    bufferBytes = bytes;
    return true;
  }

  private LibOsException damage(long stop, String proof) {
    long place = stopPosition >= stop ? stopPosition : stop;
    return new LibOsException(
        "recovery of " + log.place(place),
        Errno.EBADMSG,
        ("Expected the log to go on there: %s. Found %s. The log is damaged and was not changed;"
                + " restore it, or remove the store to begin anew")
            .formatted(proof, stopVerdict.text()));
  }
}
