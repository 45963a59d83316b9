/// Device-reachable memory, cut into reference-counted buffers.
///
/// ```
///   MemoryRegion (one mapping or arena, registered with the device that made it)
///     └─ BufferPool (equal buffers, a free stack, a fixed count)
///          └─ Buffer (refcount ≥ 1 while anybody holds it)
/// BufferPools: several pools in ascending buffer size, asked by length
/// MpscRing: bytes from any thread to the thread of one LibOs
/// ```
///
/// Rank 1. Everything is made at start; taking and releasing a buffer allocates nothing on the Java
/// heap. A buffer belongs to the thread of its LibOs. *Free-protection*: a buffer that an
/// application released while a device still sends it has another reference and is not reused
/// before the device drops it.
package dev.demikv.libos.memory;
