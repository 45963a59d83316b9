package dev.demikv.kvserver.server;

import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Off-heap blocks for what clients have half sent or not yet read, within one budget. One thread.
///
/// Blocks have powers of two from [#BLOCK_BYTES_LEAST] on. A returned block is kept for the next
/// taker, up to [#KEPT_BYTES_MAX] in all; beyond that its memory goes back to the system.
final class ClientMemory implements AutoCloseable {
  /// Smallest block.
  static final int BLOCK_BYTES_LEAST = 4 << 10;

  /// Largest block.
  static final int BLOCK_BYTES_MOST = 1 << 30;

  private static final int LEAST_SHIFT = 12;
  private static final int SIZES = 31 - LEAST_SHIFT;
  private static final long KEPT_BYTES_MAX = 64L << 20;

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
    private final Arena arena;
    private final MemorySegment memory;
    private @Nullable Block next;

    @SuppressWarnings("MustBeClosedChecker") // Closed by the pool that made it.
    private Block(long bytes) {
      arena = Arena.ofConfined();
      memory = arena.allocate(bytes, Long.BYTES);
    }

    /// All of it.
    MemorySegment memory() {
      return memory;
    }

    /// Room in bytes.
    int capacity() {
      return (int) memory.byteSize();
    }
  }

  /// Takes a block with room for so many bytes.
  ///
  /// @return `null` when that is beyond the budget or the largest block
  @Nullable
  Block take(long bytes) {
    if (bytes > BLOCK_BYTES_MOST) {
      refusedCount++;
      return null;
    }
    int shift =
        Math.max(LEAST_SHIFT, Long.SIZE - Long.numberOfLeadingZeros(Math.max(1, bytes) - 1));
    long size = 1L << shift;
    if (usedBytes + size > budgetBytes) {
      refusedCount++;
      return null;
    }
    usedBytes += size;
    Block block = kept[shift - LEAST_SHIFT];
    if (block == null) {
      return new Block(size);
    }
    kept[shift - LEAST_SHIFT] = block.next;
    block.next = null;
    keptBytes -= size;
    return block;
  }

  /// Gives a block back.
  void give(Block block) {
    int size = block.capacity();
    usedBytes -= size;
    if (keptBytes + size > KEPT_BYTES_MAX) {
      block.arena.close();
      return;
    }
    int index = Integer.numberOfTrailingZeros(size) - LEAST_SHIFT;
    block.next = kept[index];
    kept[index] = block;
    keptBytes += size;
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

  /// Frees the blocks that lie here; those that are out are freed with their arenas' owners.
  @Override
  public void close() {
    for (int i = 0; i < SIZES; i++) {
      for (Block block = kept[i]; block != null; block = block.next) {
        block.arena.close();
      }
      kept[i] = null;
    }
    keptBytes = 0;
  }
}
