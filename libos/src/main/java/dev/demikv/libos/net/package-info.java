/// The user-level TCP/IP stack over any [dev.demikv.libos.device.NetDevice] (Demikernel's catnip).
///
/// Pure: input and the present time give a change of state and output. Nothing here reads a clock
/// or makes a random number other than the generator it was given.
///
/// ```
///   StackTransport (sockets, tokens)              implements device.Transport
///     ├─ net.tcp.Tcp ── TcpConnection …           TcpUser: what the sockets are told
///     ├─ net.udp.Udp
///     └─ NetStack: Ethernet, IPv4, IPv6, routes   Packet in, PacketOutput out
///          ├─ net.arp, net.icmp (neighbours, echo, errors, path MTU)
///          └─ NetDevice                           FrameSink in, TxFrame out
/// ```
///
/// Rank 4.
package dev.demikv.libos.net;
