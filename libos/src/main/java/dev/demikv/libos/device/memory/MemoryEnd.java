package dev.demikv.libos.device.memory;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.lang.Nullable;

/// One end of a stream connection: the bytes that have come to it, and the way to the other end.
///
/// ```
///   push ──▶ peer.unread (bounded: the peer's receive buffer) ──▶ pop
/// ```
final class MemoryEnd {
  private final Endpoint local;
  private final Endpoint remote;
  private final MemoryRing unread;
  private @Nullable MemoryEnd peer;
  private @Nullable MemorySocket socket;
  private boolean ended;
  private boolean readEnded;
  private boolean writeEnded;
  private boolean closed;
  private int error;

  private MemoryEnd(Endpoint local, Endpoint remote, int receiveBufferBytes) {
    this.local = local;
    this.remote = remote;
    this.unread = new MemoryRing(receiveBufferBytes);
  }

  /// Makes a connection.
  ///
  /// @return the end of the client; the server's is its [#peer]
  static MemoryEnd connect(
      Endpoint client, int clientBufferBytes, Endpoint server, int serverBufferBytes) {
    MemoryEnd near = new MemoryEnd(client, server, clientBufferBytes);
    MemoryEnd far = new MemoryEnd(server, client, serverBufferBytes);
    near.peer = far;
    far.peer = near;
    return near;
  }

  MemoryEnd peer() {
    MemoryEnd other = peer;
    if (other == null) {
      throw new IllegalStateException("an end without a peer");
    }
    return other;
  }

  Endpoint local() {
    return local;
  }

  Endpoint remote() {
    return remote;
  }

  /// The socket that learns of changes.
  void setSocket(MemorySocket newSocket) {
    socket = newSocket;
  }

  /// The error that ended it, positive, or 0.
  int error() {
    return error;
  }

  /// Takes bytes of an array from a position on, as many as there is room for.
  ///
  /// @return bytes taken or -errno
  int write(ScatterGatherArray sga, int position) {
    MemoryEnd to = peer();
    if (error != 0) {
      return -error;
    }
    if (to.closed || writeEnded) {
      return -Errno.EPIPE;
    }
    int count = sga.totalBytes() - position;
    if (to.readEnded) {
      return count;
    }
    count = Math.min(count, to.unread.room());
    if (count > 0) {
      to.unread.put(sga, position, count);
      to.changed();
    }
    return count;
  }

  /// Half-close: the peer sees the end of the stream behind what was written.
  void endWrite() {
    if (!writeEnded) {
      writeEnded = true;
      peer().ended = true;
      peer().changed();
    }
  }

  int unreadBytes() {
    return unread.length();
  }

  /// Moves bytes into an array that covers them.
  void read(ScatterGatherArray target) {
    unread.take(target);
    peer().changed();
  }

  /// Whether nothing more will come.
  boolean isReadEnded() {
    return readEnded || ended && unread.length() == 0;
  }

  /// No more reads: what comes is thrown away.
  void endRead() {
    readEnded = true;
    unread.skip(unread.length());
    peer().changed();
  }

  /// The application let go. As with TCP, the peer sees the end of the stream, or a reset when that
  /// is asked for or bytes are unread.
  void close(boolean reset) {
    if (closed) {
      return;
    }
    MemoryEnd other = peer();
    if (!other.closed) {
      if (reset || unread.length() > 0) {
        other.error = Errno.ECONNRESET;
      } else {
        other.ended = true;
      }
    }
    closed = true;
    socket = null;
    unread.close();
    other.changed();
  }

  private void changed() {
    if (socket != null) {
      socket.changed();
    }
  }
}
