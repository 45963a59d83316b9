package dev.demikv.libos.memory;

import dev.demikv.libos.lang.Nullable;

/// Several pools in ascending buffer size. Belongs to one thread.
public final class BufferPools {
  private final BufferPool[] pools;

  /// @param pools at least one, in strictly ascending buffer size
  public BufferPools(BufferPool... pools) {
    if (pools.length == 0) {
      throw new IllegalArgumentException("at least one pool");
    }
    for (int i = 1; i < pools.length; i++) {
      if (pools[i].bufferBytes() <= pools[i - 1].bufferBytes()) {
        throw new IllegalArgumentException("pools must be in ascending buffer size");
      }
    }
    this.pools = pools.clone();
  }

  /// Takes the smallest free buffer with room for `lengthBytes`; when no pool has one that large,
  /// the largest free buffer there is, so that the caller may make an array of several segments.
  /// `null` when every pool is empty. O(pools).
  public @Nullable Buffer take(int lengthBytes) {
    for (BufferPool pool : pools) {
      if (pool.bufferBytes() >= lengthBytes && pool.freeCount() > 0) {
        return pool.take();
      }
    }
    for (int i = pools.length - 1; i >= 0; i--) {
      if (pools[i].freeCount() > 0) {
        return pools[i].take();
      }
    }
    pools[pools.length - 1].take(); // Counts the exhaustion.
    return null;
  }

  /// Takes the smallest free buffer with room for all of `lengthBytes`, or `null`: for what must
  /// lie in one piece. O(pools).
  public @Nullable Buffer takeWhole(int lengthBytes) {
    Buffer buffer = take(lengthBytes);
    if (buffer != null && buffer.capacityBytes() < lengthBytes) {
      buffer.release();
      return null;
    }
    return buffer;
  }

  /// Pools in all.
  public int count() {
    return pools.length;
  }

  /// The pool at a place, in ascending buffer size.
  public BufferPool pool(int index) {
    return pools[index];
  }

  /// Size of the largest buffers in bytes.
  public int largestBufferBytes() {
    return pools[pools.length - 1].bufferBytes();
  }

  /// Bytes that lie free in all pools.
  public long freeBytes() {
    long bytes = 0;
    for (BufferPool pool : pools) {
      bytes += (long) pool.freeCount() * pool.bufferBytes();
    }
    return bytes;
  }

  /// Sets a leak detector on every pool, for tests.
  public void setLeakDetector(LeakDetector detector) {
    for (BufferPool pool : pools) {
      pool.setLeakDetector(detector);
    }
  }
}
