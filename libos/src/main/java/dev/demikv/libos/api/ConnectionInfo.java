package dev.demikv.libos.api;

import java.util.function.ObjLongConsumer;

/// State and statistics of one connection as of one moment, for [LibOs#connectionInfo]: what
/// `TCP_INFO` of tcp(7) is for kernel sockets. A struct, filled in place and reused by its owner;
/// filling it allocates nothing.
///
/// Numbers are ≥ 0; [#UNKNOWN] stands for what the backend does not know: older kernels tell less,
/// and no backend tells everything (each field says who does not). Counters count from the
/// beginning of the connection.
///
/// **Units.** Windows and buffers are bytes, also where a kernel counts segments: its numbers are
/// multiplied by [#mssBytes]. Times are nanoseconds; those of a kernel are exact to a microsecond.
/// The names are those of RFC 9293, 5681, 6298 and 4898.
public final class ConnectionInfo {
  /// What a backend does not know.
  public static final int UNKNOWN = -1;

  /// State of the connection.
  public TcpState state = TcpState.CLOSED;

  /// Congestion control, as `cubic`; empty when not known.
  public String congestionControl = "";

  /// Congestion window.
  public int cwndBytes;

  /// Slow start threshold; [Integer#MAX_VALUE] before the first loss.
  public int ssthreshBytes;

  /// Sent and not acknowledged.
  public int flightBytes;

  /// Thought to be in the network: what is in flight and neither lost nor SACKed.
  public int pipeBytes;

  /// The peer's window.
  public int sendWindowBytes;

  /// Window offered to the peer. Linux tells since 6.2.
  public int receiveWindowBytes;

  /// Present limit of the send buffer, which autotuning moves. Linux counts its own overhead too.
  public int sendBufferBytes;

  /// Present limit of the receive buffer.
  public int receiveBufferBytes;

  /// Pushed and not acknowledged: [#unsentBytes] and [#flightBytes].
  public int sendQueueBytes;

  /// Pushed and never sent.
  public int unsentBytes;

  /// Received in order and not popped.
  public int receiveQueueBytes;

  /// Received out of order and kept. Linux does not tell.
  public int outOfOrderBytes;

  /// Largest payload of a segment at present.
  public int mssBytes;

  /// SRTT, the smoothed round-trip time; 0 before the first measurement.
  public long srttNanos;

  /// RTTVAR, its variation.
  public long rttvarNanos;

  /// Least round-trip time of the last minutes; 0 before the first measurement.
  public long minRttNanos;

  /// Retransmission timeout: the user-level stack's without back-off, Linux's with it.
  public long rtoNanos;

  /// Timeouts in a row.
  public int rtoBackoffs;

  /// Segments in.
  public long segmentsIn;

  /// Segments out, retransmissions included.
  public long segmentsOut;

  /// Bytes of the stream received in order. Linux counts a FIN as one.
  public long bytesIn;

  /// Bytes of the stream sent, each counted once.
  public long bytesOut;

  /// Bytes of the stream acknowledged by the peer. Linux counts SYN and FIN as one each.
  public long bytesAcked;

  /// Segments sent again.
  public long retransmissions;

  /// Bytes of the stream sent again.
  public long bytesRetransmitted;

  /// Retransmission timeouts. Linux tells since 6.7, up to 65,535.
  public long retransmissionTimeouts;

  /// Recoveries without a timeout. Linux does not tell.
  public long fastRecoveries;

  /// Responses to loss taken back because nothing was lost. Linux does not tell.
  public long spuriousRecoveries;

  /// D-SACKs in, RFC 2883: the peer got something twice.
  public long dsacksIn;

  /// Segments that arrived out of order.
  public long outOfOrderIn;

  /// Rate at which the peer gets the stream, bytes per second, of the last measurement. The
  /// user-level stack does not measure it.
  public long deliveryRateBytesPerSecond;

  /// Whether the network was seen to reorder what we sent, RFC 8985 §6.2.
  public boolean reorderingSeen;

  /// Whether window scaling was agreed, RFC 7323.
  public boolean windowScaling;

  /// Whether timestamps were agreed, RFC 7323.
  public boolean timestamps;

  /// Whether SACK was agreed, RFC 2018.
  public boolean sack;

  /// One that knows nothing.
  public ConnectionInfo() {
    clear();
  }

  /// Forgets everything: numbers are [#UNKNOWN].
  public void clear() {
    state = TcpState.CLOSED;
    congestionControl = "";
    cwndBytes = UNKNOWN;
    ssthreshBytes = UNKNOWN;
    flightBytes = UNKNOWN;
    pipeBytes = UNKNOWN;
    sendWindowBytes = UNKNOWN;
    receiveWindowBytes = UNKNOWN;
    sendBufferBytes = UNKNOWN;
    receiveBufferBytes = UNKNOWN;
    sendQueueBytes = UNKNOWN;
    unsentBytes = UNKNOWN;
    receiveQueueBytes = UNKNOWN;
    outOfOrderBytes = UNKNOWN;
    mssBytes = UNKNOWN;
    srttNanos = UNKNOWN;
    rttvarNanos = UNKNOWN;
    minRttNanos = UNKNOWN;
    rtoNanos = UNKNOWN;
    rtoBackoffs = UNKNOWN;
    segmentsIn = UNKNOWN;
    segmentsOut = UNKNOWN;
    bytesIn = UNKNOWN;
    bytesOut = UNKNOWN;
    bytesAcked = UNKNOWN;
    retransmissions = UNKNOWN;
    bytesRetransmitted = UNKNOWN;
    retransmissionTimeouts = UNKNOWN;
    fastRecoveries = UNKNOWN;
    spuriousRecoveries = UNKNOWN;
    dsacksIn = UNKNOWN;
    outOfOrderIn = UNKNOWN;
    deliveryRateBytesPerSecond = UNKNOWN;
    reorderingSeen = false;
    windowScaling = false;
    timestamps = false;
    sack = false;
  }

  /// Visits every number by a name of lower case with its unit, as `srtt-nanos`, in the order of
  /// the fields; what is not known is [#UNKNOWN], a boolean is 0 or 1.
  public void forEach(ObjLongConsumer<String> visitor) {
    visitor.accept("cwnd-bytes", cwndBytes);
    visitor.accept("ssthresh-bytes", ssthreshBytes);
    visitor.accept("flight-bytes", flightBytes);
    visitor.accept("pipe-bytes", pipeBytes);
    visitor.accept("send-window-bytes", sendWindowBytes);
    visitor.accept("receive-window-bytes", receiveWindowBytes);
    visitor.accept("send-buffer-bytes", sendBufferBytes);
    visitor.accept("receive-buffer-bytes", receiveBufferBytes);
    visitor.accept("send-queue-bytes", sendQueueBytes);
    visitor.accept("unsent-bytes", unsentBytes);
    visitor.accept("receive-queue-bytes", receiveQueueBytes);
    visitor.accept("out-of-order-bytes", outOfOrderBytes);
    visitor.accept("mss-bytes", mssBytes);
    visitor.accept("srtt-nanos", srttNanos);
    visitor.accept("rttvar-nanos", rttvarNanos);
    visitor.accept("min-rtt-nanos", minRttNanos);
    visitor.accept("rto-nanos", rtoNanos);
    visitor.accept("rto-backoffs", rtoBackoffs);
    visitor.accept("segments-in", segmentsIn);
    visitor.accept("segments-out", segmentsOut);
    visitor.accept("bytes-in", bytesIn);
    visitor.accept("bytes-out", bytesOut);
    visitor.accept("bytes-acked", bytesAcked);
    visitor.accept("retransmissions", retransmissions);
    visitor.accept("bytes-retransmitted", bytesRetransmitted);
    visitor.accept("retransmission-timeouts", retransmissionTimeouts);
    visitor.accept("fast-recoveries", fastRecoveries);
    visitor.accept("spurious-recoveries", spuriousRecoveries);
    visitor.accept("dsacks-in", dsacksIn);
    visitor.accept("out-of-order-in", outOfOrderIn);
    visitor.accept("delivery-rate-bytes-per-second", deliveryRateBytesPerSecond);
    visitor.accept("reordering-seen", reorderingSeen ? 1 : 0);
    visitor.accept("window-scaling", windowScaling ? 1 : 0);
    visitor.accept("timestamps", timestamps ? 1 : 0);
    visitor.accept("sack", sack ? 1 : 0);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(state.text()).append(' ').append(congestionControl);
    forEach((name, value) -> {
      if (value != UNKNOWN) {
        text.append(' ').append(name).append(' ').append(value);
      }
    });
    return text.toString();
  }
}
