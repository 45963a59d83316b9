package dev.demikv.libos.log;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.device.LogDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.function.ObjLongConsumer;

/// Gathers the records of a turn into groups, writes them, and reports them in order.
///
/// A *chunk* is a piece of the staging memory that becomes one group, which is one device write. A
/// *round* is what one turn gathered: the chunks of all logs. A round of one chunk is one durable
/// write; a round of several is that many writes and then one flush. Several rounds may be with the
/// device at once; they are reported in the order they were made.
///
/// ```
///   append ──▶ open round ──flush──▶ WRITING ──▶ (FLUSHING) ──▶ DONE ──in order──▶ sink
/// ```
final class GroupCommit {
  /// Bits of a chunk's number in a tag; the number of its round lies above.
  private static final int CHUNK_BITS = 24;

  /// Most chunks.
  static final int CHUNKS_MAX = 1 << CHUNK_BITS;

  private static final byte GATHERING = 0;
  private static final byte WRITING = 1;
  private static final byte FLUSHING = 2;
  private static final byte DONE = 3;

  private final LogDevice device;
  private final Superblock superblock;
  private final FrameCodec codec;
  private final LogSink sink;
  private final int blockBytes;
  private final MemorySegment staging;
  private final ByteBuffer view;
  private final MemorySegment zeros;
  private final int chunkBytes;
  private final int chunkCount;
  private final int roundsInFlightMax;

  private final int[] freeChunks;
  private int freeChunkCount;
  private final int[] chunkLog;
  private final long[] chunkPosition;
  private final int[] chunkUsed;
  private final int[] chunkFrames;

  /// Records on their way, a ring: tokens (0 when abandoned), lengths, positions, logs.
  private final long[] pushToken;

  private final int[] pushLength;
  private final long[] pushPosition;
  private final int[] pushLog;
  private final int pushMask;
  private long pushHead;
  private long pushTail;

  private final Round[] rounds;

  /// Rounds [roundHead, roundTail) are with the device, roundTail is being gathered.
  private long roundHead;

  private long roundTail;

  /// Device operations of rounds that have not completed.
  private int operationsInFlight;

  private int failedErrno;
  private long recordCount;
  private long recordBytes;
  private long groupCount;
  private long groupBytes;
  private long roundCount;
  private long flushCount;
  private long againCount;

  /// What one turn gathered. Arrays have room for every chunk there is.
  private static final class Round {
    byte state;
    int count;
    int submitted;
    int writesLeft;
    boolean flushSubmitted;
    long pushEnd;
    final int[] chunks;
    final int[] logs;
    final long[] ends;
    final int[] links;

    Round(int chunkCount) {
      chunks = new int[chunkCount];
      logs = new int[chunkCount];
      ends = new long[chunkCount];
      links = new int[chunkCount];
    }
  }

  /// @param staging aligned memory, a multiple of `chunkBytes`
  /// @param zeros a block of zeros
  /// @param recordsMax a power of two
  GroupCommit(
      LogDevice device,
      Superblock superblock,
      FrameCodec codec,
      LogSink sink,
      MemorySegment staging,
      MemorySegment zeros,
      int chunkBytes,
      int recordsMax,
      int roundsInFlightMax) {
    this.device = device;
    this.superblock = superblock;
    this.codec = codec;
    this.sink = sink;
    this.blockBytes = superblock.geometry.blockBytes();
    this.staging = staging;
    this.view = staging.asByteBuffer();
    this.zeros = zeros;
    this.chunkBytes = chunkBytes;
    this.chunkCount = (int) (staging.byteSize() / chunkBytes);
    this.roundsInFlightMax = roundsInFlightMax;
    freeChunks = new int[chunkCount];
    for (int i = 0; i < chunkCount; i++) {
      freeChunks[i] = chunkCount - 1 - i;
    }
    freeChunkCount = chunkCount;
    chunkLog = new int[chunkCount];
    chunkPosition = new long[chunkCount];
    chunkUsed = new int[chunkCount];
    chunkFrames = new int[chunkCount];
    pushToken = new long[recordsMax];
    pushLength = new int[recordsMax];
    pushPosition = new long[recordsMax];
    pushLog = new int[recordsMax];
    pushMask = recordsMax - 1;
    rounds = new Round[roundsInFlightMax + 1];
    for (int i = 0; i < rounds.length; i++) {
      rounds[i] = new Round(chunkCount);
    }
  }

  /// Stages a record.
  ///
  /// @return 0, `-errno`, or 1 when the log has no segment for it yet
  int append(LogState log, ScatterGatherArray sga, long qtoken) {
    if (failedErrno != 0) {
      return -failedErrno;
    }
    int length = sga.totalBytes();
    if (pushTail - pushHead > pushMask) {
      againCount++;
      return -Errno.EAGAIN;
    }
    int slot = (int) pushTail & pushMask;
    int chunk = log.openChunk;
    if (chunk >= 0 && room(chunk) >= FrameCodec.frameBytes(length)) {
      pushPosition[slot] = stage(log, chunk, sga, 0, length, LogFormat.TYPE_FULL);
    } else {
      int chunks = chunksNeeded(log, length);
      if (chunks < 0) {
        return 1;
      }
      if (chunks > freeChunkCount) {
        againCount++;
        return -Errno.EAGAIN;
      }
      pushPosition[slot] = stageOverChunks(log, sga, length);
    }
    pushToken[slot] = qtoken;
    pushLength[slot] = length;
    pushLog[slot] = log.id;
    pushTail++;
    recordCount++;
    recordBytes += length;
    return 0;
  }

  /// Chunks that a record takes beyond the open one, or -1 when the log's segments do not suffice.
  private int chunksNeeded(LogState log, int length) {
    int left = length;
    long position = log.nextPosition;
    int chunk = log.openChunk;
    if (chunk >= 0) {
      left -= firstPiece(room(chunk), left);
      position = chunkPosition[chunk] + LogFormat.alignUp(chunkUsed[chunk], blockBytes);
      if (left < length) {
        position = chunkPosition[chunk] + limit(chunkPosition[chunk], log);
      }
    }
    int chunks = 0;
    while (left > 0) {
      if (log.ordinal(position) >= log.usableEndOrdinal) {
        return -1;
      }
      int limit = limit(position, log);
      left -= limit - LogFormat.GROUP_HEADER_BYTES - LogFormat.FRAME_HEADER_BYTES;
      position += limit;
      chunks++;
    }
    return chunks;
  }

  private long stageOverChunks(LogState log, ScatterGatherArray sga, int length) {
    long first = -1;
    int done = 0;
    while (done < length) {
      int piece = log.openChunk < 0 ? 0 : firstPiece(room(log.openChunk), length - done);
      if (piece == 0) {
        openChunk(log);
        int room = room(log.openChunk) - LogFormat.FRAME_HEADER_BYTES;
        piece = Math.min(length - done, room);
      }
      int type =
          done == 0
              ? piece == length ? LogFormat.TYPE_FULL : LogFormat.TYPE_FIRST
              : done + piece == length ? LogFormat.TYPE_LAST : LogFormat.TYPE_MIDDLE;
      long at = stage(log, log.openChunk, sga, done, piece, type);
      first = first < 0 ? at : first;
      done += piece;
    }
    return first;
  }

  /// Bytes of a record of `left` bytes that go into what is left of an open chunk: all, a piece
  /// that fills it, or none when the piece would be small.
  private static int firstPiece(int room, int left) {
    int payloadRoom = room - LogFormat.FRAME_HEADER_BYTES;
    if (payloadRoom < LogFormat.FRAGMENT_BYTES_MIN) {
      return payloadRoom >= left ? left : 0;
    }
    return Math.min(left, payloadRoom);
  }

  private long stage(
      LogState log, int chunk, ScatterGatherArray sga, int from, int length, int type) {
    int used = chunkUsed[chunk];
    int offset = chunk * chunkBytes + used;
    long position = chunkPosition[chunk] + used;
    int payload = offset + LogFormat.FRAME_HEADER_BYTES;
    sga.copyTo(from, staging, payload, length);
    int frameBytes = FrameCodec.frameBytes(length);
    for (int i = payload + length; i < offset + frameBytes; i++) {
      staging.set(ValueLayout.JAVA_BYTE, i, (byte) 0);
    }
    codec.seal(
        staging,
        view,
        offset,
        type,
        length,
        position,
        log.generation(log.ordinal(position)),
        log.epoch,
        log.id,
        sga.totalBytes());
    chunkUsed[chunk] = used + frameBytes;
    chunkFrames[chunk]++;
    return position;
  }

  private int room(int chunk) {
    return limit(chunkPosition[chunk], superblock.log(chunkLog[chunk])) - chunkUsed[chunk];
  }

  /// Longest group at a position.
  private int limit(long position, LogState log) {
    return (int) Math.min(chunkBytes, log.segmentEnd(position) - position);
  }

  private void openChunk(LogState log) {
    closeChunk(log);
    int chunk = freeChunks[--freeChunkCount];
    log.openChunk = chunk;
    chunkLog[chunk] = log.id;
    chunkPosition[chunk] = log.nextPosition;
    chunkUsed[chunk] = LogFormat.GROUP_HEADER_BYTES;
    chunkFrames[chunk] = 0;
    Round round = round(roundTail);
    round.chunks[round.count] = chunk;
    round.logs[round.count] = log.id;
    round.count++;
  }

  private void closeChunk(LogState log) {
    int chunk = log.openChunk;
    if (chunk >= 0) {
      log.nextPosition = chunkPosition[chunk] + LogFormat.alignUp(chunkUsed[chunk], blockBytes);
      log.openChunk = -1;
    }
  }

  /// A position behind every record of a log so far and not behind any later one.
  long tail(LogState log) {
    int chunk = log.openChunk;
    return chunk < 0 ? log.nextPosition : chunkPosition[chunk] + chunkUsed[chunk];
  }

  private Round round(long number) {
    return rounds[(int) (number % rounds.length)];
  }

  /// Hands what was gathered to the device if it may have another round, and what the device had no
  /// room for before.
  void advance() {
    if (failedErrno != 0) {
      return;
    }
    for (long r = roundHead; r < roundTail; r++) {
      submit(round(r), (int) (r % rounds.length));
    }
    if (round(roundTail).count > 0 && roundTail - roundHead < roundsInFlightMax) {
      seal(round(roundTail));
      roundTail++;
      Round next = round(roundTail);
      next.state = GATHERING;
      next.count = 0;
      submit(round(roundTail - 1), (int) ((roundTail - 1) % rounds.length));
    }
  }

  /// Writes the headers of a round's groups.
  private void seal(Round round) {
    round.state = WRITING;
    round.submitted = 0;
    round.writesLeft = round.count;
    round.flushSubmitted = false;
    round.pushEnd = pushTail;
    roundCount++;
    for (int i = 0; i < round.count; i++) {
      int chunk = round.chunks[i];
      LogState log = superblock.log(round.logs[i]);
      if (log.openChunk == chunk) {
        closeChunk(log);
      }
      int base = chunk * chunkBytes;
      int used = chunkUsed[chunk];
      int bytes = LogFormat.alignUp(used, blockBytes);
      MemorySegment.copy(zeros, 0, staging, (long) base + used, bytes - used);
      staging.set(LogFormat.U32, base + LogFormat.GROUP_BYTES, bytes);
      staging.set(LogFormat.U32, base + LogFormat.GROUP_LINK, log.link);
      staging.set(LogFormat.U64, base + LogFormat.GROUP_DURABLE_MARK, log.durableEnd);
      staging.set(LogFormat.U32, base + LogFormat.GROUP_FRAME_COUNT, chunkFrames[chunk]);
      for (int p = LogFormat.GROUP_FRAME_COUNT + 4; p < LogFormat.GROUP_HEADER_BYTES; p += 4) {
        staging.set(LogFormat.U32, base + p, 0);
      }
      long position = chunkPosition[chunk];
      log.link =
          codec.seal(
              staging,
              view,
              base,
              LogFormat.TYPE_GROUP,
              LogFormat.GROUP_PAYLOAD_BYTES,
              position,
              log.generation(log.ordinal(position)),
              log.epoch,
              log.id,
              0);
      round.links[i] = log.link;
      round.ends[i] = position + bytes;
      groupCount++;
      groupBytes += bytes;
    }
  }

  private void submit(Round round, int index) {
    while (failedErrno == 0 && round.submitted < round.count) {
      int chunk = round.chunks[round.submitted];
      LogState log = superblock.log(chunkLog[chunk]);
      long position = chunkPosition[chunk];
      int bytes = LogFormat.alignUp(chunkUsed[chunk], blockBytes);
      int rc =
          device.write(
              log.devicePosition(position),
              staging,
              (long) chunk * chunkBytes,
              bytes,
              round.count == 1,
              LogIo.tag(LogIo.GROUP, index << CHUNK_BITS | chunk));
      if (rc == -Errno.EAGAIN) {
        return;
      }
      if (rc < 0) {
        fail(-rc);
        return;
      }
      round.submitted++;
      operationsInFlight++;
    }
    if (round.state == FLUSHING && !round.flushSubmitted) {
      if (device.flush(LogIo.tag(LogIo.FLUSH, index)) == 0) {
        round.flushSubmitted = true;
        operationsInFlight++;
        flushCount++;
      }
    }
  }

  /// A group is written.
  ///
  /// @return 0 or the error, which is final
  int written(int index, int result) {
    operationsInFlight--;
    freeChunks[freeChunkCount++] = index & CHUNKS_MAX - 1;
    Round round = rounds[index >>> CHUNK_BITS];
    if (result < 0) {
      return -result;
    }
    if (failedErrno != 0) {
      return 0;
    }
    if (--round.writesLeft == 0) {
      round.state = round.count == 1 ? DONE : FLUSHING;
      if (round.state == FLUSHING) {
        submit(round, index >>> CHUNK_BITS);
      }
    }
    return 0;
  }

  /// A round is flushed.
  ///
  /// @return 0 or the error, which is final
  int flushed(int index, int result) {
    operationsInFlight--;
    if (result < 0) {
      return -result;
    }
    rounds[index].state = DONE;
    return 0;
  }

  /// Reports the rounds that are durable, in order.
  ///
  /// @return rounds reported
  int report() {
    int reported = 0;
    while (roundHead < roundTail && round(roundHead).state == DONE && failedErrno == 0) {
      Round round = round(roundHead);
      for (int i = 0; i < round.count; i++) {
        LogState log = superblock.log(round.logs[i]);
        log.durableEnd = round.ends[i];
        log.durableLink = round.links[i];
      }
      roundHead++;
      reported++;
      while (pushHead < round.pushEnd) {
        int slot = (int) pushHead & pushMask;
        pushHead++;
        if (pushToken[slot] != 0) {
          sink.pushed(pushToken[slot], pushLength[slot], pushPosition[slot]);
        }
      }
    }
    return reported;
  }

  /// Every record on its way and every later one fails.
  void fail(int errno) {
    if (failedErrno != 0) {
      return;
    }
    failedErrno = errno;
    while (pushHead < pushTail) {
      int slot = (int) pushHead & pushMask;
      pushHead++;
      if (pushToken[slot] != 0) {
        sink.pushed(pushToken[slot], -errno, pushPosition[slot]);
      }
    }
  }

  /// The error that failed it for good, or 0.
  int failedErrno() {
    return failedErrno;
  }

  /// Whether a record of this token is on its way.
  boolean isPushing(int log, long qtoken) {
    for (long i = pushHead; i < pushTail; i++) {
      int slot = (int) i & pushMask;
      if (pushToken[slot] == qtoken && pushLog[slot] == log) {
        return true;
      }
    }
    return false;
  }

  /// Reports the records of a log that are on their way with -ECANCELED; they are still written.
  void abandon(int log) {
    for (long i = pushHead; i < pushTail; i++) {
      int slot = (int) i & pushMask;
      if (pushLog[slot] == log && pushToken[slot] != 0) {
        long qtoken = pushToken[slot];
        pushToken[slot] = 0;
        sink.pushed(qtoken, -Errno.ECANCELED, pushPosition[slot]);
      }
    }
  }

  /// Whether nothing is staged and nothing is with the device.
  boolean isIdle() {
    return operationsInFlight == 0
        && (failedErrno != 0 || roundHead == roundTail && round(roundTail).count == 0);
  }

  void counters(ObjLongConsumer<String> visitor) {
    visitor.accept("log.records", recordCount);
    visitor.accept("log.record-bytes", recordBytes);
    visitor.accept("log.groups", groupCount);
    visitor.accept("log.group-bytes", groupBytes);
    visitor.accept("log.rounds", roundCount);
    visitor.accept("log.flushes", flushCount);
    visitor.accept("log.push-again", againCount);
    visitor.accept("log.chunks-free", freeChunkCount);
    visitor.accept("log.rounds-in-flight", roundTail - roundHead);
  }
}
