package dev.demikv.libos.net.tcp;

import java.util.Locale;

/// What a [Tcp] counts over all connections. Every segment that is not used has a reason here.
public enum TcpCounter {
  /// Segments in, good or bad.
  SEGMENTS_IN,
  /// Segments out, with retransmissions.
  SEGMENTS_OUT,
  /// Bytes of data in order, taken from segments.
  BYTES_IN,
  /// Bytes of data out for the first time.
  BYTES_OUT,
  /// Segments out again.
  RETRANSMISSIONS,
  /// Connections that we opened.
  ACTIVE_OPENS,
  /// Connections that peers opened.
  PASSIVE_OPENS,
  /// Connects that failed.
  CONNECT_FAILURES,
  /// Established connections ended by a RST.
  RESETS_IN,
  /// RST segments out.
  RESETS_OUT,
  /// Established connections given up after too many retransmissions, probes, or unanswered
  /// keepalives.
  GIVE_UPS,
  /// Acknowledgements without data out.
  ACKS_OUT,
  /// Acknowledgements sent because the delayed-ACK timer fired.
  DELAYED_ACKS,
  /// Duplicate acknowledgements in.
  DUPLICATE_ACKS_IN,
  /// Retransmission timeouts.
  RETRANSMISSION_TIMEOUTS,
  /// Loss recoveries entered without a timeout.
  FAST_RECOVERIES,
  /// Tail loss probes sent, RFC 8985.
  TAIL_LOSS_PROBES,
  /// Congestion responses taken back because the retransmission was not needed.
  SPURIOUS_RECOVERIES,
  /// D-SACKs in, RFC 2883.
  DSACKS_IN,
  /// Zero-window probes out.
  WINDOW_PROBES,
  /// Keepalive probes out.
  KEEPALIVE_PROBES,
  /// Challenge ACKs out, RFC 5961.
  CHALLENGE_ACKS,
  /// SYN cookies sent.
  SYN_COOKIES_OUT,
  /// Connections established from a SYN cookie.
  SYN_COOKIES_GOOD,
  /// Handshakes of passive opens given up: the SYN-ACK was not acknowledged in time.
  HANDSHAKES_EXPIRED,
  /// TIME-WAIT entries replaced by a new connection, RFC 6191.
  TIME_WAIT_REUSED,
  /// TIME-WAIT entries forgotten before their time because the table was full.
  TIME_WAIT_OVERFLOWS,
  /// Segments out of order that were kept.
  OUT_OF_ORDER_IN,
  /// Small payloads appended to the buffer before them.
  COALESCED_IN,
  /// Segments that could not be sent for want of a buffer or because the device was full.
  SEND_FAILURES,

  /// The header is longer than the segment or shorter than 20 bytes.
  DROP_BAD_HEADER(true),
  /// To or from a multicast, broadcast or unspecified address, or from port 0.
  DROP_BAD_ADDRESS(true),
  /// A combination of flags that no state takes.
  DROP_BAD_FLAGS(true),
  /// No connection and no listener; answered with a RST unless it was one.
  DROP_NO_CONNECTION(true),
  /// Outside of the window, RFC 9293 §3.10.7.4.
  DROP_OUT_OF_WINDOW(true),
  /// Data that we have already.
  DROP_DUPLICATE(true),
  /// PAWS: an old timestamp, RFC 7323 §5.
  DROP_PAWS(true),
  /// No timestamp although they were agreed, RFC 7323 §3.2.
  DROP_NO_TIMESTAMP(true),
  /// A RST whose sequence number is not exactly right, RFC 5961 §3.
  DROP_RST_CHALLENGED(true),
  /// A SYN on an established connection, RFC 5961 §4.
  DROP_SYN_CHALLENGED(true),
  /// An acknowledgement of something too old or never sent, RFC 5961 §5.
  DROP_ACK_INVALID(true),
  /// No ACK bit.
  DROP_NO_ACK(true),
  /// Data after the end of the stream, or after we closed.
  DROP_DATA_AFTER_CLOSE(true),
  /// Data beyond the window that was offered.
  DROP_BEYOND_WINDOW(true),
  /// Out-of-order data beyond its limits.
  DROP_OUT_OF_ORDER_FULL(true),
  /// Out-of-order data, dropped because memory runs low.
  DROP_OUT_OF_ORDER_PRUNED(true),
  /// In-order data, dropped because memory ran out.
  DROP_NO_MEMORY(true),
  /// A SYN or a completed handshake while the backlog is full.
  DROP_BACKLOG_FULL(true),
  /// A SYN while the SYN queue is full and cookies are off.
  DROP_SYN_QUEUE_FULL(true),
  /// A SYN on a listener that cannot be answered: no route, no buffer.
  DROP_SYN_UNANSWERED(true),
  /// An ACK that carries no valid cookie.
  DROP_COOKIE_INVALID(true),
  /// A completed handshake while all connection objects are in use.
  DROP_CONNECTIONS_FULL(true),
  /// A segment for a connection in TIME-WAIT.
  DROP_TIME_WAIT(true),
  /// An ICMP error whose quoted segment is not in flight, RFC 5927 §4.
  DROP_ICMP_NOT_IN_FLIGHT(true);

  private final boolean drop;

  TcpCounter() {
    this(false);
  }

  TcpCounter(boolean drop) {
    this.drop = drop;
  }

  /// Whether it counts segments that were not used.
  public boolean isDrop() {
    return drop;
  }

  /// Its name as a metric: `tcp.drop-paws`.
  public String metricName() {
    return "tcp." + name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
