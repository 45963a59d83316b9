package dev.demikv.kvserver.command;

import dev.demikv.libos.api.ConnectionInfo;

/// A connection as CLIENT LIST and CLIENT KILL see it.
public interface ClientInfo {
  /// Its state.
  Session session();

  /// The peer's address, as `127.0.0.1:50000`.
  String address();

  /// The server's address, as `127.0.0.1:6379`.
  String localAddress();

  /// Its queue descriptor.
  int qd();

  /// Seconds since it was accepted.
  long ageSeconds();

  /// Seconds since it last sent something.
  long idleSeconds();

  /// Bytes received and not yet executed.
  long inputBytes();

  /// Bytes of replies not yet sent.
  long outputBytes();

  /// Bytes received from it.
  long receivedBytes();

  /// Bytes of replies handed to its transport.
  long sentBytes();

  /// Tells what its transport knows of the connection.
  ///
  /// @param into filled in place
  /// @return whether it tells; not every network backend does
  boolean connectionInfo(ConnectionInfo into);

  /// Closes it: at once, or after its replies are sent when it is the one that asks.
  void kill();
}
