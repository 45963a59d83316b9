package dev.demikv.libos.api;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import java.lang.foreign.MemorySegment;

/// A list of pieces of buffers: what is pushed and popped (demi_sgarray_t).
///
/// Each segment is a run of bytes, `offset` to `offset + length`, in one [Buffer]. The array holds
/// one reference on each of its buffers. Arrays come from an [SgaPool] and go back to it when their
/// last holder lets go: the application with [LibOs#sgaFree], the libOS when a push is done. An
/// application may therefore free an array right after it pushed it (free-protection). It must not
/// write to the bytes before the token has completed.
///
/// Belongs to the thread of its LibOs. Up to [#SEGMENTS_MAX] segments.
public final class ScatterGatherArray {
  /// Most segments in one array.
  public static final int SEGMENTS_MAX = 16;

  private final SgaPool pool;
  private final @Nullable Buffer[] buffers = new Buffer[SEGMENTS_MAX];
  private final int[] offsets = new int[SEGMENTS_MAX];
  private final int[] lengths = new int[SEGMENTS_MAX];
  private int segmentCount;
  private int totalBytes;
  private int holders;

  ScatterGatherArray(SgaPool pool) {
    this.pool = pool;
  }

  /// Segments in use.
  public int segmentCount() {
    return segmentCount;
  }

  /// Bytes in all segments.
  public int totalBytes() {
    return totalBytes;
  }

  /// The buffer of a segment.
  public Buffer buffer(int index) {
    Buffer buffer = index < segmentCount ? buffers[index] : null;
    if (buffer == null) {
      throw new IndexOutOfBoundsException("segment " + index + " of " + segmentCount);
    }
    return buffer;
  }

  /// The memory that a segment lies in; its bytes start at [#offset].
  public MemorySegment memory(int index) {
    return buffer(index).segment();
  }

  /// Where a segment starts in its buffer, in bytes.
  public int offset(int index) {
    return offsets[index];
  }

  /// Length of a segment in bytes.
  public int length(int index) {
    return lengths[index];
  }

  /// Native address of the first byte of a segment.
  public long address(int index) {
    return buffer(index).address() + offsets[index];
  }

  /// Appends a segment and takes over one reference on its buffer from the caller.
  ///
  /// @return false, and nothing taken, when the array is full
  public boolean add(Buffer buffer, int offset, int length) {
    if (segmentCount == SEGMENTS_MAX) {
      return false;
    }
    if (offset < 0 || length < 0 || length > buffer.capacityBytes() - offset) {
      throw new IndexOutOfBoundsException(
          "bytes " + offset + " + " + length + " of a buffer of " + buffer.capacityBytes());
    }
    buffers[segmentCount] = buffer;
    offsets[segmentCount] = offset;
    lengths[segmentCount] = length;
    segmentCount++;
    totalBytes += length;
    return true;
  }

  /// Appends a segment of another holder's buffer: takes a reference of its own.
  ///
  /// @return false, and nothing taken, when the array is full
  public boolean addShared(Buffer buffer, int offset, int length) {
    if (segmentCount == SEGMENTS_MAX) {
      return false;
    }
    buffer.retain();
    return add(buffer, offset, length);
  }

  /// Changes what a segment covers, within its buffer: to trim, or after filling it.
  public void setRange(int index, int offset, int length) {
    Buffer buffer = buffer(index);
    if (offset < 0 || length < 0 || length > buffer.capacityBytes() - offset) {
      throw new IndexOutOfBoundsException(
          "bytes " + offset + " + " + length + " of a buffer of " + buffer.capacityBytes());
    }
    totalBytes += length - lengths[index];
    offsets[index] = offset;
    lengths[index] = length;
  }

  /// Copies bytes out of the array.
  ///
  /// @param position first byte, counted over all segments
  /// @return bytes copied: `length`, or fewer at the end of the array
  public int copyTo(int position, MemorySegment target, long targetOffset, int length) {
    int copied = 0;
    int at = position;
    for (int i = 0; i < segmentCount && copied < length; i++) {
      if (at >= lengths[i]) {
        at -= lengths[i];
        continue;
      }
      int n = Math.min(length - copied, lengths[i] - at);
      MemorySegment.copy(memory(i), (long) offsets[i] + at, target, targetOffset + copied, n);
      copied += n;
      at = 0;
    }
    return copied;
  }

  /// Copies bytes into the array's segments, which must already cover them.
  ///
  /// @return bytes copied: `length`, or fewer at the end of the array
  public int copyFrom(int position, MemorySegment source, long sourceOffset, int length) {
    int copied = 0;
    int at = position;
    for (int i = 0; i < segmentCount && copied < length; i++) {
      if (at >= lengths[i]) {
        at -= lengths[i];
        continue;
      }
      int n = Math.min(length - copied, lengths[i] - at);
      MemorySegment.copy(source, sourceOffset + copied, memory(i), (long) offsets[i] + at, n);
      copied += n;
      at = 0;
    }
    return copied;
  }

  /// All bytes as a new Java array. For tests and control paths: it allocates.
  public byte[] toByteArray() {
    byte[] bytes = new byte[totalBytes];
    copyTo(0, MemorySegment.ofArray(bytes), 0, totalBytes);
    return bytes;
  }

  /// Adds a holder. For the libOS: every operation in flight holds its array.
  public void hold() {
    if (holders <= 0) {
      throw new IllegalStateException("the array was freed");
    }
    holders++;
  }

  /// Drops a holder; the last one releases the buffers and returns the array to its pool.
  ///
  /// @throws IllegalStateException if it was freed before
  public void drop() {
    if (holders <= 0) {
      throw new IllegalStateException("the array was freed before (double free)");
    }
    if (--holders == 0) {
      for (int i = 0; i < segmentCount; i++) {
        buffer(i).release();
        buffers[i] = null;
      }
      segmentCount = 0;
      totalBytes = 0;
      pool.put(this);
    }
  }

  /// Holders now; 0 while it lies in its pool.
  public int holders() {
    return holders;
  }

  void taken() {
    holders = 1;
  }
}
