package dev.demikv.libos.net;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.net.arp.Neighbor;
import dev.demikv.libos.net.arp.NeighborCache;
import dev.demikv.libos.wire.EthernetHeader;
import dev.demikv.libos.wire.InternetChecksum;
import dev.demikv.libos.wire.IpAddress;
import dev.demikv.libos.wire.Ipv4Header;
import dev.demikv.libos.wire.Ipv6Header;
import dev.demikv.libos.wire.NetworkOrder;
import dev.demikv.libos.wire.UdpHeader;
import java.lang.foreign.MemorySegment;
import java.util.random.RandomGenerator;

/// IP, on the way out: route, checksum, header, fragments, neighbour; or back to ourselves.
final class IpOutput implements PacketOutput {
  private static final int TCP_CHECKSUM = 16;
  private static final int ICMP_CHECKSUM = 2;
  private static final int IDENTIFICATIONS = 256;

  private final EthernetOutput link;
  private final NeighborCache neighbors;
  private final RouteTable routes;
  private final PathMtuCache mtus;
  private final Loopback loopback;
  private final StackCounters counters;
  private final RandomGenerator random;
  private final int hopLimit;
  private final boolean deviceChecksums;
  private final TxFrame frame = new TxFrame();
  private final TxFrame fragment = new TxFrame();
  private final int[] identifications = new int[IDENTIFICATIONS];
  private @Nullable BufferPools pools;

  IpOutput(
      EthernetOutput link,
      NeighborCache neighbors,
      RouteTable routes,
      PathMtuCache mtus,
      Loopback loopback,
      StackCounters counters,
      RandomGenerator random,
      int hopLimit,
      boolean deviceChecksums) {
    this.link = link;
    this.neighbors = neighbors;
    this.routes = routes;
    this.mtus = mtus;
    this.loopback = loopback;
    this.counters = counters;
    this.random = random;
    this.hopLimit = hopLimit;
    this.deviceChecksums = deviceChecksums;
    for (int i = 0; i < IDENTIFICATIONS; i++) {
      identifications[i] = random.nextInt();
    }
  }

  void start(BufferPools newPools) {
    pools = newPools;
  }

  // Paths.

  @Override
  public @Nullable NetworkPath path(
      boolean ipv6, long localHigh, long localLow, long remoteHigh, long remoteLow) {
    boolean anyLocal = (localHigh | localLow) == 0;
    if (!anyLocal && !routes.isLocal(ipv6, localHigh, localLow)
        || !isUnicast(ipv6, remoteHigh, remoteLow)) {
      return null;
    }
    if (routes.isLocal(ipv6, remoteHigh, remoteLow)) {
      // RFC 1122 §3.3.4.2 leaves the source open; the destination itself is certain to be right.
      return new StackPath(
          ipv6,
          anyLocal ? remoteHigh : localHigh,
          anyLocal ? remoteLow : localLow,
          remoteHigh,
          remoteLow,
          /* local= */ true,
          remoteHigh,
          remoteLow,
          mtus,
          link.mtuBytes());
    }
    Route route = routes.route(ipv6, remoteHigh, remoteLow);
    // RFC 1122 §3.2.1.3 (g): loop-back addresses never leave the host.
    if (route == null || !anyLocal && RouteTable.isLoopback(ipv6, localHigh, localLow)) {
      return null;
    }
    LocalAddress source = anyLocal ? routes.source(ipv6, remoteHigh, remoteLow) : null;
    if (anyLocal && source == null) {
      return null;
    }
    return new StackPath(
        ipv6,
        source == null ? localHigh : source.high(),
        source == null ? localLow : source.low(),
        remoteHigh,
        remoteLow,
        /* local= */ false,
        route.hasGateway() ? route.gatewayHigh() : remoteHigh,
        route.hasGateway() ? route.gatewayLow() : remoteLow,
        mtus,
        link.mtuBytes());
  }

  private boolean isUnicast(boolean ipv6, long high, long low) {
    return ipv6
        ? !IpAddress.isIpv6Any(high, low)
            && !IpAddress.isIpv6Multicast(high)
            && !IpAddress.isIpv4Mapped(high, low)
        : !IpAddress.isIpv4ThisNetwork((int) low)
            && !IpAddress.isIpv4Multicast((int) low)
            && !IpAddress.isIpv4Reserved((int) low)
            && !routes.isIpv4Broadcast((int) low);
  }

  // Sending.

  @Override
  public @Nullable TxFrame begin(NetworkPath path, int bytes) {
    return link.begin(frame, link.headerBytes() + path.headerBytes(), bytes);
  }

  @Override
  public void drop(TxFrame dropped) {
    dropped.releaseParts();
    dropped.clear();
  }

  @Override
  public int send(NetworkPath path, TxFrame packet, int protocol, long nowNanos) {
    StackPath way = (StackPath) path;
    int payloadBytes = packet.totalBytes();
    int packetBytes = payloadBytes + way.headerBytes();
    int longest = Ipv4Header.PACKET_BYTES_MAX + (way.isIpv6() ? Ipv6Header.BYTES : 0);
    boolean mayFragment = protocol != PROTOCOL_TCP;
    if (packetBytes > longest || !way.local && !mayFragment && packetBytes > way.mtuBytes()) {
      counters.drop(DropReason.OUTPUT_TOO_LONG);
      packet.releaseParts();
      return -Errno.EMSGSIZE;
    }
    counters.packetsOut++;
    if (way.local) {
      return sendToOurselves(way, packet, protocol);
    }
    Neighbor neighbor = neighbor(way, nowNanos);
    if (neighbor == null) {
      counters.drop(DropReason.OUTPUT_UNREACHABLE);
      packet.releaseParts();
      return -Errno.EHOSTUNREACH;
    }
    if (packetBytes > way.mtuBytes()) {
      checksum(way, packet, protocol, /* byDevice= */ false);
      return sendFragments(way, neighbor, packet, protocol, nowNanos);
    }
    checksum(way, packet, protocol, deviceChecksums);
    // RFC 6864 §4.1: what is not fragmented needs no identification. RFC 1191 §3: the path's MTU is
    // found by packets that must not be fragmented; below the least MTU, routers may.
    boolean routersMayFragment = way.mtuBytes() <= PathMtuCache.IPV4_MTU_BYTES_MIN;
    putHeader(
        way,
        packet,
        payloadBytes,
        routersMayFragment ? identification(way) : 0,
        routersMayFragment ? 0 : Ipv4Header.DONT_FRAGMENT,
        protocol);
    return neighbors.output(neighbor, packet, etherType(way), nowNanos);
  }

  private @Nullable Neighbor neighbor(StackPath way, long nowNanos) {
    Neighbor known = way.neighbor;
    if (known != null && known.generation() == way.neighborGeneration) {
      return known;
    }
    Neighbor found = neighbors.findOrClaim(way.isIpv6(), way.hopHigh, way.hopLow, nowNanos);
    way.neighbor = found;
    way.neighborGeneration = found == null ? 0 : found.generation();
    return found;
  }

  private static int etherType(StackPath way) {
    return way.isIpv6() ? EthernetHeader.TYPE_IPV6 : EthernetHeader.TYPE_IPV4;
  }

  /// RFC 7739: not to be guessed from what others are sent.
  private int identification(StackPath way) {
    if (way.isIpv6()) {
      return random.nextInt();
    }
    int at = (int) (way.remoteLow() * 0x9e37_79b9L >>> 16) & IDENTIFICATIONS - 1;
    return ++identifications[at] & 0xffff;
  }

  /// Writes a header in front of the first part, which has the room.
  private void putHeader(
      StackPath way,
      TxFrame packet,
      int payloadBytes,
      int identification,
      int fragmentField,
      int protocol) {
    int header = way.headerBytes();
    int start = packet.offset(0) - header;
    MemorySegment memory = packet.buffer(0).segment();
    packet.setRange(0, start, packet.length(0) + header);
    if (way.isIpv6()) {
      Ipv6Header.set(memory, start, payloadBytes, protocol, hopLimit);
      Ipv6Header.setAddresses(
          memory, start, way.localHigh(), way.localLow(), way.remoteHigh(), way.remoteLow());
    } else {
      Ipv4Header.set(
          memory,
          start,
          header + payloadBytes,
          identification,
          fragmentField,
          hopLimit,
          protocol,
          (int) way.localLow(),
          (int) way.remoteLow());
    }
  }

  // Checksums.

  private void checksum(StackPath way, TxFrame packet, int protocol, boolean byDevice) {
    int field =
        switch (protocol) {
          case PROTOCOL_TCP -> TCP_CHECKSUM;
          case PROTOCOL_UDP -> UdpHeader.CHECKSUM;
          default -> ICMP_CHECKSUM;
        };
    int start = packet.offset(0);
    MemorySegment memory = packet.buffer(0).segment();
    long pseudo = pseudoHeader(way, protocol, packet.totalBytes());
    if (byDevice && (protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP)) {
      NetworkOrder.setU16(memory, start + field, InternetChecksum.fold(pseudo));
      packet.requestChecksum(link.headerBytes() + way.headerBytes(), field);
      return;
    }
    NetworkOrder.setU16(memory, start + field, 0);
    int checksum = InternetChecksum.finish(pseudo + sumOfParts(packet));
    // RFC 768: 0 would mean that there is none.
    NetworkOrder.setU16(
        memory, start + field, checksum == 0 && protocol == PROTOCOL_UDP ? 0xffff : checksum);
  }

  private static long pseudoHeader(StackPath way, int protocol, int bytes) {
    if (way.isIpv6()) {
      return InternetChecksum.pseudoHeaderIpv6(
          way.localHigh(), way.localLow(), way.remoteHigh(), way.remoteLow(), protocol, bytes);
    }
    return protocol == PROTOCOL_ICMP
        ? 0
        : InternetChecksum.pseudoHeaderIpv4(
            (int) way.localLow(), (int) way.remoteLow(), protocol, bytes);
  }

  private static long sumOfParts(TxFrame packet) {
    long sum = 0;
    int before = 0;
    for (int i = 0; i < packet.partCount(); i++) {
      int length = packet.length(i);
      sum =
          InternetChecksum.append(
              sum,
              before,
              InternetChecksum.sum(packet.buffer(i).segment(), packet.offset(i), length));
      before += length;
    }
    return sum;
  }

  // Fragments.

  /// Sends a packet in pieces that fit the path: each is a header of its own and pieces of the
  /// packet's parts by reference.
  private int sendFragments(
      StackPath way, Neighbor neighbor, TxFrame packet, int protocol, long nowNanos) {
    int extra = way.isIpv6() ? Ipv6Header.FRAGMENT_BYTES : 0;
    int pieceBytes = way.mtuBytes() - way.headerBytes() - extra & ~7;
    int total = packet.totalBytes();
    int identification = identification(way);
    int result = 0;
    for (int at = 0; at < total && result == 0; at += pieceBytes) {
      int length = Math.min(pieceBytes, total - at);
      boolean more = at + length < total;
      TxFrame piece = link.begin(fragment, link.headerBytes() + way.headerBytes(), extra);
      if (piece == null) {
        result = -Errno.EAGAIN;
        break;
      }
      if (!addPieces(piece, packet, at, length)) {
        piece.releaseParts();
        result = -Errno.EMSGSIZE;
        break;
      }
      if (way.isIpv6()) {
        Ipv6Header.setFragment(
            piece.buffer(0).segment(), piece.offset(0), protocol, at, more, identification);
      }
      putHeader(
          way,
          piece,
          extra + length,
          identification,
          at / 8 | (more ? Ipv4Header.MORE_FRAGMENTS : 0),
          way.isIpv6() ? Ipv6Header.FRAGMENT : protocol);
      counters.fragmentsOut++;
      result = neighbors.output(neighbor, piece, etherType(way), nowNanos);
    }
    packet.releaseParts();
    return result;
  }

  private static boolean addPieces(TxFrame piece, TxFrame packet, int position, int length) {
    int skip = position;
    int left = length;
    for (int i = 0; i < packet.partCount() && left > 0; i++) {
      int partBytes = packet.length(i);
      if (skip >= partBytes) {
        skip -= partBytes;
        continue;
      }
      int bytes = Math.min(left, partBytes - skip);
      Buffer buffer = packet.buffer(i);
      if (!piece.add(buffer, packet.offset(i) + skip, bytes)) {
        return false;
      }
      buffer.retain();
      skip = 0;
      left -= bytes;
    }
    return true;
  }

  // To ourselves.

  private int sendToOurselves(StackPath way, TxFrame packet, int protocol) {
    int payloadBytes = packet.totalBytes();
    if (protocol == PROTOCOL_ICMP || protocol == PROTOCOL_ICMPV6) {
      checksum(way, packet, protocol, /* byDevice= */ false);
    } else if (protocol == PROTOCOL_UDP) {
      // RFC 8200 §8.1: not 0, though nobody sums what never leaves the memory.
      NetworkOrder.setU16(
          packet.buffer(0).segment(), packet.offset(0) + UdpHeader.CHECKSUM, 0xffff);
    }
    putHeader(way, packet, payloadBytes, 0, Ipv4Header.DONT_FRAGMENT, protocol);
    Buffer buffer = packet.buffer(0);
    int offset = packet.offset(0);
    if (packet.partCount() > 1) {
      Buffer whole = gather(packet);
      packet.releaseParts();
      if (whole == null) {
        counters.drop(DropReason.LOOPBACK_FULL);
        return -Errno.EAGAIN;
      }
      buffer = whole;
      offset = 0;
    }
    if (!loopback.offer(buffer, offset, way.headerBytes() + payloadBytes)) {
      buffer.release();
      counters.drop(DropReason.LOOPBACK_FULL);
      return -Errno.EAGAIN;
    }
    counters.loopbackPackets++;
    return 0;
  }

  private @Nullable Buffer gather(TxFrame packet) {
    BufferPools from = pools;
    Buffer whole = from == null ? null : from.take(packet.totalBytes());
    if (whole == null || whole.capacityBytes() < packet.totalBytes()) {
      if (whole != null) {
        whole.release();
      }
      return null;
    }
    EthernetOutput.copyParts(packet, whole.segment(), 0);
    return whole;
  }
}
