package dev.demikv.libos.net;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;

/// Packets to ourselves, in order: they are handed in by the next poll, so that nothing is entered
/// twice. Bounded; what does not fit is lost, as on any network. Holds one reference on each
/// packet's buffer.
final class Loopback {
  private final @Nullable Buffer[] buffers;
  private final int[] offsets;
  private final int[] lengths;
  private int head;
  private int count;

  Loopback(int packetsMax) {
    buffers = new Buffer[packetsMax];
    offsets = new int[packetsMax];
    lengths = new int[packetsMax];
  }

  int count() {
    return count;
  }

  /// Takes over one reference on the buffer.
  ///
  /// @return false, with nothing taken, when it is full
  boolean offer(Buffer buffer, int offset, int length) {
    if (count == buffers.length) {
      return false;
    }
    int tail = (head + count) % buffers.length;
    buffers[tail] = buffer;
    offsets[tail] = offset;
    lengths[tail] = length;
    count++;
    return true;
  }

  /// Where the oldest packet starts in its buffer.
  int offset() {
    return offsets[head];
  }

  /// Bytes of the oldest packet.
  int length() {
    return lengths[head];
  }

  /// Takes the oldest packet out, with its reference.
  Buffer remove() {
    Buffer buffer = buffers[head];
    if (count == 0 || buffer == null) {
      throw new IllegalStateException("no packet to ourselves");
    }
    buffers[head] = null;
    head = (head + 1) % buffers.length;
    count--;
    return buffer;
  }

  void close() {
    while (count > 0) {
      remove().release();
    }
  }
}
