package dev.demikv.libos.api;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPools;

/// A fixed number of scatter-gather arrays and the buffers to fill them with. One thread.
public final class SgaPool {
  private final BufferPools buffers;
  private final ScatterGatherArray[] free;
  private int freeCount;

  /// @param buffers where [#allocate] takes memory from
  /// @param count arrays in all
  public SgaPool(BufferPools buffers, int count) {
    this.buffers = buffers;
    this.free = new ScatterGatherArray[count];
    for (int i = 0; i < count; i++) {
      free[i] = new ScatterGatherArray(this);
    }
    this.freeCount = count;
  }

  /// An array without segments and with one holder, or `null` when all are out.
  public @Nullable ScatterGatherArray takeEmpty() {
    if (freeCount == 0) {
      return null;
    }
    ScatterGatherArray sga = free[--freeCount];
    sga.taken();
    return sga;
  }

  /// An array that covers `lengthBytes` of fresh buffers, in as few segments as can be.
  ///
  /// @return `null`, with nothing taken, when arrays or buffers are out
  public @Nullable ScatterGatherArray allocate(int lengthBytes) {
    ScatterGatherArray sga = takeEmpty();
    if (sga == null) {
      return null;
    }
    int left = lengthBytes;
    do {
      Buffer buffer = buffers.take(left);
      if (buffer == null) {
        sga.drop();
        return null;
      }
      int n = Math.min(left, buffer.capacityBytes());
      if (!sga.add(buffer, 0, n)) {
        buffer.release();
        sga.drop();
        return null;
      }
      left -= n;
    } while (left > 0);
    return sga;
  }

  /// The pools that memory comes from.
  public BufferPools buffers() {
    return buffers;
  }

  /// Arrays in all.
  public int count() {
    return free.length;
  }

  /// Arrays that lie in the pool now.
  public int freeCount() {
    return freeCount;
  }

  void put(ScatterGatherArray sga) {
    free[freeCount++] = sga;
  }
}
