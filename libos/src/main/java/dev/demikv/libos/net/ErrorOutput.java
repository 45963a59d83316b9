package dev.demikv.libos.net;

/// Tells senders what is wrong with their packets, by ICMP: within the rate limits, and never where
/// an error must not be sent (RFC 1122 §3.2.2, RFC 4443 §2.4 (e)).
public interface ErrorOutput {
  /// Nobody has the port.
  void portUnreachable(Packet packet, long nowNanos);

  /// Nobody takes the protocol.
  void protocolUnreachable(Packet packet, long nowNanos);
}
