package dev.demikv.libos.memory;

import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.MemorySegment;

/// A fixed number of equal buffers cut from one region. Belongs to one thread.
///
/// Taking and returning are O(1) and allocate nothing. An empty pool is a result (`null`), never
/// growth. The pool is last-in first-out, so that the warmest buffer is used next.
public final class BufferPool {
  private final MemoryRegion region;
  private final int bufferBytes;
  private final Buffer[] free;
  private final Buffer[] all;
  private int freeCount;
  private long exhaustedCount;
  private LeakDetector leakDetector = LeakDetector.OFF;

  /// Cuts `count` buffers of `bufferBytes` out of a region.
  ///
  /// @param bufferBytes size of each, > 0; the stride is the same, so the alignment of a buffer is
  ///   the largest power of two that divides both it and the region's base
  /// @param count how many, > 0; `bufferBytes * count` must fit the region
  public BufferPool(MemoryRegion region, int bufferBytes, int count) {
    if (bufferBytes <= 0 || count <= 0 || (long) bufferBytes * count > region.lengthBytes()) {
      throw new IllegalArgumentException(
          count + " buffers of " + bufferBytes + " B do not fit " + region.lengthBytes() + " B");
    }
    this.region = region;
    this.bufferBytes = bufferBytes;
    this.free = new Buffer[count];
    this.all = new Buffer[count];
    for (int i = 0; i < count; i++) {
      MemorySegment slice = region.segment().asSlice((long) i * bufferBytes, bufferBytes);
      Buffer buffer = new Buffer(this, slice, region.deviceKey(), i);
      all[i] = buffer;
      free[count - 1 - i] = buffer;
    }
    this.freeCount = count;
  }

  /// Takes a buffer with one reference, or `null` when all are out. Its content is whatever its
  /// last user left there.
  public @Nullable Buffer take() {
    if (freeCount == 0) {
      exhaustedCount++;
      return null;
    }
    Buffer buffer = free[--freeCount];
    buffer.taken();
    leakDetector.taken(buffer);
    return buffer;
  }

  void put(Buffer buffer) {
    leakDetector.returned(buffer);
    free[freeCount++] = buffer;
  }

  /// Size of each buffer in bytes.
  public int bufferBytes() {
    return bufferBytes;
  }

  /// Buffers in all.
  public int count() {
    return all.length;
  }

  /// Buffers that lie in the pool now.
  public int freeCount() {
    return freeCount;
  }

  /// How often [#take] found the pool empty.
  public long exhaustedCount() {
    return exhaustedCount;
  }

  /// The region the buffers are cut from.
  public MemoryRegion region() {
    return region;
  }

  /// Records where buffers are taken, for tests; see [LeakDetector].
  public void setLeakDetector(LeakDetector detector) {
    this.leakDetector = detector;
  }
}
