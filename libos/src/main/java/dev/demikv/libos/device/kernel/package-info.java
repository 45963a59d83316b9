/// Kernel sockets as a transport (Demikernel's catnap): TCP and UDP over epoll, any Linux machine,
/// no privileges.
///
/// The kernel does TCP, UDP and IP; this package turns readiness into completions:
///
/// ```
///   push ─→ outbound ring of the socket ─→ dirty list ─ flush(): one sendmsg per socket and turn
///   pop  ─→ inbound ring ─┐
///   await(): epoll_wait ──┴─ readable && pop pending ─→ ready list ─ poll(): one recv per pop
/// ```
///
/// Invariants:
/// - Every descriptor is registered once, edge-triggered, for everything. A socket's `readable` and
///   `writable` say what was heard since the kernel last said no; a short recv counts as a no
///   (epoll(7)), so that a request costs one recv, one send and one epoll_wait.
/// - A socket is on the ready list exactly when it is readable and an operation waits; on the dirty
///   list exactly when it is writable and a push waits. Work per turn is bounded and round-robin.
/// - A receive buffer is taken when there is something to receive: idle connections hold none.
///   Without a free buffer a socket waits on the starved list (back-pressure up to the peer).
/// - A socket id's generation travels in the epoll event, so that an event for a closed socket is
///   recognized.
///
/// What it is not: it does not copy (the kernel does, once per direction) and does not poll without
/// being asked. Sources: socket(7), tcp(7), udp(7), epoll(7). Rank 4.
package dev.demikv.libos.device.kernel;
