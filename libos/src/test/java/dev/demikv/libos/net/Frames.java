package dev.demikv.libos.net;

import dev.demikv.libos.wire.ArpPacket;
import dev.demikv.libos.wire.EthernetHeader;
import dev.demikv.libos.wire.IcmpHeader;
import dev.demikv.libos.wire.Icmpv6Header;
import dev.demikv.libos.wire.InternetChecksum;
import dev.demikv.libos.wire.Ipv4Header;
import dev.demikv.libos.wire.Ipv6Header;
import dev.demikv.libos.wire.MacAddress;
import dev.demikv.libos.wire.NdpOptions;
import dev.demikv.libos.wire.NetworkOrder;
import dev.demikv.libos.wire.UdpHeader;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Frames as a peer on the link sends them.
final class Frames {
  static final long OUR_MAC = TestNetDevice.MAC;
  static final long PEER_MAC = 0x0200_0000_0002L;
  static final int OUR_IP = 0x0a4d_0001;
  static final int PEER_IP = 0x0a4d_0002;
  static final int FAR_IP = 0xc000_0201;
  static final long NET6 = 0xfd77_0000_0000_0000L;
  static final long FAR6 = 0x2001_0db8_0000_0000L;

  private Frames() {}

  static byte[] ethernet(long to, int type, byte[] payload) {
    byte[] frame = new byte[14 + payload.length];
    EthernetHeader.set(MemorySegment.ofArray(frame), 0, to, PEER_MAC, type);
    System.arraycopy(payload, 0, frame, 14, payload.length);
    return frame;
  }

  static byte[] tagged(int vlan, byte[] frame) {
    MemorySegment old = MemorySegment.ofArray(frame);
    byte[] tagged = new byte[frame.length + 4];
    EthernetHeader.setTagged(
        MemorySegment.ofArray(tagged),
        0,
        EthernetHeader.destination(old, 0),
        EthernetHeader.source(old, 0),
        vlan,
        EthernetHeader.type(old, 0));
    System.arraycopy(frame, 14, tagged, 18, frame.length - 14);
    return tagged;
  }

  static byte[] arp(int operation, long senderMac, int senderIp, long targetMac, int targetIp) {
    byte[] packet = new byte[ArpPacket.BYTES];
    ArpPacket.set(
        MemorySegment.ofArray(packet), 0, operation, senderMac, senderIp, targetMac, targetIp);
    long to = operation == ArpPacket.REQUEST ? MacAddress.BROADCAST : OUR_MAC;
    return ethernet(to, EthernetHeader.TYPE_ARP, packet);
  }

  static byte[] arpReply() {
    return arp(ArpPacket.REPLY, PEER_MAC, PEER_IP, OUR_MAC, OUR_IP);
  }

  static byte[] ipv4Packet(int source, int destination, int protocol, byte[] payload) {
    byte[] packet = new byte[20 + payload.length];
    Ipv4Header.set(
        MemorySegment.ofArray(packet), 0, packet.length, 7, 0, 64, protocol, source, destination);
    System.arraycopy(payload, 0, packet, 20, payload.length);
    return packet;
  }

  static byte[] ipv4(int source, int destination, int protocol, byte[] payload) {
    return ethernet(
        OUR_MAC, EthernetHeader.TYPE_IPV4, ipv4Packet(source, destination, protocol, payload));
  }

  /// Repairs the checksum of the IPv4 header of a frame.
  static byte[] sealed(byte[] frame) {
    MemorySegment memory = MemorySegment.ofArray(frame);
    NetworkOrder.setU16(memory, 24, 0);
    NetworkOrder.setU16(memory, 24, InternetChecksum.finish(InternetChecksum.sum(memory, 14, 20)));
    return frame;
  }

  static byte[] udp(int sourcePort, int destinationPort, byte[] payload, long pseudo) {
    byte[] datagram = new byte[8 + payload.length];
    MemorySegment memory = MemorySegment.ofArray(datagram);
    UdpHeader.set(memory, 0, sourcePort, destinationPort, datagram.length);
    System.arraycopy(payload, 0, datagram, 8, payload.length);
    int sum =
        InternetChecksum.finish(
            pseudo + datagram.length + InternetChecksum.sum(memory, 0, datagram.length));
    NetworkOrder.setU16(memory, UdpHeader.CHECKSUM, sum == 0 ? 0xffff : sum);
    return datagram;
  }

  static byte[] udpOverIpv4(int source, int sourcePort, int destinationPort, byte[] payload) {
    long pseudo = InternetChecksum.pseudoHeaderIpv4(source, OUR_IP, 17, 0);
    return ipv4(source, OUR_IP, 17, udp(sourcePort, destinationPort, payload, pseudo));
  }

  static byte[] ipv6Packet(
      long srcHigh, long srcLow, long dstHigh, long dstLow, int next, int hops, byte[] payload) {
    byte[] packet = new byte[40 + payload.length];
    MemorySegment memory = MemorySegment.ofArray(packet);
    Ipv6Header.set(memory, 0, payload.length, next, hops);
    Ipv6Header.setAddresses(memory, 0, srcHigh, srcLow, dstHigh, dstLow);
    System.arraycopy(payload, 0, packet, 40, payload.length);
    return packet;
  }

  static byte[] ipv6(int next, byte[] payload) {
    return ethernet(
        OUR_MAC, EthernetHeader.TYPE_IPV6, ipv6Packet(NET6, 2, NET6, 1, next, 64, payload));
  }

  static byte[] udpOverIpv6(int sourcePort, int destinationPort, byte[] payload) {
    long pseudo = InternetChecksum.pseudoHeaderIpv6(NET6, 2, NET6, 1, 17, 0);
    return ipv6(17, udp(sourcePort, destinationPort, payload, pseudo));
  }

  static byte[] icmp(int type, int code, int rest, byte[] data) {
    byte[] message = new byte[8 + data.length];
    MemorySegment memory = MemorySegment.ofArray(message);
    IcmpHeader.set(memory, 0, type, code, rest);
    System.arraycopy(data, 0, message, 8, data.length);
    IcmpHeader.setChecksum(
        memory, 0, InternetChecksum.finish(InternetChecksum.sum(memory, 0, message.length)));
    return message;
  }

  static byte[] icmpv6(
      long srcHigh,
      long srcLow,
      long dstHigh,
      long dstLow,
      int type,
      int code,
      int rest,
      byte[] data) {
    byte[] message = new byte[8 + data.length];
    MemorySegment memory = MemorySegment.ofArray(message);
    IcmpHeader.set(memory, 0, type, code, rest);
    System.arraycopy(data, 0, message, 8, data.length);
    long pseudo =
        InternetChecksum.pseudoHeaderIpv6(srcHigh, srcLow, dstHigh, dstLow, 58, message.length);
    IcmpHeader.setChecksum(
        memory,
        0,
        InternetChecksum.finish(pseudo + InternetChecksum.sum(memory, 0, message.length)));
    return message;
  }

  /// A neighbour solicitation or advertisement from a peer.
  ///
  /// @param option 0 for none
  static byte[] neighbor(
      int type,
      int flags,
      long srcHigh,
      long srcLow,
      long dstHigh,
      long dstLow,
      long targetHigh,
      long targetLow,
      int option,
      long mac,
      int hops) {
    byte[] body = new byte[option == 0 ? 16 : 24];
    MemorySegment memory = MemorySegment.ofArray(body);
    NetworkOrder.setU64(memory, 0, targetHigh);
    NetworkOrder.setU64(memory, 8, targetLow);
    if (option != 0) {
      NdpOptions.setLinkAddress(memory, 16, option, mac);
    }
    byte[] message = icmpv6(srcHigh, srcLow, dstHigh, dstLow, type, 0, flags, body);
    long to = dstHigh >>> 56 == 0xff ? MacAddress.ofIpv6Multicast(dstLow) : OUR_MAC;
    return ethernet(
        to,
        EthernetHeader.TYPE_IPV6,
        ipv6Packet(srcHigh, srcLow, dstHigh, dstLow, 58, hops, message));
  }

  static byte[] advertisementOfPeer() {
    return neighbor(
        Icmpv6Header.NEIGHBOR_ADVERTISEMENT,
        Icmpv6Header.FLAG_SOLICITED | Icmpv6Header.FLAG_OVERRIDE,
        NET6,
        2,
        NET6,
        1,
        NET6,
        2,
        NdpOptions.TARGET_LINK_ADDRESS,
        PEER_MAC,
        255);
  }

  /// A piece of an IPv4 packet from the peer.
  static byte[] fragment(
      int identification, int offset, boolean more, int protocol, byte[] all, int length) {
    byte[] piece = Arrays.copyOfRange(all, offset, offset + length);
    byte[] packet = new byte[20 + length];
    Ipv4Header.set(
        MemorySegment.ofArray(packet),
        0,
        packet.length,
        identification,
        offset / 8 | (more ? Ipv4Header.MORE_FRAGMENTS : 0),
        64,
        protocol,
        PEER_IP,
        OUR_IP);
    System.arraycopy(piece, 0, packet, 20, length);
    return ethernet(OUR_MAC, EthernetHeader.TYPE_IPV4, packet);
  }

  /// A piece of an IPv6 packet from the peer.
  static byte[] fragment6(int identification, int offset, boolean more, byte[] all, int length) {
    byte[] payload = new byte[8 + length];
    Ipv6Header.setFragment(MemorySegment.ofArray(payload), 0, 17, offset, more, identification);
    System.arraycopy(all, offset, payload, 8, length);
    return ipv6(Ipv6Header.FRAGMENT, payload);
  }

  static byte[] content(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 31 + 7);
    }
    return bytes;
  }
}
