/// Frames through a packet socket on one of the kernel's interfaces, over rings of memory shared
/// with the kernel (packet(7), PACKET_MMAP; Demikernel's catpowder).
///
/// ```
///   kernel ── fills ─▶ RX ring: [hdr|frame][hdr|frame]…  ─ copy ─▶ pool buffers ─▶ NetStack
///   kernel ◀─ sendto ─ TX ring: [hdr|frame][hdr|frame]… ◀─ gather ─ parts of frames ─┘
///                      status word of each: whose it is (acquire, release)
/// ```
///
/// Choices:
/// - **TPACKET_V2**, not V3: a frame is there as soon as the kernel has written it. V3 hands over
///   blocks, which are closed when they are full or after a time-out of a millisecond at least.
/// - **A copy in each direction.** Frames are copied out of the ring at once: the stack may keep a
///   buffer for as long as an application reads slowly, and a ring whose frames are kept has no
///   room for others. The copy of 1,500 bytes costs less than the system call of any other way.
/// - **One system call per flush**, none for receiving while frames come.
///
/// The interface stays the kernel's, which sees the same frames: it should have no addresses of its
/// own there. Frames between two ends of one machine (veth) may lack transport checksums, which the
/// ring says of each frame and we hand on (CHECKSUM_PARTIAL); and, when the kernel's segmentation
/// offload is on, they may be far longer than the MTU, which cannot be taken: `ethtool -K IF tx off
/// tso off gso off gro off` on the *other* end. Such frames are counted as `packet.rx-too-long`.
///
/// Invariants: each side writes a frame only while its status says that it owns it. Rank 4.
package dev.demikv.libos.device.packet;
