package dev.demikv.kvserver.server;

import dev.demikv.libos.lang.Nullable;

/// A first-in first-out queue of connections, of fixed room. Whoever adds makes sure that a
/// connection is in it once.
final class ConnectionQueue {
  private final @Nullable Connection[] ring;
  private int head;
  private int count;

  /// @param capacity connections there are
  ConnectionQueue(int capacity) {
    ring = new Connection[capacity];
  }

  int size() {
    return count;
  }

  boolean isEmpty() {
    return count == 0;
  }

  void add(Connection connection) {
    if (count == ring.length) {
      throw new IllegalStateException("more connections than there are");
    }
    int at = head + count;
    ring[at >= ring.length ? at - ring.length : at] = connection;
    count++;
  }

  /// The oldest, removed; `null` when empty.
  @Nullable
  Connection poll() {
    if (count == 0) {
      return null;
    }
    Connection first = ring[head];
    ring[head] = null;
    head = head + 1 == ring.length ? 0 : head + 1;
    count--;
    return first;
  }
}
