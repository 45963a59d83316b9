package dev.demikv.libos.net.icmp;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.net.DropReason;
import dev.demikv.libos.net.NetworkPath;
import dev.demikv.libos.net.Packet;
import dev.demikv.libos.net.PacketOutput;
import dev.demikv.libos.net.PathCache;
import dev.demikv.libos.net.PathError;
import dev.demikv.libos.net.PathError.Kind;
import dev.demikv.libos.net.RouteTable;
import dev.demikv.libos.net.StackCounters;
import dev.demikv.libos.net.TokenBucket;
import dev.demikv.libos.wire.IcmpHeader;
import dev.demikv.libos.wire.Icmpv6Header;
import dev.demikv.libos.wire.IpAddress;
import dev.demikv.libos.wire.Ipv6Extensions;
import dev.demikv.libos.wire.Ipv6Header;
import java.lang.foreign.MemorySegment;

/// ICMPv6, RFC 4443; what is about neighbours goes to [NeighborDiscovery].
public final class Icmpv6 {
  /// What the longest error quotes: with it a packet fits every link (RFC 4443 §2.4 (c)).
  private static final int QUOTED_BYTES_MAX =
      Ipv6Header.MTU_BYTES_MIN - Ipv6Header.BYTES - IcmpHeader.BYTES;

  private static final int TRANSPORT_BYTES_MIN = 8;

  private final PacketOutput output;
  private final PathCache paths;
  private final RouteTable routes;
  private final NeighborDiscovery discovery;
  private final StackCounters counters;
  private final ErrorReport report;
  private final TokenBucket errorLimit;
  private final TokenBucket echoLimit;
  private final PathError error = new PathError();
  private final Ipv6Extensions extensions = new Ipv6Extensions();

  /// @param perSecond errors, and apart from them echo replies, per second
  public Icmpv6(
      PacketOutput output,
      PathCache paths,
      RouteTable routes,
      NeighborDiscovery discovery,
      StackCounters counters,
      ErrorReport report,
      int perSecond,
      long nowNanos) {
    this.output = output;
    this.paths = paths;
    this.routes = routes;
    this.discovery = discovery;
    this.counters = counters;
    this.report = report;
    this.errorLimit = new TokenBucket(perSecond, Math.max(1, perSecond / 10), nowNanos);
    this.echoLimit = new TokenBucket(perSecond, Math.max(1, perSecond / 10), nowNanos);
  }

  /// A message whose checksum is right; borrows the packet.
  public void receive(Packet packet, long nowNanos) {
    if (packet.length() < IcmpHeader.BYTES) {
      counters.drop(DropReason.ICMP_MALFORMED);
      return;
    }
    MemorySegment memory = packet.memory();
    int at = packet.offset();
    int type = IcmpHeader.type(memory, at);
    boolean neighbors =
        type == Icmpv6Header.NEIGHBOR_SOLICITATION || type == Icmpv6Header.NEIGHBOR_ADVERTISEMENT;
    if (!neighbors && IpAddress.isIpv6Any(packet.sourceHigh(), packet.sourceLow())) {
      counters.drop(DropReason.IP_MARTIAN);
      return;
    }
    switch (type) {
      case Icmpv6Header.NEIGHBOR_SOLICITATION -> discovery.solicitation(packet, nowNanos);
      case Icmpv6Header.NEIGHBOR_ADVERTISEMENT -> discovery.advertisement(packet, nowNanos);
      case Icmpv6Header.ECHO_REQUEST -> echo(packet, nowNanos);
      case Icmpv6Header.UNREACHABLE -> unreachable(packet, nowNanos);
      case Icmpv6Header.PACKET_TOO_BIG -> {
        // RFC 4443 §3.2: 32 bits of it; more than fits a length means nothing.
        int mtu = IcmpHeader.rest(memory, at);
        error.set(Kind.PACKET_TOO_BIG, Errno.EMSGSIZE, mtu < 0 ? Integer.MAX_VALUE : mtu);
        quoted(packet, nowNanos);
      }
      case Icmpv6Header.TIME_EXCEEDED -> {
        error.set(Kind.TIME_EXCEEDED, Errno.EHOSTUNREACH, 0);
        quoted(packet, nowNanos);
      }
      case Icmpv6Header.PARAMETER_PROBLEM -> {
        boolean header = IcmpHeader.code(memory, at) == Icmpv6Header.CODE_NEXT_HEADER;
        error.set(
            header ? Kind.PROTOCOL_UNREACHABLE : Kind.PARAMETER_PROBLEM,
            header ? Errno.ENOPROTOOPT : Errno.EPROTO,
            0);
        quoted(packet, nowNanos);
      }
      case Icmpv6Header.ROUTER_ADVERTISEMENT, Icmpv6Header.ROUTER_SOLICITATION ->
          counters.drop(DropReason.NDP_ROUTER);
      case Icmpv6Header.REDIRECT -> counters.drop(DropReason.ICMP_REDIRECT);
      default -> counters.drop(DropReason.ICMP_TYPE);
    }
  }

  private void echo(Packet packet, long nowNanos) {
    if (packet.isGroup()) {
      counters.drop(DropReason.ICMP_NEVER_REPLY);
      return;
    }
    if (!echoLimit.take(nowNanos)) {
      counters.drop(DropReason.ICMP_RATE_LIMITED);
      return;
    }
    NetworkPath path = paths.replyTo(packet);
    TxFrame frame = begin(path, IcmpHeader.BYTES);
    if (path == null || frame == null) {
      return;
    }
    IcmpHeader.set(
        frame.buffer(0).segment(),
        frame.offset(0),
        Icmpv6Header.ECHO_REPLY,
        0,
        IcmpHeader.rest(packet.memory(), packet.offset()));
    int dataBytes = packet.length() - IcmpHeader.BYTES;
    if (dataBytes > 0) {
      Buffer buffer = packet.buffer();
      buffer.retain();
      frame.add(buffer, packet.offset() + IcmpHeader.BYTES, dataBytes);
    }
    if (output.send(path, frame, PacketOutput.PROTOCOL_ICMPV6, nowNanos) == 0) {
      counters.echoReplies++;
    }
  }

  // Errors about our packets.

  private void unreachable(Packet packet, long nowNanos) {
    switch (IcmpHeader.code(packet.memory(), packet.offset())) {
      case Icmpv6Header.CODE_NO_ROUTE -> error.set(Kind.HOST_UNREACHABLE, Errno.ENETUNREACH, 0);
      // RFC 4443 §3.1: prohibited, and the policies and routes that refuse.
      case 1, 5, 6 -> error.set(Kind.PROHIBITED, Errno.EACCES, 0);
      case 2, Icmpv6Header.CODE_ADDRESS -> error.set(Kind.HOST_UNREACHABLE, Errno.EHOSTUNREACH, 0);
      case Icmpv6Header.CODE_PORT -> error.set(Kind.PORT_UNREACHABLE, Errno.ECONNREFUSED, 0);
      default -> {
        counters.drop(DropReason.ICMP_MALFORMED);
        return;
      }
    }
    quoted(packet, nowNanos);
  }

  private void quoted(Packet packet, long nowNanos) {
    MemorySegment memory = packet.memory();
    int at = packet.offset() + IcmpHeader.BYTES;
    int length = packet.length() - IcmpHeader.BYTES;
    if (length < Ipv6Header.BYTES || Ipv6Header.version(memory, at) != 6) {
      counters.drop(DropReason.ICMP_MALFORMED);
      return;
    }
    int start = at + Ipv6Header.BYTES;
    Ipv6Extensions.End end =
        extensions.walk(
            memory, start, length - Ipv6Header.BYTES, Ipv6Header.nextHeader(memory, at));
    int transport = extensions.offset();
    int protocol = extensions.protocol();
    if (end == Ipv6Extensions.End.FRAGMENT
        && Ipv6Header.fragmentOffsetBytes(memory, transport) == 0) {
      // A first fragment of ours quotes the transport header behind its own.
      protocol = Ipv6Header.fragmentNextHeader(memory, transport);
      transport += Ipv6Header.FRAGMENT_BYTES;
      end = Ipv6Extensions.End.PAYLOAD;
    }
    int quoted = packet.offset() + packet.length() - transport;
    if (end != Ipv6Extensions.End.PAYLOAD || quoted < TRANSPORT_BYTES_MIN) {
      counters.drop(DropReason.ICMP_MALFORMED);
      return;
    }
    long sourceHigh = Ipv6Header.sourceHigh(memory, at);
    long sourceLow = Ipv6Header.sourceLow(memory, at);
    if (packet.isGroup() || !routes.isLocal(true, sourceHigh, sourceLow)) {
      counters.drop(DropReason.ICMP_UNMATCHED);
      return;
    }
    error
        .setAddresses(
            true,
            sourceHigh,
            sourceLow,
            Ipv6Header.destinationHigh(memory, at),
            Ipv6Header.destinationLow(memory, at))
        .setQuote(memory, transport, quoted);
    int bytes = Ipv6Header.BYTES + Ipv6Header.payloadLength(memory, at);
    if (report.report(error, protocol, bytes, nowNanos)) {
      counters.icmpErrorsIn++;
    } else {
      counters.drop(DropReason.ICMP_UNMATCHED);
    }
  }

  // Errors about others' packets.

  /// Nobody has the port.
  public void portUnreachable(Packet packet, long nowNanos) {
    send(packet, Icmpv6Header.UNREACHABLE, Icmpv6Header.CODE_PORT, 0, false, nowNanos);
  }

  /// Nobody takes the protocol: its number stands in the header before it.
  public void protocolUnreachable(Packet packet, long nowNanos) {
    send(
        packet,
        Icmpv6Header.PARAMETER_PROBLEM,
        Icmpv6Header.CODE_NEXT_HEADER,
        // Where the next header's number is, when there are no extensions.
        6,
        false,
        nowNanos);
  }

  /// Something in the headers is wrong or not known.
  ///
  /// @param pointer its place, counted from the IPv6 header
  public void parameterProblem(Packet packet, int code, int pointer, long nowNanos) {
    // RFC 4443 §2.4 (e.3): code 2 is sent about packets to groups too.
    send(packet, Icmpv6Header.PARAMETER_PROBLEM, code, pointer, code == 2, nowNanos);
  }

  /// A packet could not be put together in time.
  ///
  /// @param packet points to the first fragment
  public void reassemblyTimeExceeded(Packet packet, long nowNanos) {
    send(packet, Icmpv6Header.TIME_EXCEEDED, IcmpHeader.CODE_REASSEMBLY, 0, false, nowNanos);
  }

  private void send(
      Packet packet, int type, int code, int rest, boolean evenToGroup, long nowNanos) {
    long sourceHigh = packet.sourceHigh();
    long sourceLow = packet.sourceLow();
    if (packet.isGroup() && !evenToGroup
        || IpAddress.isIpv6Any(sourceHigh, sourceLow)
        || IpAddress.isIpv6Multicast(sourceHigh)
        || isIcmpError(packet)) {
      counters.drop(DropReason.ICMP_NEVER_REPLY);
      return;
    }
    if (!errorLimit.take(nowNanos)) {
      counters.drop(DropReason.ICMP_RATE_LIMITED);
      return;
    }
    NetworkPath path =
        packet.isGroup() ? output.path(true, 0, 0, sourceHigh, sourceLow) : paths.replyTo(packet);
    int at = packet.networkOffset();
    int quoted = Math.min(packet.offset() - at + packet.length(), QUOTED_BYTES_MAX);
    TxFrame frame = begin(path, IcmpHeader.BYTES + quoted);
    if (path == null || frame == null) {
      return;
    }
    MemorySegment to = frame.buffer(0).segment();
    int start = frame.offset(0);
    IcmpHeader.set(to, start, type, code, rest);
    MemorySegment.copy(packet.memory(), at, to, (long) start + IcmpHeader.BYTES, quoted);
    if (output.send(path, frame, PacketOutput.PROTOCOL_ICMPV6, nowNanos) == 0) {
      counters.icmpErrorsOut++;
    }
  }

  /// RFC 4443 §2.4 (e.1): no errors about errors, nor about redirects.
  private boolean isIcmpError(Packet packet) {
    MemorySegment memory = packet.memory();
    int at = packet.networkOffset();
    int start = at + Ipv6Header.BYTES;
    int length = packet.offset() + packet.length() - start;
    Ipv6Extensions.End end =
        extensions.walk(memory, start, length, Ipv6Header.nextHeader(memory, at));
    int transport = extensions.offset();
    int protocol = extensions.protocol();
    if (end == Ipv6Extensions.End.FRAGMENT) {
      protocol = Ipv6Header.fragmentNextHeader(memory, transport);
      transport += Ipv6Header.FRAGMENT_BYTES;
    }
    if (protocol != PacketOutput.PROTOCOL_ICMPV6) {
      return false;
    }
    if (transport >= packet.offset() + packet.length()) {
      return true;
    }
    int type = IcmpHeader.type(memory, transport);
    return type < Icmpv6Header.INFORMATIONAL_MIN || type == Icmpv6Header.REDIRECT;
  }

  /// Begins an answer; `null` when it cannot be sent, which is counted.
  private @Nullable TxFrame begin(@Nullable NetworkPath path, int bytes) {
    if (path == null) {
      counters.drop(DropReason.OUTPUT_UNREACHABLE);
      return null;
    }
    return output.begin(path, bytes);
  }
}
