package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/// `struct rte_mbuf_dynfield`, rte_mbuf_dyn.h: a wish for a field in every packet buffer.
public final class RteMbufDynfield {
  /// Size in bytes.
  public static final int BYTES = 88;

  /// `name`, 64 bytes.
  public static final int NAME_OFFSET = 0;

  /// `size`, a size_t.
  public static final int SIZE_OFFSET = 64;

  /// `align`, a size_t.
  public static final int ALIGN_OFFSET = 72;

  /// `flags`, 4 bytes: none are known.
  public static final int FLAGS_OFFSET = 80;

  private RteMbufDynfield() {}

  /// Fills in a zeroed one.
  public static void set(MemorySegment s, String name, int bytes) {
    s.setString(NAME_OFFSET, name);
    s.set(JAVA_LONG, SIZE_OFFSET, bytes);
    s.set(JAVA_LONG, ALIGN_OFFSET, bytes);
  }
}
