package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/// `struct rte_eth_link`, rte_ethdev.h: the state of a link. Its bit fields are compilers', low
/// bits first on every supported machine.
public final class RteEthLink {
  /// Size in bytes.
  public static final int BYTES = 8;

  /// `link_speed`, 4 bytes: Mbit/s.
  public static final int SPEED_OFFSET = 0;

  /// `link_duplex`, `link_autoneg`, `link_status`: a bit each.
  public static final int BITS_OFFSET = 4;

  /// `link_status` in the bits: up.
  public static final int STATUS_BIT = 1 << 2;

  private RteEthLink() {}

  /// Speed in Mbit/s; 0 or all ones when it is not known.
  public static int speedMbps(MemorySegment s) {
    return s.get(JAVA_INT, SPEED_OFFSET);
  }

  /// Whether it is up.
  public static boolean isUp(MemorySegment s) {
    return (s.get(JAVA_SHORT, BITS_OFFSET) & STATUS_BIT) != 0;
  }
}
