package dev.demikv.libos.net.tcp;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.TcpState;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.net.NetworkPath;
import dev.demikv.libos.net.tcp.TcpConnection.TimerPurpose;
import dev.demikv.libos.wire.SequenceNumber;
import dev.demikv.libos.wire.TcpOption;

/// How connections begin and end, and what their users are told.
///
/// A connection object is in one of three hands: the stack's alone (in a listener's line, or closed
/// by its user and living on until its FIN is acknowledged), its user's alone (ended, waiting for
/// close), or both. When nobody has it any more it goes back to the table.
final class Lifecycle {
  private static final int WINDOW_FIELD_MAX = 65_535;
  private static final long SECOND = 1_000_000_000;

  private final TcpShared shared;
  private final int ownShift;

  /// Connections whose users have to be told something, oldest first.
  private @Nullable TcpConnection eventHead;

  private @Nullable TcpConnection eventTail;
  private boolean dispatching;

  Lifecycle(TcpShared shared) {
    this.shared = shared;
    int shift = 0;
    while (shift < TcpOption.WINDOW_SCALE_MAX
        && WINDOW_FIELD_MAX << shift < shared.config.receiveBufferBytesMax()) {
      shift++;
    }
    ownShift = shift;
  }

  /// The window shift that we ask for: enough for the largest buffer.
  int ownShift() {
    return ownShift;
  }

  // ---- Beginnings ----

  /// Begins an active open; the endpoints are free. RFC 9293 §3.10.1.
  ///
  /// @param old an entry of TIME-WAIT that is taken over, if any
  /// @return `null` when connections are out
  @Nullable
  TcpConnection connect(
      NetworkPath path, int localPort, int remotePort, TimeWaitTable.@Nullable Entry old) {
    TcpConnection c = shared.connections.take(shared);
    if (c == null) {
      return null;
    }
    c.open(path, localPort, remotePort, shared.connections.hash(path, localPort, remotePort));
    int iss = isn(c);
    if (old != null) {
      // RFC 6191 with the roles turned: nothing of the old connection may look like the new one's.
      iss = SequenceNumber.later(iss, old.sndNxt + TimeWaitTable.ISN_DISTANCE);
      shared.timeWaits.remove(old);
      shared.count(TcpCounter.TIME_WAIT_REUSED);
    }
    c.startSending(iss);
    c.rcvShift = ownShift;
    c.state = TcpState.SYN_SENT;
    shared.connections.add(c);
    shared.count(TcpCounter.ACTIVE_OPENS);
    shared.markDirty(c);
    return c;
  }

  private int isn(TcpConnection c) {
    return shared.isns.isn(
        c.localHigh(),
        c.localLow(),
        c.localPort,
        c.remoteHigh(),
        c.remoteLow(),
        c.remotePort,
        shared.nowNanos);
  }

  /// A passive open is complete: makes the connection and puts it into the listener's line. The
  /// segment that completed it is still to be processed.
  ///
  /// @return `null` when connections are out
  @Nullable
  TcpConnection accepted(HalfOpen h, ReceivedSegment s) {
    TcpConnection c = shared.connections.take(shared);
    if (c == null) {
      shared.count(TcpCounter.DROP_CONNECTIONS_FULL);
      return null;
    }
    NetworkPath path = h.path();
    int hash = shared.connections.hash(path, h.localPort, h.remotePort);
    c.open(path, h.localPort, h.remotePort, hash);
    c.startSending(h.iss);
    c.sndUna = h.iss + 1;
    c.sndNxt = h.iss + 1;
    c.recoveryPoint = h.iss;
    c.irs = h.irs;
    c.rcvNxt = h.irs + 1;
    c.rcvAdv = c.rcvNxt + Math.min(c.receiveBufferBytes, WINDOW_FIELD_MAX);
    c.lastAckSent = c.rcvNxt;
    c.sackOk = h.sackOk;
    c.timestampsOk = h.timestampsOk;
    c.tsRecent = h.tsRecent;
    if (h.peerMss > 0) {
      c.peerMss = h.peerMss;
    }
    c.windowScaling = h.sndShift >= 0;
    c.sndShift = Math.max(h.sndShift, 0);
    c.rcvShift = c.windowScaling ? ownShift : 0;
    TcpListener listener = h.listener();
    c.listener = listener;
    listener.inherit(c);
    c.sndWl1 = s.sequence;
    c.sndWl2 = s.ack;
    c.sndWnd = s.window << c.sndShift;
    c.sndWndMax = c.sndWnd;
    c.retransmissionTimeouts = h.retransmissions;
    established(c);
    shared.connections.add(c);
    shared.count(TcpCounter.PASSIVE_OPENS);
    listener.addWaiting(c);
    newAcceptable = listener;
    return c;
  }

  /// Told to the user at the end of the segment.
  private @Nullable TcpListener newAcceptable;

  /// Enters ESTABLISHED.
  void established(TcpConnection c) {
    c.state = TcpState.ESTABLISHED;
    // RFC 5681 §3.1: one segment when a SYN was lost.
    boolean slow = c.retransmissionTimeouts > 0;
    c.congestion.reset(slow ? SegmentWriter.mss(c) : shared.sender.initialWindow(c));
    c.tunedNanos = shared.nowNanos;
    c.lastReceivedNanos = shared.nowNanos;
    armLife(c);
  }

  // ---- Ends ----

  /// The user closes: RFC 9293 §3.10.4.
  void close(TcpConnection c) {
    if (c.detached || c.path == null) {
      return;
    }
    boolean unread = c.receiveQueue.bytes() > 0 && !c.readShut;
    letGo(c);
    switch (c.state) {
      case CLOSED, TIME_WAIT -> release(c);
      case SYN_SENT -> end(c);
      case SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK -> {
        boolean mayLoseNothing = !unread && c.lingerSeconds != 0;
        if (mayLoseNothing) {
          c.writeShut = true;
          shared.markDirty(c);
          armLife(c);
        } else {
          reset(c);
        }
      }
    }
  }

  /// The user aborts: RFC 9293 §3.10.5.
  void abort(TcpConnection c) {
    if (c.detached || c.path == null) {
      return;
    }
    letGo(c);
    switch (c.state) {
      case CLOSED, TIME_WAIT -> release(c);
      case SYN_SENT -> end(c);
      case SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK ->
          reset(c);
    }
  }

  /// The user's hand is off: nothing is told any more.
  private void letGo(TcpConnection c) {
    c.detached = true;
    c.events = 0;
    failPushes(c, -Errno.ECANCELED);
    c.events = 0;
    c.receiveQueue.clear(shared.receiveMemory);
  }

  /// Sends a RST where the peer still waits for something, and ends: RFC 9293 §3.10.5.
  void reset(TcpConnection c) {
    boolean bothEnded = c.state == TcpState.CLOSING || c.state == TcpState.LAST_ACK;
    if (!bothEnded && (c.state.isSynchronized() || c.state == TcpState.SYN_RECEIVED)) {
      shared.writer.reset(c);
    }
    end(c);
  }

  /// The connection is lost: tells its user why and ends.
  ///
  /// @param error `-errno`
  void fail(TcpConnection c, int error) {
    boolean opening = !c.state.isSynchronized();
    c.error = error;
    if (!c.detached) {
      if (opening) {
        shared.count(TcpCounter.CONNECT_FAILURES);
        event(c, TcpConnection.EVENT_CONNECTED);
      } else {
        event(
            c,
            TcpConnection.EVENT_PUSHES | TcpConnection.EVENT_READABLE | TcpConnection.EVENT_CLOSED);
      }
    }
    end(c);
  }

  /// Leaves the protocol. What was received in order stays for the user.
  void end(TcpConnection c) {
    c.state = TcpState.CLOSED;
    shared.connections.remove(c);
    leave(c);
  }

  private void leave(TcpConnection c) {
    shared.timers.remove(c.slot * TcpTimers.KINDS, TcpTimers.KINDS);
    c.purpose = TimerPurpose.NONE;
    c.ackDue = TcpConnection.ACK_NONE;
    c.sent.clear(shared.segments);
    c.sendQueue.clear(shared.sendChunks);
    shared.receiver.dropReassembler(c);
    if (c.detached) {
      release(c);
    }
  }

  /// Both directions are closed, ours first: the compact table takes over.
  void enterTimeWait(TcpConnection c) {
    shared.timeWaits.add(c);
    shared.connections.remove(c);
    c.state = TcpState.TIME_WAIT;
    event(c, TcpConnection.EVENT_CLOSED);
    leave(c);
  }

  /// Both directions are closed, the peer's first: nothing is left to wait for.
  void closedInOrder(TcpConnection c) {
    event(c, TcpConnection.EVENT_CLOSED);
    end(c);
  }

  private void release(TcpConnection c) {
    failPushes(c, -Errno.ECANCELED);
    c.receiveQueue.clear(shared.receiveMemory);
    c.events = 0;
    c.state = TcpState.CLOSED;
    c.path = null;
    shared.connections.release(c);
  }

  // ---- Life: keepalive, FIN-WAIT-2, linger ----

  /// Starts the timer that ends what would otherwise live for ever.
  void armLife(TcpConnection c) {
    if (c.detached) {
      if (c.lingerSeconds > 0 && c.state != TcpState.FIN_WAIT_2) {
        shared.armTimer(c, TcpTimers.LIFE, shared.nowNanos + c.lingerSeconds * SECOND);
      } else if (c.state == TcpState.FIN_WAIT_2) {
        shared.armTimer(c, TcpTimers.LIFE, shared.nowNanos + shared.config.finWait2Nanos());
      } else {
        shared.cancelTimer(c, TcpTimers.LIFE);
      }
    } else if (c.keepalive && c.state.isSynchronized() && c.state != TcpState.TIME_WAIT) {
      long idle = c.keepaliveIdleSeconds * SECOND;
      shared.armTimer(c, TcpTimers.LIFE, c.lastReceivedNanos + idle);
    } else if (c.path != null) {
      shared.cancelTimer(c, TcpTimers.LIFE);
    }
  }

  /// The LIFE timer fired.
  void lifeDue(TcpConnection c) {
    if (c.detached) {
      if (c.state == TcpState.FIN_WAIT_2) {
        end(c);
      } else {
        reset(c);
      }
      return;
    }
    if (!c.keepalive) {
      return;
    }
    long silence = shared.nowNanos - c.lastReceivedNanos;
    if (silence < c.keepaliveIdleSeconds * SECOND) {
      c.keepaliveProbes = 0;
      armLife(c);
      return;
    }
    if (!c.sent.isEmpty() || c.purpose == TimerPurpose.WINDOW_PROBE) {
      // Retransmissions and window probes ask already, and give up by their own rules.
      shared.armTimer(c, TcpTimers.LIFE, shared.nowNanos + c.keepaliveIntervalSeconds * SECOND);
      return;
    }
    if (c.keepaliveProbes >= c.keepaliveCount) {
      shared.count(TcpCounter.GIVE_UPS);
      shared.writer.reset(c);
      fail(c, c.softError != 0 ? c.softError : -Errno.ETIMEDOUT);
      return;
    }
    c.keepaliveProbes++;
    shared.count(TcpCounter.KEEPALIVE_PROBES);
    // RFC 9293 §3.8.4: an octet that the peer has already makes it answer.
    shared.writer.ack(c, c.sndNxt - 1);
    shared.armTimer(c, TcpTimers.LIFE, shared.nowNanos + c.keepaliveIntervalSeconds * SECOND);
  }

  // ---- What users are told ----

  /// Notes what the user of a connection has to be told.
  void event(TcpConnection c, int bits) {
    if (c.detached) {
      return;
    }
    c.events |= bits;
    if (c.isInEvents) {
      return;
    }
    c.isInEvents = true;
    c.eventNext = null;
    if (eventTail == null) {
      eventHead = c;
    } else {
      eventTail.eventNext = c;
    }
    eventTail = c;
  }

  /// Tells users what was noted. Nothing is under way, so they may call anything; what that causes
  /// is told here too, by the outermost call.
  void dispatch() {
    if (eventHead == null && newAcceptable == null || dispatching) {
      return;
    }
    dispatching = true;
    try {
      while (true) {
        TcpListener listener = newAcceptable;
        TcpConnection c = eventHead;
        if (listener != null) {
          newAcceptable = null;
          if (!listener.isClosed()) {
            shared.user.acceptable(listener);
          }
        } else if (c != null) {
          eventHead = c.eventNext;
          if (eventHead == null) {
            eventTail = null;
          }
          c.eventNext = null;
          c.isInEvents = false;
          tell(c);
        } else {
          return;
        }
      }
    } finally {
      dispatching = false;
    }
  }

  private void tell(TcpConnection c) {
    if (c.listener != null) {
      // Not accepted yet: whoever accepts it finds out by popping.
      c.events = 0;
      return;
    }
    while (c.events != 0) {
      int bit = Integer.lowestOneBit(c.events);
      c.events &= ~bit;
      switch (bit) {
        case TcpConnection.EVENT_CONNECTED -> shared.user.connected(c, c.error);
        case TcpConnection.EVENT_PUSHES -> completePushes(c);
        case TcpConnection.EVENT_READABLE -> shared.user.readable(c);
        default -> shared.user.closed(c, c.error);
      }
    }
  }

  private void completePushes(TcpConnection c) {
    if (c.error != 0) {
      failPushes(c, c.error);
      return;
    }
    int base = c.sndUna;
    completeUpTo(c, c.acking, base);
    completeUpTo(c, c.accepting, base + c.sendBufferBytes);
  }

  private void completeUpTo(TcpConnection c, PushList list, int end) {
    for (PushRecord push = list.head(); push != null; push = list.head()) {
      if (SequenceNumber.after(push.end, end)) {
        return;
      }
      list.removeHead();
      complete(c, push, push.bytes);
    }
  }

  private void failPushes(TcpConnection c, int error) {
    for (PushRecord push = c.acking.head(); push != null; push = c.acking.head()) {
      c.acking.removeHead();
      complete(c, push, error);
    }
    for (PushRecord push = c.accepting.head(); push != null; push = c.accepting.head()) {
      c.accepting.removeHead();
      complete(c, push, error);
    }
  }

  private void complete(TcpConnection c, PushRecord push, int result) {
    long qtoken = push.qtoken;
    c.pushCount--;
    shared.pushes.put(push);
    shared.user.pushed(c, qtoken, result);
  }
}
