package dev.demikv.libos.net;

/// A transport protocol as the network layer sees it.
public interface TransportProtocol {
  /// A packet whose checksum is right. The receiver borrows it.
  void receive(Packet packet, long nowNanos);

  /// The network reports an error about a packet of ours, which may be forged.
  ///
  /// @return whether it is about a flow that there is, and plausible
  boolean error(PathError error, long nowNanos);
}
