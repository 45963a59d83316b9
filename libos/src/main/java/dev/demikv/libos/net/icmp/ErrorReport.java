package dev.demikv.libos.net.icmp;

import dev.demikv.libos.net.PathError;

/// Where errors about our packets go: to the transport protocol, and, when that believes them, to
/// what is known of the path.
@FunctionalInterface
public interface ErrorReport {
  /// An error about a packet of ours.
  ///
  /// @param protocol of the packet
  /// @param packetBytes length of the packet, as quoted
  /// @return whether somebody sent such a packet
  boolean report(PathError error, int protocol, int packetBytes, long nowNanos);
}
