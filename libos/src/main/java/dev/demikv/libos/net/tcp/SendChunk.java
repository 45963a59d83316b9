package dev.demikv.libos.net.tcp;

import static java.util.Objects.requireNonNull;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;

/// A piece of a buffer in a [SendQueue]. Pooled.
final class SendChunk {
  @Nullable Buffer buffer;
  int offset;
  int length;

  /// Whether the buffer is a copy of ours, with room behind the bytes that nobody else uses.
  boolean isCopy;

  @Nullable SendChunk next;

  /// The buffer; the chunk is in a queue.
  Buffer buffer() {
    return requireNonNull(buffer, "chunk lies in its pool");
  }
}
