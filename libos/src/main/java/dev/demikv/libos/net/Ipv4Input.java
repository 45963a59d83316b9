package dev.demikv.libos.net;

import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.wire.InternetChecksum;
import dev.demikv.libos.wire.IpAddress;
import dev.demikv.libos.wire.Ipv4Header;
import dev.demikv.libos.wire.NetworkOrder;
import java.lang.foreign.MemorySegment;

/// IPv4, on the way in: RFC 791 and RFC 1122 §3.2.1. A host: it forwards nothing.
final class Ipv4Input {
  private static final int OPTION_END = 0;
  private static final int OPTION_NOTHING = 1;
  private static final int OPTION_LOOSE_SOURCE_ROUTE = 131;
  private static final int OPTION_STRICT_SOURCE_ROUTE = 137;

  private final RouteTable routes;
  private final FragmentTable fragments;
  private final Delivery delivery;
  private final StackCounters counters;
  private final Packet packet = new Packet();

  // The addresses of the last packet that was taken: those of the next are most often the same. A
  // source that was no address of ours does not become one, see RouteTable.
  private int knownSource;
  private int knownDestination;
  private boolean knownIsGroup;
  private @Nullable LocalAddress knownLocal;

  Ipv4Input(RouteTable routes, FragmentTable fragments, Delivery delivery, StackCounters counters) {
    this.routes = routes;
    this.fragments = fragments;
    this.delivery = delivery;
    this.counters = counters;
  }

  /// A packet behind the link header; borrows the buffer.
  ///
  /// @param length bytes of the frame behind the link header; the packet may be shorter
  /// @param checksum as in [FrameSink]
  /// @param linkGroup whether the frame went to a group of stations
  /// @param ownPacket whether it comes from ourselves
  void receive(
      Buffer buffer,
      int offset,
      int length,
      int checksum,
      boolean linkGroup,
      boolean ownPacket,
      long nowNanos) {
    MemorySegment memory = buffer.segment();
    if (length < Ipv4Header.BYTES) {
      counters.drop(DropReason.IPV4_MALFORMED);
      return;
    }
    long first = Ipv4Header.first(memory, offset);
    int header = Ipv4Header.headerBytes(first);
    int total = Ipv4Header.totalLength(first);
    if (Ipv4Header.version(first) != 4
        || header < Ipv4Header.BYTES
        || header > total
        || total > length) {
      counters.drop(DropReason.IPV4_MALFORMED);
      return;
    }
    long second = Ipv4Header.second(memory, offset);
    int destination = Ipv4Header.destination(memory, offset);
    boolean intact =
        checksum == FrameSink.CHECKSUM_GOOD
            || (header == Ipv4Header.BYTES
                ? Ipv4Header.isChecksumGood(first, second, destination)
                : Ipv4Header.isChecksumGood(memory, offset, header));
    if (!intact) {
      counters.drop(DropReason.IPV4_CHECKSUM);
      return;
    }
    int source = Ipv4Header.source(second);
    DropReason refused =
        ownPacket || isKnown(source, destination, linkGroup)
            ? null
            : refusal(source, destination, linkGroup);
    if (refused == null && header > Ipv4Header.BYTES) {
      refused = badOptions(memory, offset, header);
    }
    if (refused != null) {
      counters.drop(refused);
      return;
    }
    counters.ipv4In++;
    if (!Ipv4Header.isFragment(first)) {
      deliver(buffer, offset, first, second, destination, total, checksum, linkGroup, nowNanos);
      return;
    }
    Buffer whole =
        fragments.addIpv4(
            buffer, offset, header, total, checksum == FrameSink.CHECKSUM_PARTIAL, nowNanos);
    if (whole != null) {
      // What a device says of a fragment's checksum is not about the whole.
      int unknown =
          fragments.isWholePartial() ? FrameSink.CHECKSUM_PARTIAL : FrameSink.CHECKSUM_UNKNOWN;
      MemorySegment put = whole.segment();
      deliver(
          whole,
          0,
          Ipv4Header.first(put, 0),
          Ipv4Header.second(put, 0),
          Ipv4Header.destination(put, 0),
          fragments.wholeLength(),
          unknown,
          linkGroup,
          nowNanos);
      whole.release();
    }
  }

  private void deliver(
      Buffer buffer,
      int offset,
      long first,
      long second,
      int destination,
      int total,
      int checksum,
      boolean linkGroup,
      long nowNanos) {
    int source = Ipv4Header.source(second);
    int protocol = Ipv4Header.protocol(second);
    int header = Ipv4Header.headerBytes(first);
    boolean group =
        linkGroup
            || (knownLocal != null && destination == knownDestination
                ? knownIsGroup
                : routes.isIpv4Broadcast(destination));
    packet
        .set(buffer, offset + header, total - header)
        .setIpv4(
            source, destination, Ipv4Header.typeOfService(first), Ipv4Header.timeToLive(second))
        .setOrigin(offset, group);
    delivery.deliver(
        packet,
        protocol,
        checksum,
        InternetChecksum.pseudoHeaderIpv4(source, destination, protocol, 0),
        nowNanos);
  }

  /// Whether the last packet that was looked at had the same addresses and was taken.
  private boolean isKnown(int source, int destination, boolean linkGroup) {
    LocalAddress local = knownLocal;
    return local != null
        && source == knownSource
        && destination == knownDestination
        && !linkGroup
        && !local.isDuplicate();
  }

  /// RFC 1122 §3.2.1.3 and §3.3.6, RFC 6890: addresses that cannot come from a wire, and packets
  /// that are not for us.
  private @Nullable DropReason refusal(int source, int destination, boolean linkGroup) {
    if (IpAddress.isIpv4ThisNetwork(source)
        || IpAddress.isIpv4Loopback(source)
        || IpAddress.isIpv4Multicast(source)
        || IpAddress.isIpv4Reserved(source)
        || routes.isIpv4Broadcast(source)
        || routes.find(false, 0, source & 0xffff_ffffL) != null
        || IpAddress.isIpv4Loopback(destination)
        || IpAddress.isIpv4ThisNetwork(destination)) {
      return DropReason.IP_MARTIAN;
    }
    LocalAddress local = routes.find(false, 0, destination & 0xffff_ffffL);
    if (local != null) {
      if (linkGroup) {
        return DropReason.IP_LINK_BROADCAST;
      }
      knownSource = source;
      knownDestination = destination;
      knownIsGroup = routes.isIpv4Broadcast(destination);
      knownLocal = local;
      return null;
    }
    return routes.isIpv4Broadcast(destination) ? null : DropReason.IP_NOT_FOR_US;
  }

  /// Options are passed over, but must be sound; a source route is not followed.
  private static @Nullable DropReason badOptions(MemorySegment memory, int offset, int header) {
    int at = offset + Ipv4Header.BYTES;
    int end = offset + header;
    while (at < end) {
      int type = NetworkOrder.u8(memory, at);
      if (type == OPTION_END) {
        return null;
      }
      if (type == OPTION_NOTHING) {
        at++;
        continue;
      }
      int bytes = end - at < 2 ? 0 : NetworkOrder.u8(memory, at + 1L);
      if (bytes < 2 || bytes > end - at) {
        return DropReason.IPV4_MALFORMED;
      }
      if (type == OPTION_LOOSE_SOURCE_ROUTE || type == OPTION_STRICT_SOURCE_ROUTE) {
        return DropReason.IPV4_SOURCE_ROUTE;
      }
      at += bytes;
    }
    return null;
  }
}
