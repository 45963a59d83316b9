package dev.demikv.kvserver.server;

import dev.demikv.kvserver.memory.PageMemory;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Off-heap blocks for what clients have half sent or not yet read, within one budget. One thread.
///
/// Blocks up to [#SMALL_BYTES_MAX] have powers of two from [#BLOCK_BYTES_LEAST] on. A returned
/// block is kept for the next taker, up to [#KEPT_BYTES_MAX] in all; beyond that its memory goes
/// back to the system. Larger blocks are mapped: they cost nothing before they are written, and
/// their end comes in steps ([#unmapSome]). One that is to grow lies at the beginning of a run of
/// addresses of [#BLOCK_BYTES_MOST], so that it grows without being copied.
final class ClientMemory implements AutoCloseable {
  /// Smallest block.
  static final int BLOCK_BYTES_LEAST = 4 << 10;

  /// Largest block.
  static final int BLOCK_BYTES_MOST = 1 << 30;

  /// Largest block that is a power of two and kept when it is returned.
  static final int SMALL_BYTES_MAX = 4 << 20;

  private static final int MAPPED_STEP_BYTES = 1 << 20;
  private static final int LEAST_SHIFT = 12;
  private static final int SIZES = 23 - LEAST_SHIFT;
  private static final long KEPT_BYTES_MAX = 64L << 20;

  private final PageMemory pages = new PageMemory();
  private final long budgetBytes;
  private final @Nullable Block[] kept = new Block[SIZES];
  private long usedBytes;
  private long keptBytes;
  private long refusedCount;

  ClientMemory(long budgetBytes) {
    this.budgetBytes = budgetBytes;
  }

  /// A piece of memory of its own. Belongs to whoever took it, until [ClientMemory#give].
  static final class Block {
    private final @Nullable Arena arena;
    private final MemorySegment memory;
    private int capacity;
    private @Nullable Block next;

    /// @param arena `null` if it is mapped
    private Block(@Nullable Arena arena, MemorySegment memory, int capacity) {
      this.arena = arena;
      this.memory = memory;
      this.capacity = capacity;
    }

    /// The memory, of which the first [#capacity] bytes may be used.
    MemorySegment memory() {
      return memory;
    }

    /// Room in bytes.
    int capacity() {
      return capacity;
    }
  }

  /// Takes a block with room for so many bytes.
  ///
  /// @return `null` when that is beyond the budget or the largest block
  @Nullable
  Block take(long bytes) {
    return take(bytes, false);
  }

  /// As [#take(long)], of a block that [#grow] can make larger if it is larger than
  /// [#SMALL_BYTES_MAX].
  @Nullable
  Block takeGrowing(long bytes) {
    return take(bytes, true);
  }

  private @Nullable Block take(long bytes, boolean growing) {
    boolean mapped = bytes > SMALL_BYTES_MAX;
    long size = mapped ? mappedSize(bytes) : smallSize(bytes);
    if (bytes > BLOCK_BYTES_MOST || usedBytes + size > budgetBytes) {
      refusedCount++;
      return null;
    }
    Block block = mapped ? map((int) size, growing) : takeSmall((int) size);
    if (block == null) {
      refusedCount++;
      return null;
    }
    usedBytes += size;
    return block;
  }

  private static long smallSize(long bytes) {
    return 1L
        << Math.max(LEAST_SHIFT, Long.SIZE - Long.numberOfLeadingZeros(Math.max(1, bytes) - 1));
  }

  private static long mappedSize(long bytes) {
    return bytes > BLOCK_BYTES_MOST ? bytes : bytes + MAPPED_STEP_BYTES - 1 & -MAPPED_STEP_BYTES;
  }

  @SuppressWarnings("MustBeClosedChecker") // Closed by give or close.
  private Block takeSmall(int size) {
    int index = Integer.numberOfTrailingZeros(size) - LEAST_SHIFT;
    Block block = kept[index];
    if (block == null) {
      Arena arena = Arena.ofConfined();
      return new Block(arena, arena.allocate(size, Long.BYTES), size);
    }
    kept[index] = block.next;
    block.next = null;
    keptBytes -= size;
    return block;
  }

  private @Nullable Block map(int size, boolean growing) {
    MemorySegment memory = growing ? pages.map(BLOCK_BYTES_MOST) : MemorySegment.NULL;
    if (memory.byteSize() == 0) {
      // Where addresses are limited, it does not grow in place, but is there.
      memory = pages.map(size);
    }
    return memory.byteSize() == 0 ? null : new Block(null, memory, size);
  }

  /// Makes a block larger in place.
  ///
  /// @param bytes room that is wanted
  /// @return false, and nothing changed, when that is beyond the budget or there is no place
  boolean grow(Block block, long bytes) {
    long size = mappedSize(bytes);
    if (block.arena != null
        || size > block.memory.byteSize()
        || usedBytes + size - block.capacity > budgetBytes) {
      return false;
    }
    usedBytes += size - block.capacity;
    block.capacity = (int) size;
    return true;
  }

  /// Gives a block back.
  void give(Block block) {
    int size = block.capacity;
    usedBytes -= size;
    Arena arena = block.arena;
    if (arena == null) {
      pages.retire(block.memory, size);
    } else if (keptBytes + size > KEPT_BYTES_MAX) {
      arena.close();
    } else {
      int index = Integer.numberOfTrailingZeros(size) - LEAST_SHIFT;
      block.next = kept[index];
      kept[index] = block;
      keptBytes += size;
    }
  }

  /// Gives memory of large blocks back to the operating system.
  ///
  /// @param bytesMax bound of work
  /// @return whether there is more
  boolean unmapSome(long bytesMax) {
    return pages.unmapSome(bytesMax);
  }

  /// Bytes that are out.
  long usedBytes() {
    return usedBytes;
  }

  /// Most bytes that may be out.
  long budgetBytes() {
    return budgetBytes;
  }

  /// How often a block was refused.
  long refusedCount() {
    return refusedCount;
  }

  /// Frees the blocks that lie here; those that are out stay with the process.
  @Override
  public void close() {
    for (int i = 0; i < SIZES; i++) {
      for (Block block = kept[i]; block != null; block = block.next) {
        Arena arena = block.arena;
        if (arena != null) {
          arena.close();
        }
      }
      kept[i] = null;
    }
    keptBytes = 0;
    pages.close();
  }
}
