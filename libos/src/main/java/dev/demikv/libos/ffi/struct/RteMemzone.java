package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/// `struct rte_memzone`, rte_memzone.h: a reserved piece of memory.
public final class RteMemzone {
  /// Size in bytes.
  public static final int BYTES = 72;

  /// `iova`, 8 bytes: its address for devices.
  public static final int IOVA_OFFSET = 32;

  /// `addr`, a pointer.
  public static final int ADDR_OFFSET = 40;

  /// `len`, a size_t.
  public static final int LEN_OFFSET = 48;

  private RteMemzone() {}

  /// Its address for devices.
  public static long iova(MemorySegment s) {
    return s.get(JAVA_LONG, IOVA_OFFSET);
  }

  /// Its address.
  public static long addr(MemorySegment s) {
    return s.get(JAVA_LONG, ADDR_OFFSET);
  }
}
