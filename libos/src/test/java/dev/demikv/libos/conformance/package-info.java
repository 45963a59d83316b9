/// The conformance suite of PDPIX: what every backend must do, in one set of abstract tests.
///
/// ```
///   ConformanceBackend  opens LibOses on a backend, says what it lacks
///   PdpixConformance    opens, waits, checks for leaks after each test
///     ├─ WaitConformance           tokens, wait calls, limits, timers
///     ├─ MemoryQueueConformance    queues, mailboxes   AlgebraConformance   merge, filter, …
///     ├─ StreamConformance         ConnectionConformance   life of connections
///     ├─ DatagramConformance
///     └─ StorageConformance
/// KernelConformanceTest, SimConformanceTest, …: ten lines per backend
/// ```
///
/// It codes against [dev.demikv.libos.api.LibOs] only.
package dev.demikv.libos.conformance;
