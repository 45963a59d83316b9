package dev.demikv.kvserver.command;

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

  /// Closes it: at once, or after its replies are sent when it is the one that asks.
  void kill();
}
