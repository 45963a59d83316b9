package dev.demikv.libos.runtime;

import dev.demikv.libos.lang.Nullable;

/// Queues by descriptor. Descriptors are ≥ 1; a closed one is given out again as late as can be.
final class QueueTable {
  private final @Nullable IoQueue[] queues;
  private final int[] free;
  private int freeHead;
  private int freeCount;

  QueueTable(int capacity) {
    queues = new IoQueue[capacity + 1];
    free = new int[capacity];
    for (int i = 0; i < capacity; i++) {
      free[i] = i + 1;
    }
    freeCount = capacity;
  }

  /// A free descriptor, reserved; 0 when all are taken.
  int reserve() {
    if (freeCount == 0) {
      return 0;
    }
    int qd = free[freeHead];
    freeHead = freeHead + 1 == free.length ? 0 : freeHead + 1;
    freeCount--;
    return qd;
  }

  /// Puts a queue under a reserved descriptor.
  void put(int qd, IoQueue queue) {
    queues[qd] = queue;
  }

  /// The queue of a descriptor, or `null`.
  @Nullable
  IoQueue get(int qd) {
    return qd > 0 && qd < queues.length ? queues[qd] : null;
  }

  /// Frees a descriptor.
  void release(int qd) {
    queues[qd] = null;
    int at = freeHead + freeCount;
    free[at >= free.length ? at - free.length : at] = qd;
    freeCount++;
  }

  /// Descriptors in use.
  int inUse() {
    return free.length - freeCount;
  }

  /// Highest descriptor there can be.
  int capacity() {
    return queues.length - 1;
  }
}
