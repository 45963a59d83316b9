package dev.demikv.libos.log;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.MemorySource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Aligned memory that the device can reach: from its own source, or plain.
final class LogMemory implements AutoCloseable {
  private static final int ALIGN_BYTES = 4096;

  private final Arena arena = Arena.ofShared();
  private final @Nullable MemorySource source;
  private final int alignBytes;

  LogMemory(@Nullable MemorySource source, int blockBytes) {
    this.source = source;
    this.alignBytes = Math.max(ALIGN_BYTES, blockBytes);
  }

  MemorySegment allocate(long bytes) {
    return source == null
        ? arena.allocate(bytes, alignBytes)
        : source.allocate(bytes, alignBytes).segment();
  }

  @Override
  public void close() {
    arena.close();
  }
}
