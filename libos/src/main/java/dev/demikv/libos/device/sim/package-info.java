/// Simulation: a seeded world of hosts, a network and disks, in virtual time and in one thread.
///
/// It ships in the library so that applications can be tested in it: unchanged programs over the
/// backends `sim`, with faults that a test chooses or a seed draws.
///
/// ```
///   SimWorld (seed, clock, events)
///     ├─ SimNetwork ── SimHost (addresses, ports; crashes) ── SimTransport (a LibOs's Transport)
///     │    └─ SimLink (a direction: delay, loss, cut)            └─ SimSocket ── SimConnection
///     ├─ SimWire (an Ethernet segment) ── SimNetDevice (a port: the NetDevice below a stack)
///     │    └─ SimWireLink (a direction between two ports: delay, loss, reordering, bandwidth …)
///     └─ SimDisk (medium; survives) ── SimLogDevice (one opening: a LibOs's LogDevice)
///          └─ SimDiskFaults
/// ```
///
/// Invariants: nothing here reads a clock or makes a random number other than the world's; no event
/// calls application code or a LibOs: an event changes the state of a device, and the LibOs finds
/// it at its next poll. Unlike other backends it allocates on the Java heap. Rank 4.
package dev.demikv.libos.device.sim;
