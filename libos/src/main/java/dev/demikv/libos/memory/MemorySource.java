package dev.demikv.libos.memory;

/// Where regions come from: plain pages, DPDK mempools, registered verbs memory, spdk_zmalloc.
///
/// A device that can only reach memory of its own offers a source; the composition root cuts the
/// LibOs's pools from it.
@FunctionalInterface
public interface MemorySource {
  /// Allocates a zeroed region. Control path: may block, may fail.
  ///
  /// @param lengthBytes size, > 0
  /// @param alignmentBytes power of two
  /// @throws OutOfMemoryError if the memory cannot be had
  MemoryRegion allocate(long lengthBytes, long alignmentBytes);
}
