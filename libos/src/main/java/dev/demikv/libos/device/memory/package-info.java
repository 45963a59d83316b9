/// Memory as a device: sockets between LibOses of one thread, and a log device in RAM.
///
/// ```
///   MemorySpace (one thread; ports) ── MemoryTransport (a LibOs) ── MemorySocket
///                                                                    └─ MemoryEnd ⇄ MemoryEnd
///   MemoryMedium (segments) ── MemoryLogDevice (one opening: a LibOs's LogDevice)
/// ```
///
/// No system call and no other thread: what is started is carried out before the call returns, or
/// when the other side makes room for it. For tests, for several LibOses of one program, and for
/// measurements of everything but the device. Rank 4.
package dev.demikv.libos.device.memory;
