package dev.demikv.libos.net.tcp;

import static dev.demikv.libos.wire.TcpHeader.ACK;
import static dev.demikv.libos.wire.TcpHeader.FIN;
import static dev.demikv.libos.wire.TcpHeader.RST;
import static dev.demikv.libos.wire.TcpHeader.SYN;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.TcpState;
import dev.demikv.libos.net.NetworkPath;
import dev.demikv.libos.net.Packet;
import dev.demikv.libos.wire.SequenceNumber;

/// A segment arrives: RFC 9293 §3.10.7, in its order, with RFC 5961 and PAWS (RFC 7323 §5).
final class SegmentInput {
  /// RFC 7323 §5.5: a timestamp that is 24 days old proves nothing.
  private static final long PAWS_IDLE_NANOS = 24L * 24 * 3_600 * 1_000_000_000;

  private final TcpShared shared;
  private final ListenerTable listeners;
  private final ReceivedSegment segment = new ReceivedSegment();

  SegmentInput(TcpShared shared, ListenerTable listeners) {
    this.shared = shared;
    this.listeners = listeners;
  }

  void receive(Packet packet) {
    ReceivedSegment s = segment;
    shared.count(TcpCounter.SEGMENTS_IN);
    if (!s.read(packet)) {
      shared.count(TcpCounter.DROP_BAD_HEADER);
      return;
    }
    int hash = shared.connections.hash(packet, s.destinationPort, s.sourcePort);
    TcpConnection c = shared.connections.find(hash, packet, s.destinationPort, s.sourcePort);
    if (c == null) {
      unmatched(s);
      return;
    }
    c.segmentsIn++;
    if (c.state == TcpState.SYN_SENT) {
      synSent(c, s);
    } else {
      process(c, s);
    }
  }

  // ---- No connection: LISTEN, SYN-RECEIVED of passive opens, TIME-WAIT, CLOSED ----

  private void unmatched(ReceivedSegment s) {
    Packet packet = s.packet;
    if (s.sourcePort == 0 || s.destinationPort == 0 || !isUnicast(packet)) {
      shared.count(TcpCounter.DROP_BAD_ADDRESS);
      return;
    }
    HalfOpen half = shared.synQueue.find(packet, s.destinationPort, s.sourcePort);
    if (half != null) {
      TcpConnection c = shared.synQueue.receive(half, s);
      if (c != null) {
        process(c, s);
      }
      return;
    }
    TimeWaitTable.Entry old = shared.timeWaits.find(packet, s.destinationPort, s.sourcePort);
    int oldNxt = old == null ? 0 : old.sndNxt;
    if (old != null && !shared.timeWaits.receive(old, s)) {
      return;
    }
    TcpListener listener = listeners.find(packet, s.destinationPort);
    if (listener == null) {
      shared.count(TcpCounter.DROP_NO_CONNECTION);
      refuse(s);
    } else {
      listen(listener, s, old != null, oldNxt);
    }
  }

  /// RFC 9293 §3.10.7.2.
  ///
  /// @param successor whether the endpoints were just in TIME-WAIT, with SND.NXT at `oldNxt`
  private void listen(TcpListener listener, ReceivedSegment s, boolean successor, int oldNxt) {
    if (s.isRst()) {
      shared.count(TcpCounter.DROP_NO_CONNECTION);
      return;
    }
    if (s.isAck()) {
      TcpConnection c = s.isSyn() ? null : shared.synQueue.openCookie(listener, s);
      if (c != null) {
        process(c, s);
      } else if (!s.isSyn() && shared.synQueue.isCookieOut()) {
        // Only the segment behind the SYN brings the cookie's peer number. One that overtook it,
        // or whose predecessor was lost, must not be refused: the peer repeats the first.
        shared.count(TcpCounter.DROP_NO_CONNECTION);
      } else {
        shared.count(TcpCounter.DROP_NO_CONNECTION);
        refuse(s);
      }
      return;
    }
    if (!s.isSyn() || s.isFin()) {
      shared.count(TcpCounter.DROP_BAD_FLAGS);
      return;
    }
    shared.synQueue.open(listener, s, successor, oldNxt);
  }

  /// RFC 9293 §3.10.7.1: a RST that the sender of the segment will believe.
  private void refuse(ReceivedSegment s) {
    if (s.isRst()) {
      return;
    }
    NetworkPath path = shared.paths.replyTo(s.packet);
    if (path == null) {
      return;
    }
    boolean ack = s.isAck();
    shared.writer.bare(
        path,
        s.destinationPort,
        s.sourcePort,
        ack ? s.ack : 0,
        ack ? 0 : s.sequence + s.length(),
        ack ? RST : RST | ACK,
        0,
        false,
        0,
        0);
  }

  /// RFC 9293 §3.10.7.2 and §3.9.2.3: no connection with a group or with nobody.
  private static boolean isUnicast(Packet p) {
    return p.isIpv6()
        ? isUnicastIpv6(p.sourceHigh(), p.sourceLow())
            && isUnicastIpv6(p.destinationHigh(), p.destinationLow())
        : isUnicastIpv4(p.sourceLow()) && isUnicastIpv4(p.destinationLow());
  }

  private static boolean isUnicastIpv4(long address) {
    return address != 0 && address >>> 28 != 0xe && address >>> 28 != 0xf;
  }

  private static boolean isUnicastIpv6(long high, long low) {
    return high >>> 56 != 0xff && (high | low) != 0;
  }

  // ---- SYN-SENT ----

  /// RFC 9293 §3.10.7.3.
  private void synSent(TcpConnection c, ReceivedSegment s) {
    if (s.isAck() && (SequenceNumber.atOrBefore(s.ack, c.iss) || s.ack - c.sndNxt > 0)) {
      shared.count(TcpCounter.DROP_ACK_INVALID);
      refuse(s);
      return;
    }
    if (s.isRst()) {
      if (s.isAck()) {
        shared.lifecycle.fail(c, -Errno.ECONNREFUSED);
      } else {
        shared.count(TcpCounter.DROP_RST_CHALLENGED);
      }
      return;
    }
    if (!s.isSyn()) {
      shared.count(TcpCounter.DROP_BAD_FLAGS);
      return;
    }
    agree(c, s);
    if (!s.isAck()) {
      // Both sides opened at once: RFC 9293 §3.5, figure 7.
      c.state = TcpState.SYN_RECEIVED;
      shared.receiver.acknowledgeNow(c);
      return;
    }
    c.sndWl1 = s.sequence;
    c.sndWl2 = s.ack;
    c.sndWnd = s.window;
    c.sndWndMax = s.window;
    shared.lifecycle.established(c);
    shared.recovery.acknowledged(c, s);
    if (c.retransmissionTimeouts > 0) {
      c.rtt.handshakeWasSlow();
    }
    shared.receiver.acknowledgeNow(c);
    shared.lifecycle.event(c, TcpConnection.EVENT_CONNECTED);
    textAndFin(c, s);
  }

  /// Takes the peer's SYN and its options.
  private void agree(TcpConnection c, ReceivedSegment s) {
    TcpConfig config = shared.config;
    TcpOptions options = s.options;
    c.irs = s.sequence;
    c.rcvNxt = s.sequence + 1;
    c.rcvAdv = c.rcvNxt + c.rcvAdv;
    c.lastAckSent = c.rcvNxt;
    c.sackOk = config.sack() && options.sackPermitted;
    c.timestampsOk = config.timestamps() && options.hasTimestamps;
    if (c.timestampsOk) {
      c.tsRecent = options.tsVal;
      c.tsRecentNanos = shared.nowNanos;
    }
    if (options.mss > 0) {
      c.peerMss = options.mss;
    }
    c.windowScaling = config.windowScaling() && options.windowShift >= 0;
    c.sndShift = c.windowScaling ? options.windowShift : 0;
    if (!c.windowScaling) {
      c.rcvShift = 0;
    }
  }

  // ---- All other states ----

  /// RFC 9293 §3.10.7.4.
  void process(TcpConnection c, ReceivedSegment s) {
    if (c.state == TcpState.SYN_RECEIVED && isCrossingSynAck(c, s)) {
      // RFC 9293 §3.5, figure 7, line 6: the SYN in it is the one that we have.
      s.flags &= ~SYN;
      s.sequence++;
    }
    if (c.timestampsOk && !s.options.hasTimestamps && !s.isRst()) {
      shared.count(TcpCounter.DROP_NO_TIMESTAMP);
      return;
    }
    if (!isAcceptable(c, s)) {
      return;
    }
    if (s.isRst()) {
      rst(c, s);
      return;
    }
    if (s.isSyn()) {
      // RFC 5961 §4.2, whatever its sequence number.
      shared.count(TcpCounter.DROP_SYN_CHALLENGED);
      shared.receiver.challenge(c);
      return;
    }
    if (!s.isAck()) {
      shared.count(TcpCounter.DROP_NO_ACK);
      return;
    }
    alive(c);
    if (c.timestampsOk && s.options.hasTimestamps) {
      noteTimestamp(c, s);
    }
    if (acknowledgement(c, s)) {
      textAndFin(c, s);
    }
  }

  /// The peer is there: there is nothing to ask for a while.
  private void alive(TcpConnection c) {
    c.lastReceivedNanos = shared.nowNanos;
    c.keepaliveProbes = 0;
  }

  private static boolean isCrossingSynAck(TcpConnection c, ReceivedSegment s) {
    return (s.flags & (SYN | ACK | RST | FIN)) == (SYN | ACK)
        && s.sequence == c.irs
        && s.ack == c.iss + 1;
  }

  /// First step: the sequence number. PAWS comes before it.
  private boolean isAcceptable(TcpConnection c, ReceivedSegment s) {
    if (c.timestampsOk && s.options.hasTimestamps && !s.isRst() && isOld(c, s)) {
      shared.count(TcpCounter.DROP_PAWS);
      answerUnacceptable(c, s);
      return false;
    }
    int window = c.receiveWindow();
    int length = s.length();
    int start = s.sequence - c.rcvNxt;
    boolean acceptable;
    if (length == 0) {
      acceptable = window == 0 ? start == 0 : start >= 0 && start < window;
      // At the right edge of the window: what a sender that has filled it acknowledges with.
      acceptable |= start == window && !s.isRst() && !s.isSyn();
    } else {
      acceptable = start < window && start + length > 0;
    }
    if (acceptable) {
      return true;
    }
    if (s.isRst()) {
      shared.count(TcpCounter.DROP_OUT_OF_WINDOW);
      return false;
    }
    if (s.isSyn()) {
      shared.count(TcpCounter.DROP_SYN_CHALLENGED);
      shared.receiver.challenge(c);
      return false;
    }
    unacceptable(c, s, start, length);
    return false;
  }

  private void unacceptable(TcpConnection c, ReceivedSegment s, int start, int length) {
    if (length > 0 && start + length <= 0) {
      shared.count(TcpCounter.DROP_DUPLICATE);
      if (s.payloadBytes > 0) {
        shared.receiver.reportDuplicate(c, s.sequence, s.sequence + s.payloadBytes);
      }
    } else {
      shared.count(TcpCounter.DROP_OUT_OF_WINDOW);
    }
    if (s.isAck() && isPlausible(c, s.ack)) {
      // RFC 9293 §3.8.4: keepalive is for when neither data nor acknowledgements come. A peer that
      // repeats itself, or asks for a window, is there: it is our answers that it does not get.
      alive(c);
    }
    if (s.isAck()
        && c.state.isSynchronized()
        && SequenceNumber.after(s.ack, c.sndUna)
        && SequenceNumber.atOrBefore(s.ack, c.sndNxt)
        && (c.receiveWindow() == 0 || start + length <= 0)) {
      // RFC 9293 §3.10.7.4: with a closed window, acknowledgements are taken nevertheless; and two
      // sides that repeat themselves must not wait for each other.
      if (c.state == TcpState.CLOSING && s.isFin()) {
        // Now or never: the acknowledgement may give the connection to the table of TIME-WAIT.
        shared.sender.acknowledge(c);
      }
      if (!acknowledgement(c, s)) {
        return;
      }
    }
    answerUnacceptable(c, s);
  }

  /// An acknowledgement in reply: at once for data, for the peer lacks one; at a bounded rate for
  /// the rest, so that two confused ends do not answer each other for ever (RFC 5961 §7).
  private void answerUnacceptable(TcpConnection c, ReceivedSegment s) {
    if (s.length() > 0 || s.sequence == c.rcvNxt - 1) {
      shared.receiver.acknowledgeNow(c);
    } else {
      shared.receiver.challenge(c);
    }
  }

  private boolean isOld(TcpConnection c, ReceivedSegment s) {
    return s.options.tsVal - c.tsRecent < 0 && shared.nowNanos - c.tsRecentNanos < PAWS_IDLE_NANOS;
  }

  /// RFC 7323 §4.3: the timestamp of the segment that the next acknowledgement is for.
  private void noteTimestamp(TcpConnection c, ReceivedSegment s) {
    // Not old: also when the one that is remembered has outlived its meaning (RFC 7323 §5.5).
    if (!isOld(c, s) && SequenceNumber.atOrBefore(s.sequence, c.lastAckSent)) {
      c.tsRecent = s.options.tsVal;
      c.tsRecentNanos = shared.nowNanos;
    }
  }

  /// Second step: RFC 5961 §3.2.
  private void rst(TcpConnection c, ReceivedSegment s) {
    if (s.sequence != c.rcvNxt) {
      shared.count(TcpCounter.DROP_RST_CHALLENGED);
      shared.receiver.challenge(c);
      return;
    }
    shared.count(TcpCounter.RESETS_IN);
    switch (c.state) {
      case SYN_RECEIVED -> shared.lifecycle.fail(c, -Errno.ECONNREFUSED);
      case ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2 -> shared.lifecycle.fail(c, -Errno.ECONNRESET);
      case CLOSE_WAIT ->
          // The peer had ended its stream; ours is what is lost.
          shared.lifecycle.fail(c, -Errno.EPIPE);
      case CLOSING, LAST_ACK ->
          shared.lifecycle.fail(c, c.sendQueue.totalBytes() > 0 ? -Errno.EPIPE : -Errno.ECONNRESET);
      case CLOSED, SYN_SENT, TIME_WAIT -> throw new AssertionError(c.state);
    }
  }

  /// Fifth step.
  ///
  /// @return whether the segment's text counts
  private boolean acknowledgement(TcpConnection c, ReceivedSegment s) {
    if (c.state == TcpState.SYN_RECEIVED) {
      if (s.ack != c.iss + 1) {
        shared.count(TcpCounter.DROP_ACK_INVALID);
        refuse(s);
        return false;
      }
      c.sndWl1 = s.sequence;
      c.sndWl2 = s.ack;
      c.sndWnd = s.window << c.sndShift;
      c.sndWndMax = c.sndWnd;
      shared.lifecycle.established(c);
      shared.lifecycle.event(c, TcpConnection.EVENT_CONNECTED);
    }
    if (!isPlausible(c, s.ack)) {
      shared.count(TcpCounter.DROP_ACK_INVALID);
      shared.receiver.challenge(c);
      return false;
    }
    // Something came through: what was in the way before is not why the connection may end later.
    c.softError = 0;
    if (SequenceNumber.atOrAfter(s.ack, c.sndUna)) {
      shared.recovery.acknowledged(c, s);
      if (c.finSent && c.finAcked) {
        return finAcknowledged(c);
      }
    }
    return true;
  }

  /// RFC 5961 §5.2: neither something never sent nor something long gone.
  private static boolean isPlausible(TcpConnection c, int ack) {
    return SequenceNumber.atOrBefore(ack, c.sndNxt)
        && SequenceNumber.atOrAfter(ack, c.sndUna - c.sndWndMax);
  }

  /// Our FIN is acknowledged.
  private boolean finAcknowledged(TcpConnection c) {
    switch (c.state) {
      case FIN_WAIT_1 -> {
        c.state = TcpState.FIN_WAIT_2;
        shared.lifecycle.armLife(c);
      }
      case CLOSING -> {
        shared.lifecycle.enterTimeWait(c);
        return false;
      }
      case LAST_ACK -> {
        shared.lifecycle.closedInOrder(c);
        return false;
      }
      case CLOSED, SYN_SENT, SYN_RECEIVED, ESTABLISHED, FIN_WAIT_2, CLOSE_WAIT, TIME_WAIT -> {}
    }
    return true;
  }

  /// Seventh and eighth step. Urgent data is data: RFC 6093 §6.
  private void textAndFin(TcpConnection c, ReceivedSegment s) {
    if (s.payloadBytes > 0) {
      if (c.state.mayReceive()) {
        int end = s.sequence + s.payloadBytes;
        if (c.detached && SequenceNumber.after(end, c.rcvNxt)) {
          // RFC 9293 §3.6.1: nobody will ever read it, so the peer must know.
          shared.count(TcpCounter.DROP_DATA_AFTER_CLOSE);
          shared.lifecycle.reset(c);
          return;
        }
        shared.receiver.data(c, s);
      } else {
        shared.count(TcpCounter.DROP_DATA_AFTER_CLOSE);
        shared.receiver.acknowledgeNow(c);
      }
    }
    if (s.isFin()) {
      shared.receiver.fin(c, s);
    }
    if (TcpReceiver.isFinInTurn(c)) {
      finReceived(c);
    }
  }

  /// The peer's stream has ended.
  private void finReceived(TcpConnection c) {
    c.finReceived = true;
    c.rcvNxt++;
    c.rcvAdv = SequenceNumber.later(c.rcvAdv, c.rcvNxt);
    switch (c.state) {
      case ESTABLISHED -> {
        c.state = TcpState.CLOSE_WAIT;
        shared.receiver.acknowledgeNow(c);
      }
      case FIN_WAIT_1 -> {
        c.state = TcpState.CLOSING;
        shared.receiver.acknowledgeNow(c);
      }
      case FIN_WAIT_2 -> {
        shared.sender.acknowledge(c);
        shared.lifecycle.event(c, TcpConnection.EVENT_READABLE);
        shared.lifecycle.enterTimeWait(c);
        return;
      }
      case CLOSED, SYN_SENT, SYN_RECEIVED, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT -> {}
    }
    shared.lifecycle.event(c, TcpConnection.EVENT_READABLE);
  }
}
