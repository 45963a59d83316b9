/// ICMP and ICMPv6: echo, errors in both directions, and IPv6 neighbour discovery.
///
/// What comes in as an error is about a packet of ours and goes to its transport protocol as a
/// [dev.demikv.libos.net.PathError]; it is believed only when that knows the flow. What goes out is
/// limited in rate and never sent about errors, groups or fragments (RFC 1122 §3.2.2, RFC 4443
/// §2.4). RFC 792, 4443, 4861, 4862. Not here: router advertisements and redirects (counted),
/// multicast listener reports. Rank 4.
package dev.demikv.libos.net.icmp;
