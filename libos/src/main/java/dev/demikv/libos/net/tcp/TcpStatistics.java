package dev.demikv.libos.net.tcp;

/// A connection's state and what it has done, as of one moment: filled in by
/// [TcpConnection#statistics]. A struct, reused by its owner.
public final class TcpStatistics {
  /// State of the connection.
  public TcpState state = TcpState.CLOSED;

  /// Congestion control and what it does: `cubic`, `newreno`.
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

  /// Window offered to the peer.
  public int receiveWindowBytes;

  /// Present limits of the buffers, which autotuning moves.
  public int sendBufferBytes;

  /// Present limit of the receive buffer.
  public int receiveBufferBytes;

  /// Pushed and not acknowledged.
  public int sendQueueBytes;

  /// Received and not popped, without what is out of order.
  public int receiveQueueBytes;

  /// Received out of order.
  public int outOfOrderBytes;

  /// Largest payload of a segment at present.
  public int mssBytes;

  /// Smoothed round-trip time; 0 before the first measurement.
  public long srttNanos;

  /// Its variation.
  public long rttvarNanos;

  /// Least round-trip time of the last minutes.
  public long minRttNanos;

  /// Retransmission timeout, without back-off.
  public long rtoNanos;

  /// Timeouts in a row.
  public int rtoBackoffs;

  /// Segments in.
  public long segmentsIn;

  /// Segments out.
  public long segmentsOut;

  /// Bytes of the stream received in order.
  public long bytesIn;

  /// Bytes of the stream acknowledged by the peer.
  public long bytesAcked;

  /// Segments sent again.
  public long retransmissions;

  /// Timeouts.
  public long retransmissionTimeouts;

  /// Recoveries without a timeout.
  public long fastRecoveries;

  /// Responses to loss taken back.
  public long spuriousRecoveries;

  /// Segments that arrived out of order.
  public long outOfOrderIn;

  /// Whether window scaling, timestamps and SACK were agreed.
  public boolean windowScaling;

  /// Whether timestamps were agreed, RFC 7323.
  public boolean timestamps;

  /// Whether SACK was agreed, RFC 2018.
  public boolean sack;

  /// An empty one.
  public TcpStatistics() {}

  @Override
  public String toString() {
    return state
        + " "
        + congestionControl
        + " cwnd "
        + cwndBytes
        + " ssthresh "
        + ssthreshBytes
        + " flight "
        + flightBytes
        + " pipe "
        + pipeBytes
        + " snd.wnd "
        + sendWindowBytes
        + " rcv.wnd "
        + receiveWindowBytes
        + " mss "
        + mssBytes
        + " srtt "
        + srttNanos / 1_000
        + " us rttvar "
        + rttvarNanos / 1_000
        + " us rto "
        + rtoNanos / 1_000_000
        + " ms backoffs "
        + rtoBackoffs
        + " retransmissions "
        + retransmissions
        + " send queue "
        + sendQueueBytes
        + " receive queue "
        + receiveQueueBytes
        + " out of order "
        + outOfOrderBytes;
  }
}
