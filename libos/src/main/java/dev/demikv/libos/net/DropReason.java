package dev.demikv.libos.net;

import java.util.Locale;

/// Why a frame, a packet or a message was dropped or ignored. Each has a counter.
public enum DropReason {
  /// The frame ends within a header of the link layer.
  ETHERNET_SHORT,
  /// The frame is addressed to another station.
  ETHERNET_NOT_FOR_US,
  /// The frame names a group as its sender.
  ETHERNET_SOURCE,
  /// The frame belongs to another VLAN.
  ETHERNET_VLAN,
  /// Neither ARP nor IP.
  ETHERNET_TYPE,
  /// The device found a checksum wrong.
  DEVICE_CHECKSUM,
  /// Too short, or not about IPv4 over Ethernet.
  ARP_MALFORMED,
  /// The sender of an ARP packet cannot be a neighbour.
  ARP_SENDER,
  /// An answer nobody asked for, from somebody nobody knows (it creates no entry).
  ARP_UNSOLICITED,
  /// It would change an entry that is static or was just confirmed.
  NEIGHBOR_LOCKED,
  /// Packets that waited for a neighbour that did not answer.
  NEIGHBOR_FAILED,
  /// The queue of packets that wait for a neighbour is full.
  NEIGHBOR_QUEUE_FULL,
  /// The IPv4 header or its lengths are wrong.
  IPV4_MALFORMED,
  /// The checksum of the IPv4 header is wrong.
  IPV4_CHECKSUM,
  /// Source routes are not followed (RFC 6274 §3.13.2).
  IPV4_SOURCE_ROUTE,
  /// The IPv6 header, its extensions or its lengths are wrong.
  IPV6_MALFORMED,
  /// An option or extension header says that the packet must be dropped when it is not known.
  IPV6_OPTION,
  /// An address that cannot be on the wire where it is: a martian.
  IP_MARTIAN,
  /// It came in a broadcast or multicast frame but is for one host (RFC 1122 §3.3.6).
  IP_LINK_BROADCAST,
  /// It is for another host, and a host does not forward.
  IP_NOT_FOR_US,
  /// Nobody takes the protocol.
  IP_PROTOCOL,
  /// A fragment that cannot be: beyond the longest packet, of no length, not in units of eight.
  FRAGMENT_MALFORMED,
  /// A fragment overlaps another one: its packet is given up (RFC 5722).
  FRAGMENT_OVERLAP,
  /// A fragment came twice.
  FRAGMENT_DUPLICATE,
  /// A packet was given up for want of room.
  FRAGMENT_EVICTED,
  /// A packet's fragments did not all come in time.
  FRAGMENT_TIMEOUT,
  /// No buffer to put a packet together in.
  FRAGMENT_NO_BUFFER,
  /// The checksum of ICMP or ICMPv6 is wrong.
  ICMP_CHECKSUM,
  /// Too short, or an unknown code.
  ICMP_MALFORMED,
  /// A type that nobody takes.
  ICMP_TYPE,
  /// An error about a packet that nobody sent.
  ICMP_UNMATCHED,
  /// A request that the rate limit left unanswered, or an error that it kept back.
  ICMP_RATE_LIMITED,
  /// An error that must not be answered with an error (RFC 1122 §3.2.2, RFC 4443 §2.4).
  ICMP_NEVER_REPLY,
  /// A redirect, which is ignored.
  ICMP_REDIRECT,
  /// A router advertisement, which is ignored: routes are configured.
  NDP_ROUTER,
  /// A message of neighbour discovery that breaks a rule of RFC 4861 §7.1.
  NDP_MALFORMED,
  /// The checksum of UDP is wrong.
  UDP_CHECKSUM,
  /// The length of UDP does not fit its packet.
  UDP_MALFORMED,
  /// No socket has the port.
  UDP_NO_PORT,
  /// The socket's queue is full.
  UDP_QUEUE_FULL,
  /// Free buffers are so few that no datagram may wait in one.
  UDP_NO_MEMORY,
  /// The checksum of TCP is wrong.
  TCP_CHECKSUM,
  /// TCP to a group of hosts, or shorter than its header.
  TCP_MALFORMED,
  /// The queue of packets to ourselves is full, or there is no buffer for one.
  LOOPBACK_FULL,
  /// No buffer to send a packet in.
  OUTPUT_NO_BUFFER,
  /// The device took no frame.
  OUTPUT_DEVICE_FULL,
  /// The packet is too long for the path and must not be fragmented.
  OUTPUT_TOO_LONG,
  /// There is no way to the destination.
  OUTPUT_UNREACHABLE;

  private final String counter = "net.drop." + name().toLowerCase(Locale.ROOT);

  /// Name of its counter, as `net.drop.ipv4_checksum`.
  public String counter() {
    return counter;
  }
}
