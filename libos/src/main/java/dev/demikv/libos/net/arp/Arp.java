package dev.demikv.libos.net.arp;

import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.net.Announcements;
import dev.demikv.libos.net.DropReason;
import dev.demikv.libos.net.IpText;
import dev.demikv.libos.net.LinkOutput;
import dev.demikv.libos.net.LocalAddress;
import dev.demikv.libos.net.RouteTable;
import dev.demikv.libos.net.StackCounters;
import dev.demikv.libos.net.TokenBucket;
import dev.demikv.libos.wire.ArpPacket;
import dev.demikv.libos.wire.EthernetHeader;
import dev.demikv.libos.wire.IpAddress;
import dev.demikv.libos.wire.MacAddress;
import java.lang.foreign.MemorySegment;

/// ARP, RFC 826: asks, answers, announces our addresses and notices when others use them.
///
/// When the link comes up, each address is announced twice (RFC 5227 §2.3); it is not probed
/// before, since a server's addresses are configured. A conflict is counted, logged, and defended
/// by an announcement at most every ten seconds (§2.4 (c)).
public final class Arp implements NeighborCache.Solicitor {
  private static final System.Logger LOG = System.getLogger(Arp.class.getName());

  /// RFC 5227 §1.1: ANNOUNCE_INTERVAL, DEFEND_INTERVAL.
  private static final long ANNOUNCE_INTERVAL_NANOS = 2_000_000_000L;

  private static final long DEFEND_INTERVAL_NANOS = 10_000_000_000L;

  private static final int REPLIES_PER_SECOND = 1_000;

  private final LinkOutput link;
  private final NeighborCache neighbors;
  private final RouteTable routes;
  private final StackCounters counters;
  private final TokenBucket replies;
  private final Announcements announcements;
  private long defendedNanos;
  private boolean defended;

  /// The speaker of one link.
  public Arp(
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
    this.announcements = new Announcements(ANNOUNCE_INTERVAL_NANOS, nowNanos);
  }

  /// A packet behind the link header, at most so long.
  public void receive(MemorySegment memory, int offset, int length, long nowNanos) {
    if (length < ArpPacket.BYTES || !ArpPacket.isIpv4OverEthernet(memory, offset)) {
      counters.drop(DropReason.ARP_MALFORMED);
      return;
    }
    int operation = ArpPacket.operation(memory, offset);
    long mac = ArpPacket.senderMac(memory, offset);
    int sender = ArpPacket.senderIp(memory, offset);
    int target = ArpPacket.targetIp(memory, offset);
    if (operation != ArpPacket.REQUEST && operation != ArpPacket.REPLY) {
      counters.drop(DropReason.ARP_MALFORMED);
      return;
    }
    if (mac == link.macAddress()) {
      return; // Our own, come back.
    }
    boolean ours = routes.find(false, 0, target & 0xffff_ffffL) != null;
    if (sender == 0 && operation == ArpPacket.REQUEST) {
      // RFC 5227 §2.1.1: a probe; who has the address says so.
      if (ours) {
        reply(mac, 0, target, nowNanos);
      }
      return;
    }
    if (!isPossible(sender, mac)) {
      counters.drop(DropReason.ARP_SENDER);
      return;
    }
    if (routes.find(false, 0, sender & 0xffff_ffffL) != null) {
      conflict(sender, mac, nowNanos);
      return;
    }
    if (operation == ArpPacket.REPLY && target != sender && ours) {
      neighbors.answered(false, 0, sender & 0xffff_ffffL, mac, true, nowNanos);
    } else {
      // RFC 826: who asks for us will be asked for soon. All others only change what is there.
      neighbors.heard(
          false, 0, sender & 0xffff_ffffL, mac, ours && operation == ArpPacket.REQUEST, nowNanos);
    }
    if (ours && operation == ArpPacket.REQUEST) {
      reply(mac, sender, target, nowNanos);
    }
  }

  private boolean isPossible(int sender, long mac) {
    return !MacAddress.isGroup(mac)
        && mac != 0
        && !IpAddress.isIpv4Loopback(sender)
        && !IpAddress.isIpv4Multicast(sender)
        && !IpAddress.isIpv4Reserved(sender)
        && !IpAddress.isIpv4ThisNetwork(sender)
        && !routes.isIpv4Broadcast(sender)
        && routes.isOnLink(false, 0, sender & 0xffff_ffffL);
  }

  private void reply(long toMac, int toIp, int ourIp, long nowNanos) {
    if (replies.take(nowNanos)) {
      send(ArpPacket.REPLY, ourIp, toMac, toIp, toMac);
    } else {
      counters.drop(DropReason.ICMP_RATE_LIMITED);
    }
  }

  private void conflict(int address, long mac, long nowNanos) {
    counters.addressConflicts++;
    if (defended && nowNanos - defendedNanos < DEFEND_INTERVAL_NANOS) {
      return;
    }
    defended = true;
    defendedNanos = nowNanos;
    LOG.log(
        System.Logger.Level.WARNING,
        "Address {0} is also used by {1}: give one of the two another address.",
        IpText.format(false, 0, address & 0xffff_ffffL),
        MacAddress.format(mac));
    announce(address);
  }

  private void announce(int address) {
    send(ArpPacket.REQUEST, address, 0, address, MacAddress.BROADCAST);
  }

  @Override
  public void solicit(Neighbor neighbor, boolean unicast, long nowNanos) {
    LocalAddress from = routes.source(false, neighbor.high(), neighbor.low());
    if (from != null) {
      send(
          ArpPacket.REQUEST,
          (int) from.low(),
          unicast ? neighbor.mac() : 0,
          (int) neighbor.low(),
          unicast ? neighbor.mac() : MacAddress.BROADCAST);
    }
  }

  private void send(int operation, int ourIp, long targetMac, int targetIp, long toMac) {
    TxFrame frame = link.beginControl(ArpPacket.BYTES);
    if (frame == null) {
      counters.drop(DropReason.OUTPUT_NO_BUFFER);
      return;
    }
    ArpPacket.set(
        frame.buffer(0).segment(),
        frame.offset(0),
        operation,
        link.macAddress(),
        ourIp,
        targetMac,
        targetIp);
    link.transmit(frame, toMac, EthernetHeader.TYPE_ARP);
  }

  /// The link came up: neighbours are told where we are, now and in a while.
  public void linkUp(long nowNanos) {
    announcements.restart(nowNanos);
  }

  /// When [#advance] has something to do; [Long#MAX_VALUE] if nothing.
  public long nextTimerNanos() {
    return announcements.nextNanos();
  }

  /// Sends the announcements that are due.
  public void advance(long nowNanos) {
    if (announcements.takeDue(nowNanos)) {
      for (int i = 0; i < routes.addressCount(); i++) {
        LocalAddress address = routes.address(i);
        if (!address.isIpv6()) {
          announce((int) address.low());
        }
      }
    }
  }
}
