package dev.demikv.libos.memory;

import java.lang.foreign.MemorySegment;

/// A fixed piece of a region with a reference count.
///
/// Ownership: [BufferPool#take] returns a buffer with one reference; [#retain] adds one, [#release]
/// drops one, and the last one puts it back into its pool. Not thread-safe: retain and release
/// belong to the thread of the LibOs that owns the pool.
public final class Buffer {
  private final BufferPool pool;
  private final MemorySegment segment;
  private final long address;
  private final long deviceKey;
  private final int index;
  private int references;

  Buffer(BufferPool pool, MemorySegment segment, long deviceKey, int index) {
    this.pool = pool;
    this.segment = segment;
    this.address = segment.address();
    this.deviceKey = deviceKey;
    this.index = index;
  }

  /// The whole memory of this buffer, [#capacityBytes] long. The same object on every call.
  public MemorySegment segment() {
    return segment;
  }

  /// Native address of the first byte.
  public long address() {
    return address;
  }

  /// Room in bytes.
  public int capacityBytes() {
    return pool.bufferBytes();
  }

  /// The key of the region for the device it is registered with, see [MemoryRegion#deviceKey].
  public long deviceKey() {
    return deviceKey;
  }

  /// Place of this buffer in its pool, from 0.
  public int index() {
    return index;
  }

  /// The pool it returns to.
  public BufferPool pool() {
    return pool;
  }

  /// References held now; 0 while it lies in the pool.
  public int references() {
    return references;
  }

  /// Adds a reference.
  public void retain() {
    if (references <= 0) {
      throw new IllegalStateException("retain of a buffer that lies in its pool");
    }
    references++;
  }

  /// Drops a reference; the last one returns the buffer to its pool.
  ///
  /// @throws IllegalStateException on a release too many
  public void release() {
    int left = references - 1;
    if (left < 0) {
      throw new IllegalStateException("release of a buffer that lies in its pool (double free)");
    }
    references = left;
    if (left == 0) {
      pool.put(this);
    }
  }

  void taken() {
    references = 1;
  }

  void lent() {
    if (references != 0) {
      throw new IllegalStateException("the device lends a buffer that is out");
    }
    references = 1;
  }

  void surrendered() {
    if (references != 1) {
      throw new IllegalStateException("surrender of a buffer with " + references + " references");
    }
    references = 0;
  }
}
