package dev.demikv.kvserver.persist;

import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.engine.Entry;
import dev.demikv.kvserver.engine.Slice;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/// Writes a snapshot to a storage queue, a bounded step at a time, while the loop goes on.
///
/// Up to [#RECORDS_IN_FLIGHT] records are on their way to the device; a step that finds more does
/// nothing. The snapshot counts when its footer is durable, which [#step] tells.
public final class SnapshotWriter implements Engine.SnapshotSink, AutoCloseable {
  /// Outcome of a step.
  public enum State {
    /// There is more to do at once.
    WORKING,
    /// It waits for a completion of the device, or for buffers.
    WAITING,
    /// The footer is durable.
    DONE,
    /// It failed: [#errno] says why. What was written does not count.
    FAILED
  }

  private static final int RECORDS_IN_FLIGHT = 4;

  private final LibOs libos;
  private final int qd;
  private final Engine.Snapshot source;
  private final long number;
  private final CRC32C checksum = new CRC32C();
  private final MemorySegment entryHead =
      MemorySegment.ofArray(new byte[SnapshotFormat.ENTRY_HEAD_BYTES]);
  private final long[] tokens = new long[RECORDS_IN_FLIGHT];
  private int firstToken;
  private int inFlight;

  private @Nullable ScatterGatherArray record;
  private boolean recordFull;
  private int recordEnd;
  private int place;
  private final Carry carry = new Carry();

  /// How much of a long entry is written.
  private long longWritten;

  private long entries;
  private long bytes;
  private boolean sourceDone;
  private boolean footerPushed;
  private boolean sourceLost;
  private int errno;

  /// Begins with the state of this instant.
  ///
  /// @param qd an empty storage queue
  /// @param number of the snapshot
  /// @param sequence number of the last batch in the state
  /// @param position where in the commands log its successors lie
  public SnapshotWriter(
      LibOs libos, int qd, Engine engine, long number, long sequence, long position, long millis) {
    this.libos = libos;
    this.qd = qd;
    this.number = number;
    this.source = engine.snapshot();
    MemorySegment memory = newRecord(SnapshotFormat.HEADER);
    if (memory == null) {
      errno = Errno.ENOMEM;
      return;
    }
    SnapshotFormat.putHeader(memory, sequence, position, millis, engine.databases());
    recordEnd = SnapshotFormat.HEADER_BYTES;
    recordFull = true;
  }

  /// Goes on.
  ///
  /// @param entriesMax bound of work
  public State step(int entriesMax) {
    if (errno != 0) {
      return State.FAILED;
    }
    if (recordFull && !pushRecord()) {
      return errno != 0 ? State.FAILED : State.WAITING;
    }
    if (!writeCarry()) {
      return errno != 0 ? State.FAILED : State.WAITING;
    }
    if (!sourceDone) {
      if (inFlight == RECORDS_IN_FLIGHT && record == null) {
        return State.WAITING;
      }
      switch (source.step(this, entriesMax)) {
        case MORE -> sourceDone = false;
        case DONE -> sourceDone = true;
        case LOST -> {
          sourceLost = true;
          errno = Errno.ENOMEM;
          return State.FAILED;
        }
      }
      if (!sourceDone || !carry.isEmpty()) {
        return recordFull || record == null ? State.WAITING : State.WORKING;
      }
    }
    if (!footerPushed && !pushFooter()) {
      return errno != 0 ? State.FAILED : State.WAITING;
    }
    return inFlight == 0 ? State.DONE : State.WAITING;
  }

  /// Takes the completion of a push; returns whether it was of this snapshot.
  public boolean onPushed(long qtoken, int result) {
    if (inFlight == 0 || qtoken != tokens[firstToken]) {
      return false;
    }
    firstToken = (firstToken + 1) % RECORDS_IN_FLIGHT;
    inFlight--;
    if (result < 0 && errno == 0) {
      errno = -result;
    }
    return true;
  }

  /// The oldest push under way, to wait for; 0 if none.
  public long oldestToken() {
    return inFlight == 0 ? 0 : tokens[firstToken];
  }

  /// Why it failed, positive; 0 if it did not.
  public int errno() {
    return errno;
  }

  /// Whether it failed because the engine had no memory to keep an entry that changed.
  public boolean sourceLost() {
    return sourceLost;
  }

  /// Number of the snapshot.
  public long number() {
    return number;
  }

  /// Entries written so far.
  public long entries() {
    return entries;
  }

  /// Bytes of entries written so far.
  public long bytes() {
    return bytes;
  }

  /// Bytes of old entries that the engine keeps for it.
  public long pendingBytes() {
    return source.pendingBytes();
  }

  @Override
  public boolean take(int db, Entry entry) {
    if (!carry.isEmpty() || !hasRoom()) {
      return false;
    }
    if (Engine.SnapshotSink.isLong(entry)) {
      return takePieces(db, entry);
    }
    SnapshotFormat.putEntryHead(entryHead, 0, db, entry);
    Slice key = entry.key;
    Slice value = entry.value;
    write(entryHead, 0, SnapshotFormat.ENTRY_HEAD_BYTES);
    write(key.memory(), key.offset(), key.length());
    write(value.memory(), value.offset(), value.length());
    entries++;
    bytes += SnapshotFormat.ENTRY_HEAD_BYTES + (long) key.length() + value.length();
    return true;
  }

  /// Writes as much of a long entry as there is room for, which is what records in flight may hold.
  private boolean takePieces(int db, Entry entry) {
    SnapshotFormat.putEntryHead(entryHead, 0, db, entry);
    Slice key = entry.key;
    Slice value = entry.value;
    int keyEnd = SnapshotFormat.ENTRY_HEAD_BYTES + key.length();
    long end = (long) keyEnd + value.length();
    writePiece(entryHead, 0, 0, SnapshotFormat.ENTRY_HEAD_BYTES);
    writePiece(key.memory(), key.offset(), SnapshotFormat.ENTRY_HEAD_BYTES, keyEnd);
    writePiece(value.memory(), value.offset(), keyEnd, end);
    if (longWritten < end) {
      return false;
    }
    longWritten = 0;
    entries++;
    bytes += end;
    return true;
  }

  /// Writes what is not yet written of a part of a long entry.
  ///
  /// @param offset where the part starts in its memory
  /// @param start where it starts in the entry
  /// @param end where it ends in the entry
  private void writePiece(MemorySegment from, long offset, long start, long end) {
    while (longWritten >= start && longWritten < end && hasRoom()) {
      longWritten += writeRun(from, offset + longWritten - start, end - longWritten);
    }
  }

  /// Writes bytes into the record, for which there is [#hasRoom].
  ///
  /// @return how many found room
  private int writeRun(MemorySegment from, long offset, long length) {
    ScatterGatherArray array = record;
    if (array == null) {
      throw new IllegalStateException("no record to write to");
    }
    int n = (int) Math.min(length, BatchRecord.RECORD_BYTES_MAX - recordEnd);
    MemorySegment.copy(from, offset, array.memory(0), recordEnd, n);
    recordEnd += n;
    recordFull = recordEnd == BatchRecord.RECORD_BYTES_MAX;
    return n;
  }

  /// Writes bytes of an entry, over several records if need be. What finds no room is kept aside:
  /// an entry once begun cannot come again, as it may have changed by then.
  private void write(MemorySegment from, long offset, long length) {
    long written = 0;
    while (written < length && carry.isEmpty() && hasRoom()) {
      written += writeRun(from, offset + written, length - written);
    }
    carry.add(from, offset + written, length - written);
  }

  /// Writes what was kept aside; returns whether that is all.
  private boolean writeCarry() {
    while (!carry.isEmpty() && hasRoom()) {
      ScatterGatherArray array = record;
      if (array == null) {
        throw new IllegalStateException("no record to write to");
      }
      int room = BatchRecord.RECORD_BYTES_MAX - recordEnd;
      recordEnd += carry.moveTo(array.memory(0), recordEnd, room);
      recordFull = recordEnd == BatchRecord.RECORD_BYTES_MAX;
    }
    return carry.isEmpty();
  }

  private boolean hasRoom() {
    if (recordFull && !pushRecord()) {
      return false;
    }
    return record != null || newRecord(SnapshotFormat.ENTRIES) != null;
  }

  /// Begins a record in a fresh buffer; `null` when there is none or too much is in flight.
  private @Nullable MemorySegment newRecord(byte kind) {
    if (inFlight == RECORDS_IN_FLIGHT) {
      return null;
    }
    ScatterGatherArray array = libos.sgaAlloc(BatchRecord.RECORD_BYTES_MAX);
    if (array == null) {
      return null;
    }
    if (array.segmentCount() != 1) {
      libos.sgaFree(array);
      return null;
    }
    record = array;
    recordEnd = SnapshotFormat.RECORD_HEAD_BYTES;
    recordFull = false;
    SnapshotFormat.putRecordHead(array.memory(0), kind, place, number);
    return array.memory(0);
  }

  private boolean pushRecord() {
    ScatterGatherArray array = record;
    if (array == null) {
      recordFull = false;
      return true;
    }
    if (inFlight == RECORDS_IN_FLIGHT) {
      return false;
    }
    array.setRange(0, 0, recordEnd);
    long qtoken = libos.push(qd, array);
    if (qtoken == -Errno.EAGAIN) {
      recordFull = true;
      return false;
    }
    if (SnapshotFormat.kind(array.memory(0)) == SnapshotFormat.ENTRIES) {
      int from = SnapshotFormat.RECORD_HEAD_BYTES;
      checksum.update(array.memory(0).asSlice(from, recordEnd - from).asByteBuffer());
    }
    record = null;
    recordFull = false;
    libos.sgaFree(array);
    if (qtoken < 0) {
      errno = (int) -qtoken;
      return false;
    }
    place++;
    tokens[(firstToken + inFlight) % RECORDS_IN_FLIGHT] = qtoken;
    inFlight++;
    return true;
  }

  private boolean pushFooter() {
    if (record != null
        && SnapshotFormat.kind(record.memory(0)) == SnapshotFormat.ENTRIES
        && !pushRecord()) {
      return false;
    }
    if (record == null) {
      MemorySegment memory = newRecord(SnapshotFormat.FOOTER);
      if (memory == null) {
        return false;
      }
      SnapshotFormat.putFooter(memory, entries, bytes, (int) checksum.getValue());
      recordEnd = SnapshotFormat.FOOTER_BYTES;
    }
    footerPushed = pushRecord();
    return footerPushed;
  }

  /// Ends it, complete or not, and frees what the engine kept.
  @Override
  public void close() {
    ScatterGatherArray array = record;
    if (array != null) {
      record = null;
      libos.sgaFree(array);
    }
    carry.clear();
    source.close();
  }

  /// The rest of an entry that found no room.
  private static final class Carry {
    private @Nullable Arena arena;
    private MemorySegment memory = MemorySegment.NULL;
    private long start;
    private long end;

    boolean isEmpty() {
      return start == end;
    }

    @SuppressWarnings("MustBeClosedChecker") // Closed when it is empty again.
    void add(MemorySegment from, long offset, long length) {
      if (length == 0) {
        return;
      }
      if (end + length > memory.byteSize()) {
        Arena larger = Arena.ofConfined();
        MemorySegment moved = larger.allocate(Math.max(end + length, 4096));
        MemorySegment.copy(memory, start, moved, start, end - start);
        Arena old = arena;
        if (old != null) {
          old.close();
        }
        arena = larger;
        memory = moved;
      }
      MemorySegment.copy(from, offset, memory, end, length);
      end += length;
    }

    int moveTo(MemorySegment target, long offset, int room) {
      int n = (int) Math.min(room, end - start);
      MemorySegment.copy(memory, start, target, offset, n);
      start += n;
      if (start == end) {
        clear();
      }
      return n;
    }

    void clear() {
      start = 0;
      end = 0;
      memory = MemorySegment.NULL;
      Arena old = arena;
      if (old != null) {
        arena = null;
        old.close();
      }
    }
  }
}
