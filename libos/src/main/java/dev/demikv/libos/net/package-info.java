/// The user-level TCP/IP stack over any [dev.demikv.libos.device.NetDevice] (Demikernel's catnip).
///
/// Pure: input and the present time give a change of state and output. Nothing here reads a clock
/// or makes a random number other than the generator it was given; only the close of a
/// [StackTransport] waits, on the clock it was given.
///
/// ```
///   StackTransport (sockets, tokens)              implements device.Transport
///     ├─ net.tcp.Tcp ── TcpConnection …           TcpUser: what the sockets are told
///     ├─ net.udp.Udp
///     └─ NetStack: Ethernet, IPv4, IPv6, routes   Packet in, PacketOutput out
///          ├─ net.arp, net.icmp (neighbours, echo, errors, path MTU)
///          └─ NetDevice                           FrameSink in, TxFrame out
///
///   in    frame ▸ Ethernet, tag ▸ IPv4Input, IPv6Input ▸ FragmentTable ▸ Delivery ▸ protocol
///   out   begin ▸ send: checksum ▸ header ▸ (fragments) ▸ NeighborCache ▸ EthernetOutput
///   here  send ▸ Loopback ▸ the next poll
/// ```
///
/// Invariants. Every byte of a peer is checked before it is used as a length. Every drop has a
/// [DropReason] and a counter. Every table, queue and rate has a limit, and what is full is a
/// result code. A received packet is borrowed; who keeps bytes of it retains its buffer, so that a
/// popped array is the device's buffer. Nothing is allocated per packet, except for a destination
/// of datagrams that is new to [PathCache].
///
/// Checksums: IPv4's and ICMP's by the stack; TCP's and UDP's by the device where it offers that,
/// in each direction. What a device says is never taken for fragments, whose whole is summed here.
///
/// RFC 791, 1122 (hosts), 1191, 8201 (path MTU), 8200, 5722 and 6946 (IPv6 fragments), 6864
/// (identification). What is not here: forwarding, multicast groups and their reports, broadcast on
/// the way out, router advertisements and DHCP (addresses and routes are configured), redirects,
/// source routes, IPsec, jumbograms, several devices in one stack.
///
/// Rank 4.
package dev.demikv.libos.net;
