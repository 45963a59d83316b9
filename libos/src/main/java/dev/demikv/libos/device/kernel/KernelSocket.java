package dev.demikv.libos.device.kernel;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.SocketType;

/// The state of one socket: a struct of the transport, used again for the next socket with this id.
final class KernelSocket {
  /// Where a socket is in its life.
  enum State {
    /// Not in use.
    FREE,
    /// Made, perhaps bound. A datagram socket can already be used.
    OPEN,
    /// A listener.
    LISTENING,
    /// A connect is in flight.
    CONNECTING,
    /// It has a peer.
    CONNECTED,
    /// A stream that is broken: [#error] says why.
    FAILED
  }

  final int sid;
  final OperationQueue inbound = new OperationQueue();
  final OperationQueue outbound = new OperationQueue();

  /// Counts the sockets that had this id; travels in epoll events. 31 bits.
  int generation;

  int fd = -1;
  SocketType type = SocketType.STREAM;
  AddressFamily family = AddressFamily.INET;
  State state = State.FREE;

  /// There may be something to receive or to accept.
  boolean readable;

  /// A short recv does not mean empty: the end, an error or urgent data was announced.
  boolean drain;

  /// The kernel may take bytes.
  boolean writable;

  /// The end of the stream was reached, or [dev.demikv.libos.api.Shutdown#READ].
  boolean ended;

  /// No more pushes: [dev.demikv.libos.api.Shutdown#WRITE].
  boolean writeShut;

  /// What broke the stream, positive; 0 while it is whole.
  int error;

  /// Token of a connect in flight, otherwise 0.
  long connectToken;

  /// Bytes in [#outbound] that the kernel has not taken.
  long outboundBytes;

  KernelSocket(int sid) {
    this.sid = sid;
  }

  boolean isStream() {
    return type == SocketType.STREAM;
  }

  /// What epoll tells with each event of this socket; never negative.
  long epollData() {
    return (long) generation << 32 | sid;
  }

  /// Begins a life.
  void opened(int newFd, SocketType newType, AddressFamily newFamily, State newState) {
    fd = newFd;
    type = newType;
    family = newFamily;
    state = newState;
    readable = false;
    drain = false;
    writable = newType == SocketType.DATAGRAM || newState == State.CONNECTED;
    ended = false;
    writeShut = false;
    error = 0;
    connectToken = 0;
    outboundBytes = 0;
  }
}
