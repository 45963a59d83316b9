package dev.demikv.libos.device.trace;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// A ring of bytes between one thread that writes records and one that reads them.
///
/// ```
///   writer: begin ▸ put… ▸ commit        ── tail: release ─▶ acquire
///   reader: readEnd ▸ get… ▸ release     ── head: release ─▶ acquire
/// ```
///
/// Positions count bytes since the beginning and are taken modulo the capacity. A record that does
/// not fit is refused, never waited for. Records are padded to 4 bytes, so that a number never lies
/// across the end.
final class RecordRing implements AutoCloseable {
  private static final VarHandle HEAD;
  private static final VarHandle TAIL;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      HEAD = lookup.findVarHandle(RecordRing.class, "head", long.class);
      TAIL = lookup.findVarHandle(RecordRing.class, "tail", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final int capacityBytes;

  /// Bytes read; written by the reader.
  @SuppressWarnings("unused") // Through HEAD.
  private long head;

  /// Bytes committed; written by the writer.
  @SuppressWarnings("unused") // Through TAIL.
  private long tail;

  /// Of the writer alone: where it writes, and a head that it saw.
  private long writeAt;

  private long headSeen;

  /// @param capacityBytes a power of two
  RecordRing(int capacityBytes) {
    assert Integer.bitCount(capacityBytes) == 1 : "capacity " + capacityBytes;
    this.capacityBytes = capacityBytes;
    memory = arena.allocate(capacityBytes, 64);
  }

  private static int padded(int bytes) {
    return (bytes + 3) & ~3;
  }

  /// Writer: begins a record, replacing one that was not committed.
  ///
  /// @return false when there is no room for it
  boolean begin(int bytes) {
    long start = (long) TAIL.get(this);
    if (start + padded(bytes) - headSeen > capacityBytes) {
      headSeen = (long) HEAD.getAcquire(this);
      if (start + padded(bytes) - headSeen > capacityBytes) {
        return false;
      }
    }
    writeAt = start;
    return true;
  }

  /// Writer: appends a number, before any bytes.
  void putInt(int value) {
    memory.set(JAVA_INT, writeAt & (capacityBytes - 1), value);
    writeAt += Integer.BYTES;
  }

  /// Writer: appends bytes.
  void put(MemorySegment from, long offset, int length) {
    int at = (int) (writeAt & (capacityBytes - 1));
    int first = Math.min(length, capacityBytes - at);
    MemorySegment.copy(from, offset, memory, at, first);
    MemorySegment.copy(from, offset + first, memory, 0, length - first);
    writeAt += length;
  }

  /// Writer: gives the record to the reader.
  void commit() {
    TAIL.setRelease(this, (writeAt + 3) & ~3L);
  }

  /// Reader: where it is to read.
  long readAt() {
    return (long) HEAD.get(this);
  }

  /// Reader: up to where it may read.
  long readEnd() {
    return (long) TAIL.getAcquire(this);
  }

  /// Reader: a number at a position.
  int getInt(long at) {
    return memory.get(JAVA_INT, at & (capacityBytes - 1));
  }

  /// Reader: copies bytes out.
  void get(long at, MemorySegment to, long offset, int length) {
    int from = (int) (at & (capacityBytes - 1));
    int first = Math.min(length, capacityBytes - from);
    MemorySegment.copy(memory, from, to, offset, first);
    MemorySegment.copy(memory, 0, to, offset + first, length - first);
  }

  /// Reader: gives a record back.
  ///
  /// @param bytes of the record, without padding
  void release(int bytes) {
    HEAD.setRelease(this, (long) HEAD.get(this) + padded(bytes));
  }

  /// Both threads are done with it.
  @Override
  public void close() {
    arena.close();
  }
}
