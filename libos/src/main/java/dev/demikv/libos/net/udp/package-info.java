/// UDP, RFC 768 and RFC 1122 §4.1: sockets by port, address and peer; bounded queues.
///
/// A received datagram keeps the device's buffer until it is popped: the array refers to it. A
/// pushed one is copied into the frame when it is short; longer ones go by reference, so what was
/// pushed must not be changed afterwards. Ports are chosen at random (RFC 6056). Not here:
/// multicast, broadcast on the way out, UDP-Lite. Rank 4.
package dev.demikv.libos.net.udp;
