/// The bytes on the wire: every header of the stack as offsets and accessors, checksums, addresses.
///
/// ```
///   EthernetHeader (+ 802.1Q) ─┬─ ArpPacket
///                              ├─ Ipv4Header ─┬─ IcmpHeader
///                              │              ├─ UdpHeader
///                              └─ Ipv6Header ─┴─ Icmpv6Header ── NdpOptions
///                                   └─ Ipv6Extensions (the one with state: a bounded walk)
/// ```
///
/// A header is a place (segment, offset); nothing is copied and nothing allocated. Accessors do not
/// check lengths: whoever reads a header has made sure that its bytes are there, each header says
/// with which constant. Numbers are unsigned and in Java's order; on the wire they are big-endian.
///
/// RFC 826 (ARP), 791 (IPv4), 8200 (IPv6), 792 (ICMP), 4443 (ICMPv6), 4861 (neighbour discovery),
/// 768 (UDP), 1071 and 1624 (checksum), IEEE 802.3 and 802.1Q. Rank 0: `java.base` only.
package dev.demikv.libos.wire;
