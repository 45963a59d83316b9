/// Who is on the link: the neighbour cache of both families, and ARP.
///
/// [NeighborCache] keeps the states and the packets that wait; [Arp] speaks RFC 826 with the
/// announcements and the conflict detection of RFC 5227. IPv6 neighbour discovery is the other
/// speaker, in `net.icmp`. Not here: proxy ARP, reverse ARP. Rank 4.
package dev.demikv.libos.net.arp;
