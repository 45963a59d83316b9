package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Slice;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A copy of a value that is needed while the engine changes. Small ones cost no allocation; the
/// memory of large ones is off the heap and given back by [#release].
final class ValueCopy {
  private static final int SMALL_BYTES = 64 * 1024;

  private final MemorySegment small = MemorySegment.ofArray(new byte[SMALL_BYTES]);
  private final Slice copy = new Slice();
  private @Nullable Arena arena;

  /// Copies a value; the copy before it is gone.
  Slice take(Slice value) {
    int length = value.length();
    MemorySegment memory = room(length);
    MemorySegment.copy(value.memory(), value.offset(), memory, 0, length);
    return copy.set(memory, 0, length);
  }

  /// Memory of at least so many bytes, of any content.
  @SuppressWarnings("MustBeClosedChecker") // Closed by release, at the end of the command.
  MemorySegment room(int length) {
    release();
    if (length <= SMALL_BYTES) {
      return small;
    }
    Arena larger = Arena.ofConfined();
    arena = larger;
    return larger.allocate(length);
  }

  /// Gives the memory of a large copy back.
  void release() {
    if (arena != null) {
      arena.close();
      arena = null;
    }
  }
}
