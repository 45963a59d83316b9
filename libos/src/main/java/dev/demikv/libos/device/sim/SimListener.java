package dev.demikv.libos.device.sim;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.lang.Nullable;
import java.util.ArrayDeque;

/// A listening socket's connections that are not yet accepted.
final class SimListener {
  private final SimSocket socket;
  private final ArrayDeque<SimConnection> established = new ArrayDeque<>();
  private int backlog;
  private int reservedCount;
  private boolean closed;

  SimListener(SimSocket socket, int backlog) {
    this.socket = socket;
    this.backlog = backlog;
  }

  void setBacklog(int newBacklog) {
    backlog = newBacklog;
  }

  /// Takes a place for a connection in its handshake.
  boolean reserve() {
    if (closed || reservedCount >= backlog) {
      return false;
    }
    reservedCount++;
    return true;
  }

  void release() {
    reservedCount--;
  }

  /// The handshake is done.
  void established(SimConnection connection) {
    if (closed) {
      connection.reset();
      return;
    }
    established.add(connection);
    socket.changed();
  }

  /// The next connection for the application, or `null`.
  @Nullable
  SimConnection next() {
    SimConnection connection = established.poll();
    if (connection != null) {
      reservedCount--;
    }
    return connection;
  }

  boolean hasNext() {
    return !established.isEmpty();
  }

  /// Resets what was not accepted.
  void close() {
    closed = true;
    for (SimConnection connection : established) {
      if (connection.isOpen()) {
        connection.reset();
      } else {
        connection.fail(Errno.ECONNABORTED);
      }
    }
    established.clear();
  }
}
