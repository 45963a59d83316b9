package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/// `struct packet_mreq`, linux/if_packet.h, packet(7): which frames an interface is to take.
public final class PacketMreq {
  /// Size in bytes.
  public static final int BYTES = 16;

  /// `mr_ifindex`, an int.
  public static final int IFINDEX_OFFSET = 0;

  /// `mr_type`, a short.
  public static final int TYPE_OFFSET = 4;

  /// `mr_alen`, a short.
  public static final int ALEN_OFFSET = 6;

  /// `mr_address`, 8 bytes.
  public static final int ADDRESS_OFFSET = 8;

  private static final int ETHERNET_BYTES = 6;

  private PacketMreq() {}

  /// Fills it in.
  ///
  /// @param type PACKET_MR_*
  /// @param address Ethernet address, the first byte in bits 47 to 40
  public static void set(MemorySegment s, int ifindex, int type, long address) {
    s.asSlice(0, BYTES).fill((byte) 0);
    s.set(JAVA_INT, IFINDEX_OFFSET, ifindex);
    s.set(JAVA_SHORT, TYPE_OFFSET, (short) type);
    s.set(JAVA_SHORT, ALEN_OFFSET, (short) ETHERNET_BYTES);
    for (int i = 0; i < ETHERNET_BYTES; i++) {
      s.set(JAVA_BYTE, ADDRESS_OFFSET + i, (byte) (address >>> (40 - 8 * i)));
    }
  }
}
