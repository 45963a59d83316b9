package dev.demikv.libos.net.udp;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.device.QueueShare;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.net.DropReason;
import dev.demikv.libos.net.NetStack;
import dev.demikv.libos.net.NetworkPath;
import dev.demikv.libos.net.Packet;
import dev.demikv.libos.net.PacketOutput;
import dev.demikv.libos.net.PathError;
import dev.demikv.libos.net.StackCounters;
import dev.demikv.libos.net.StackName;
import dev.demikv.libos.net.TransportProtocol;
import dev.demikv.libos.wire.Ipv4Header;
import dev.demikv.libos.wire.NetworkOrder;
import dev.demikv.libos.wire.UdpHeader;
import java.lang.foreign.MemorySegment;
import java.util.random.RandomGenerator;

/// UDP: all sockets of one stack. Belongs to one thread.
public final class Udp implements TransportProtocol {
  /// Longest payload over IPv4 and over IPv6.
  private static final int IPV4_PAYLOAD_MAX =
      Ipv4Header.PACKET_BYTES_MAX - Ipv4Header.BYTES - UdpHeader.BYTES;

  private static final int IPV6_PAYLOAD_MAX = Ipv4Header.PACKET_BYTES_MAX - UdpHeader.BYTES;

  /// Payloads up to here are copied into the frame: cheaper than another part.
  private static final int COPY_BYTES_MAX = 1_024;

  private static final int BUCKETS = 1_024;

  /// Of a pool's buffers, one in so many stays free of datagrams that wait.
  private static final int RESERVE_DIVISOR = 8;

  private final NetStack stack;
  private final StackCounters counters;
  private final QueueShare share;
  private final RandomGenerator random;
  private final int datagramsMax;
  private final int datagramBytes;
  private final StackName anyName = new StackName();
  private final @Nullable UdpSocket[] buckets = new UdpSocket[BUCKETS];

  /// @param datagramsMax datagrams that may wait at a socket
  /// @param datagramBytes memory that they may hold, unless it is set at the socket
  /// @param share which ports are ours
  /// @param random chooses ports
  public Udp(
      NetStack stack,
      int datagramsMax,
      int datagramBytes,
      QueueShare share,
      RandomGenerator random) {
    this.stack = stack;
    this.counters = stack.counters();
    this.share = share;
    this.random = random;
    this.datagramsMax = datagramsMax;
    this.datagramBytes = datagramBytes;
  }

  /// A socket without a name.
  public UdpSocket open(boolean ipv6, UdpUser user) {
    return new UdpSocket(user, ipv6, datagramsMax, datagramBytes);
  }

  // Names.

  /// Gives a socket its name.
  ///
  /// @param name its port may be 0 for any
  /// @return 0, -EADDRINUSE, -EADDRNOTAVAIL
  public int bind(UdpSocket socket, StackName name) {
    boolean wildcard = name.isAny();
    if (!wildcard && !stack.routes().isLocal(name.ipv6, name.high, name.low)) {
      return -Errno.EADDRNOTAVAIL;
    }
    int port = name.port;
    if (!share.mayUse(port)) {
      return -Errno.EADDRNOTAVAIL;
    }
    if (port == 0) {
      port = ephemeralPort(socket, wildcard, name);
    }
    if (port == 0 || isTaken(port, socket, wildcard, name)) {
      return -Errno.EADDRINUSE;
    }
    socket.localPort = port;
    socket.wildcard = wildcard;
    socket.localIpv6 = name.ipv6;
    socket.localHigh = name.high;
    socket.localLow = name.low;
    int bucket = port & BUCKETS - 1;
    socket.nextInBucket = buckets[bucket];
    buckets[bucket] = socket;
    return 0;
  }

  /// Decides whether an IPv6 socket is for IPv6 only. Before it is bound.
  public void setV6Only(UdpSocket socket, boolean v6Only) {
    socket.v6Only = v6Only;
  }

  /// RFC 6056 §3.3.1: from a random port on, the first that is free.
  private int ephemeralPort(UdpSocket socket, boolean wildcard, StackName name) {
    int count = share.portMax() - share.portMin() + 1;
    int first = random.nextInt(count);
    for (int i = 0; i < count; i++) {
      int port = share.portMin() + (first + i) % count;
      if (!isTaken(port, socket, wildcard, name)) {
        return port;
      }
    }
    return 0;
  }

  private boolean isTaken(int port, UdpSocket socket, boolean wildcard, StackName name) {
    for (UdpSocket s = buckets[port & BUCKETS - 1]; s != null; s = s.nextInBucket) {
      if (s.localPort == port && s.conflicts(socket.ipv6, socket.v6Only, wildcard, name)) {
        return true;
      }
    }
    return false;
  }

  /// Gives a socket a peer; it takes datagrams from nobody else then.
  ///
  /// @return 0, -ENETUNREACH, -EADDRINUSE, -EAFNOSUPPORT
  public int connect(UdpSocket socket, StackName to) {
    if (to.ipv6 && !socket.ipv6 || !to.ipv6 && socket.v6Only) {
      return -Errno.EAFNOSUPPORT;
    }
    boolean keep = !socket.wildcard && socket.localIpv6 == to.ipv6;
    NetworkPath path =
        stack.path(
            to.ipv6, keep ? socket.localHigh : 0, keep ? socket.localLow : 0, to.high, to.low);
    if (path == null || !socket.wildcard && socket.localIpv6 != to.ipv6) {
      return -Errno.ENETUNREACH;
    }
    if (socket.localPort == 0) {
      int bound = bindAny(socket);
      if (bound < 0) {
        return bound;
      }
    }
    socket.path = path;
    socket.wildcard = false;
    socket.localIpv6 = to.ipv6;
    socket.localHigh = path.localHigh();
    socket.localLow = path.localLow();
    socket.remoteIpv6 = to.ipv6;
    socket.remoteHigh = to.high;
    socket.remoteLow = to.low;
    socket.remotePort = to.port;
    return 0;
  }

  /// Binds a socket without a name to the wildcard address and a free port.
  ///
  /// @return 0 or -EADDRINUSE
  public int bindAny(UdpSocket socket) {
    anyName.ipv6 = socket.ipv6;
    anyName.high = 0;
    anyName.low = 0;
    anyName.port = 0;
    return bind(socket, anyName);
  }

  /// Takes a socket's name away and drops what waits at it.
  public void close(UdpSocket socket) {
    int bucket = socket.localPort & BUCKETS - 1;
    UdpSocket before = null;
    for (UdpSocket s = buckets[bucket]; s != null; s = s.nextInBucket) {
      if (s == socket) {
        if (before == null) {
          buckets[bucket] = s.nextInBucket;
        } else {
          before.nextInBucket = s.nextInBucket;
        }
        break;
      }
      before = s;
    }
    socket.localPort = 0;
    socket.nextInBucket = null;
    socket.clear();
  }

  // Out.

  /// Sends an array as one datagram: at once, as far as the device takes it. Borrows the array.
  ///
  /// @param to destination; `null` on a connected socket
  /// @return bytes; -EMSGSIZE, -EAGAIN, -ENETUNREACH, -EHOSTUNREACH, -EDESTADDRREQ, -EACCES (a
  ///   broadcast address), -EAFNOSUPPORT, -EADDRINUSE
  public int push(UdpSocket socket, ScatterGatherArray sga, @Nullable StackName to, long nowNanos) {
    if (to == null && !socket.isConnected()) {
      return -Errno.EDESTADDRREQ;
    }
    boolean ofIpv6 = to == null ? socket.remoteIpv6 : to.ipv6;
    int bytes = sga.totalBytes();
    if (bytes > (ofIpv6 ? IPV6_PAYLOAD_MAX : IPV4_PAYLOAD_MAX)) {
      return -Errno.EMSGSIZE;
    }
    if (to != null && (ofIpv6 ? !socket.ipv6 : socket.v6Only)) {
      return -Errno.EAFNOSUPPORT;
    }
    if (to != null && !ofIpv6 && stack.routes().isIpv4Broadcast((int) to.low)) {
      return -Errno.EACCES;
    }
    int bound = socket.localPort == 0 ? bindAny(socket) : 0;
    if (bound < 0) {
      return bound;
    }
    NetworkPath path = to == null ? socket.path : pathTo(socket, to);
    if (path == null) {
      return -Errno.ENETUNREACH;
    }
    int port = to == null ? socket.remotePort : to.port;
    return port == 0 ? -Errno.EINVAL : send(socket, path, port, sga, bytes, nowNanos);
  }

  private @Nullable NetworkPath pathTo(UdpSocket socket, StackName to) {
    if (socket.wildcard) {
      return stack.pathFromAny(to.ipv6, to.high, to.low);
    }
    return socket.localIpv6 == to.ipv6
        ? stack.paths().path(to.ipv6, socket.localHigh, socket.localLow, to.high, to.low)
        : null;
  }

  private int send(
      UdpSocket socket,
      NetworkPath path,
      int port,
      ScatterGatherArray sga,
      int bytes,
      long nowNanos) {
    boolean copied = bytes <= COPY_BYTES_MAX;
    TxFrame frame = stack.begin(path, UdpHeader.BYTES + (copied ? bytes : 0));
    if (frame == null) {
      return -Errno.EAGAIN;
    }
    MemorySegment memory = frame.buffer(0).segment();
    int at = frame.offset(0);
    UdpHeader.set(memory, at, socket.localPort, port, UdpHeader.BYTES + bytes);
    if (copied) {
      sga.copyTo(0, memory, (long) at + UdpHeader.BYTES, bytes);
    } else {
      for (int i = 0; i < sga.segmentCount(); i++) {
        Buffer buffer = sga.buffer(i);
        buffer.retain();
        frame.add(buffer, sga.offset(i), sga.length(i));
      }
    }
    int result = stack.send(path, frame, PacketOutput.PROTOCOL_UDP, nowNanos);
    if (result < 0) {
      return result;
    }
    counters.datagramsOut++;
    return bytes;
  }

  // In.

  @Override
  public void receive(Packet packet, long nowNanos) {
    MemorySegment memory = packet.memory();
    int at = packet.offset();
    int sourcePort = UdpHeader.sourcePort(memory, at);
    UdpSocket socket =
        find(
            packet.isIpv6(),
            packet.destinationHigh(),
            packet.destinationLow(),
            UdpHeader.destinationPort(memory, at),
            packet.sourceHigh(),
            packet.sourceLow(),
            sourcePort);
    if (socket == null) {
      counters.drop(DropReason.UDP_NO_PORT);
      stack.portUnreachable(packet, nowNanos);
      return;
    }
    Buffer buffer = packet.buffer();
    if (!socket.user.isPopWaiting()) {
      if (!socket.hasRoom(buffer)) {
        counters.drop(DropReason.UDP_QUEUE_FULL);
        return;
      }
      // What waits must not starve the device and TCP of buffers.
      if (buffer.pool().freeCount() < buffer.pool().count() / RESERVE_DIVISOR) {
        counters.drop(DropReason.UDP_NO_MEMORY);
        return;
      }
    }
    socket.add(
        buffer,
        at + UdpHeader.BYTES,
        packet.length() - UdpHeader.BYTES,
        packet.isIpv6(),
        packet.sourceHigh(),
        packet.sourceLow(),
        sourcePort);
    counters.datagramsIn++;
    socket.user.arrived();
  }

  private @Nullable UdpSocket find(
      boolean ipv6,
      long destinationHigh,
      long destinationLow,
      int destinationPort,
      long sourceHigh,
      long sourceLow,
      int sourcePort) {
    UdpSocket best = null;
    int bestFit = -1;
    UdpSocket s = buckets[destinationPort & BUCKETS - 1];
    for (; s != null; s = s.nextInBucket) {
      if (s.localPort == destinationPort) {
        int fit = s.fit(ipv6, destinationHigh, destinationLow, sourceHigh, sourceLow, sourcePort);
        if (fit > bestFit) {
          best = s;
          bestFit = fit;
        }
      }
    }
    return best;
  }

  @Override
  public boolean error(PathError error, long nowNanos) {
    UdpSocket socket =
        find(
            error.isIpv6(),
            error.localHigh(),
            error.localLow(),
            NetworkOrder.u16(error.memory(), error.offset()),
            error.remoteHigh(),
            error.remoteLow(),
            NetworkOrder.u16(error.memory(), error.offset() + 2L));
    if (socket == null) {
      return false;
    }
    // RFC 1122 §4.1.3.3: told to the application; only a connected socket knows what it is about.
    if (socket.isConnected()) {
      switch (error.kind()) {
        case PORT_UNREACHABLE, PROTOCOL_UNREACHABLE, PROHIBITED, NEIGHBOR_FAILED ->
            socket.user.failed(error.errno());
        case HOST_UNREACHABLE, PACKET_TOO_BIG, TIME_EXCEEDED, PARAMETER_PROBLEM -> {}
      }
    }
    return true;
  }
}
