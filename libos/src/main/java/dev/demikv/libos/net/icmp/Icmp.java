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
import dev.demikv.libos.wire.IpAddress;
import dev.demikv.libos.wire.Ipv4Header;
import java.lang.foreign.MemorySegment;

/// ICMP for IPv4, RFC 792 and RFC 1122 §3.2.2.
public final class Icmp {
  /// What the longest error quotes: with it a packet has 576 bytes (RFC 1812 §4.3.2.3).
  private static final int QUOTED_BYTES_MAX = 576 - Ipv4Header.BYTES - IcmpHeader.BYTES;

  private static final int TRANSPORT_BYTES_MIN = 8;

  private final PacketOutput output;
  private final PathCache paths;
  private final RouteTable routes;
  private final StackCounters counters;
  private final ErrorReport report;
  private final TokenBucket errorLimit;
  private final TokenBucket echoLimit;
  private final PathError error = new PathError();

  /// @param perSecond errors, and apart from them echo replies, per second
  public Icmp(
      PacketOutput output,
      PathCache paths,
      RouteTable routes,
      StackCounters counters,
      ErrorReport report,
      int perSecond,
      long nowNanos) {
    this.output = output;
    this.paths = paths;
    this.routes = routes;
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
    switch (IcmpHeader.type(memory, at)) {
      case IcmpHeader.ECHO_REQUEST -> echo(packet, nowNanos);
      case IcmpHeader.UNREACHABLE -> unreachable(packet, nowNanos);
      case IcmpHeader.TIME_EXCEEDED -> {
        error.set(Kind.TIME_EXCEEDED, Errno.EHOSTUNREACH, 0);
        quoted(packet, nowNanos);
      }
      case IcmpHeader.PARAMETER_PROBLEM -> {
        error.set(Kind.PARAMETER_PROBLEM, Errno.EPROTO, 0);
        quoted(packet, nowNanos);
      }
      case IcmpHeader.REDIRECT -> counters.drop(DropReason.ICMP_REDIRECT);
      default -> counters.drop(DropReason.ICMP_TYPE);
    }
  }

  private void echo(Packet packet, long nowNanos) {
    if (packet.isGroup()) {
      // RFC 1122 §3.2.2.6: a request to a group may be left without an answer.
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
        IcmpHeader.ECHO_REPLY,
        0,
        IcmpHeader.rest(packet.memory(), packet.offset()));
    int dataBytes = packet.length() - IcmpHeader.BYTES;
    if (dataBytes > 0) {
      Buffer buffer = packet.buffer();
      buffer.retain();
      frame.add(buffer, packet.offset() + IcmpHeader.BYTES, dataBytes);
    }
    if (output.send(path, frame, PacketOutput.PROTOCOL_ICMP, nowNanos) == 0) {
      counters.echoReplies++;
    }
  }

  // Errors about our packets.

  private void unreachable(Packet packet, long nowNanos) {
    int code = IcmpHeader.code(packet.memory(), packet.offset());
    switch (code) {
      case IcmpHeader.CODE_PORT -> error.set(Kind.PORT_UNREACHABLE, Errno.ECONNREFUSED, 0);
      case IcmpHeader.CODE_PROTOCOL -> error.set(Kind.PROTOCOL_UNREACHABLE, Errno.ENOPROTOOPT, 0);
      case IcmpHeader.CODE_FRAGMENTATION_NEEDED ->
          error.set(
              Kind.PACKET_TOO_BIG,
              Errno.EMSGSIZE,
              IcmpHeader.nextHopMtu(packet.memory(), packet.offset()));
      // RFC 1122 §3.2.2.1: network and host, unknown, isolated, or for this type of service.
      case 0, 6, 8, 11 -> error.set(Kind.HOST_UNREACHABLE, Errno.ENETUNREACH, 0);
      case 1, 5, 7, 12 -> error.set(Kind.HOST_UNREACHABLE, Errno.EHOSTUNREACH, 0);
      case 9, 10, 13, 14, 15 -> error.set(Kind.PROHIBITED, Errno.EACCES, 0);
      default -> {
        counters.drop(DropReason.ICMP_MALFORMED);
        return;
      }
    }
    quoted(packet, nowNanos);
  }

  /// Finds whose packet an error quotes, and reports it.
  private void quoted(Packet packet, long nowNanos) {
    MemorySegment memory = packet.memory();
    int at = packet.offset() + IcmpHeader.BYTES;
    int length = packet.length() - IcmpHeader.BYTES;
    int header = length < Ipv4Header.BYTES ? 0 : Ipv4Header.headerBytes(memory, at);
    if (header < Ipv4Header.BYTES
        || Ipv4Header.version(memory, at) != 4
        || length - header < TRANSPORT_BYTES_MIN) {
      counters.drop(DropReason.ICMP_MALFORMED);
      return;
    }
    long source = Ipv4Header.source(memory, at) & 0xffff_ffffL;
    if (packet.isGroup()
        || !routes.isLocal(false, 0, source)
        || Ipv4Header.fragmentOffsetBytes(memory, at) != 0) {
      counters.drop(DropReason.ICMP_UNMATCHED);
      return;
    }
    error
        .setAddresses(false, 0, source, 0, Ipv4Header.destination(memory, at) & 0xffff_ffffL)
        .setQuote(memory, at + header, length - header);
    if (report.report(
        error, Ipv4Header.protocol(memory, at), Ipv4Header.totalLength(memory, at), nowNanos)) {
      counters.icmpErrorsIn++;
    } else {
      counters.drop(DropReason.ICMP_UNMATCHED);
    }
  }

  // Errors about others' packets.

  /// Nobody has the port.
  public void portUnreachable(Packet packet, long nowNanos) {
    send(packet, IcmpHeader.UNREACHABLE, IcmpHeader.CODE_PORT, nowNanos);
  }

  /// Nobody takes the protocol.
  public void protocolUnreachable(Packet packet, long nowNanos) {
    send(packet, IcmpHeader.UNREACHABLE, IcmpHeader.CODE_PROTOCOL, nowNanos);
  }

  /// A packet could not be put together in time.
  ///
  /// @param packet points to the first fragment
  public void reassemblyTimeExceeded(Packet packet, long nowNanos) {
    send(packet, IcmpHeader.TIME_EXCEEDED, IcmpHeader.CODE_REASSEMBLY, nowNanos);
  }

  private void send(Packet packet, int type, int code, long nowNanos) {
    MemorySegment memory = packet.memory();
    int at = packet.networkOffset();
    int length = packet.offset() - at + packet.length();
    if (packet.isGroup() || isNoHost((int) packet.sourceLow()) || isIcmpError(packet)) {
      counters.drop(DropReason.ICMP_NEVER_REPLY);
      return;
    }
    if (!errorLimit.take(nowNanos)) {
      counters.drop(DropReason.ICMP_RATE_LIMITED);
      return;
    }
    NetworkPath path = paths.replyTo(packet);
    int quoted = Math.min(length, QUOTED_BYTES_MAX);
    TxFrame frame = begin(path, IcmpHeader.BYTES + quoted);
    if (path == null || frame == null) {
      return;
    }
    MemorySegment to = frame.buffer(0).segment();
    int start = frame.offset(0);
    IcmpHeader.set(to, start, type, code, 0);
    MemorySegment.copy(memory, at, to, (long) start + IcmpHeader.BYTES, quoted);
    if (output.send(path, frame, PacketOutput.PROTOCOL_ICMP, nowNanos) == 0) {
      counters.icmpErrorsOut++;
    }
  }

  /// RFC 1122 §3.2.2: a source that does not name one host gets no error.
  private boolean isNoHost(int source) {
    return IpAddress.isIpv4ThisNetwork(source)
        || IpAddress.isIpv4Multicast(source)
        || IpAddress.isIpv4Reserved(source)
        || routes.isIpv4Broadcast(source);
  }

  private static boolean isIcmpError(Packet packet) {
    MemorySegment memory = packet.memory();
    if (Ipv4Header.protocol(memory, packet.networkOffset()) != PacketOutput.PROTOCOL_ICMP) {
      return false;
    }
    if (packet.length() == 0) {
      return true;
    }
    int type = IcmpHeader.type(memory, packet.offset());
    return type != IcmpHeader.ECHO_REQUEST && type != IcmpHeader.ECHO_REPLY;
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
