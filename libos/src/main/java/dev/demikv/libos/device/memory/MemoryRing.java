package dev.demikv.libos.device.memory;

import dev.demikv.libos.api.ScatterGatherArray;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A fixed number of bytes in native memory, first-in first-out.
///
/// The bytes are copies, so that they outlive the buffers, and the LibOs, they came from. Belongs
/// to the thread of its space.
final class MemoryRing {
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment segment;
  private final int capacity;
  private int head;
  private int length;

  MemoryRing(int capacity) {
    this.capacity = capacity;
    this.segment = arena.allocate(capacity, Long.BYTES);
  }

  int length() {
    return length;
  }

  int room() {
    return capacity - length;
  }

  /// Appends bytes of an array from a position on; there must be room.
  void put(ScatterGatherArray source, int position, int count) {
    int tail = (head + length) % capacity;
    int first = Math.min(count, capacity - tail);
    source.copyTo(position, segment, tail, first);
    source.copyTo(position + first, segment, 0, count - first);
    length += count;
  }

  /// Moves the oldest bytes into an array that covers as many.
  void take(ScatterGatherArray target) {
    int count = target.totalBytes();
    int first = Math.min(count, capacity - head);
    target.copyFrom(0, segment, head, first);
    target.copyFrom(first, segment, 0, count - first);
    skip(count);
  }

  /// Throws the oldest bytes away.
  void skip(int count) {
    head = (head + count) % capacity;
    length -= count;
  }

  /// Frees the memory.
  void close() {
    arena.close();
  }
}
