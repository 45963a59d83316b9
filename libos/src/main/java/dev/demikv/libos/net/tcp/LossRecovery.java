package dev.demikv.libos.net.tcp;

import static dev.demikv.libos.net.tcp.SentSegment.EVER_RETRANSMITTED;
import static dev.demikv.libos.net.tcp.SentSegment.FIN;
import static dev.demikv.libos.net.tcp.SentSegment.SACKED;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.net.tcp.TcpConnection.Recovery;
import dev.demikv.libos.net.tcp.TcpConnection.TimerPurpose;
import dev.demikv.libos.wire.SequenceNumber;
import dev.demikv.libos.wire.TcpHeader;
import dev.demikv.libos.wire.TcpOption;

/// What acknowledgements, and their absence, say about the segments that were sent.
///
/// ```
///   ACK ─→ remove from the queue ─→ mark SACKed ─→ round-trip time ─→ RACK / three duplicates:
///          mark lost ─→ window (slow start, CUBIC, PRR) ─→ timer
///
///             loss found by ACKs                  timeout
///   OPEN ────────────────────────▶ FAST ────────────────────────▶ TIMEOUT
///    ▲                               │                               │
///    └───── all acknowledged that was sent when it began, or undo ───┘
/// ```
///
/// RFC 5681, 6298, 6582, 6675, 6937, 8985; undo by D-SACK (RFC 3708) and timestamps (RFC 3522).
final class LossRecovery {
  private static final int DUPLICATE_THRESHOLD = 3;
  private static final long PROBE_WITHOUT_RTT_NANOS = 1_000_000_000;

  private final TcpShared shared;

  // What the acknowledgement under way has told so far.
  private int delivered;
  private int dataAcked;
  private long sampleNanos;
  private boolean hasSample;

  /// Whether a segment was found lost by acknowledgements; loss of another kind is no congestion.
  private boolean lossFound;

  private boolean hasEcho;
  private int echo;

  LossRecovery(TcpShared shared) {
    this.shared = shared;
  }

  /// Takes the acknowledgement of a segment, which lies between SND.UNA and SND.NXT.
  void acknowledged(TcpConnection c, ReceivedSegment s) {
    RetransmitQueue queue = c.sent;
    int octets = s.ack - c.sndUna;
    int flightBefore = c.flightBytes();
    boolean duplicate = isDuplicate(c, s, octets);
    delivered = 0;
    dataAcked = 0;
    hasSample = false;
    lossFound = false;
    hasEcho = c.timestampsOk && s.options.hasTimestamps;
    echo = s.options.tsEcr;
    updateWindow(c, s);
    boolean duplicateReport = c.sackOk && SackScoreboard.isDuplicateReport(s.options, s.ack);
    if (octets > 0) {
      removeAcknowledged(c, s.ack);
    } else if (flightBefore == 0) {
      return;
    }
    if (c.sackOk && s.options.sackCount > 0) {
      markSacked(c, s.options, duplicateReport ? 1 : 0);
    }
    measure(c, octets);
    if (duplicateReport) {
      duplicateReported(c, s.options);
    }
    c.rack.acknowledged(c.sndUna);
    probeAnswered(c, s, octets, duplicateReport, duplicate);
    if (octets > 0) {
      undoIfEarlier(c);
    }
    if (!c.sackOk) {
      countDuplicates(c, octets, duplicate);
    }
    if (duplicate) {
      shared.count(TcpCounter.DUPLICATE_ACKS_IN);
    }
    if (c.sackOk && delivered > 0) {
      detect(c);
    }
    respond(c, octets, flightBefore);
    if (octets > 0) {
      arm(c);
    } else if (c.purpose == TimerPurpose.TAIL_LOSS_PROBE && queue.sackedCount() > 0) {
      arm(c);
    }
    if (c.sendQueue.unsentBytes() > 0 || c.wantsFin() || queue.hasLost()) {
      shared.markDirty(c);
    }
  }

  /// RFC 5681 §2, definition of a duplicate acknowledgement.
  private static boolean isDuplicate(TcpConnection c, ReceivedSegment s, int octets) {
    return octets == 0
        && !c.sent.isEmpty()
        && !c.sentIntoClosedWindow
        && s.length() == 0
        && s.window << c.sndShift == c.sndWnd;
  }

  /// RFC 9293 §3.10.7.4, fifth step: the window of the latest segment counts.
  private void updateWindow(TcpConnection c, ReceivedSegment s) {
    if (SequenceNumber.before(c.sndWl1, s.sequence)
        || c.sndWl1 == s.sequence && SequenceNumber.atOrBefore(c.sndWl2, s.ack)) {
      // RFC 7323 §2.2: the window of a SYN is never scaled.
      int window = s.isSyn() ? s.window : s.window << c.sndShift;
      if (window > 0 && c.sentIntoClosedWindow) {
        windowOpened(c, s.ack);
      }
      if (window != c.sndWnd) {
        c.sndWnd = window;
        shared.markDirty(c);
      }
      c.sndWndMax = Math.max(c.sndWndMax, window);
      c.sndWl1 = s.sequence;
      c.sndWl2 = s.ack;
    }
    if (c.sndWnd == 0 && !c.detached) {
      // RFC 9293 §3.8.6.1: a peer that answers may keep its window closed as long as it likes.
      c.progressNanos = shared.nowNanos;
    }
  }

  /// What was sent into a closed window was thrown away; it goes out again at once, and no
  /// congestion is to blame.
  private void windowOpened(TcpConnection c, int ack) {
    c.sentIntoClosedWindow = false;
    c.windowProbes = 0;
    c.rtt.clearBackoff();
    SentSegment first = c.sent.head();
    if (first != null && first.start == ack) {
      for (SentSegment s = c.sent.oldest(); s != null; s = c.sent.oldest()) {
        c.sent.markLost(s);
      }
      c.forceRetransmit = true;
    }
    if (c.purpose == TimerPurpose.WINDOW_PROBE) {
      shared.sender.disarmRetransmit(c);
    }
  }

  private void removeAcknowledged(TcpConnection c, int ack) {
    RetransmitQueue queue = c.sent;
    for (SentSegment s = queue.head(); s != null; s = queue.head()) {
      if (SequenceNumber.after(s.end, ack)) {
        if (SequenceNumber.before(s.start, ack)) {
          int cut = ack - s.start;
          delivered += s.is(SACKED) ? 0 : cut;
          dataAcked += cut;
          queue.trimHead(ack);
        }
        break;
      }
      if (!s.is(SACKED)) {
        delivered(c, s);
      }
      dataAcked += s.dataBytes();
      c.finAcked |= s.is(FIN);
      queue.removeHead();
      shared.segments.put(s);
    }
    c.sndUna = ack;
    if (c.recovery == Recovery.OPEN && SequenceNumber.after(ack, c.recoveryPoint)) {
      // It follows, else after 2 GiB without a loss it would seem to lie ahead.
      c.recoveryPoint = ack - 1;
    }
    c.sendQueue.acknowledged(dataAcked, shared.sendChunks);
    c.bytesAcked += dataAcked;
    c.progressNanos = shared.nowNanos;
    c.path().confirm(shared.nowNanos);
    if (c.pushCount > 0) {
      shared.lifecycle.event(c, TcpConnection.EVENT_PUSHES);
    }
  }

  /// A segment has arrived at the peer.
  private void delivered(TcpConnection c, SentSegment s) {
    delivered += s.length();
    boolean again = s.is(EVER_RETRANSMITTED);
    if (!again && (!hasSample || s.sentNanos > sampleNanos)) {
      hasSample = true;
      sampleNanos = s.sentNanos;
    }
    // RFC 8985 §6.2, step 2: too early for the retransmission, so it was the original.
    boolean ambiguous =
        again
            && (shared.nowNanos - s.sentNanos < c.rtt.minRttNanos()
                || hasEcho && echo - c.timestamp(s.sentNanos) < 0);
    c.rack.delivered(s, ambiguous, shared.nowNanos);
  }

  private void markSacked(TcpConnection c, TcpOptions options, int skip) {
    SackScoreboard scoreboard = SackScoreboard.of(c);
    for (int i = skip; i < options.sackCount; i++) {
      int start = options.sackStart[i];
      int end = options.sackEnd[i];
      if (SequenceNumber.atOrAfter(start, end)
          || SequenceNumber.before(start, c.sndUna)
          || SequenceNumber.after(end, c.sndNxt)) {
        continue;
      }
      int from = scoreboard.newsOf(start, end);
      if (from == end) {
        continue;
      }
      for (SentSegment s = c.sent.at(from); s != null; s = s.next) {
        if (SequenceNumber.after(s.end, end)) {
          break;
        }
        // A segment that a block begins within is not wholly there.
        if (SequenceNumber.atOrAfter(s.start, start) && !s.is(SACKED)) {
          delivered(c, s);
          c.sent.markSacked(s);
        }
      }
    }
    scoreboard.remember(options, skip);
  }

  private void measure(TcpConnection c, int octets) {
    if (hasSample) {
      c.rtt.sample(shared.nowNanos - sampleNanos, shared.nowNanos);
    } else if (octets > 0 && hasEcho) {
      // RFC 7323 §4: an echo tells retransmissions apart, though only to the millisecond; within
      // one it does no more than take doublings back.
      int millis = c.timestamp(shared.nowNanos) - echo;
      if (millis >= 0 && echo != 0) {
        c.rtt.sample(millis * 1_000_000L, shared.nowNanos);
      }
    }
  }

  private void duplicateReported(TcpConnection c, TcpOptions options) {
    shared.count(TcpCounter.DSACKS_IN);
    c.dsacksIn++;
    c.rack.duplicateReported(c.sndNxt);
    if (c.undoable
        && c.undoRetransmissions > 0
        && SequenceNumber.atOrAfter(options.sackStart[0], c.undoMarker)) {
      c.undoRetransmissions--;
      if (c.undoRetransmissions == 0) {
        // RFC 3708: everything sent again had arrived before.
        undo(c);
      }
    }
  }

  /// RFC 3522: the acknowledgement echoes a timestamp from before the first retransmission, so it
  /// is the original's.
  private void undoIfEarlier(TcpConnection c) {
    if (c.undoable && c.undoTimestamp != 0 && hasEcho && echo - c.undoTimestamp < 0) {
      undo(c);
    }
  }

  private void undo(TcpConnection c) {
    c.undoable = false;
    c.congestion.undo();
    c.recovery = Recovery.OPEN;
    c.sent.forgetLosses();
    c.spuriousRecoveries++;
    shared.count(TcpCounter.SPURIOUS_RECOVERIES);
  }

  /// RFC 8985 §7.4.2.
  private void probeAnswered(
      TcpConnection c, ReceivedSegment s, int octets, boolean dsack, boolean duplicate) {
    Rack rack = c.rack;
    if (!rack.isProbing() || SequenceNumber.before(s.ack, rack.probeEnd())) {
      return;
    }
    if (!rack.probeIsRetransmission() || dsack) {
      rack.probeAnswered();
    } else if (SequenceNumber.after(s.ack, rack.probeEnd())) {
      // The probe filled a hole: a loss, though nobody saw a gap.
      rack.probeAnswered();
      if (c.recovery == Recovery.OPEN) {
        c.congestion.congested(c.flightBytes() + octets, SegmentWriter.mss(c));
        c.congestion.setCwnd(c.congestion.ssthreshBytes());
      }
    } else if (duplicate && s.options.sackCount == 0) {
      rack.probeAnswered();
    }
  }

  /// Without SACK, a duplicate says that one more segment has left the network: RFC 5681 §3.2, RFC
  /// 6582.
  private void countDuplicates(TcpConnection c, int octets, boolean duplicate) {
    int mss = SegmentWriter.mss(c);
    if (octets > 0) {
      int counted = Math.min(c.dupAckedBytes, Math.max(octets - mss, 0));
      c.dupAckedBytes -= counted;
      delivered -= counted;
      c.duplicateAcks = 0;
      SentSegment first = c.sent.head();
      if (c.recovery == Recovery.FAST
          && SequenceNumber.before(c.sndUna, c.recoveryPoint)
          && first != null
          && RetransmitQueue.isInTime(first)) {
        // RFC 6582 §3.2, step 3: a partial acknowledgement: the next hole.
        c.sent.markLost(first);
        c.forceRetransmit = true;
      }
      return;
    }
    if (!duplicate) {
      return;
    }
    c.duplicateAcks++;
    int most = Math.max(c.flightBytes() - mss, 0);
    if (c.dupAckedBytes + mss <= most) {
      c.dupAckedBytes += mss;
      delivered += mss;
    }
    SentSegment first = c.sent.head();
    if (c.recovery == Recovery.OPEN
        && c.duplicateAcks == DUPLICATE_THRESHOLD
        && first != null
        && SequenceNumber.after(c.sndUna, c.recoveryPoint)) {
      // RFC 6582 §3.2, step 2: only beyond what was sent when the last recovery began; before, they
      // may be the echo of what that recovery sent twice.
      c.sent.markLost(first);
      lossFound = true;
    }
  }

  /// RFC 8985 §6.2, step 5: what was sent a while before something that has arrived is lost.
  private void detect(TcpConnection c) {
    boolean repairing = c.recovery != Recovery.OPEN;
    long window = c.rack.reorderWindowNanos(repairing, c.sent.sackedCount(), c.rtt);
    SentSegment s = c.sent.oldest();
    while (s != null && c.rack.isOvertaken(s)) {
      long lossNanos = c.rack.lossNanos(s, window);
      if (lossNanos > shared.nowNanos) {
        shared.armTimer(c, TcpTimers.REORDER, lossNanos);
        return;
      }
      SentSegment newer = s.newer;
      c.sent.markLost(s);
      lossFound = true;
      s = newer;
    }
    shared.cancelTimer(c, TcpTimers.REORDER);
  }

  /// Segments that are too long for the path were dropped on it, RFC 1191: they go out again,
  /// split, and no congestion is to blame.
  void pathShrank(TcpConnection c, int mtuBytes) {
    int fits = mtuBytes - c.path().headerBytes() - TcpHeader.BYTES_MIN;
    int mss = fits - (c.timestampsOk ? TcpOption.TIMESTAMPS_ALIGNED_BYTES : 0);
    for (SentSegment s = c.sent.head(); s != null; s = s.next) {
      if (s.dataBytes() > mss && RetransmitQueue.isInTime(s)) {
        c.sent.markLost(s);
        c.forceRetransmit = true;
      }
    }
    shared.markDirty(c);
  }

  /// The REORDER timer fired.
  void reorderingOver(TcpConnection c) {
    if (c.sent.isEmpty()) {
      return;
    }
    delivered = 0;
    dataAcked = 0;
    lossFound = false;
    detect(c);
    respond(c, 0, c.flightBytes());
    shared.markDirty(c);
  }

  /// Moves the window and the state of the recovery.
  private void respond(TcpConnection c, int octets, int flightBefore) {
    int mss = SegmentWriter.mss(c);
    if (c.recovery != Recovery.OPEN && SequenceNumber.atOrAfter(c.sndUna, c.recoveryPoint)) {
      recovered(c);
    }
    if (c.recovery == Recovery.OPEN && lossFound) {
      enterFast(c, flightBefore, mss);
    }
    if (c.recovery == Recovery.FAST) {
      if (delivered > 0 || c.forceRetransmit) {
        int pipe = c.pipeBytes();
        int allowance = c.prr.allowance(delivered, pipe, c.congestion.ssthreshBytes(), mss);
        c.congestion.setCwnd(Math.max(pipe + allowance, mss));
      }
    } else if (dataAcked > 0 && octets > 0) {
      boolean limited =
          c.cwndLimited
              || c.congestion.inSlowStart() && c.congestion.cwndBytes() < 2 * flightBefore;
      if (limited) {
        c.congestion.acknowledged(dataAcked, mss, c.rtt.srttNanos(), shared.nowNanos);
        growSendBuffer(c);
      }
    }
  }

  private void enterFast(TcpConnection c, int flightBefore, int mss) {
    c.recovery = Recovery.FAST;
    c.recoveryPoint = c.sndNxt;
    c.forceRetransmit = true;
    beginUndo(c);
    c.congestion.congested(flightBefore, mss);
    c.prr.begin(flightBefore);
    c.fastRecoveries++;
    shared.count(TcpCounter.FAST_RECOVERIES);
  }

  private static void beginUndo(TcpConnection c) {
    c.undoable = true;
    c.undoMarker = c.sndUna;
    c.undoRetransmissions = 0;
    c.undoTimestamp = 0;
  }

  private void recovered(TcpConnection c) {
    if (c.recovery == Recovery.FAST) {
      c.congestion.setCwnd(Math.max(c.congestion.ssthreshBytes(), SegmentWriter.mss(c)));
      c.rack.recovered();
    }
    c.recovery = Recovery.OPEN;
    c.dupAckedBytes = 0;
    c.duplicateAcks = 0;
  }

  /// The send buffer follows the window: enough for the present and the next round trip.
  private void growSendBuffer(TcpConnection c) {
    int wanted = 2 * c.congestion.cwndBytes();
    if (c.sendAutotune && wanted > c.sendBufferBytes) {
      c.sendBufferBytes = Math.min(wanted, shared.config.sendBufferBytesMax());
    }
  }

  /// Starts the timer for what is in flight from now on: a tail loss probe where RFC 8985 §7.2
  /// wants one, otherwise the retransmission timeout (RFC 6298 §5).
  void arm(TcpConnection c) {
    if (c.sent.isEmpty()) {
      shared.sender.disarmRetransmit(c);
      return;
    }
    long rto = c.rtt.timeoutNanos();
    boolean probe =
        c.sackOk
            && c.recovery == Recovery.OPEN
            && !c.rack.isProbing()
            && c.sent.sackedCount() == 0
            && c.rtt.backoffs() == 0
            && c.sndWnd > 0;
    if (probe) {
      long srtt = c.rtt.srttNanos();
      long pto = srtt == 0 ? PROBE_WITHOUT_RTT_NANOS : 2 * srtt;
      if (c.sent.count() == 1) {
        // The peer may delay the acknowledgement of a single segment.
        pto += shared.config.delayedAckNanos();
      }
      // RFC 8985 §7.2: in place of the first timeout, never later than it.
      shared.sender.armRetransmit(c, TimerPurpose.TAIL_LOSS_PROBE, Math.min(pto, rto));
      return;
    }
    shared.sender.armRetransmit(c, TimerPurpose.RETRANSMIT, rto);
  }

  /// The RETRANSMIT timer fired for a tail loss probe: RFC 8985 §7.3.
  void probeTail(TcpConnection c) {
    c.purpose = TimerPurpose.NONE;
    SentSegment tail = c.sent.tail();
    if (tail == null) {
      return;
    }
    if (c.recovery == Recovery.OPEN && !tail.is(SACKED)) {
      boolean isNew = shared.sender.sendProbe(c);
      if (isNew || shared.sender.retransmit(c, tail)) {
        c.rack.probed(c.sndNxt, !isNew);
        shared.count(TcpCounter.TAIL_LOSS_PROBES);
      }
    }
    shared.sender.armRetransmit(c, TimerPurpose.RETRANSMIT, c.rtt.timeoutNanos());
  }

  /// The RETRANSMIT timer fired for a timeout: RFC 6298 §5.4 to §5.6, RFC 8985 §6.3.
  void timedOut(TcpConnection c) {
    c.purpose = TimerPurpose.NONE;
    @Nullable SentSegment first = c.sent.head();
    if (first == null) {
      return;
    }
    boolean opening = !c.state.isSynchronized();
    if (!opening && c.sndWnd == 0 && !c.detached && c.lastReceivedNanos >= c.lastSentNanos) {
      // The last probe was answered: only from the next one on does silence count.
      c.progressNanos = shared.nowNanos;
    }
    long limit = opening ? shared.config.connectGiveUpNanos() : shared.config.giveUpNanos();
    if (shared.nowNanos - c.progressNanos >= limit) {
      shared.count(TcpCounter.GIVE_UPS);
      shared.lifecycle.fail(c, c.softError != 0 ? c.softError : -Errno.ETIMEDOUT);
      return;
    }
    c.rtt.backOff();
    c.retransmissionTimeouts++;
    shared.count(TcpCounter.RETRANSMISSION_TIMEOUTS);
    shared.sender.armRetransmit(c, TimerPurpose.RETRANSMIT, c.rtt.timeoutNanos());
    if (opening) {
      if (RetransmitQueue.isInTime(first)) {
        c.sent.markLost(first);
      }
      shared.markDirty(c);
      return;
    }
    if (c.sndWnd == 0) {
      // Not lost but refused: keep asking, RFC 9293 §3.8.6.1.
      shared.count(TcpCounter.WINDOW_PROBES);
      c.windowProbes++;
      c.sentIntoClosedWindow = true;
      if (!first.is(SACKED)) {
        shared.sender.retransmit(c, first);
      }
      return;
    }
    if (first.is(SACKED)) {
      // RFC 2018 §8: it was SACKed, yet never acknowledged: the receiver has dropped it.
      c.sent.forgetSacks();
      if (c.scoreboard != null) {
        c.scoreboard.clear();
      }
    }
    for (SentSegment s = c.sent.oldest(); s != null; s = c.sent.oldest()) {
      c.sent.markLost(s);
    }
    boolean isFirst = c.recovery != Recovery.TIMEOUT;
    c.congestion.timedOut(c.flightBytes(), SegmentWriter.mss(c), isFirst);
    if (isFirst) {
      beginUndo(c);
    }
    c.recovery = Recovery.TIMEOUT;
    c.recoveryPoint = c.sndNxt;
    c.forceRetransmit = true;
    c.dupAckedBytes = 0;
    c.duplicateAcks = 0;
    c.rack.probeAnswered();
    shared.markDirty(c);
  }
}
