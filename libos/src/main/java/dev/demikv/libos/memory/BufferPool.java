package dev.demikv.libos.memory;

import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.MemorySegment;

/// A fixed number of equal buffers cut from one region. Belongs to one thread.
///
/// Taking and returning are O(1) and allocate nothing. An empty pool is a result (`null`), never
/// growth. The pool is last-in first-out, so that the warmest buffer is used next.
///
/// A pool made by [#ofDevice] shares its buffers with a device, which owns those that are neither
/// free nor out. The device moves them:
///
/// ```
///              deposit                  take
///      device ─────────▶ free in pool ─────────▶ out, ≥ 1 reference
///        ▲  ▲  withdraw    │    ▲   last release   │       │  ▲
///        │  └──────────────┘    └──────────────────┘       │  │ lend
///        └─────────────────────────────────────────────────┘  │
///                   surrender                        device ──┘
/// ```
public final class BufferPool {
  private final MemoryRegion region;
  private final int bufferBytes;
  private final Buffer[] free;
  private final Buffer[] all;
  private int freeCount;
  private int deviceCount;
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

  private BufferPool(MemoryRegion region, int bufferBytes, MemorySegment[] memories) {
    this.region = region;
    this.bufferBytes = bufferBytes;
    this.free = new Buffer[memories.length];
    this.all = new Buffer[memories.length];
    for (int i = 0; i < memories.length; i++) {
      if (memories[i].byteSize() != bufferBytes) {
        throw new IllegalArgumentException("buffer " + i + " has " + memories[i].byteSize() + " B");
      }
      all[i] = new Buffer(this, memories[i], region.deviceKey(), i);
    }
    this.deviceCount = memories.length;
  }

  /// A pool of buffers that a device laid out in memory of its own. All are the device's at first.
  ///
  /// @param region covers all buffers
  /// @param bufferBytes size of each
  /// @param memories where each buffer is, in order of its index
  public static BufferPool ofDevice(
      MemoryRegion region, int bufferBytes, MemorySegment[] memories) {
    return new BufferPool(region, bufferBytes, memories);
  }

  /// The device gives a buffer away, filled, with one reference for its taker. O(1).
  public Buffer lend(int index) {
    Buffer buffer = all[index];
    buffer.lent();
    deviceCount--;
    leakDetector.taken(buffer);
    return buffer;
  }

  /// The device takes a buffer over from its last holder, whose reference is gone. O(1).
  ///
  /// @throws IllegalStateException unless there is exactly one reference
  public void surrender(Buffer buffer) {
    assert buffer.pool() == this : "a buffer of another pool";
    buffer.surrendered();
    deviceCount++;
    leakDetector.returned(buffer);
  }

  /// The device puts a buffer of its own into the pool, for [#take]. O(1).
  public void deposit(int index) {
    deviceCount--;
    free[freeCount++] = all[index];
  }

  /// The device takes a free buffer out of the pool; `null` when there is none. O(1).
  public @Nullable Buffer withdraw() {
    if (freeCount == 0) {
      return null;
    }
    deviceCount++;
    return free[--freeCount];
  }

  /// Buffers that somebody holds a reference on.
  public int outCount() {
    return all.length - freeCount();
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

  /// Buffers that nobody holds a reference on: in the pool, or with the device that shares it.
  public int freeCount() {
    return freeCount + deviceCount;
  }

  /// Buffers that [#take] can give now: of [#freeCount], those that are not with a device.
  public int depositedCount() {
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
