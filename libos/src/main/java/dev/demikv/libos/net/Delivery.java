package dev.demikv.libos.net;

import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.net.icmp.Icmp;
import dev.demikv.libos.net.icmp.Icmpv6;
import dev.demikv.libos.wire.InternetChecksum;
import dev.demikv.libos.wire.UdpHeader;

/// The last step of the network layer: the transport checksum, and the protocol.
final class Delivery {
  private static final int TCP_HEADER_BYTES = 20;

  private final StackCounters counters;
  private final Icmp icmp;
  private final Icmpv6 icmpv6;
  private final ErrorOutput errors;
  private final TransportProtocol tcp;
  private final TransportProtocol udp;

  Delivery(
      StackCounters counters,
      Icmp icmp,
      Icmpv6 icmpv6,
      ErrorOutput errors,
      TransportProtocol tcp,
      TransportProtocol udp) {
    this.counters = counters;
    this.icmp = icmp;
    this.icmpv6 = icmpv6;
    this.errors = errors;
    this.tcp = tcp;
    this.udp = udp;
  }

  /// Hands a packet to its protocol when its checksum is right.
  ///
  /// @param pseudoHeader sum of the pseudo header without the length
  void deliver(Packet packet, int protocol, int checksum, long pseudoHeader, long nowNanos) {
    boolean known = checksum == FrameSink.CHECKSUM_GOOD || checksum == FrameSink.CHECKSUM_PARTIAL;
    switch (protocol) {
      case PacketOutput.PROTOCOL_TCP -> {
        if (packet.length() < TCP_HEADER_BYTES || packet.isGroup()) {
          // RFC 9293 §3.9.2.3: segments to a group are dropped.
          counters.drop(DropReason.TCP_MALFORMED);
        } else if (!known && !isGood(packet, packet.length(), pseudoHeader + packet.length())) {
          counters.drop(DropReason.TCP_CHECKSUM);
        } else {
          tcp.receive(packet, nowNanos);
        }
      }
      case PacketOutput.PROTOCOL_UDP -> udp(packet, known, pseudoHeader, nowNanos);
      case PacketOutput.PROTOCOL_ICMP -> {
        if (packet.isIpv6()) {
          unknown(packet, nowNanos);
        } else {
          icmp(packet, 0, nowNanos);
        }
      }
      case PacketOutput.PROTOCOL_ICMPV6 -> {
        if (packet.isIpv6()) {
          icmp(packet, pseudoHeader + packet.length(), nowNanos);
        } else {
          unknown(packet, nowNanos);
        }
      }
      default -> unknown(packet, nowNanos);
    }
  }

  private void unknown(Packet packet, long nowNanos) {
    counters.drop(DropReason.IP_PROTOCOL);
    errors.protocolUnreachable(packet, nowNanos);
  }

  private void udp(Packet packet, boolean known, long pseudoHeader, long nowNanos) {
    int length =
        packet.length() < UdpHeader.BYTES ? 0 : UdpHeader.length(packet.memory(), packet.offset());
    if (length < UdpHeader.BYTES || length > packet.length()) {
      counters.drop(DropReason.UDP_MALFORMED);
      return;
    }
    // RFC 768: the sender may leave the checksum out; RFC 8200 §8.1: not with IPv6.
    boolean absent = UdpHeader.checksum(packet.memory(), packet.offset()) == 0;
    boolean good =
        absent ? !packet.isIpv6() : known || isGood(packet, length, pseudoHeader + length);
    if (!good) {
      counters.drop(DropReason.UDP_CHECKSUM);
      return;
    }
    udp.receive(packet.set(packet.buffer(), packet.offset(), length), nowNanos);
  }

  /// ICMP is summed whatever the device says: few devices look at it.
  private void icmp(Packet packet, long pseudoHeader, long nowNanos) {
    if (!isGood(packet, packet.length(), pseudoHeader)) {
      counters.drop(DropReason.ICMP_CHECKSUM);
    } else if (packet.isIpv6()) {
      icmpv6.receive(packet, nowNanos);
    } else {
      icmp.receive(packet, nowNanos);
    }
  }

  private static boolean isGood(Packet packet, int length, long pseudoHeader) {
    return InternetChecksum.isGood(
        pseudoHeader + InternetChecksum.sum(packet.memory(), packet.offset(), length));
  }
}
