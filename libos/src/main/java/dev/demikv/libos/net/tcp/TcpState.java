package dev.demikv.libos.net.tcp;

/// States of a connection, RFC 9293 §3.3.2. LISTEN is a [TcpListener]; TIME-WAIT is left by the
/// connection object for a compact table.
public enum TcpState {
  /// No connection: not yet, or no longer.
  CLOSED,
  /// SYN sent.
  SYN_SENT,
  /// SYN received and sent (simultaneous open); passive opens wait in the SYN queue instead.
  SYN_RECEIVED,
  /// Data flows.
  ESTABLISHED,
  /// FIN sent, not acknowledged; the peer still sends.
  FIN_WAIT_1,
  /// FIN acknowledged; the peer still sends.
  FIN_WAIT_2,
  /// The peer has ended its direction, we have not.
  CLOSE_WAIT,
  /// Both sent FIN at the same time; ours is not acknowledged.
  CLOSING,
  /// The peer ended first; our FIN is not acknowledged.
  LAST_ACK,
  /// Both directions ended; the compact table answers what comes late.
  TIME_WAIT;

  /// Whether our SYN was acknowledged and we got the peer's: RFC 9293 §3.3.2, the synchronized
  /// states.
  public boolean isSynchronized() {
    return compareTo(ESTABLISHED) >= 0;
  }

  /// Whether we may still send data that was pushed: no FIN of ours is out.
  public boolean maySend() {
    return this == ESTABLISHED || this == CLOSE_WAIT;
  }

  /// Whether the peer may still send data.
  public boolean mayReceive() {
    return this == ESTABLISHED || this == FIN_WAIT_1 || this == FIN_WAIT_2;
  }
}
