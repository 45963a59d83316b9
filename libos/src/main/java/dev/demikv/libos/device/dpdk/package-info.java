/// Frames through DPDK's poll mode drivers (Demikernel's catnip device), by its C libraries and
/// nothing of our own in C.
///
/// ```
///   Eal (one per process) ── DpdkPort (by name, one per port) ── MbufPool per queue
///                                  │
///   DpdkDevice (one per LibOs: one receive and one transmit queue)
///     ├─ FrameReceiver: burst → mbuf → its Buffer → FrameSink        no copy
///     ├─ FrameSender:   TxFrame → mbuf, payload attached → burst     no copy above a threshold
///     └─ DpdkMemory:    where the LibOs's pools are cut from
/// ```
///
/// A packet buffer (mbuf) belongs either to DPDK or to Java. Each has one [Buffer] for life, found
/// by a number in a field of its own in the mbuf. While Java has it, the mbuf's reference count
/// stays 1 and the Buffer's count is the one that matters.
///
/// A port has a queue for each LibOs of the process that uses it, see
/// [dev.demikv.libos.device.QueueShare]; how an idle loop sleeps and is woken, IdleWait says.
///
/// Not here: segmentation offloads, flow rules, secondary processes.
///
/// [Buffer]: dev.demikv.libos.memory.Buffer
package dev.demikv.libos.device.dpdk;
