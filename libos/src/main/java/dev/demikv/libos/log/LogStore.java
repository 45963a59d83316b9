package dev.demikv.libos.log;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.LogDevice;
import dev.demikv.libos.device.LogDeviceGeometry;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.time.Clock;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.ObjLongConsumer;

/// Named logs of records on one device: what storage queues are made of.
///
/// A record that was reported as pushed is on stable storage, in the order of the calls, and comes
/// back whole after any crash; a record that was not may come back or not, whole or not at all. All
/// records appended between two calls of [#flush], to all logs, are written together.
///
/// Belongs to one thread. [#open], [#openLog], [#seek] and [#close] are control path: they may
/// block and throw. Everything else returns results, allocates nothing and never blocks. A turn of
/// the loop is: calls, [#flush], sleep, [#poll].
///
/// **Failure.** A failed write or flush fails the store for good: every pending and later append
/// and truncation gets that errno. Records that were durable can still be read. Opening the device
/// anew finds out what of the rest is there.
///
/// **Full.** An append that finds no segment answers -EAGAIN while one is on its way, be it
/// prepared or freed by a truncation, and -ENOSPC when none is. Truncation always works, as it
/// needs no space; appends work again when it has freed a segment.
public final class LogStore implements AutoCloseable {
  /// The options it reads.
  public static final List<OptionSpec> OPTION_SPECS = LogLimits.SPECS;

  private final LogDevice device;
  private final LogLimits limits;
  private final LogSink sink;
  private final SgaPool sgas;
  private final LogMemory memory;
  private final LogIo io;
  private final Superblock superblock;
  private final SegmentTable segments;
  private final SuperblockWriter superblocks;
  private final FrameCodec codec;
  private final GroupCommit commit;
  private final @Nullable RecordReader[] readers = new RecordReader[LogFormat.LOGS_MAX];
  private final int chunkBytes;
  private final int recordBytesMax;
  private boolean closed;
  private long noSpaceCount;

  /// Opens the store on a device, making it if the device holds nothing. The device is the store's
  /// from here on, and closed with it; when this throws, it is the caller's still.
  ///
  /// @param sgas where popped arrays come from; when it is empty, pops wait
  /// @param options see [#OPTION_SPECS]
  /// @throws LibOsException EBADMSG (both superblocks are damaged), EINVAL (made for another
  ///   geometry), ENOSPC, EIO, ETIMEDOUT
  /// @throws IllegalArgumentException naming an option that is out of its range
  public static LogStore open(
      LogDevice device, SgaPool sgas, LogSink sink, Clock clock, Options options) {
    LogLimits limits = LogLimits.of(options);
    Format.checkGeometry(device.geometry());
    LogMemory memory = new LogMemory(device.memorySource(), device.geometry().blockBytes());
    try {
      return new LogStore(device, sgas, sink, clock, limits, memory);
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  private LogStore(
      LogDevice device,
      SgaPool sgas,
      LogSink sink,
      Clock clock,
      LogLimits limits,
      LogMemory memory) {
    this.device = device;
    this.limits = limits;
    this.sink = sink;
    this.sgas = sgas;
    this.memory = memory;
    LogDeviceGeometry geometry = device.geometry();
    int block = geometry.blockBytes();
    io = new LogIo(device, this::completed, clock, limits.ioTimeoutNanos());
    MemorySegment slot = memory.allocate(Superblock.slotBytes(geometry));
    Format format = new Format(io, slot);
    superblock = format.load(clock);
    segments = new SegmentTable(device);
    for (int i = 0; i < superblock.logCount; i++) {
      LogState log = superblock.log(i);
      for (long o = log.firstOrdinal(); o < log.endOrdinal(); o++) {
        segments.own(log.segment(o));
      }
    }
    superblocks = new SuperblockWriter(device, superblock, segments, sink, slot);
    codec = new FrameCodec(superblock.deviceId);
    chunkBytes = Math.min(superblock.groupBytesMax, LogFormat.alignUp(limits.groupBytes(), block));
    int chunks = Math.max(4, limits.stagingBytes() / chunkBytes);
    commit =
        new GroupCommit(
            device,
            superblock,
            codec,
            sink,
            memory.allocate((long) chunks * chunkBytes),
            memory.allocate(block),
            chunkBytes,
            Integer.highestOneBit(limits.recordsStaged() * 2 - 1),
            limits.groupsInFlight());
    recordBytesMax = recordBytesMax(geometry, chunks);
    if (format.rewrite()) {
      superblocks.markDirty();
      writeSuperblockNow();
    }
  }

  private int recordBytesMax(LogDeviceGeometry geometry, int chunks) {
    long perChunk = (long) chunkBytes - LogFormat.GROUP_HEADER_BYTES - LogFormat.FRAME_HEADER_BYTES;
    long staged = chunks / 2 * perChunk;
    long segment = Math.max(1, geometry.segmentBytes() / chunkBytes) * perChunk;
    return (int) Math.min(limits.recordBytesMax(), Math.min(readable(), Math.min(staged, segment)));
  }

  /// Longest record that an array can hold.
  private int readable() {
    long most = (long) sgas.buffers().largestBufferBytes() * ScatterGatherArray.SEGMENTS_MAX;
    return (int) Math.min(most, Integer.MAX_VALUE);
  }

  /// Opens a log, made if absent, and recovers it: a torn tail is cut off. The cursor stands at the
  /// first record. Control path: reads the log, may block.
  ///
  /// @param name 1 to 32 characters of `a-z 0-9 - _ .`
  /// @return its id, ≥ 0, the same for the life of the device
  /// @throws LibOsException EBADMSG (damage; names log, segment, offset, what was expected and what
  ///   was found), EBUSY (it is open), EINVAL (the name), EMFILE (64 logs), ENOSPC, EIO, ETIMEDOUT
  public int openLog(String name) {
    String operation = "open of log '" + name + "'";
    failIfFailed(operation);
    if (!Superblock.isName(name)) {
      throw new LibOsException(
          operation, Errno.EINVAL, "A name is 1 to 32 characters of a-z 0-9 - _ .");
    }
    int id = superblock.find(name);
    LogState log = id < 0 ? create(operation, name) : superblock.log(id);
    if (log.open) {
      throw new LibOsException(operation, Errno.EBUSY, "It is open already");
    }
    if (!log.recovered) {
      recover(operation, log);
    } else {
      drain();
      failIfFailed(operation);
    }
    log.open = true;
    reader(log.id).seek(log.head);
    return log.id;
  }

  private LogState create(String operation, String name) {
    if (superblock.logCount == LogFormat.LOGS_MAX) {
      throw new LibOsException(
          operation, Errno.EMFILE, "A device holds %d logs".formatted(LogFormat.LOGS_MAX));
    }
    return superblock.addLog(name);
  }

  private void recover(String operation, LogState log) {
    MemorySegment buffer = memory.allocate(superblock.groupBytesMax);
    new Recovery(io, log, codec, buffer, superblock.groupBytesMax).run(limits.verifyAll());
    // What was found may still lie in a volatile cache: durable first, then promised.
    int rc = io.flushNow();
    if (rc < 0) {
      throw new LibOsException(operation + ": flush", -rc, "");
    }
    log.epoch++;
    boolean added = false;
    if (log.ordinal(log.nextPosition) >= log.endOrdinal()) {
      if (log.segmentCount() == 0) {
        log.startAt(log.ordinal(log.nextPosition));
        log.usableEndOrdinal = log.endOrdinal();
      }
      added = addSegmentNow(operation, log);
    }
    superblocks.markDirty();
    writeSuperblockNow();
    failIfFailed(operation);
    readers[log.id] = new RecordReader(device, log, codec, sgas, sink, buffer, readable());
    log.recovered = true;
    assert !added || log.usableEndOrdinal == log.endOrdinal();
  }

  /// Gives a log its next segment.
  ///
  /// @return false when there is none: a log that has records may be opened all the same
  private boolean addSegmentNow(String operation, LogState log) {
    int spares = Math.max(1, limits.segmentsAhead());
    io.awaitUntil(
        operation,
        () -> {
          segments.maintain(spares, io.nowNanos());
          return segments.hasSpare() || !segments.mayGetOne();
        });
    int segment = segments.take();
    if (segment >= 0) {
      log.addSegment(segment, superblock.nextGeneration++);
      return true;
    }
    if (log.epoch == 1 && log.head == 0) {
      superblock.removeLast(log);
      throw new LibOsException(
          operation, Errno.ENOSPC, "The device has no free segment: truncate a log or enlarge it");
    }
    return false;
  }

  private void writeSuperblockNow() {
    io.awaitUntil(
        "write of the superblock",
        () -> {
          superblocks.advance();
          device.submit();
          return superblocks.isClean() || commit.failedErrno() != 0;
        });
    failIfFailed("write of the superblock");
  }

  private void failIfFailed(String operation) {
    if (closed) {
      throw new LibOsException(operation, Errno.EBADF, "The store is closed");
    }
    if (commit.failedErrno() != 0) {
      throw new LibOsException(
          operation,
          commit.failedErrno(),
          "A write failed earlier, which fails the store for good: open the device anew");
    }
  }

  /// Longest record in bytes.
  public int recordBytesMax() {
    return recordBytesMax;
  }

  /// Appends a record. Its bytes are copied before this returns. It is reported to
  /// [LogSink#pushed], in the order of the calls, when it is durable.
  ///
  /// @param sga 1 to [#recordBytesMax] bytes; remains the caller's
  /// @return 0 or: -EAGAIN (staging memory or table is full, or a segment is on its way), -ENOSPC,
  ///   -EMSGSIZE, -EINVAL (empty), -EBADF, the errno that failed the store
  public int append(int log, ScatterGatherArray sga, long qtoken) {
    LogState state = logOrNull(log);
    if (state == null) {
      return -Errno.EBADF;
    }
    if (sga.totalBytes() > recordBytesMax) {
      return -Errno.EMSGSIZE;
    }
    if (sga.totalBytes() == 0) {
      return -Errno.EINVAL;
    }
    int rc = commit.append(state, sga, qtoken);
    return rc <= 0 ? rc : noSegment(state);
  }

  private int noSegment(LogState log) {
    log.wantsSegment = true;
    boolean onItsWay =
        log.endOrdinal() > log.usableEndOrdinal
            || !superblocks.isClean()
            || segments.mayGetOne()
            || log.keepFromOrdinal() > log.firstOrdinal();
    if (!onItsWay) {
      noSpaceCount++;
    }
    return onItsWay ? -Errno.EAGAIN : -Errno.ENOSPC;
  }

  /// Reads the next durable record at the cursor, which it moves behind the record. Reported to
  /// [LogSink#popped] in the order of the calls, perhaps before this returns: with result 0 at the
  /// tail, -EMSGSIZE (longer than `bytesMax`; the cursor stays), -EBADMSG (damage; see [#damage]),
  /// -EIO.
  ///
  /// @return 0 or -EAGAIN (256 wait), -EBADF
  public int read(int log, int bytesMax, long qtoken) {
    LogState state = logOrNull(log);
    if (state == null) {
      return -Errno.EBADF;
    }
    RecordReader reader = reader(log);
    int rc = reader.pop(bytesMax, qtoken);
    if (rc == 0) {
      reader.advance();
    }
    return rc;
  }

  /// Moves the cursor to the first record at or behind a position. Pops that wait read there.
  ///
  /// @throws LibOsException EINVAL (outside [#head] to [#tail]), EBADF
  public void seek(int log, long position) {
    LogState state = logOrNull(log);
    if (state == null) {
      throw new LibOsException("seek", Errno.EBADF, "");
    }
    if (position < state.head || position > commit.tail(state)) {
      throw new LibOsException(
          "seek of log '%s' to %d".formatted(state.name, position),
          Errno.EINVAL,
          "The log reaches from %d to %d".formatted(state.head, commit.tail(state)));
    }
    reader(log).seek(position);
  }

  /// Frees every record that starts before a position. They can no longer be read at once; reported
  /// to [LogSink#truncated] when the new head is durable. Segments that hold nothing more are used
  /// again.
  ///
  /// @param position a record's position, or [#tail]
  /// @return 0 or -EINVAL (outside [#head] to [#tail]), -EAGAIN (256 wait), -EBADF, the errno that
  ///   failed the store
  public int truncate(int log, long position, long qtoken) {
    LogState state = logOrNull(log);
    if (state == null) {
      return -Errno.EBADF;
    }
    if (commit.failedErrno() != 0) {
      return -commit.failedErrno();
    }
    if (position < state.head || position > commit.tail(state)) {
      return -Errno.EINVAL;
    }
    if (!superblocks.hasRoomForTruncation()) {
      return -Errno.EAGAIN;
    }
    state.head = position;
    superblocks.addTruncation(log, position, qtoken);
    reader(log).truncated();
    return 0;
  }

  /// Where the first record starts, or a position before it and behind all that was freed.
  ///
  /// @return the position, or -EBADF
  public long head(int log) {
    LogState state = logOrNull(log);
    return state == null ? -Errno.EBADF : state.head;
  }

  /// A position behind every record appended so far and not behind any that will be.
  ///
  /// @return the position, or -EBADF
  public long tail(int log) {
    LogState state = logOrNull(log);
    return state == null ? -Errno.EBADF : commit.tail(state);
  }

  /// Cancels an operation of a log.
  ///
  /// @return 0 (reported with -ECANCELED), -EALREADY (an append or a truncation, which are beyond
  ///   recall), -EINVAL (no such operation), -EBADF
  public int cancel(int log, long qtoken) {
    LogState state = logOrNull(log);
    if (state == null) {
      return -Errno.EBADF;
    }
    if (reader(log).cancel(qtoken)) {
      return 0;
    }
    boolean beyond = commit.isPushing(log, qtoken) || superblocks.isTruncating(log, qtoken);
    return beyond ? -Errno.EALREADY : -Errno.EINVAL;
  }

  /// Closes a log. Everything pending is reported with -ECANCELED before this returns; records on
  /// their way are written all the same. The log can be opened again.
  ///
  /// @throws LibOsException EBADF
  public void closeLog(int log) {
    LogState state = logOrNull(log);
    if (state == null) {
      throw new LibOsException("close of log " + log, Errno.EBADF, "");
    }
    state.open = false;
    reader(log).cancelAll();
    commit.abandon(log);
    superblocks.abandonTruncations(log);
  }

  /// What was found where a record of this log should be, for people; `null` when a read has found
  /// no damage.
  public @Nullable String damage(int log) {
    LogState state = logOrNull(log);
    return state == null ? null : reader(log).damage();
  }

  /// End of turn: hands the records of the turn to the device, and what else there is to do.
  ///
  /// @return completions reported; what was started does not count, as [#poll] will tell
  public int flush(long nowNanos) {
    commit.advance();
    int reported = 0;
    int wanting = 0;
    for (int i = 0; i < superblock.logCount; i++) {
      RecordReader reader = readers[i];
      if (reader != null) {
        reported += reader.advance();
        wanting += maintain(superblock.log(i));
      }
    }
    if (commit.failedErrno() == 0) {
      segments.maintain(wanting + limits.segmentsAhead(), nowNanos);
      superblocks.advance();
    } else {
      superblocks.fail(commit.failedErrno());
    }
    device.submit();
    return reported;
  }

  /// Gives a log its next segment when it is at half of its last, and gives up what is truncated.
  ///
  /// @return 1 if it wants a segment and there is none
  private int maintain(LogState log) {
    if (log.keepFromOrdinal() > log.firstOrdinal() && !superblocks.isWriting()) {
      superblocks.markDirty();
    }
    long next = log.nextPosition;
    long segmentBytes = superblock.geometry.segmentBytes();
    boolean wants =
        log.wantsSegment || next - (log.endOrdinal() - 1) * segmentBytes >= segmentBytes / 2;
    if (!wants || log.endOrdinal() > log.usableEndOrdinal) {
      return 0;
    }
    int segment = segments.take();
    if (segment < 0) {
      return 1;
    }
    log.wantsSegment = false;
    log.addSegment(segment, superblock.nextGeneration++);
    superblocks.markDirty();
    return 0;
  }

  /// Takes the device's completions and reports what they bring about.
  ///
  /// @return completions taken and reported; 0 means idle
  public int poll(long nowNanos) {
    int work = device.poll(io.dispatcher());
    work += commit.report();
    for (int i = 0; i < superblock.logCount; i++) {
      RecordReader reader = readers[i];
      if (reader != null) {
        work += reader.advance();
      }
    }
    return work;
  }

  private void completed(long tag, int result) {
    int index = LogIo.index(tag);
    int errno = 0;
    switch (LogIo.kind(tag)) {
      case LogIo.GROUP -> errno = commit.written(index, result);
      case LogIo.FLUSH -> errno = commit.flushed(index, result);
      case LogIo.SUPERBLOCK -> errno = superblocks.written(result);
      case LogIo.PREPARE -> segments.prepared(index, result);
      case LogIo.DISCARD -> segments.discarded(index, result);
      case LogIo.READ -> reader(index).completed(result);
      case LogIo.SYNC -> io.completedSync(index, result);
      default -> throw new IllegalStateException("tag " + tag);
    }
    if (errno != 0) {
      commit.fail(errno);
      superblocks.fail(errno);
    }
  }

  /// See [LogDevice#readinessFd].
  public int readinessFd() {
    return device.readinessFd();
  }

  /// How long the loop may sleep on other things; [Long#MAX_VALUE] when the readiness descriptor
  /// covers everything or nothing is in flight.
  public long idleWaitNanosMax() {
    return device.inFlight() == 0 ? Long.MAX_VALUE : device.idleWaitNanosMax();
  }

  /// The device. For its capabilities and report.
  public LogDevice device() {
    return device;
  }

  /// Reports counters by name, those of the device included.
  public void counters(ObjLongConsumer<String> visitor) {
    commit.counters(visitor);
    segments.counters(visitor);
    visitor.accept("log.superblock-writes", superblocks.writeCount());
    visitor.accept("log.push-no-space", noSpaceCount);
    visitor.accept("log.segment-bytes", device.geometry().segmentBytes());
    visitor.accept("log.record-bytes-max", recordBytesMax);
    long read = 0;
    for (RecordReader reader : readers) {
      read += reader == null ? 0 : reader.recordCount();
    }
    visitor.accept("log.records-read", read);
    device.counters(visitor);
  }

  /// Waits until what was appended is durable, notes the end of each log, and closes the device.
  /// Open logs are closed first. Idempotent; never throws for a device that fails.
  @Override
  public void close() {
    if (closed) {
      return;
    }
    for (int i = 0; i < superblock.logCount; i++) {
      if (superblock.log(i).open) {
        closeLog(i);
      }
    }
    try {
      drain();
      if (commit.failedErrno() == 0) {
        superblocks.markDirty();
        writeSuperblockNow();
      }
      io.awaitUntil("close", () -> device.inFlight() == 0);
    } catch (LibOsException e) {
      // What was acknowledged is durable; the next open recovers it.
      System.getLogger(LogStore.class.getName()).log(System.Logger.Level.WARNING, e.getMessage());
    } finally {
      closed = true;
      device.close();
      memory.close();
    }
  }

  /// Waits until nothing is on its way.
  private void drain() {
    io.awaitUntil(
        "write of what was appended",
        () -> {
          commit.report();
          flush(io.nowNanos());
          return commit.isIdle();
        });
  }

  private @Nullable LogState logOrNull(int log) {
    if (log < 0 || log >= superblock.logCount || closed) {
      return null;
    }
    LogState state = superblock.log(log);
    return state.open ? state : null;
  }

  private RecordReader reader(int log) {
    RecordReader reader = readers[log];
    if (reader == null) {
      throw new IllegalStateException("log " + log + " is not open");
    }
    return reader;
  }
}
