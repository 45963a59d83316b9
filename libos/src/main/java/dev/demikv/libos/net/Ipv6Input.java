package dev.demikv.libos.net;

import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.net.icmp.Icmpv6;
import dev.demikv.libos.wire.InternetChecksum;
import dev.demikv.libos.wire.IpAddress;
import dev.demikv.libos.wire.Ipv6Extensions;
import dev.demikv.libos.wire.Ipv6Header;
import java.lang.foreign.MemorySegment;

/// IPv6, on the way in: RFC 8200. A host: it forwards nothing.
final class Ipv6Input {
  private final RouteTable routes;
  private final FragmentTable fragments;
  private final Delivery delivery;
  private final Icmpv6 icmp;
  private final StackCounters counters;
  private final Packet packet = new Packet();
  private final Ipv6Extensions extensions = new Ipv6Extensions();

  /// Whether the packet in hand comes from ourselves.
  private boolean own;

  Ipv6Input(
      RouteTable routes,
      FragmentTable fragments,
      Delivery delivery,
      Icmpv6 icmp,
      StackCounters counters) {
    this.routes = routes;
    this.fragments = fragments;
    this.delivery = delivery;
    this.icmp = icmp;
    this.counters = counters;
  }

  /// A packet behind the link header; borrows the buffer. As [Ipv4Input#receive].
  void receive(
      Buffer buffer,
      int offset,
      int length,
      int checksum,
      boolean linkGroup,
      boolean ownPacket,
      long nowNanos) {
    MemorySegment memory = buffer.segment();
    if (length < Ipv6Header.BYTES || Ipv6Header.version(memory, offset) != 6) {
      counters.drop(DropReason.IPV6_MALFORMED);
      return;
    }
    int payload = Ipv6Header.payloadLength(memory, offset);
    if (payload > length - Ipv6Header.BYTES) {
      counters.drop(DropReason.IPV6_MALFORMED);
      return;
    }
    DropReason refused = ownPacket ? null : refusal(memory, offset, linkGroup);
    if (refused != null) {
      counters.drop(refused);
      return;
    }
    counters.ipv6In++;
    own = ownPacket;
    int end = offset + Ipv6Header.BYTES + payload;
    walk(buffer, offset, end, checksum, linkGroup, /* mayBeFragment= */ true, nowNanos);
  }

  private void walk(
      Buffer buffer,
      int offset,
      int end,
      int checksum,
      boolean linkGroup,
      boolean mayBeFragment,
      long nowNanos) {
    MemorySegment memory = buffer.segment();
    int start = offset + Ipv6Header.BYTES;
    switch (extensions.walk(memory, start, end - start, Ipv6Header.nextHeader(memory, offset))) {
      case PAYLOAD ->
          deliver(
              buffer,
              offset,
              extensions.offset(),
              end,
              extensions.protocol(),
              checksum,
              linkGroup,
              nowNanos);
      case FRAGMENT -> {
        if (mayBeFragment) {
          fragment(buffer, offset, end, checksum, linkGroup, nowNanos);
        } else {
          counters.drop(DropReason.FRAGMENT_MALFORMED);
        }
      }
      case NOTHING -> counters.drop(DropReason.IP_PROTOCOL);
      case BAD -> counters.drop(DropReason.IPV6_MALFORMED);
      case DISCARD -> counters.drop(DropReason.IPV6_OPTION);
      case PARAMETER_PROBLEM -> {
        counters.drop(DropReason.IPV6_OPTION);
        setPacket(buffer, offset, start, end, linkGroup);
        if (!packet.isGroup() || !extensions.isSilentForMulticast(memory)) {
          icmp.parameterProblem(packet, extensions.code(), extensions.pointer() - offset, nowNanos);
        }
      }
    }
  }

  private void fragment(
      Buffer buffer, int offset, int end, int checksum, boolean linkGroup, long nowNanos) {
    int at = extensions.offset();
    MemorySegment memory = buffer.segment();
    if (Ipv6Header.fragmentOffsetBytes(memory, at) == 0
        && !Ipv6Header.hasMoreFragments(memory, at)) {
      // RFC 6946: an atomic fragment is whole and has nothing to do with others.
      int next = Ipv6Header.fragmentNextHeader(memory, at);
      int rest = at + Ipv6Header.FRAGMENT_BYTES;
      switch (extensions.walk(memory, rest, end - rest, next)) {
        case PAYLOAD ->
            deliver(
                buffer,
                offset,
                extensions.offset(),
                end,
                extensions.protocol(),
                checksum,
                linkGroup,
                nowNanos);
        case FRAGMENT, BAD -> counters.drop(DropReason.IPV6_MALFORMED);
        case NOTHING -> counters.drop(DropReason.IP_PROTOCOL);
        case DISCARD, PARAMETER_PROBLEM -> counters.drop(DropReason.IPV6_OPTION);
      }
      return;
    }
    Buffer whole =
        fragments.addIpv6(
            buffer, offset, at, end, checksum == FrameSink.CHECKSUM_PARTIAL, nowNanos);
    if (whole != null) {
      walk(
          whole,
          0,
          fragments.wholeLength(),
          fragments.isWholePartial() ? FrameSink.CHECKSUM_PARTIAL : FrameSink.CHECKSUM_UNKNOWN,
          linkGroup,
          /* mayBeFragment= */ false,
          nowNanos);
      whole.release();
    }
  }

  private void setPacket(Buffer buffer, int offset, int start, int end, boolean linkGroup) {
    MemorySegment memory = buffer.segment();
    long destinationHigh = Ipv6Header.destinationHigh(memory, offset);
    packet
        .set(buffer, start, end - start)
        .setIpv6Source(Ipv6Header.sourceHigh(memory, offset), Ipv6Header.sourceLow(memory, offset))
        .setIpv6Destination(
            destinationHigh,
            Ipv6Header.destinationLow(memory, offset),
            Ipv6Header.trafficClass(memory, offset),
            Ipv6Header.hopLimit(memory, offset))
        .setOrigin(offset, linkGroup || IpAddress.isIpv6Multicast(destinationHigh));
  }

  private void deliver(
      Buffer buffer,
      int offset,
      int start,
      int end,
      int protocol,
      int checksum,
      boolean linkGroup,
      long nowNanos) {
    setPacket(buffer, offset, start, end, linkGroup);
    // RFC 4291 §2.5.2: only neighbour discovery comes from ::, and what comes from an address of
    // ours is of interest there alone.
    if (protocol != PacketOutput.PROTOCOL_ICMPV6
        && !own
        && (IpAddress.isIpv6Any(packet.sourceHigh(), packet.sourceLow())
            || routes.find(true, packet.sourceHigh(), packet.sourceLow()) != null)) {
      counters.drop(DropReason.IP_MARTIAN);
      return;
    }
    delivery.deliver(
        packet,
        protocol,
        checksum,
        InternetChecksum.pseudoHeaderIpv6(
            packet.sourceHigh(),
            packet.sourceLow(),
            packet.destinationHigh(),
            packet.destinationLow(),
            protocol,
            0),
        nowNanos);
  }

  private @Nullable DropReason refusal(MemorySegment memory, int offset, boolean linkGroup) {
    long sourceHigh = Ipv6Header.sourceHigh(memory, offset);
    long sourceLow = Ipv6Header.sourceLow(memory, offset);
    long high = Ipv6Header.destinationHigh(memory, offset);
    long low = Ipv6Header.destinationLow(memory, offset);
    if (IpAddress.isIpv6Multicast(sourceHigh)
        || IpAddress.isIpv6Loopback(sourceHigh, sourceLow)
        || IpAddress.isIpv4Mapped(sourceHigh, sourceLow)
        || IpAddress.isIpv6Loopback(high, low)
        || IpAddress.isIpv6Any(high, low)
        || IpAddress.isIpv4Mapped(high, low)) {
      return DropReason.IP_MARTIAN;
    }
    if (!IpAddress.isIpv6Multicast(high)) {
      return routes.find(true, high, low) == null
          ? DropReason.IP_NOT_FOR_US
          : linkGroup ? DropReason.IP_LINK_BROADCAST : null;
    }
    boolean allNodes = high == IpAddress.LINK_MULTICAST_HIGH && low == IpAddress.ALL_NODES_LOW;
    return allNodes || isOurSolicitedNode(high, low) ? null : DropReason.IP_NOT_FOR_US;
  }

  private boolean isOurSolicitedNode(long high, long low) {
    for (int i = 0; IpAddress.isSolicitedNode(high, low) && i < routes.addressCount(); i++) {
      LocalAddress address = routes.address(i);
      if (address.isIpv6() && IpAddress.solicitedNodeLow(address.low()) == low) {
        return true;
      }
    }
    return false;
  }
}
