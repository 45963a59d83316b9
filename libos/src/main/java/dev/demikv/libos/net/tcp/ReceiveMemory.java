package dev.demikv.libos.net.tcp;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;

/// The received data of all connections: pieces to note it with, and the true size of the device's
/// buffers that it holds, which is bounded. Data out of order has to go first.
final class ReceiveMemory {
  private final Pool<ReceiveChunk> chunks;
  private final long bytesMax;
  private long bytes;

  ReceiveMemory(int chunksMax, long bytesMax) {
    this.chunks = new Pool<>(chunksMax, ReceiveChunk::new);
    this.bytesMax = bytesMax;
  }

  /// Bytes of memory held.
  long bytes() {
    return bytes;
  }

  /// Whether no data out of order should be kept: less than a quarter is left, or of the pool that
  /// the device receives into less than an eighth.
  boolean isLow(Buffer buffer) {
    return bytes > bytesMax - bytesMax / 4
        || chunks.availableCount() < 64
        || buffer.pool().freeCount() < buffer.pool().count() / 8;
  }

  /// Whether only connections that have nothing queued may keep data.
  boolean isOut(Buffer buffer) {
    return bytes + buffer.capacityBytes() > bytesMax
        || chunks.availableCount() == 0
        || buffer.pool().freeCount() < buffer.pool().count() / 16;
  }

  /// A chunk that refers to a piece of a buffer, with a reference of its own; `null` when chunks
  /// are out.
  @Nullable
  ReceiveChunk keep(Buffer buffer, int offset, int length, int sequence) {
    ReceiveChunk chunk = chunks.take();
    if (chunk == null) {
      return null;
    }
    buffer.retain();
    chunk.buffer = buffer;
    chunk.offset = offset;
    chunk.length = length;
    chunk.start = sequence;
    chunk.trueBytes = buffer.capacityBytes();
    chunk.next = null;
    chunk.previous = null;
    bytes += chunk.trueBytes;
    return chunk;
  }

  /// Takes a chunk back whose buffer reference has gone elsewhere.
  void forget(ReceiveChunk chunk) {
    bytes -= chunk.trueBytes;
    chunk.buffer = null;
    chunk.next = null;
    chunk.previous = null;
    chunks.put(chunk);
  }

  /// Takes a chunk back and drops its reference.
  void release(ReceiveChunk chunk) {
    chunk.buffer().release();
    forget(chunk);
  }
}
