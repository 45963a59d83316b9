package dev.demikv.libos.net.tcp;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.net.NetworkPath;
import dev.demikv.libos.net.Packet;
import dev.demikv.libos.net.PacketOutput;
import dev.demikv.libos.wire.SequenceNumber;
import java.util.function.IntConsumer;
import java.util.function.ObjLongConsumer;
import java.util.random.RandomGenerator;

/// TCP: all connections and listeners of one stack. Belongs to one thread; reads no clock.
///
/// A turn of the loop: [#flush] → sleep until [#nextTimerNanos] or a packet → [#receive] for each
/// packet of the burst → [#advance]. What is pushed, popped or received in a turn is sent by the
/// next [#flush], so that a response carries the acknowledgement of its request and small pushes
/// share a segment.
///
/// Addresses are pairs of longs as in [Packet]: IPv4 in the low 32 bits of `low`, `high` 0.
public final class Tcp {
  /// Candidates among which a port is looked for whose packets need no detour.
  private static final int DIRECT_PORTS_TRIED = 1_024;

  private final TcpShared shared;
  private final ListenerTable listeners;
  private final EphemeralPorts ports;
  private final SegmentInput input;
  private final int firstSynTimer;
  private final IntConsumer timerDue = this::timerDue;
  private int failure;

  /// @param config limits and times
  /// @param output where segments go
  /// @param buffers where copies of pushed data live
  /// @param sgas where popped arrays come from
  /// @param random seeds the secret keys and ephemeral ports
  /// @param user who is told
  /// @param nowNanos present time
  public Tcp(
      TcpConfig config,
      PacketOutput output,
      BufferPools buffers,
      SgaPool sgas,
      RandomGenerator random,
      TcpUser user,
      long nowNanos) {
    shared = new TcpShared(config, output, buffers, sgas, random, user, nowNanos);
    listeners = new ListenerTable(config.listenersMax());
    ports = new EphemeralPorts(config.ephemeralPortMin(), config.ephemeralPortMax(), random);
    input = new SegmentInput(shared, listeners);
    firstSynTimer = config.connectionsMax() * TcpTimers.KINDS + 1;
  }

  /// Begins to listen. Control path.
  ///
  /// @param ipv6 family of the address
  /// @param dualStack whether an IPv6 wildcard takes IPv4 peers too
  /// @param addressHigh local address; zeros for the wildcard
  /// @param addressLow its last eight bytes
  /// @param port 1 to 65535; 0 for an ephemeral one
  /// @param backlog connections that may wait for [#accept], at least 1; those accepted do not
  ///   count
  /// @return `null` when it cannot: then [#failure] is -EADDRINUSE or -EMFILE
  public @Nullable TcpListener listen(
      boolean ipv6, boolean dualStack, long addressHigh, long addressLow, int port, int backlog) {
    if (listeners.isFull()) {
      failure = -Errno.EMFILE;
      return null;
    }
    int chosen = port == 0 ? freeListenPort(ipv6, dualStack, addressHigh, addressLow) : port;
    if (chosen == 0 || listeners.conflicts(ipv6, dualStack, addressHigh, addressLow, chosen)) {
      failure = -Errno.EADDRINUSE;
      return null;
    }
    TcpListener listener =
        new TcpListener(
            shared, listeners, ipv6, dualStack, addressHigh, addressLow, chosen, backlog);
    listeners.add(listener);
    return listener;
  }

  private int freeListenPort(boolean ipv6, boolean dualStack, long high, long low) {
    ports.begin(high, low, 0, 0, 0);
    for (int i = 0; i < ports.count(); i++) {
      int port = ports.next();
      if (!listeners.conflicts(ipv6, dualStack, high, low, port)) {
        return port;
      }
    }
    return 0;
  }

  /// The oldest connection that waits at a listener, now its caller's; `null` when none waits.
  public @Nullable TcpConnection accept(TcpListener listener) {
    return listener.takeWaiting();
  }

  /// Begins to connect; [TcpUser#connected] tells the result. The SYN is sent by the next [#flush].
  ///
  /// @param localHigh local address; zeros to let the route choose
  /// @param localPort 0 for an ephemeral one
  /// @return `null` when it cannot: then [#failure] is -EADDRINUSE, -EADDRNOTAVAIL (ports are out),
  ///   -ENETUNREACH (no route, or the local address is not ours), -EMFILE
  public @Nullable TcpConnection connect(
      boolean ipv6,
      long localHigh,
      long localLow,
      int localPort,
      long remoteHigh,
      long remoteLow,
      int remotePort) {
    NetworkPath path = shared.output.path(ipv6, localHigh, localLow, remoteHigh, remoteLow);
    if (path == null) {
      failure = -Errno.ENETUNREACH;
      return null;
    }
    int port = localPort;
    if (port == 0) {
      port = freePort(path, remotePort, false);
      if (port == 0) {
        port = freePort(path, remotePort, true);
      }
      if (port == 0) {
        failure = -Errno.EADDRNOTAVAIL;
        return null;
      }
    } else if (!isFree(path, port, remotePort, true)) {
      failure = -Errno.EADDRINUSE;
      return null;
    }
    TcpConnection c =
        shared.lifecycle.connect(path, port, remotePort, timeWait(path, port, remotePort));
    if (c == null) {
      failure = -Errno.EMFILE;
    }
    return c;
  }

  private int freePort(NetworkPath path, int remotePort, boolean reuse) {
    ports.begin(path.localHigh(), path.localLow(), path.remoteHigh(), path.remoteLow(), remotePort);
    int detour = 0;
    for (int i = 0; i < ports.count(); i++) {
      int port = ports.next();
      if (!isFree(path, port, remotePort, reuse)) {
        continue;
      }
      if (shared.output.arrivesHere(path, port, remotePort)) {
        return port;
      }
      if (detour == 0) {
        detour = port;
      }
      if (i >= DIRECT_PORTS_TRIED) {
        break;
      }
    }
    return detour;
  }

  private boolean isFree(NetworkPath path, int port, int remotePort, boolean reuse) {
    TimeWaitTable.Entry old = timeWait(path, port, remotePort);
    if (old != null && !(reuse && shared.timeWaits.mayReuse(old))) {
      return false;
    }
    int hash = shared.connections.hash(path, port, remotePort);
    return shared.connections.find(
            hash,
            path.localHigh(),
            path.localLow(),
            port,
            path.remoteHigh(),
            path.remoteLow(),
            remotePort)
        == null;
  }

  private TimeWaitTable.@Nullable Entry timeWait(NetworkPath path, int port, int remotePort) {
    return shared.timeWaits.find(
        path.localHigh(), path.localLow(), port, path.remoteHigh(), path.remoteLow(), remotePort);
  }

  /// Why the last [#listen] or [#connect] returned `null`: `-errno`.
  public int failure() {
    return failure;
  }

  /// Takes a TCP segment; borrows the packet. Replies that cannot wait are sent at once, all others
  /// by [#flush].
  public void receive(Packet packet, long nowNanos) {
    shared.nowNanos = nowNanos;
    input.receive(packet);
    shared.lifecycle.dispatch();
  }

  /// When [#advance] has something to do, never later than that; [Long#MAX_VALUE] if nothing.
  public long nextTimerNanos() {
    return shared.timers.nextNanos();
  }

  /// Runs the timers that are due.
  ///
  /// @return how many
  public int advance(long nowNanos) {
    shared.nowNanos = nowNanos;
    int fired = shared.timers.advance(nowNanos, timerDue);
    shared.lifecycle.dispatch();
    return fired;
  }

  private void timerDue(int timer) {
    int connectionTimers = firstSynTimer - 1;
    if (timer == connectionTimers) {
      shared.timeWaits.expire();
      return;
    }
    if (timer > connectionTimers) {
      shared.synQueue.timedOut(timer - firstSynTimer);
      return;
    }
    TcpConnection c = shared.connections.at(timer / TcpTimers.KINDS);
    switch (timer % TcpTimers.KINDS) {
      case TcpTimers.RETRANSMIT -> {
        switch (c.purpose) {
          case RETRANSMIT -> shared.recovery.timedOut(c);
          case TAIL_LOSS_PROBE -> shared.recovery.probeTail(c);
          case WINDOW_PROBE -> shared.sender.probeWindow(c);
          case NONE -> {}
        }
      }
      case TcpTimers.REORDER -> shared.recovery.reorderingOver(c);
      case TcpTimers.DELAYED_ACK -> shared.receiver.delayedAckDue(c);
      case TcpTimers.LIFE -> shared.lifecycle.lifeDue(c);
      default -> shared.markDirty(c);
    }
  }

  /// Sends what became sendable and the acknowledgements that are due. One pass over the
  /// connections that have something to do, with a bounded number of segments each.
  ///
  /// @return segments sent; 0 means idle
  public int flush(long nowNanos) {
    shared.nowNanos = nowNanos;
    if (shared.dirtyCount() == 0) {
      return 0;
    }
    int sent = shared.sender.flush();
    shared.lifecycle.dispatch();
    return sent;
  }

  /// Whether [#flush] has work left: the loop must not sleep.
  public boolean wantsFlush() {
    return shared.dirtyCount() > 0;
  }

  /// An ICMP error that quotes a segment of ours, RFC 5927. It is believed only if the quoted
  /// sequence number is in flight.
  ///
  /// @param sequence sequence number of the quoted segment
  /// @param errno what it means, positive: ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, …
  /// @param hard whether it ends a connection that is being opened; others only remember it
  public void icmpError(
      boolean ipv6,
      long localHigh,
      long localLow,
      int localPort,
      long remoteHigh,
      long remoteLow,
      int remotePort,
      int sequence,
      int errno,
      boolean hard,
      long nowNanos) {
    shared.nowNanos = nowNanos;
    TcpConnection c =
        quoted(ipv6, localHigh, localLow, localPort, remoteHigh, remoteLow, remotePort, sequence);
    if (c == null) {
      return;
    }
    if (hard && !c.state.isSynchronized()) {
      shared.lifecycle.fail(c, -errno);
    } else {
      // RFC 5927 §5.2: hard errors are soft ones for what is established.
      c.softError = -errno;
    }
    shared.lifecycle.dispatch();
  }

  /// A "fragmentation needed" or "packet too big" that quotes a segment of ours. When it is
  /// believable, what was lost is sent again in segments that fit.
  ///
  /// @param mtuBytes the next hop's MTU
  /// @return whether it quotes a segment in flight: only then may the network layer learn from it
  public boolean pathMtu(
      boolean ipv6,
      long localHigh,
      long localLow,
      int localPort,
      long remoteHigh,
      long remoteLow,
      int remotePort,
      int sequence,
      int mtuBytes,
      long nowNanos) {
    shared.nowNanos = nowNanos;
    TcpConnection c =
        quoted(ipv6, localHigh, localLow, localPort, remoteHigh, remoteLow, remotePort, sequence);
    if (c == null) {
      return false;
    }
    shared.recovery.pathShrank(c, mtuBytes);
    return true;
  }

  private @Nullable TcpConnection quoted(
      boolean ipv6,
      long localHigh,
      long localLow,
      int localPort,
      long remoteHigh,
      long remoteLow,
      int remotePort,
      int sequence) {
    int hash =
        shared.connections.hash(localHigh, localLow, localPort, remoteHigh, remoteLow, remotePort);
    TcpConnection c =
        shared.connections.find(
            hash, localHigh, localLow, localPort, remoteHigh, remoteLow, remotePort);
    if (c == null || c.isIpv6() != ipv6) {
      return null;
    }
    // RFC 5927 §4.1.
    if (SequenceNumber.before(sequence, c.sndUna) || !SequenceNumber.before(sequence, c.sndNxt)) {
      shared.count(TcpCounter.DROP_ICMP_NOT_IN_FLIGHT);
      return null;
    }
    return c;
  }

  /// One counter.
  public long counter(TcpCounter counter) {
    return shared.counter(counter);
  }

  /// Reports all counters by name, and gauges: connections, handshakes, TIME-WAIT entries.
  public void counters(ObjLongConsumer<String> visitor) {
    for (TcpCounter counter : TcpCounter.values()) {
      visitor.accept(counter.metricName(), shared.counter(counter));
    }
    visitor.accept("tcp.connections", shared.connections.count());
    visitor.accept("tcp.handshakes", shared.synQueue.count());
    visitor.accept("tcp.time-wait", shared.timeWaits.count());
    visitor.accept("tcp.listeners", listeners.count());
    visitor.accept("tcp.receive-memory-bytes", shared.receiveMemory.bytes());
    visitor.accept("tcp.segments-in-flight", shared.segments.outCount());
  }

  /// Connections that are not closed, with those that live on without a user.
  public int connectionCount() {
    return shared.connections.count();
  }

  /// Connection objects in use, with those that have ended and wait for their user's close.
  int connectionObjectCount() {
    return shared.connections.takenCount();
  }

  /// Ends everything: listeners are closed, connections reset, buffers released.
  public void close() {
    for (TcpListener l = listeners.any(); l != null; l = listeners.any()) {
      l.close();
    }
    for (int slot = 0; slot < shared.config.connectionsMax(); slot++) {
      TcpConnection c = shared.connections.made(slot);
      if (c == null || c.path == null) {
        continue;
      }
      if (c.detached) {
        shared.lifecycle.reset(c);
      } else {
        shared.lifecycle.abort(c);
      }
    }
    shared.timeWaits.clear();
  }
}
