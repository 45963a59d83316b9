package dev.demikv.libos.api;

import java.util.Locale;

/// States of a TCP connection, RFC 9293 §3.3.2. LISTEN is none: a listener is not a connection.
public enum TcpState {
  /// No connection: not yet, or no longer: it ended, was reset or given up.
  CLOSED,
  /// SYN sent.
  SYN_SENT,
  /// SYN received and sent.
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
  /// Both directions ended; what comes late is answered.
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

  /// Its name as RFC 9293 writes it, in lower case: `fin-wait-1`.
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
