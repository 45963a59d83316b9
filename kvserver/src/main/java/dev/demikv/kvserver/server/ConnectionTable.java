package dev.demikv.kvserver.server;

import dev.demikv.libos.lang.Nullable;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// The clients by queue descriptor. Connections are made when first needed and then used again.
final class ConnectionTable {
  private final Supplier<Connection> maker;
  private final @Nullable Connection[] byQd;
  private final Connection[] free;
  private final Connection[] oldestFirst;
  private int freeCount;
  private int count;
  private int madeCount;
  private final int capacity;

  /// @param capacity most clients
  /// @param qdMax highest descriptor there can be
  ConnectionTable(int capacity, int qdMax, Supplier<Connection> maker) {
    this.capacity = capacity;
    this.maker = maker;
    this.byQd = new Connection[qdMax + 1];
    this.free = new Connection[capacity];
    this.oldestFirst = new Connection[capacity];
  }

  /// The client of a descriptor, or `null`.
  @Nullable
  Connection find(int qd) {
    return qd >= 0 && qd < byQd.length ? byQd[qd] : null;
  }

  /// Highest descriptor that there can be.
  int qdMax() {
    return byQd.length - 1;
  }

  /// A free connection, or `null` when there are as many clients as may be. To be given to [#put]
  /// at once.
  @Nullable
  Connection take() {
    if (freeCount > 0) {
      return free[--freeCount];
    }
    if (madeCount == capacity) {
      return null;
    }
    madeCount++;
    return maker.get();
  }

  /// Enters an opened connection.
  void put(Connection connection) {
    byQd[connection.qd] = connection;
    oldestFirst[count++] = connection;
  }

  /// Takes a connection out, before it is released. O(clients), as closing is rare.
  void remove(Connection connection) {
    byQd[connection.qd] = null;
    int at = 0;
    while (!oldestFirst[at].equals(connection)) {
      at++;
    }
    System.arraycopy(oldestFirst, at + 1, oldestFirst, at, count - at - 1);
    count--;
    free[freeCount++] = connection;
  }

  /// Clients now.
  int count() {
    return count;
  }

  /// Most clients.
  int capacity() {
    return capacity;
  }

  /// Visits all clients, oldest first. The visitor may close those it is given.
  void forEach(Consumer<? super Connection> visitor) {
    Connection[] all = new Connection[count];
    System.arraycopy(oldestFirst, 0, all, 0, count);
    for (Connection connection : all) {
      visitor.accept(connection);
    }
  }
}
