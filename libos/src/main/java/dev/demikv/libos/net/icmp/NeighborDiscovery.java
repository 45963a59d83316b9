package dev.demikv.libos.net.icmp;

import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.net.Announcements;
import dev.demikv.libos.net.DropReason;
import dev.demikv.libos.net.IpText;
import dev.demikv.libos.net.LinkOutput;
import dev.demikv.libos.net.LocalAddress;
import dev.demikv.libos.net.Packet;
import dev.demikv.libos.net.PacketOutput;
import dev.demikv.libos.net.RouteTable;
import dev.demikv.libos.net.StackCounters;
import dev.demikv.libos.net.TokenBucket;
import dev.demikv.libos.net.arp.Neighbor;
import dev.demikv.libos.net.arp.NeighborCache;
import dev.demikv.libos.wire.EthernetHeader;
import dev.demikv.libos.wire.IcmpHeader;
import dev.demikv.libos.wire.Icmpv6Header;
import dev.demikv.libos.wire.InternetChecksum;
import dev.demikv.libos.wire.IpAddress;
import dev.demikv.libos.wire.Ipv6Header;
import dev.demikv.libos.wire.MacAddress;
import dev.demikv.libos.wire.NdpOptions;
import java.lang.foreign.MemorySegment;

/// Neighbour discovery, RFC 4861 §7: asks, answers, and finds addresses that others have (RFC 4862
/// §5.4).
///
/// Our addresses are used while they are being checked (optimistic, RFC 4429): a server's addresses
/// are configured, and a second without answers at start helps nobody. An address that somebody
/// else defends within that second is not used any more. All others are announced then, and again
/// whenever the link comes up, so that no neighbour goes on to use an older hardware address
/// (§7.2.6 of RFC 4861).
public final class NeighborDiscovery implements NeighborCache.Solicitor {
  private static final System.Logger LOG = System.getLogger(NeighborDiscovery.class.getName());

  /// RFC 4861 §7.1: messages of neighbours have made no hop.
  private static final int HOP_LIMIT = 255;

  /// RFC 4862 §5.1 and RFC 4861 §10: one probe, RETRANS_TIMER.
  private static final long DETECTION_NANOS = 1_000_000_000L;

  /// RFC 4861 §10: RETRANS_TIMER.
  private static final long ANNOUNCE_INTERVAL_NANOS = 1_000_000_000L;

  private static final long WARNING_INTERVAL_NANOS = 10_000_000_000L;
  private static final int REPLIES_PER_SECOND = 1_000;
  private static final int MESSAGE_BYTES =
      Icmpv6Header.NEIGHBOR_BYTES + NdpOptions.LINK_ADDRESS_BYTES;

  private final LinkOutput link;
  private final NeighborCache neighbors;
  private final RouteTable routes;
  private final StackCounters counters;
  private final TokenBucket replies;
  private boolean probed;
  private boolean detecting;
  private long detectionEndNanos;
  private final Announcements announcements;
  private long warnedNanos;
  private boolean warned;

  /// The speaker of one link.
  public NeighborDiscovery(
      LinkOutput link,
      NeighborCache neighbors,
      RouteTable routes,
      StackCounters counters,
      long nowNanos) {
    this.link = link;
    this.neighbors = neighbors;
    this.routes = routes;
    this.counters = counters;
    this.replies = new TokenBucket(REPLIES_PER_SECOND, REPLIES_PER_SECOND / 10, nowNanos);
    this.detectionEndNanos = nowNanos;
    this.announcements = new Announcements(ANNOUNCE_INTERVAL_NANOS, nowNanos);
  }

  /// A neighbour solicitation: somebody asks for an address, or checks whether anybody has it.
  void solicitation(Packet packet, long nowNanos) {
    MemorySegment memory = packet.memory();
    int at = packet.offset();
    boolean probe = IpAddress.isIpv6Any(packet.sourceHigh(), packet.sourceLow());
    long mac = optionOf(packet, NdpOptions.SOURCE_LINK_ADDRESS);
    // RFC 4861 §7.1.1.
    if (!isValid(packet)
        || mac == NdpOptions.MALFORMED
        || probe
            && (mac != NdpOptions.ABSENT
                || !IpAddress.isSolicitedNode(packet.destinationHigh(), packet.destinationLow()))) {
      counters.drop(DropReason.NDP_MALFORMED);
      return;
    }
    long targetHigh = Icmpv6Header.targetHigh(memory, at);
    long targetLow = Icmpv6Header.targetLow(memory, at);
    LocalAddress target = routes.find(true, targetHigh, targetLow);
    if (target == null) {
      counters.drop(DropReason.IP_NOT_FOR_US);
      return;
    }
    if (probe) {
      // RFC 4862 §5.4.3: two that check the same address both find it taken.
      if (detecting) {
        duplicate(target, 0, nowNanos);
      } else {
        advertise(target, IpAddress.LINK_MULTICAST_HIGH, IpAddress.ALL_NODES_LOW, 0, nowNanos);
      }
      return;
    }
    if (routes.find(true, packet.sourceHigh(), packet.sourceLow()) != null) {
      if (mac != link.macAddress()) {
        conflict(packet.sourceHigh(), packet.sourceLow(), mac, nowNanos);
      }
      return;
    }
    if (!routes.isOnLink(true, packet.sourceHigh(), packet.sourceLow())) {
      counters.drop(DropReason.IP_MARTIAN);
      return;
    }
    if (mac != NdpOptions.ABSENT) {
      if (MacAddress.isGroup(mac)) {
        counters.drop(DropReason.NDP_MALFORMED);
        return;
      }
      neighbors.heard(true, packet.sourceHigh(), packet.sourceLow(), mac, true, nowNanos);
    }
    advertise(target, packet.sourceHigh(), packet.sourceLow(), mac, nowNanos);
  }

  /// A neighbour advertisement: somebody says where an address is.
  void advertisement(Packet packet, long nowNanos) {
    MemorySegment memory = packet.memory();
    int at = packet.offset();
    long mac = optionOf(packet, NdpOptions.TARGET_LINK_ADDRESS);
    int flags = IcmpHeader.rest(memory, at);
    boolean solicited = (flags & Icmpv6Header.FLAG_SOLICITED) != 0;
    // RFC 4861 §7.1.2.
    if (!isValid(packet)
        || mac == NdpOptions.MALFORMED
        || mac >= 0 && MacAddress.isGroup(mac)
        || solicited && IpAddress.isIpv6Multicast(packet.destinationHigh())) {
      counters.drop(DropReason.NDP_MALFORMED);
      return;
    }
    long targetHigh = Icmpv6Header.targetHigh(memory, at);
    long targetLow = Icmpv6Header.targetLow(memory, at);
    LocalAddress ours = routes.find(true, targetHigh, targetLow);
    if (ours != null) {
      if (mac == link.macAddress()) {
        return; // Our own, come back.
      }
      if (detecting) {
        duplicate(ours, mac, nowNanos);
      } else {
        conflict(targetHigh, targetLow, mac, nowNanos);
      }
      return;
    }
    Neighbor known = neighbors.find(true, targetHigh, targetLow);
    long address = mac != NdpOptions.ABSENT || known == null ? mac : known.mac();
    if (address <= 0) {
      counters.drop(DropReason.ARP_UNSOLICITED);
    } else if (solicited) {
      neighbors.answered(
          true,
          targetHigh,
          targetLow,
          address,
          (flags & Icmpv6Header.FLAG_OVERRIDE) != 0,
          nowNanos);
    } else if ((flags & Icmpv6Header.FLAG_OVERRIDE) != 0 || known != null && known.mac() == 0) {
      neighbors.heard(true, targetHigh, targetLow, address, false, nowNanos);
    }
  }

  private static boolean isValid(Packet packet) {
    return packet.hopLimit() == HOP_LIMIT
        && packet.length() >= Icmpv6Header.NEIGHBOR_BYTES
        && IcmpHeader.code(packet.memory(), packet.offset()) == 0
        && !IpAddress.isIpv6Multicast(Icmpv6Header.targetHigh(packet.memory(), packet.offset()));
  }

  private static long optionOf(Packet packet, int type) {
    return packet.length() < Icmpv6Header.NEIGHBOR_BYTES
        ? NdpOptions.MALFORMED
        : NdpOptions.linkAddress(
            packet.memory(),
            (long) packet.offset() + Icmpv6Header.NEIGHBOR_BYTES,
            packet.length() - Icmpv6Header.NEIGHBOR_BYTES,
            type);
  }

  // Addresses that others have.

  private void duplicate(LocalAddress address, long mac, long nowNanos) {
    address.setDuplicate();
    counters.addressConflicts++;
    warned = true;
    warnedNanos = nowNanos;
    LOG.log(
        System.Logger.Level.ERROR,
        "Address {0} belongs to another station ({1}) and is not used: configure another one.",
        address,
        mac > 0 ? MacAddress.format(mac) : "unknown");
  }

  private void conflict(long high, long low, long mac, long nowNanos) {
    counters.addressConflicts++;
    if (!warned || nowNanos - warnedNanos >= WARNING_INTERVAL_NANOS) {
      warned = true;
      warnedNanos = nowNanos;
      LOG.log(
          System.Logger.Level.WARNING,
          "Address {0} is also used by {1}: give one of the two another address.",
          IpText.format(true, high, low),
          mac > 0 ? MacAddress.format(mac) : "an unknown station");
    }
  }

  // Sending.

  private void advertise(
      LocalAddress target, long toHigh, long toLow, long optionMac, long nowNanos) {
    if (!replies.take(nowNanos)) {
      counters.drop(DropReason.ICMP_RATE_LIMITED);
      return;
    }
    boolean toGroup = IpAddress.isIpv6Multicast(toHigh);
    Neighbor neighbor = toGroup ? null : neighbors.find(true, toHigh, toLow);
    long mac =
        toGroup
            ? MacAddress.ofIpv6Multicast(toLow)
            : optionMac > 0 ? optionMac : neighbor == null ? 0 : neighbor.mac();
    if (mac == 0) {
      // Asked by unicast without an address to answer to: the answer goes to all.
      mac = MacAddress.ofIpv6Multicast(IpAddress.ALL_NODES_LOW);
    }
    send(
        Icmpv6Header.NEIGHBOR_ADVERTISEMENT,
        Icmpv6Header.FLAG_OVERRIDE | (toGroup ? 0 : Icmpv6Header.FLAG_SOLICITED),
        target.high(),
        target.low(),
        target.high(),
        target.low(),
        toHigh,
        toLow,
        NdpOptions.TARGET_LINK_ADDRESS,
        mac);
  }

  @Override
  public void solicit(Neighbor neighbor, boolean unicast, long nowNanos) {
    LocalAddress from = routes.source(true, neighbor.high(), neighbor.low());
    if (from == null) {
      return;
    }
    long toLow = unicast ? neighbor.low() : IpAddress.solicitedNodeLow(neighbor.low());
    send(
        Icmpv6Header.NEIGHBOR_SOLICITATION,
        0,
        neighbor.high(),
        neighbor.low(),
        from.high(),
        from.low(),
        unicast ? neighbor.high() : IpAddress.LINK_MULTICAST_HIGH,
        toLow,
        NdpOptions.SOURCE_LINK_ADDRESS,
        unicast ? neighbor.mac() : MacAddress.ofIpv6Multicast(toLow));
  }

  /// @param option the kind of link address option to add, 0 for none
  private void send(
      int type,
      int flags,
      long targetHigh,
      long targetLow,
      long fromHigh,
      long fromLow,
      long toHigh,
      long toLow,
      int option,
      long toMac) {
    int bytes = option == 0 ? Icmpv6Header.NEIGHBOR_BYTES : MESSAGE_BYTES;
    TxFrame frame = link.beginControl(Ipv6Header.BYTES + bytes);
    if (frame == null) {
      return;
    }
    MemorySegment memory = frame.buffer(0).segment();
    int at = frame.offset(0);
    int message = at + Ipv6Header.BYTES;
    Ipv6Header.set(memory, at, bytes, PacketOutput.PROTOCOL_ICMPV6, HOP_LIMIT);
    Ipv6Header.setAddresses(memory, at, fromHigh, fromLow, toHigh, toLow);
    IcmpHeader.set(memory, message, type, 0, flags);
    Icmpv6Header.setTarget(memory, message, targetHigh, targetLow);
    if (option != 0) {
      NdpOptions.setLinkAddress(
          memory, (long) message + Icmpv6Header.NEIGHBOR_BYTES, option, link.macAddress());
    }
    long sum =
        InternetChecksum.pseudoHeaderIpv6(
                fromHigh, fromLow, toHigh, toLow, PacketOutput.PROTOCOL_ICMPV6, bytes)
            + InternetChecksum.sum(memory, message, bytes);
    IcmpHeader.setChecksum(memory, message, InternetChecksum.finish(sum));
    link.transmit(frame, toMac, EthernetHeader.TYPE_IPV6);
  }

  // Time.

  /// The link came up: neighbours are told where we are, once our addresses were checked.
  public void linkUp(long nowNanos) {
    announcements.restart(nowNanos);
  }

  /// When [#advance] has something to do; [Long#MAX_VALUE] if nothing.
  public long nextTimerNanos() {
    if (!probed || detecting) {
      return detectionEndNanos;
    }
    return announcements.nextNanos();
  }

  /// Asks at start whether anybody has our addresses, ends the wait for answers, and announces what
  /// is ours.
  public void advance(long nowNanos) {
    if (!probed) {
      probed = true;
      for (int i = 0; i < routes.addressCount(); i++) {
        LocalAddress address = routes.address(i);
        if (address.isIpv6()) {
          detecting = true;
          detectionEndNanos = nowNanos + DETECTION_NANOS;
          long group = IpAddress.solicitedNodeLow(address.low());
          send(
              Icmpv6Header.NEIGHBOR_SOLICITATION,
              0,
              address.high(),
              address.low(),
              0,
              0,
              IpAddress.LINK_MULTICAST_HIGH,
              group,
              0,
              MacAddress.ofIpv6Multicast(group));
        }
      }
    } else if (detecting && nowNanos - detectionEndNanos >= 0) {
      detecting = false;
      announcements.restart(nowNanos);
    }
    if (!detecting && announcements.takeDue(nowNanos)) {
      announce(nowNanos);
    }
  }

  private void announce(long nowNanos) {
    for (int i = 0; i < routes.addressCount(); i++) {
      LocalAddress address = routes.address(i);
      if (address.isIpv6() && !address.isDuplicate()) {
        advertise(address, IpAddress.LINK_MULTICAST_HIGH, IpAddress.ALL_NODES_LOW, 0, nowNanos);
      }
    }
  }
}
