package dev.demikv.libos.net.tcp;

import static java.util.Objects.requireNonNull;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;

/// A piece of a received buffer, in a [ReceiveQueue] or a [Reassembler]. Pooled.
final class ReceiveChunk {
  @Nullable Buffer buffer;
  int offset;
  int length;

  /// Sequence number of its first byte.
  int start;

  /// Bytes of memory it pins: the whole buffer, counted by the first chunk that refers to it.
  int trueBytes;

  @Nullable ReceiveChunk next;
  @Nullable ReceiveChunk previous;

  /// The buffer; the chunk is in a queue.
  Buffer buffer() {
    return requireNonNull(buffer, "chunk lies in its pool");
  }

  int end() {
    return start + length;
  }
}
