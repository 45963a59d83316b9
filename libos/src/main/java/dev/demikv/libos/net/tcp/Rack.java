package dev.demikv.libos.net.tcp;

import dev.demikv.libos.wire.SequenceNumber;

/// RACK of one connection, RFC 8985 §5 and §6: which of the delivered segments was sent last, and
/// how long a segment sent before it may still be on its way; and the state of its tail loss probe,
/// §7.
final class Rack {
  private static final int WINDOW_PERSIST_ROUNDS = 16;
  private static final int DUPLICATE_THRESHOLD = 3;
  private static final int WINDOW_MULTIPLIER_MAX = 64;

  /// RACK.xmit_ts: when the delivered segment that was sent last was sent.
  private long sentNanos;

  /// RACK.end_seq: its end.
  private int end;

  /// RACK.rtt: its round-trip time.
  private long rttNanos;

  private boolean isValid;

  /// RACK.fack: highest end of a delivered segment.
  private int forwardAck;

  private boolean reorderingSeen;
  private int windowMultiplier;
  private int windowPersist;
  private int dsackRound;
  private boolean inDsackRound;

  /// TLP.end_seq, while a probe is not answered.
  private int probeEnd;

  private boolean probing;
  private boolean probeIsRetransmission;

  void reset(int iss) {
    sentNanos = 0;
    end = iss;
    rttNanos = 0;
    isValid = false;
    forwardAck = iss;
    reorderingSeen = false;
    windowMultiplier = 1;
    windowPersist = 0;
    inDsackRound = false;
    probing = false;
  }

  /// RFC 8985 §6.2, steps 2 and 3: a segment was acknowledged or SACKed for the first time.
  ///
  /// @param isAmbiguous whether it may be that an earlier transmission of it was acknowledged
  void delivered(SentSegment segment, boolean isAmbiguous, long nowNanos) {
    if (SequenceNumber.after(segment.end, forwardAck)) {
      forwardAck = segment.end;
    } else if (SequenceNumber.before(segment.end, forwardAck)
        && !segment.is(SentSegment.EVER_RETRANSMITTED)) {
      reorderingSeen = true;
    }
    if (!isAmbiguous && (!isValid || sentBefore(sentNanos, end, segment.sentNanos, segment.end))) {
      isValid = true;
      sentNanos = segment.sentNanos;
      end = segment.end;
      rttNanos = Math.max(nowNanos - segment.sentNanos, 1);
    }
  }

  /// RACK_sent_after: whether the first was sent before the second.
  private static boolean sentBefore(long nanos, int sequence, long laterNanos, int laterSequence) {
    return nanos < laterNanos
        || nanos == laterNanos && SequenceNumber.before(sequence, laterSequence);
  }

  /// Whether a segment was delivered behind a later one, since the connection began.
  boolean hasSeenReordering() {
    return reorderingSeen;
  }

  /// Whether there is a reason to look at a segment: one sent after it was delivered.
  boolean isOvertaken(SentSegment segment) {
    return isValid && sentBefore(segment.sentNanos, segment.end, sentNanos, end);
  }

  /// When an overtaken segment counts as lost.
  long lossNanos(SentSegment segment, long reorderWindowNanos) {
    return segment.sentNanos + rttNanos + reorderWindowNanos;
  }

  /// RFC 8985 §6.2, step 4: a D-SACK says that the window was too short.
  void duplicateReported(int sndNxt) {
    if (!inDsackRound) {
      inDsackRound = true;
      dsackRound = sndNxt;
      windowMultiplier = Math.min(windowMultiplier + 1, WINDOW_MULTIPLIER_MAX);
      windowPersist = WINDOW_PERSIST_ROUNDS;
    }
  }

  /// At most one increase per round trip.
  void acknowledged(int sndUna) {
    if (inDsackRound && SequenceNumber.atOrAfter(sndUna, dsackRound)) {
      inDsackRound = false;
    }
  }

  /// A recovery is over; after 16 without a D-SACK the window is short again.
  void recovered() {
    if (windowPersist > 0 && --windowPersist == 0) {
      windowMultiplier = 1;
    }
  }

  /// RFC 8985 §6.2, step 4.
  long reorderWindowNanos(boolean inRecovery, int sackedCount, RttEstimator rtt) {
    if (!reorderingSeen && (inRecovery || sackedCount >= DUPLICATE_THRESHOLD)) {
      return 0;
    }
    long least = rtt.minRttNanos();
    if (least == Long.MAX_VALUE) {
      return 0;
    }
    return Math.min(windowMultiplier * (least / 4), rtt.srttNanos());
  }

  boolean isProbing() {
    return probing;
  }

  boolean probeIsRetransmission() {
    return probeIsRetransmission;
  }

  int probeEnd() {
    return probeEnd;
  }

  void probed(int sndNxt, boolean isRetransmission) {
    probing = true;
    probeEnd = sndNxt;
    probeIsRetransmission = isRetransmission;
  }

  void probeAnswered() {
    probing = false;
  }
}
