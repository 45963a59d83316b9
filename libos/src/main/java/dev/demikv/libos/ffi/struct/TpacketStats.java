package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/// `struct tpacket_stats`, linux/if_packet.h: frames since the last time it was read.
public final class TpacketStats {
  /// Size in bytes.
  public static final int BYTES = 8;

  /// `tp_packets`, an int, with those dropped.
  public static final int PACKETS_OFFSET = 0;

  /// `tp_drops`, an int.
  public static final int DROPS_OFFSET = 4;

  private TpacketStats() {}

  /// Frames that found the ring full.
  public static long drops(MemorySegment s) {
    return Integer.toUnsignedLong(s.get(JAVA_INT, DROPS_OFFSET));
  }
}
