package dev.demikv.libos.device.trace;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;

/// Frames that wait until a time, those of the same time in the order they came: a binary heap of
/// fixed size. Holds one reference on each buffer.
final class DelayQueue {
  private final int capacityCount;
  private final @Nullable Buffer[] buffers;
  private final int[] offsets;
  private final int[] lengths;
  private final int[] first;
  private final int[] second;
  private final long[] dueNanos;
  private final long[] sequences;

  /// Slots in the order of the heap; those behind `count` are free.
  private final int[] heap;

  private int count;
  private long added;

  DelayQueue(int capacityCount) {
    this.capacityCount = capacityCount;
    buffers = new Buffer[capacityCount];
    offsets = new int[capacityCount];
    lengths = new int[capacityCount];
    first = new int[capacityCount];
    second = new int[capacityCount];
    dueNanos = new long[capacityCount];
    sequences = new long[capacityCount];
    heap = new int[capacityCount];
    for (int i = 0; i < capacityCount; i++) {
      heap[i] = i;
    }
  }

  /// Adds a frame with two numbers for its owner. Takes over a reference when it has room.
  ///
  /// @return false when it is full
  boolean add(long due, Buffer buffer, int offset, int length, int number1, int number2) {
    if (count == capacityCount) {
      return false;
    }
    int slot = heap[count];
    buffers[slot] = buffer;
    offsets[slot] = offset;
    lengths[slot] = length;
    first[slot] = number1;
    second[slot] = number2;
    dueNanos[slot] = due;
    sequences[slot] = added++;
    siftUp(count++);
    return true;
  }

  int count() {
    return count;
  }

  /// When the first frame is due; [Long#MAX_VALUE] when there is none.
  long nextNanos() {
    return count == 0 ? Long.MAX_VALUE : dueNanos[heap[0]];
  }

  /// Whether a frame is due.
  boolean isDue(long nowNanos) {
    return count > 0 && dueNanos[heap[0]] - nowNanos <= 0;
  }

  /// The first frame's buffer, whose reference goes with [#remove].
  Buffer buffer() {
    Buffer buffer = buffers[heap[0]];
    assert count > 0 && buffer != null : "no frame";
    return buffer;
  }

  int offset() {
    return offsets[heap[0]];
  }

  int length() {
    return lengths[heap[0]];
  }

  int number1() {
    return first[heap[0]];
  }

  int number2() {
    return second[heap[0]];
  }

  /// Takes the first frame out; its reference is the caller's.
  void remove() {
    int slot = heap[0];
    buffers[slot] = null;
    count--;
    heap[0] = heap[count];
    heap[count] = slot;
    siftDown();
  }

  /// Drops all.
  void clear() {
    while (count > 0) {
      Buffer buffer = buffer();
      remove();
      buffer.release();
    }
  }

  private void siftUp(int from) {
    int at = from;
    while (at > 0 && isBefore(heap[at], heap[(at - 1) / 2])) {
      swap(at, (at - 1) / 2);
      at = (at - 1) / 2;
    }
  }

  private void siftDown() {
    int at = 0;
    while (2 * at + 1 < count) {
      int child = 2 * at + 1;
      if (child + 1 < count && isBefore(heap[child + 1], heap[child])) {
        child++;
      }
      if (!isBefore(heap[child], heap[at])) {
        return;
      }
      swap(at, child);
      at = child;
    }
  }

  private boolean isBefore(int a, int b) {
    long difference = dueNanos[a] - dueNanos[b];
    return difference != 0 ? difference < 0 : sequences[a] < sequences[b];
  }

  private void swap(int a, int b) {
    int slot = heap[a];
    heap[a] = heap[b];
    heap[b] = slot;
  }
}
