package dev.demikv.libos.net.tcp;

import static java.util.Objects.requireNonNull;

import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.wire.SequenceNumber;

/// The receiving half: takes data, decides when to acknowledge and what window to offer.
final class TcpReceiver {
  /// A new connection, or one where something was out of order, acknowledges this many segments
  /// without delay: the sender's window grows by acknowledgements.
  static final int QUICK_ACKS = 16;

  /// RFC 5961 §7: least time between two challenge ACKs of one connection.
  static final long CHALLENGE_NANOS = 200_000_000;

  /// Segments of one burst that are acknowledged together: a sender that counts at most 8 segments
  /// an acknowledgement (RFC 9406 §4.2, ours) opens its window as fast as with one for each.
  private static final int BURST_ACK_SEGMENTS = 8;

  private static final int WINDOW_FIELD_MAX = 65_535;

  private final TcpShared shared;

  TcpReceiver(TcpShared shared) {
    this.shared = shared;
  }

  /// The window field for the next segment; what it says becomes the promise
  /// [TcpConnection#rcvAdv].
  int offer(TcpConnection c) {
    int offered = c.receiveWindow();
    int space = Math.max(c.receiveBufferBytes - c.receiveQueue.bytes(), 0);
    int window;
    if (worthOffering(c, space, offered)) {
      window = Math.min(space >>> c.rcvShift, WINDOW_FIELD_MAX);
    } else {
      // RFC 9293 §3.8.6: the right edge is never moved back; rounding must not do so either.
      window = Math.min(offered + (1 << c.rcvShift) - 1 >>> c.rcvShift, WINDOW_FIELD_MAX);
    }
    c.rcvAdv = SequenceNumber.later(c.rcvAdv, c.rcvNxt + (window << c.rcvShift));
    return window;
  }

  /// RFC 9293 §3.8.6.2.2: the window opens by a segment or half the buffer, or not at all.
  private static boolean worthOffering(TcpConnection c, int space, int offered) {
    int step = Math.min(c.receiveBufferBytes / 2, SegmentWriter.mss(c));
    return space - offered >= Math.max(step, 1);
  }

  /// The user took bytes: tunes the buffer, and tells the peer when the window opened enough.
  void popped(TcpConnection c, int bytes) {
    tune(c, bytes);
    if (!c.state.mayReceive() || c.finReceived) {
      return;
    }
    int offered = c.receiveWindow();
    int space = c.receiveBufferBytes - c.receiveQueue.bytes();
    // Small openings wait for the next segment; a window that was nearly closed holds the peer.
    int step = Math.min(c.receiveBufferBytes / 2, 2 * SegmentWriter.mss(c));
    if (space - offered >= Math.max(step, 1) && offered < c.receiveBufferBytes / 2) {
      acknowledgeNow(c);
    }
  }

  /// Grows the buffer when the user takes most of it in each round trip: then the window, not the
  /// path, limits the peer. One that was never measured is taken for a short one.
  private void tune(TcpConnection c, int bytes) {
    c.poppedSinceTuned += bytes;
    if (shared.nowNanos - c.tunedNanos < c.rtt.srttNanos()) {
      return;
    }
    int limit = shared.config.receiveBufferBytesMax();
    if (c.receiveAutotune
        && c.windowScaling
        && c.poppedSinceTuned > c.receiveBufferBytes / 2
        && c.receiveBufferBytes < limit
        && shared.receiveMemory.bytes() < shared.config.receiveMemoryBytesMax() / 2) {
      c.receiveBufferBytes = (int) Math.min(2L * c.receiveBufferBytes, limit);
    }
    c.poppedSinceTuned = 0;
    c.tunedNanos = shared.nowNanos;
  }

  /// Takes the payload of an acceptable segment.
  ///
  /// RFC 9293 §3.10.7.4, seventh step.
  void data(TcpConnection c, ReceivedSegment s) {
    int start = s.isSyn() ? s.sequence + 1 : s.sequence;
    int length = s.payloadBytes;
    int offset = s.payloadOffset;
    c.receiveMss = Math.max(c.receiveMss, length);
    acknowledgeEarlier(c);
    int old = c.rcvNxt - start;
    if (old > 0) {
      reportDuplicate(c, start, SequenceNumber.earlier(start + length, c.rcvNxt));
      acknowledgeNow(c);
      if (old >= length) {
        shared.count(TcpCounter.DROP_DUPLICATE);
        return;
      }
      start += old;
      offset += old;
      length -= old;
    }
    int beyond = start + length - c.rcvAdv;
    if (beyond > 0) {
      length -= beyond;
      acknowledgeNow(c);
      if (length <= 0) {
        shared.count(TcpCounter.DROP_BEYOND_WINDOW);
        return;
      }
    }
    if (c.finPending && SequenceNumber.after(start + length, c.finSequence)) {
      // The peer's stream has ended before: what it sends behind that is nobody's.
      shared.count(TcpCounter.DROP_DATA_AFTER_CLOSE);
      acknowledgeNow(c);
      return;
    }
    if (start == c.rcvNxt) {
      inOrder(c, s.buffer(), offset, length);
    } else {
      outOfOrder(c, s.buffer(), offset, length, start);
    }
  }

  private void inOrder(TcpConnection c, Buffer buffer, int offset, int arrived) {
    Reassembler reassembler = c.reassembler;
    int length = arrived;
    if (reassembler != null) {
      // What is held already stays as it is: only the gaps before and behind it are filled.
      length = Math.min(arrived, reassembler.firstStart() - c.rcvNxt);
    }
    if (!c.readShut && !keep(c, buffer, offset, length)) {
      shared.count(TcpCounter.DROP_NO_MEMORY);
      acknowledgeNow(c);
      return;
    }
    reassembler = c.reassembler; // Keeping may have had to give it up.
    if (reassembler != null && length < arrived) {
      int rest = arrived - length;
      reassembler.insert(buffer, offset + length, rest, c.rcvNxt + length, shared.receiveMemory);
      reportOverlap(c, reassembler);
    }
    int advanced = length;
    c.rcvNxt += length;
    if (reassembler != null) {
      int drained = reassembler.drainInto(c.receiveQueue, c.rcvNxt, shared.receiveMemory);
      c.rcvNxt += drained;
      advanced += drained;
      if (reassembler.isEmpty()) {
        dropReassembler(c);
      }
      if (c.readShut) {
        c.receiveQueue.clear(shared.receiveMemory);
      }
      // RFC 5681 §4.2: a segment that fills a gap is acknowledged at once.
      acknowledgeNow(c);
    }
    c.bytesIn += advanced;
    shared.count(TcpCounter.BYTES_IN, advanced);
    c.unackedBytes += length;
    if (c.ackDue != TcpConnection.ACK_NOW) {
      scheduleAck(c);
    }
    if (!c.readShut) {
      shared.lifecycle.event(c, TcpConnection.EVENT_READABLE);
    }
  }

  private boolean keep(TcpConnection c, Buffer buffer, int offset, int length) {
    if (length <= shared.config.copyBreakBytes()
        && c.receiveQueue.coalesce(buffer, offset, length)) {
      shared.count(TcpCounter.COALESCED_IN);
      return true;
    }
    ReceiveMemory memory = shared.receiveMemory;
    if (memory.isOut(buffer)) {
      prune(buffer);
      if (memory.isOut(buffer) && !c.receiveQueue.isEmpty()) {
        return false;
      }
    }
    ReceiveChunk chunk = memory.keep(buffer, offset, length, c.rcvNxt);
    if (chunk == null) {
      return false;
    }
    c.receiveQueue.add(chunk);
    return true;
  }

  /// RFC 2018 §8 lets a receiver give up data it has SACKed, never what it has acknowledged. The
  /// oldest gaps of all connections go, until there is room.
  private void prune(Buffer buffer) {
    for (Reassembler r = shared.reassemblers.oldest(); r != null; ) {
      shared.count(TcpCounter.DROP_OUT_OF_ORDER_PRUNED);
      dropReassembler(requireNonNull(r.owner, "in use without an owner"));
      r = shared.receiveMemory.isOut(buffer) ? shared.reassemblers.oldest() : null;
    }
  }

  private void outOfOrder(TcpConnection c, Buffer buffer, int offset, int length, int start) {
    c.quickAcks = QUICK_ACKS;
    // RFC 5681 §4.2: at once, so that the peer sees the gap.
    acknowledgeNow(c);
    if (shared.receiveMemory.isLow(buffer)) {
      shared.count(TcpCounter.DROP_OUT_OF_ORDER_PRUNED);
      return;
    }
    Reassembler reassembler = c.reassembler;
    if (reassembler == null) {
      reassembler = shared.reassemblers.take(c);
      if (reassembler == null) {
        shared.count(TcpCounter.DROP_OUT_OF_ORDER_FULL);
        return;
      }
      c.reassembler = reassembler;
    }
    int kept = reassembler.insert(buffer, offset, length, start, shared.receiveMemory);
    reportOverlap(c, reassembler);
    if (kept > 0) {
      c.outOfOrderIn++;
      shared.count(TcpCounter.OUT_OF_ORDER_IN);
    } else if (kept == 0) {
      shared.count(TcpCounter.DROP_DUPLICATE);
    } else {
      shared.count(TcpCounter.DROP_OUT_OF_ORDER_FULL);
    }
    if (reassembler.isEmpty()) {
      dropReassembler(c);
    }
  }

  /// Drops everything out of order.
  void dropReassembler(TcpConnection c) {
    Reassembler reassembler = c.reassembler;
    if (reassembler != null) {
      reassembler.clear(shared.receiveMemory);
      shared.reassemblers.put(reassembler);
      c.reassembler = null;
    }
  }

  /// RFC 2883 §4.2: also of what came twice in part, the first run of bytes.
  private void reportOverlap(TcpConnection c, Reassembler reassembler) {
    if (reassembler.hasOverlap()) {
      reportDuplicate(c, reassembler.overlapStart(), reassembler.overlapEnd());
    }
  }

  /// RFC 2883: the next acknowledgement tells of a duplicate.
  void reportDuplicate(TcpConnection c, int start, int end) {
    if (c.sackOk) {
      c.dsackDue = true;
      c.dsackStart = start;
      c.dsackEnd = end;
    }
  }

  /// RFC 5681 §4.2: at least every second full-sized segment is acknowledged. A burst is
  /// acknowledged at its end, by what is sent then anyway; a longer one here and there in between,
  /// as if its segments had been put together on the way in. While every acknowledgement counts,
  /// every second segment has its own.
  private void acknowledgeEarlier(TcpConnection c) {
    int segments = c.quickAcks > 0 ? 2 : BURST_ACK_SEGMENTS;
    if (c.ackDue == TcpConnection.ACK_NOW
        && (c.unackedBytes >= segments * c.receiveMss || c.reassembler != null)) {
      shared.sender.acknowledge(c);
    }
  }

  private void scheduleAck(TcpConnection c) {
    if (c.unackedBytes >= 2 * c.receiveMss || c.quickAcks > 0) {
      c.quickAcks = Math.max(c.quickAcks - 1, 0);
      acknowledgeNow(c);
    } else if (c.ackDue == TcpConnection.ACK_NONE) {
      c.ackDue = TcpConnection.ACK_DELAYED;
      shared.armTimer(c, TcpTimers.DELAYED_ACK, shared.nowNanos + shared.config.delayedAckNanos());
    }
  }

  /// Has the next flush acknowledge.
  void acknowledgeNow(TcpConnection c) {
    c.ackDue = TcpConnection.ACK_NOW;
    shared.markDirty(c);
  }

  /// The DELAYED_ACK timer fired.
  void delayedAckDue(TcpConnection c) {
    if (c.ackDue == TcpConnection.ACK_DELAYED) {
      shared.count(TcpCounter.DELAYED_ACKS);
      acknowledgeNow(c);
    }
  }

  /// RFC 5961: answers a suspicious segment with what we think, at a bounded rate.
  void challenge(TcpConnection c) {
    if (shared.nowNanos - c.lastChallengeNanos >= CHALLENGE_NANOS) {
      c.lastChallengeNanos = shared.nowNanos;
      shared.count(TcpCounter.CHALLENGE_ACKS);
      shared.sender.acknowledge(c);
    }
  }

  /// RFC 9293 §3.10.7.4, eighth step: the peer's stream ends behind the payload of a segment.
  void fin(TcpConnection c, ReceivedSegment s) {
    int at = s.sequence + s.payloadBytes + (s.isSyn() ? 1 : 0);
    if (c.finReceived || SequenceNumber.before(at, c.rcvNxt)) {
      acknowledgeNow(c);
      return;
    }
    if (!c.finPending) {
      c.finPending = true;
      c.finSequence = at;
    }
  }

  /// Whether everything before the peer's FIN is here.
  static boolean isFinInTurn(TcpConnection c) {
    return c.finPending && !c.finReceived && c.rcvNxt == c.finSequence;
  }
}
