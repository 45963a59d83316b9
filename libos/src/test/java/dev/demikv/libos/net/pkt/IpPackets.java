package dev.demikv.libos.net.pkt;

import java.nio.ByteBuffer;

/// IP packets around segments, with their checksums.
final class IpPackets {
  private static final int IPV4_BYTES = 20;
  private static final int IPV6_BYTES = 40;
  private static final int TCP = 6;
  private static final int ICMP = 1;

  private IpPackets() {}

  /// A segment from the peer to the host under test.
  static byte[] fromPeer(boolean ipv6, byte[] segment) {
    byte[] packet = ipv6 ? ipv6(segment, TCP, false) : ipv4(segment, TCP, false);
    transportChecksum(packet, ipv6, TCP, 16);
    return packet;
  }

  /// An ICMP error from the peer that quotes a segment of the host under test.
  static byte[] error(IcmpError error, Flow flow) {
    byte[] quotedSegment =
        ByteBuffer.allocate(20)
            .putShort((short) flow.localPort)
            .putShort((short) flow.peerPort)
            .putInt(flow.localIsn + (int) error.sequence().value())
            .putInt(0)
            .put((byte) 0x50)
            .array();
    byte[] quoted = ipv4(quotedSegment, TCP, true);
    ByteBuffer message = ByteBuffer.allocate(8 + quoted.length);
    message.put((byte) error.kind().type).put((byte) error.kind().code).putShort((short) 0);
    message.putShort((short) 0).putShort((short) error.mtuBytes()).put(quoted);
    message.putShort(2, (short) checksum(message.array(), 0, message.capacity(), 0));
    return ipv4(message.array(), ICMP, false);
  }

  private static byte[] ipv4(byte[] payload, int protocol, boolean fromLocal) {
    ByteBuffer out = ByteBuffer.allocate(IPV4_BYTES + payload.length);
    out.put((byte) 0x45).put((byte) 0).putShort((short) out.capacity());
    out.putShort((short) 1).putShort((short) 0x4000);
    out.put((byte) 64).put((byte) protocol).putShort((short) 0);
    out.putInt(fromLocal ? Addresses.IPV4_LOCAL : Addresses.IPV4_PEER);
    out.putInt(fromLocal ? Addresses.IPV4_PEER : Addresses.IPV4_LOCAL);
    out.putShort(10, (short) checksum(out.array(), 0, IPV4_BYTES, 0));
    return out.put(payload).array();
  }

  private static byte[] ipv6(byte[] payload, int protocol, boolean fromLocal) {
    ByteBuffer out = ByteBuffer.allocate(IPV6_BYTES + payload.length);
    out.putInt(0x6000_0000).putShort((short) payload.length);
    out.put((byte) protocol).put((byte) 64);
    out.putLong(Addresses.IPV6_HIGH);
    out.putLong(fromLocal ? Addresses.IPV6_LOCAL_LOW : Addresses.IPV6_PEER_LOW);
    out.putLong(Addresses.IPV6_HIGH);
    out.putLong(fromLocal ? Addresses.IPV6_PEER_LOW : Addresses.IPV6_LOCAL_LOW);
    return out.put(payload).array();
  }

  private static void transportChecksum(byte[] packet, boolean ipv6, int protocol, int field) {
    int header = ipv6 ? IPV6_BYTES : IPV4_BYTES;
    int addresses = ipv6 ? 8 : 12;
    int length = packet.length - header;
    int pseudo = protocol + length;
    for (int i = addresses; i < header; i += 2) {
      pseudo += (packet[i] & 0xff) << 8 | packet[i + 1] & 0xff;
    }
    int sum = checksum(packet, header, length, pseudo);
    packet[header + field] = (byte) (sum >> 8);
    packet[header + field + 1] = (byte) sum;
  }

  private static int checksum(byte[] bytes, int offset, int length, int start) {
    int sum = start;
    for (int i = 0; i < length; i++) {
      sum += (bytes[offset + i] & 0xff) << (i % 2 == 0 ? 8 : 0);
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    sum = (sum & 0xffff) + (sum >>> 16);
    return ~sum & 0xffff;
  }

  /// The segment of a packet of the host under test; `null` when it is no TCP.
  static byte[] segmentOf(byte[] packet, boolean ipv6) {
    int protocol = packet.length < IPV6_BYTES ? -1 : packet[ipv6 ? 6 : 9];
    int header = ipv6 ? IPV6_BYTES : (packet[0] & 0xf) * 4;
    int end =
        ipv6
            ? IPV6_BYTES + ((packet[4] & 0xff) << 8 | packet[5] & 0xff)
            : (packet[2] & 0xff) << 8 | packet[3] & 0xff;
    if (protocol != TCP || header >= end || end > packet.length) {
      return null;
    }
    byte[] segment = new byte[end - header];
    System.arraycopy(packet, header, segment, 0, segment.length);
    return segment;
  }
}
