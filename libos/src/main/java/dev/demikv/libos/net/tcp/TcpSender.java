package dev.demikv.libos.net.tcp;

import static dev.demikv.libos.wire.TcpHeader.ACK;
import static dev.demikv.libos.wire.TcpHeader.FIN;
import static dev.demikv.libos.wire.TcpHeader.PSH;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.TcpState;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.net.tcp.TcpConnection.Recovery;
import dev.demikv.libos.net.tcp.TcpConnection.TimerPurpose;

/// The sending half: what goes out, when, and what is armed to make sure of it.
///
/// Order of a pass over a connection: what is lost, then new data, then FIN, then an
/// acknowledgement if none of them carried it.
final class TcpSender {
  /// Segments of one connection in one pass: fairness between connections.
  private static final int SEGMENTS_PER_PASS = 64;

  /// Connections in one flush.
  private static final int CONNECTIONS_PER_FLUSH = 1_024;

  private static final long RETRY_NANOS = 1_000_000;

  private final TcpShared shared;

  TcpSender(TcpShared shared) {
    this.shared = shared;
  }

  /// One pass over the connections that were marked when it began.
  int flush() {
    long before = shared.counter(TcpCounter.SEGMENTS_OUT);
    int connections = Math.min(shared.dirtyCount(), CONNECTIONS_PER_FLUSH);
    for (int i = 0; i < connections; i++) {
      TcpConnection c = shared.takeDirty();
      if (c != null && c.state != TcpState.CLOSED && c.state != TcpState.TIME_WAIT) {
        serve(c);
      }
    }
    return (int) (shared.counter(TcpCounter.SEGMENTS_OUT) - before);
  }

  private void serve(TcpConnection c) {
    if (c.state == TcpState.SYN_SENT || c.state == TcpState.SYN_RECEIVED) {
      handshake(c);
      return;
    }
    int budget = SEGMENTS_PER_PASS;
    budget = sendLost(c, budget);
    if (budget > 0) {
      budget = sendNew(c, budget);
    }
    if (c.ackDue == TcpConnection.ACK_NOW && c.state != TcpState.CLOSED) {
      acknowledge(c);
    }
    if (budget == 0) {
      shared.markDirty(c);
    }
  }

  /// Sends the SYN when it was not sent or is lost.
  private void handshake(TcpConnection c) {
    SentSegment syn = c.sent.head();
    if (syn != null && !syn.is(SentSegment.LOST)) {
      if (c.ackDue == TcpConnection.ACK_NOW) {
        shared.writer.syn(c);
        c.ackDue = TcpConnection.ACK_NONE;
      }
      return;
    }
    int result = shared.writer.syn(c);
    if (result == -Errno.EHOSTUNREACH || result == -Errno.ENETUNREACH) {
      shared.lifecycle.fail(c, result);
      return;
    }
    if (syn == null) {
      // Also when it could not be sent: the timeout is the retry.
      syn = shared.segments.take();
      if (syn == null) {
        retryLater(c);
        return;
      }
      syn.flags = SentSegment.SYN;
      note(c, syn, 1, null, 0);
    } else {
      c.sent.markRetransmitted(syn, shared.nowNanos);
      shared.count(TcpCounter.RETRANSMISSIONS);
      c.retransmissions++;
    }
    armRetransmit(c, TimerPurpose.RETRANSMIT, c.rtt.timeoutNanos());
  }

  /// Sends again what is thought to be lost, as far as the window allows.
  ///
  /// @return what is left of the budget
  private int sendLost(TcpConnection c, int budgetBefore) {
    int budget = budgetBefore;
    int mss = SegmentWriter.mss(c);
    for (SentSegment s = c.sent.nextLost(); s != null && budget > 0; s = c.sent.nextLost()) {
      if (!c.forceRetransmit
          && c.pipeBytes() > 0
          && c.pipeBytes() + Math.min(s.length(), mss) > c.congestion.cwndBytes()) {
        c.cwndLimited = true;
        break;
      }
      if (s.dataBytes() > mss && !split(c, s, mss)) {
        break;
      }
      if (!retransmit(c, s)) {
        break;
      }
      c.forceRetransmit = false;
      budget--;
    }
    return budget;
  }

  private boolean split(TcpConnection c, SentSegment s, int mss) {
    SentSegment rest = shared.segments.take();
    if (rest == null) {
      retryLater(c);
      return false;
    }
    c.sent.split(s, mss, rest);
    return true;
  }

  /// Sends a segment again.
  ///
  /// @return false when it could not be
  boolean retransmit(TcpConnection c, SentSegment s) {
    // As it was first sent: Linux and others deliver early what is pushed.
    int flags = ACK | (s.is(SentSegment.PUSH) ? PSH : 0) | (s.is(SentSegment.FIN) ? FIN : 0);
    int length = s.dataBytes();
    int result =
        shared.writer.data(c, s.start, flags, s.chunk, s.chunkOffset, length, SegmentWriter.mss(c));
    if (result != 0) {
      retryLater(c);
      return false;
    }
    shared.count(TcpCounter.RETRANSMISSIONS);
    c.retransmissions++;
    c.bytesRetransmitted += length;
    if (c.undoable) {
      c.undoRetransmissions++;
      if (c.undoTimestamp == 0) {
        c.undoTimestamp = c.timestamp(shared.nowNanos);
      }
    }
    c.sent.markRetransmitted(s, shared.nowNanos);
    afterSending(c, s.length());
    return true;
  }

  /// Sends new data and FIN, as far as windows, Nagle and silly window avoidance allow.
  ///
  /// @return what is left of the budget
  private int sendNew(TcpConnection c, int budgetBefore) {
    int budget = budgetBefore;
    if (c.sent.isEmpty()) {
      restartAfterIdle(c);
    }
    c.cwndLimited &= c.sent.hasLost();
    while (budget > 0 && (c.sendQueue.unsentBytes() > 0 || c.wantsFin())) {
      int length = sendable(c);
      if (length < 0) {
        break;
      }
      if (!send(c, length)) {
        break;
      }
      budget--;
    }
    if (c.sent.isEmpty() && (c.sendQueue.unsentBytes() > 0 || c.wantsFin())) {
      awaitWindow(c);
    }
    return budget;
  }

  /// Sends one segment of new data as a tail loss probe, whatever the congestion window says: RFC
  /// 8985 §7.3.
  ///
  /// @return false when there is none or the peer's window has no room
  boolean sendProbe(TcpConnection c) {
    int window = c.sndUna + c.sndWnd - c.sndNxt;
    int length = Math.min(c.sendQueue.unsentBytes(), SegmentWriter.mssWithSack(c));
    return length > 0 && length <= window && send(c, length);
  }

  /// How long the next segment of new data may be.
  ///
  /// @return bytes of data, 0 for a bare FIN; -1 when nothing may be sent now
  private int sendable(TcpConnection c) {
    int unsent = c.sendQueue.unsentBytes();
    int window = c.sndUna + c.sndWnd - c.sndNxt;
    int mss = SegmentWriter.mssWithSack(c);
    int length = Math.min(Math.min(unsent, mss), window);
    boolean withFin = c.wantsFin() && length == unsent;
    if (length <= 0 && !(withFin && window > 0)) {
      return -1;
    }
    if (length == unsent && length < mss) {
      // RFC 9293 §3.7.4 (Nagle): a small segment waits while something is unacknowledged.
      if (!c.nodelay && !c.sent.isEmpty() && !withFin) {
        return -1;
      }
    } else if (length < mss && length < c.sndWndMax / 2) {
      // RFC 9293 §3.8.6.2.1: no small segment just because the window is small.
      return -1;
    }
    int pipe = c.pipeBytes();
    if (pipe > 0 && pipe + length > c.congestion.cwndBytes()) {
      c.cwndLimited = true;
      return -1;
    }
    return length;
  }

  /// Sends the next `length` bytes of new data, and FIN with the last ones.
  private boolean send(TcpConnection c, int wanted) {
    SendChunk chunk = null;
    int chunkOffset = 0;
    int length = wanted;
    if (wanted > 0) {
      chunk = c.sendQueue.cursor();
      chunkOffset = c.sendQueue.cursorOffset();
      length = SegmentWriter.fit(chunk, chunkOffset, wanted);
    }
    boolean last = length == c.sendQueue.unsentBytes();
    boolean withFin = last && c.wantsFin();
    SentSegment s = shared.segments.take();
    if (s == null) {
      retryLater(c);
      return false;
    }
    int flags = ACK | (last ? PSH : 0) | (withFin ? FIN : 0);
    int result =
        shared.writer.data(c, c.sndNxt, flags, chunk, chunkOffset, length, SegmentWriter.mss(c));
    if (result != 0) {
      shared.segments.put(s);
      retryLater(c);
      return false;
    }
    s.flags = (last ? SentSegment.PUSH : 0) | (withFin ? SentSegment.FIN : 0);
    c.sendQueue.sent(length);
    shared.count(TcpCounter.BYTES_OUT, length);
    note(c, s, length + (withFin ? 1 : 0), chunk, chunkOffset);
    if (withFin) {
      c.finSent = true;
      c.state = c.state == TcpState.CLOSE_WAIT ? TcpState.LAST_ACK : TcpState.FIN_WAIT_1;
    }
    afterSending(c, s.length());
    return true;
  }

  /// Puts a segment that was sent into the retransmission queue.
  private void note(
      TcpConnection c, SentSegment s, int length, @Nullable SendChunk chunk, int chunkOffset) {
    if (c.sent.isEmpty()) {
      c.progressNanos = shared.nowNanos;
    }
    s.start = c.sndNxt;
    s.end = c.sndNxt + length;
    s.sentNanos = shared.nowNanos;
    s.chunk = chunk;
    s.chunkOffset = chunkOffset;
    c.sndNxt = s.end;
    c.sent.add(s);
  }

  private void afterSending(TcpConnection c, int bytes) {
    c.lastSentNanos = shared.nowNanos;
    if (c.recovery == Recovery.FAST) {
      c.prr.sent(bytes);
    }
    if (c.purpose == TimerPurpose.NONE || c.purpose == TimerPurpose.WINDOW_PROBE) {
      shared.recovery.arm(c);
    } else if (c.purpose == TimerPurpose.TAIL_LOSS_PROBE) {
      // RFC 8985 §7.2: counted from the last transmission.
      shared.recovery.arm(c);
    }
  }

  /// RFC 5681 §4.1.
  private void restartAfterIdle(TcpConnection c) {
    long idle = shared.nowNanos - c.lastSentNanos;
    if (idle > c.rtt.rtoNanos()) {
      c.congestion.restart(initialWindow(c));
    }
    c.congestion.paused(idle);
  }

  /// RFC 6928, with the configured number of segments.
  int initialWindow(TcpConnection c) {
    return shared.config.initialWindowSegments() * SegmentWriter.mss(c);
  }

  /// Sends an acknowledgement now.
  void acknowledge(TcpConnection c) {
    if (shared.writer.ack(c, c.sndNxt) != 0) {
      c.ackDue = TcpConnection.ACK_NOW;
      retryLater(c);
    }
  }

  /// Nothing is in flight and the window holds data back: RFC 9293 §3.8.6.1.
  private void awaitWindow(TcpConnection c) {
    if (c.purpose == TimerPurpose.NONE) {
      armRetransmit(c, TimerPurpose.WINDOW_PROBE, c.rtt.timeoutNanos());
    }
  }

  /// The timer for that fired: sends what fits the window, at least one octet (RFC 9293 §3.8.6.1;
  /// §3.8.6.2.1, the override timeout).
  void probeWindow(TcpConnection c) {
    c.purpose = TimerPurpose.NONE;
    int unsent = c.sendQueue.unsentBytes();
    if (!c.sent.isEmpty() || unsent == 0 && !c.wantsFin()) {
      return;
    }
    int window = Math.max(c.sndUna + c.sndWnd - c.sndNxt, 0);
    if (window == 0) {
      shared.count(TcpCounter.WINDOW_PROBES);
      c.windowProbes++;
      c.sentIntoClosedWindow = true;
    }
    int length = Math.min(unsent, Math.min(Math.max(window, 1), SegmentWriter.mssWithSack(c)));
    if (!send(c, length)) {
      awaitWindow(c);
    }
  }

  void armRetransmit(TcpConnection c, TimerPurpose purpose, long nanos) {
    c.purpose = purpose;
    shared.armTimer(c, TcpTimers.RETRANSMIT, shared.nowNanos + nanos);
  }

  void disarmRetransmit(TcpConnection c) {
    if (c.purpose != TimerPurpose.NONE) {
      c.purpose = TimerPurpose.NONE;
      shared.cancelTimer(c, TcpTimers.RETRANSMIT);
    }
  }

  /// Out of buffers, or the device is full.
  void retryLater(TcpConnection c) {
    if (!shared.isTimerArmed(c, TcpTimers.RETRY)) {
      shared.armTimer(c, TcpTimers.RETRY, shared.nowNanos + RETRY_NANOS);
    }
  }
}
