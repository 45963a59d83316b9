package dev.demikv.libos.runtime;

import dev.demikv.libos.api.ConnectionInfo;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.Shutdown;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.lang.Nullable;

/// A queue of any kind. Data path methods return 0, and the token will be completed in the
/// [QTokenTable] (perhaps before they return), or `-errno`, and it will not.
abstract class IoQueue {
  /// Most pops that wait on one queue.
  static final int POPS_MAX = 4096;

  final EventLoop loop;
  final int qd;

  /// The composed queue that took this one over; it may not be used directly then.
  @Nullable IoQueue takenBy;

  private boolean quiet;

  IoQueue(EventLoop loop, int qd) {
    this.loop = loop;
    this.qd = qd;
  }

  /// What kind it is, for messages.
  abstract String kind();

  /// Whether a push of no bytes is an element.
  boolean takesEmpty() {
    return false;
  }

  /// Starts a push; the token holds the array.
  int push(ScatterGatherArray sga, @Nullable Endpoint to, long qtoken) {
    return -Errno.EOPNOTSUPP;
  }

  /// Starts a pop.
  int pop(int bytesMax, long qtoken) {
    return -Errno.EOPNOTSUPP;
  }

  /// Starts an accept.
  int accept(long qtoken) {
    return -Errno.EOPNOTSUPP;
  }

  /// Starts a connect.
  int connect(Endpoint remote, long qtoken) {
    return -Errno.EOPNOTSUPP;
  }

  /// Starts a truncate.
  int truncate(long position, long qtoken) {
    return -Errno.EOPNOTSUPP;
  }

  /// Cancels a pending token of this queue: completes it with -ECANCELED and returns 0, or returns
  /// -EALREADY.
  abstract int cancel(long qtoken);

  /// Ends the queue: completes what is pending with -ECANCELED and frees what it holds.
  abstract void close();

  /// Takes the completion of an operation that this queue started on another one. The result is
  /// reused after the call.
  void inner(QResult completion) {
    throw new IllegalStateException("a " + kind() + " queue starts no inner operations");
  }

  /// Tries again what a limit held back; called once per turn after [EventLoop#retryLater].
  void retry() {
    throw new IllegalStateException("a " + kind() + " queue retries nothing");
  }

  void bind(Endpoint local) {
    throw unsupported("bind");
  }

  void listen(int backlog) {
    throw unsupported("listen");
  }

  void shutdown(Shutdown how) {
    throw unsupported("shutdown");
  }

  Endpoint getsockname() {
    throw new LibOsException("getsockname", Errno.ENOTSOCK, "qd " + qd + " is a " + kind());
  }

  Endpoint getpeername() {
    throw new LibOsException("getpeername", Errno.ENOTSOCK, "qd " + qd + " is a " + kind());
  }

  void setsockopt(SocketOption option, int value) {
    throw new LibOsException(
        "setsockopt " + option, Errno.ENOPROTOOPT, "qd " + qd + " is a " + kind());
  }

  int getsockopt(SocketOption option) {
    throw new LibOsException(
        "getsockopt " + option, Errno.ENOPROTOOPT, "qd " + qd + " is a " + kind());
  }

  /// Fills in the statistics of a connection.
  ///
  /// @return 0 or -errno
  int connectionInfo(ConnectionInfo into) {
    return -Errno.EOPNOTSUPP;
  }

  /// Whether successful pushes are not delivered.
  final boolean quiet() {
    return quiet;
  }

  final void setQuiet(boolean value) {
    quiet = value;
  }

  private LibOsException unsupported(String operation) {
    return new LibOsException(
        operation, Errno.EOPNOTSUPP, "qd " + qd + " is a " + kind() + " queue");
  }
}
