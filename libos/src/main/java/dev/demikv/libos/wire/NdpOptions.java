package dev.demikv.libos.wire;

import java.lang.foreign.MemorySegment;

/// Options of neighbour discovery messages, RFC 4861 §4.6: type, length in units of eight bytes.
public final class NdpOptions {
  /// Option: hardware address of the sender.
  public static final int SOURCE_LINK_ADDRESS = 1;

  /// Option: hardware address of the target.
  public static final int TARGET_LINK_ADDRESS = 2;

  /// Bytes of an option that holds a hardware address of Ethernet.
  public static final int LINK_ADDRESS_BYTES = 8;

  /// There is no such option.
  public static final long ABSENT = -1;

  /// The options are malformed: the message must be dropped.
  public static final long MALFORMED = -2;

  private static final int OPTIONS_MAX = 16;

  private NdpOptions() {}

  /// The hardware address in the first option of a type.
  ///
  /// @param length bytes of all options
  /// @return the address, [#ABSENT] or [#MALFORMED]
  public static long linkAddress(MemorySegment memory, long offset, int length, int type) {
    long found = ABSENT;
    int at = 0;
    for (int i = 0; at < length; i++) {
      int units = length - at < 2 ? 0 : NetworkOrder.u8(memory, offset + at + 1);
      // RFC 4861 §4.6: a message with an option of length 0 is dropped.
      if (units == 0 || units * 8 > length - at || i == OPTIONS_MAX) {
        return MALFORMED;
      }
      if (found == ABSENT && units == 1 && NetworkOrder.u8(memory, offset + at) == type) {
        found = NetworkOrder.u48(memory, offset + at + 2);
      }
      at += units * 8;
    }
    return found;
  }

  /// Writes an option with a hardware address.
  public static void setLinkAddress(MemorySegment memory, long offset, int type, long address) {
    NetworkOrder.setU8(memory, offset, type);
    NetworkOrder.setU8(memory, offset + 1, 1);
    NetworkOrder.setU48(memory, offset + 2, address);
  }
}
