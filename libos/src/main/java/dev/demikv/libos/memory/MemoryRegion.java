package dev.demikv.libos.memory;

import java.lang.foreign.MemorySegment;

/// A contiguous piece of native memory, with what a device needs to know to reach it.
///
/// @param segment the memory; its scope outlives every buffer cut from it
/// @param alignmentBytes guaranteed alignment of the base, a power of two
/// @param deviceKey opaque key of the device the region is registered with (an lkey for verbs), 0
///   where there is none
public record MemoryRegion(MemorySegment segment, long alignmentBytes, long deviceKey) {
  public MemoryRegion {
    if (!segment.isNative()) {
      throw new IllegalArgumentException("a memory region must be native memory");
    }
    if (Long.bitCount(alignmentBytes) != 1 || segment.address() % alignmentBytes != 0) {
      throw new IllegalArgumentException(
          "region at " + segment.address() + " is not aligned to " + alignmentBytes);
    }
  }

  /// Length in bytes.
  public long lengthBytes() {
    return segment.byteSize();
  }
}
