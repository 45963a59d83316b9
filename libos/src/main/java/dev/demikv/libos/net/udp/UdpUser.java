package dev.demikv.libos.net.udp;

/// What [Udp] tells the layer above it, about one socket. Calls come while a packet is received;
/// the user may pop, not push.
public interface UdpUser {
  /// Whether a pop waits, so that a datagram will not stay in the queue.
  boolean isPopWaiting();

  /// A datagram has come.
  void arrived();

  /// The network said that datagrams to the peer of a connected socket do not get there.
  ///
  /// @param errno positive
  void failed(int errno);
}
