package dev.demikv.libos.net.tcp;

/// What [Tcp] tells the layer above it. Implemented once per stack.
///
/// When: at the end of [Tcp#receive], [Tcp#advance], [Tcp#flush] and of the calls on a connection
/// or listener, when no work on any connection is under way. So everything may be called from
/// within: pop, push, close, abort, accept, connect. A callback is never called from within another
/// one: what it causes is told after it has returned, except [#pushed], which a push, a cancel, a
/// close or an abort reports before it returns.
///
/// No callback of a connection comes after its [TcpConnection#close] or [TcpConnection#abort] has
/// returned. They allocate nothing.
public interface TcpUser {
  /// At least one connection waits for [Tcp#accept]. Told once per connection that begins to wait.
  void acceptable(TcpListener listener);

  /// A connect is done.
  ///
  /// @param result 0 when established; otherwise `-errno`, the connection is dead and waits for its
  ///   [TcpConnection#close]
  void connected(TcpConnection connection, int result);

  /// A pop would find something new: data, the end of the stream, or an error.
  void readable(TcpConnection connection);

  /// A push is done.
  ///
  /// @param result its bytes; -ECANCELED when it was cancelled or the connection closed by its
  ///   user; another `-errno` when the connection failed first
  void pushed(TcpConnection connection, long qtoken, int result);

  /// An established connection has come to its end: both directions are closed, or it failed. It
  /// waits for its [TcpConnection#close]; what was received can still be popped. Not told after a
  /// failed connect.
  ///
  /// @param result 0 after an orderly end; otherwise `-errno`
  void closed(TcpConnection connection, int result);
}
