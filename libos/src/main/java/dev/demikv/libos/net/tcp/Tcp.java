package dev.demikv.libos.net.tcp;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.net.Packet;
import dev.demikv.libos.net.PacketOutput;
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
      long nowNanos) {}

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
    return null;
  }

  /// The oldest connection that waits at a listener, now its caller's; `null` when none waits.
  public @Nullable TcpConnection accept(TcpListener listener) {
    return null;
  }

  /// Begins to connect; [TcpUser#connected] tells the result. The SYN is sent by the next [#flush].
  ///
  /// @param localHigh local address; zeros to let the route choose
  /// @param localPort 0 for an ephemeral one
  /// @return `null` when it cannot: then [#failure] is -EADDRINUSE, -EADDRNOTAVAIL (ports are out,
  ///   or the local address is not ours), -ENETUNREACH, -EMFILE
  public @Nullable TcpConnection connect(
      boolean ipv6,
      long localHigh,
      long localLow,
      int localPort,
      long remoteHigh,
      long remoteLow,
      int remotePort) {
    return null;
  }

  /// Why the last [#listen] or [#connect] returned `null`: `-errno`.
  public int failure() {
    return -Errno.ENOSYS;
  }

  /// Takes a TCP segment; borrows the packet. Replies that cannot wait are sent at once, all others
  /// by [#flush].
  public void receive(Packet packet, long nowNanos) {}

  /// When [#advance] has something to do, never later than that; [Long#MAX_VALUE] if nothing.
  public long nextTimerNanos() {
    return Long.MAX_VALUE;
  }

  /// Runs the timers that are due.
  ///
  /// @return how many
  public int advance(long nowNanos) {
    return -Errno.ENOSYS;
  }

  /// Sends what became sendable and the acknowledgements that are due. One pass over the
  /// connections that have something to do, with a bounded number of segments each.
  ///
  /// @return segments sent; 0 means idle
  public int flush(long nowNanos) {
    return -Errno.ENOSYS;
  }

  /// Whether [#flush] has work left: the loop must not sleep.
  public boolean wantsFlush() {
    return false;
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
      long nowNanos) {}

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
    return false;
  }

  /// One counter.
  public long counter(TcpCounter counter) {
    return Long.MAX_VALUE;
  }

  /// Reports all counters by name, and gauges: connections, handshakes, TIME-WAIT entries.
  public void counters(ObjLongConsumer<String> visitor) {}

  /// Connections that are not closed, with those that live on without a user.
  public int connectionCount() {
    return -Errno.ENOSYS;
  }

  /// Ends everything: listeners are closed, connections reset, buffers released.
  public void close() {}
}
