package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/// `struct rte_eth_xstat` and `struct rte_eth_xstat_name`, rte_ethdev.h: counters of a port.
public final class RteEthXstat {
  /// Size in bytes, and the distance of two in an array.
  public static final int BYTES = 16;

  /// `id`, 8 bytes: place in the array of names.
  public static final int ID_OFFSET = 0;

  /// `value`, 8 bytes.
  public static final int VALUE_OFFSET = 8;

  /// Size of a name in bytes, and the distance of two in an array.
  public static final int NAME_BYTES = 64;

  private RteEthXstat() {}

  /// Place in the array of names.
  public static long id(MemorySegment s, int index) {
    return s.get(JAVA_LONG, (long) index * BYTES + ID_OFFSET);
  }

  /// The counter.
  public static long value(MemorySegment s, int index) {
    return s.get(JAVA_LONG, (long) index * BYTES + VALUE_OFFSET);
  }

  /// A name from an array of names.
  public static String name(MemorySegment names, int index) {
    return names.getString((long) index * NAME_BYTES);
  }
}
