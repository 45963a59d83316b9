package dev.demikv.libos.net.tcp;

import static dev.demikv.libos.wire.TcpHeader.ACK;
import static dev.demikv.libos.wire.TcpHeader.RST;
import static dev.demikv.libos.wire.TcpHeader.SYN;
import static java.util.Objects.requireNonNull;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.net.NetworkPath;
import dev.demikv.libos.net.Packet;
import dev.demikv.libos.net.PathCache;
import dev.demikv.libos.wire.SequenceNumber;
import java.util.random.RandomGenerator;

/// Passive opens until the third segment of their handshake: bounded, compact, shared by all
/// listeners; cookies when it is full.
final class SynQueue {
  private static final int RETRANSMISSIONS_MAX = 5;

  /// RFC 6298 §2.1.
  private static final long TIMEOUT_NANOS = 1_000_000_000;

  private static final int WINDOW_FIELD_MAX = 65_535;

  private final TcpShared shared;
  private final int firstTimer;
  private final TupleHash hash;
  private final @Nullable HalfOpen[] all;
  private final int[] free;
  private final @Nullable HalfOpen[] buckets;
  private final PathCache paths;
  private final SynCookies cookies;

  /// What a cookie is made from or read into.
  private final HalfOpen scratch = new HalfOpen(-1);

  private int freeCount;

  SynQueue(TcpShared shared, RandomGenerator random, PathCache paths, int firstTimer) {
    this.shared = shared;
    this.paths = paths;
    this.firstTimer = firstTimer;
    int max = shared.config.synQueueMax();
    hash = new TupleHash(random);
    cookies = new SynCookies(random);
    all = new @Nullable HalfOpen[max];
    free = new int[max];
    for (int i = 0; i < max; i++) {
      free[i] = max - 1 - i;
    }
    freeCount = max;
    buckets = new @Nullable HalfOpen[Integer.highestOneBit(Math.max(max, 2) - 1) << 1];
  }

  /// Handshakes under way.
  int count() {
    return all.length - freeCount;
  }

  @Nullable
  HalfOpen find(Packet p, int localPort, int remotePort) {
    if (freeCount == all.length) {
      return null;
    }
    int code =
        hash.of(
            p.destinationHigh(),
            p.destinationLow(),
            localPort,
            p.sourceHigh(),
            p.sourceLow(),
            remotePort);
    for (HalfOpen h = buckets[code & buckets.length - 1]; h != null; h = h.chain) {
      NetworkPath path = h.path();
      if (h.hash == code
          && h.localPort == localPort
          && h.remotePort == remotePort
          && path.remoteLow() == p.sourceLow()
          && path.localLow() == p.destinationLow()
          && path.remoteHigh() == p.sourceHigh()
          && path.localHigh() == p.destinationHigh()) {
        return h;
      }
    }
    return null;
  }

  /// A SYN for a listener: answers it. RFC 9293 §3.10.7.2, third step.
  ///
  /// @param successor whether the endpoints were just in TIME-WAIT, with SND.NXT at `oldNxt`
  void open(TcpListener listener, ReceivedSegment s, boolean successor, int oldNxt) {
    if (listener.isFull()) {
      shared.count(TcpCounter.DROP_BACKLOG_FULL);
      return;
    }
    NetworkPath path = paths.replyTo(s.packet);
    if (path == null) {
      shared.count(TcpCounter.DROP_SYN_UNANSWERED);
      return;
    }
    boolean isFull = freeCount == 0;
    if (isFull && !shared.config.synCookies()) {
      shared.count(TcpCounter.DROP_SYN_QUEUE_FULL);
      return;
    }
    HalfOpen h = isFull ? scratch : take();
    agree(h, path, listener, s);
    if (isFull) {
      if (!h.timestampsOk) {
        // A cookie has no room for them without a timestamp: what is offered must be remembered.
        h.sndShift = -1;
        h.sackOk = false;
      }
      h.iss = cookies.make(h, shared.nowNanos);
      shared.count(TcpCounter.SYN_COOKIES_OUT);
      int clock = IsnGenerator.timestampClock(shared.nowNanos) + h.tsOffset;
      reply(h, h.timestampsOk ? SynCookies.timestamp(h, clock) : 0);
      return;
    }
    h.iss =
        shared.isns.isn(
            path.localHigh(),
            path.localLow(),
            h.localPort,
            path.remoteHigh(),
            path.remoteLow(),
            h.remotePort,
            shared.nowNanos);
    if (successor) {
      // RFC 9293 §3.6.1: beyond every number of the old connection, which may have used them
      // faster than the clock of RFC 6528 ticks. (A cookie has no choice of its number.)
      h.iss = SequenceNumber.later(h.iss, oldNxt + TimeWaitTable.ISN_DISTANCE);
    }
    add(h);
    reply(h);
    shared.timers.arm(firstTimer + h.index, shared.nowNanos + TIMEOUT_NANOS);
  }

  /// What the SYN offers and we take.
  private void agree(HalfOpen h, NetworkPath path, TcpListener listener, ReceivedSegment s) {
    TcpConfig config = shared.config;
    TcpOptions options = s.options;
    h.path = path;
    h.listener = listener;
    h.localPort = s.destinationPort;
    h.remotePort = s.sourcePort;
    h.irs = s.sequence;
    h.peerMss = options.mss;
    h.sndShift = config.windowScaling() ? options.windowShift : -1;
    h.sackOk = config.sack() && options.sackPermitted;
    h.timestampsOk = config.timestamps() && options.hasTimestamps;
    h.tsRecent = options.hasTimestamps ? options.tsVal : 0;
    h.tsOffset =
        shared.isns.timestampOffset(
            path.localHigh(), path.localLow(), path.remoteHigh(), path.remoteLow());
    h.sentNanos = shared.nowNanos;
    h.retransmissions = 0;
  }

  private HalfOpen take() {
    int index = free[--freeCount];
    HalfOpen h = all[index];
    if (h == null) {
      h = new HalfOpen(index);
      all[index] = h;
    }
    return h;
  }

  private void add(HalfOpen h) {
    NetworkPath path = h.path();
    h.hash =
        hash.of(
            path.localHigh(),
            path.localLow(),
            h.localPort,
            path.remoteHigh(),
            path.remoteLow(),
            h.remotePort);
    int bucket = h.hash & buckets.length - 1;
    h.chain = buckets[bucket];
    buckets[bucket] = h;
  }

  private void remove(HalfOpen h) {
    int bucket = h.hash & buckets.length - 1;
    HalfOpen before = null;
    for (HalfOpen e = buckets[bucket]; e != h; e = before.chain) {
      before = requireNonNull(e, "not in its chain");
    }
    if (before == null) {
      buckets[bucket] = h.chain;
    } else {
      before.chain = h.chain;
    }
    h.chain = null;
    h.path = null;
    h.listener = null;
    shared.timers.cancel(firstTimer + h.index);
    free[freeCount++] = h.index;
  }

  /// Gives up the handshakes of a listener. O(queue).
  void removeOf(TcpListener listener) {
    for (HalfOpen h : all) {
      if (h != null && h.listener == listener) {
        remove(h);
      }
    }
  }

  private void reply(HalfOpen h) {
    reply(h, IsnGenerator.timestampClock(shared.nowNanos) + h.tsOffset);
  }

  private void reply(HalfOpen h, int tsVal) {
    int window = Math.min(shared.config.receiveBufferBytes(), WINDOW_FIELD_MAX);
    shared.writer.handshake(
        h.path(),
        h.localPort,
        h.remotePort,
        h.iss,
        h.irs + 1,
        SYN | ACK,
        window,
        h.sndShift < 0 ? -1 : shared.lifecycle.ownShift(),
        h.sackOk,
        h.timestampsOk,
        tsVal,
        h.tsRecent);
  }

  /// The timer of an entry fired: the SYN-ACK or its answer was lost.
  void timedOut(int index) {
    HalfOpen h = all[index];
    if (h == null || h.path == null) {
      return;
    }
    if (h.retransmissions == RETRANSMISSIONS_MAX) {
      shared.count(TcpCounter.HANDSHAKES_EXPIRED);
      remove(h);
      return;
    }
    h.retransmissions++;
    shared.count(TcpCounter.RETRANSMISSIONS);
    reply(h);
    shared.timers.arm(firstTimer + index, shared.nowNanos + (TIMEOUT_NANOS << h.retransmissions));
  }

  /// A segment for an entry: RFC 9293 §3.10.7.4 in SYN-RECEIVED.
  ///
  /// @return the connection, when the handshake is complete: it takes the segment
  @Nullable
  TcpConnection receive(HalfOpen h, ReceivedSegment s) {
    int rcvNxt = h.irs + 1;
    if (s.isSyn() && !s.isRst() && s.sequence == h.irs) {
      // Our SYN-ACK was lost, or both SYNs came twice.
      shared.count(TcpCounter.DROP_DUPLICATE);
      reply(h);
      return null;
    }
    int window = Math.min(shared.config.receiveBufferBytes(), WINDOW_FIELD_MAX);
    boolean inWindow = SequenceNumber.within(s.sequence, rcvNxt, window);
    boolean old =
        h.timestampsOk
            && s.options.hasTimestamps
            && SequenceNumber.before(s.options.tsVal, h.tsRecent);
    if (s.isRst()) {
      // RFC 5961 §3.2: exactly the next octet, or it is guesswork.
      if (s.sequence == rcvNxt) {
        remove(h);
      } else {
        shared.count(TcpCounter.DROP_RST_CHALLENGED);
      }
      return null;
    }
    if (!inWindow || s.isSyn() || old) {
      shared.count(old ? TcpCounter.DROP_PAWS : TcpCounter.DROP_OUT_OF_WINDOW);
      reply(h);
      return null;
    }
    if (!s.isAck()) {
      shared.count(TcpCounter.DROP_NO_ACK);
      return null;
    }
    if (s.ack != h.iss + 1) {
      // The SYN came twice, and its first copy was answered with a cookie.
      TcpConnection fromCookie = openCookie(h.listener(), s);
      if (fromCookie != null) {
        remove(h);
        return fromCookie;
      }
      shared.count(TcpCounter.DROP_ACK_INVALID);
      if (isCookieOut()) {
        return null; // As for a listener: the segment that brings the cookie may be the next.
      }
      shared.writer.bare(h.path(), h.localPort, h.remotePort, s.ack, 0, RST, 0, false, 0, 0);
      return null;
    }
    TcpConnection c = complete(h, s);
    if (c != null) {
      if (h.retransmissions == 0) {
        c.rtt.sample(shared.nowNanos - h.sentNanos, shared.nowNanos);
      } else {
        c.rtt.handshakeWasSlow();
      }
      remove(h);
    }
    return c;
  }

  /// Whether a cookie that is still good may be out: an ACK for a listener may belong to a
  /// connection that only the peer knows of.
  boolean isCookieOut() {
    return cookies.mayBeOut(shared.nowNanos);
  }

  /// An ACK for a listener: perhaps it brings a cookie back.
  ///
  /// @return the connection; `null` when it does not
  @Nullable
  TcpConnection openCookie(TcpListener listener, ReceivedSegment s) {
    if (!cookies.mayBeOut(shared.nowNanos)) {
      return null;
    }
    NetworkPath path = paths.replyTo(s.packet);
    if (path == null) {
      return null;
    }
    HalfOpen h = scratch;
    agree(h, path, listener, s);
    h.irs = s.sequence - 1;
    h.iss = s.ack - 1;
    if (!cookies.open(h, s.options.tsEcr, shared.nowNanos)) {
      shared.count(TcpCounter.DROP_COOKIE_INVALID);
      return null;
    }
    shared.count(TcpCounter.SYN_COOKIES_GOOD);
    return complete(h, s);
  }

  private @Nullable TcpConnection complete(HalfOpen h, ReceivedSegment s) {
    if (h.listener().isFull()) {
      shared.count(TcpCounter.DROP_BACKLOG_FULL);
      return null;
    }
    return shared.lifecycle.accepted(h, s);
  }
}
