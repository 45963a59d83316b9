package dev.demikv.libos.api;

/// Kind of a socket queue, socket(2).
public enum SocketType {
  /// A run of bytes in order (SOCK_STREAM, TCP). Boundaries of pushed arrays are not kept.
  STREAM,
  /// Messages (SOCK_DGRAM, UDP). A pushed array is one datagram, a popped array is one datagram.
  DATAGRAM
}
