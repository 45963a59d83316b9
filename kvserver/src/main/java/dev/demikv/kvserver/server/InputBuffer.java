package dev.demikv.kvserver.server;

import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.MemorySegment;

/// The bytes of one client that make no whole command yet, or that wait for their turn: one
/// contiguous run in a block that doubles as bytes arrive, or grows in place when it is large.
/// Holds no memory while it is empty.
final class InputBuffer {
  private final ClientMemory pool;
  private final int bytesMax;
  private ClientMemory.@Nullable Block block;
  private int start;
  private int end;

  /// @param bytesMax most bytes it may hold
  InputBuffer(ClientMemory pool, long bytesMax) {
    this.pool = pool;
    this.bytesMax = (int) Math.min(bytesMax, ClientMemory.BLOCK_BYTES_MOST);
  }

  /// Bytes in it.
  int length() {
    return end - start;
  }

  /// Whether nothing is in it.
  boolean isEmpty() {
    return end == start;
  }

  /// The memory of the bytes.
  MemorySegment memory() {
    ClientMemory.Block held = block;
    return held == null ? MemorySegment.NULL : held.memory();
  }

  /// Where they start.
  int start() {
    return start;
  }

  /// Where they end.
  int end() {
    return end;
  }

  /// Appends bytes.
  ///
  /// @return false, and nothing appended, when that is beyond its limit or the budget
  boolean append(MemorySegment source, long offset, int length) {
    if (length == 0) {
      return true;
    }
    ClientMemory.Block held = room(length);
    if (held == null) {
      return false;
    }
    MemorySegment.copy(source, offset, held.memory(), end, length);
    end += length;
    return true;
  }

  /// Drops bytes from the front; gives the memory back with the last.
  void consume(int length) {
    start += length;
    assert start <= end : start + " > " + end;
    if (start == end) {
      clear();
    }
  }

  /// Drops everything and gives the memory back.
  void clear() {
    start = 0;
    end = 0;
    ClientMemory.Block held = block;
    if (held != null) {
      block = null;
      pool.give(held);
    }
  }

  private ClientMemory.@Nullable Block room(int length) {
    ClientMemory.Block held = block;
    int used = end - start;
    if (length > bytesMax - used) {
      return null;
    }
    if (held != null && held.capacity() - end >= length) {
      return held;
    }
    if (held != null && held.capacity() - used >= length && used <= held.capacity() / 2) {
      MemorySegment.copy(held.memory(), start, held.memory(), 0, used);
    } else if (held != null && pool.grow(held, (long) end + length)) {
      return held;
    } else {
      ClientMemory.Block larger = pool.takeGrowing((long) used + length);
      if (larger == null) {
        return null;
      }
      if (held != null) {
        MemorySegment.copy(held.memory(), start, larger.memory(), 0, used);
        pool.give(held);
      }
      block = larger;
      held = larger;
    }
    start = 0;
    end = used;
    return held;
  }
}
