package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/// `struct sockaddr_ll`, linux/if_packet.h, packet(7): an interface.
public final class SockaddrLl {
  /// Size in bytes.
  public static final int BYTES = 20;

  /// `sll_family`, a short.
  public static final int FAMILY_OFFSET = 0;

  /// `sll_protocol`, two bytes in network order.
  public static final int PROTOCOL_OFFSET = 2;

  /// `sll_ifindex`, an int.
  public static final int IFINDEX_OFFSET = 4;

  /// `sll_pkttype`, a byte.
  public static final int PKTTYPE_OFFSET = 10;

  private SockaddrLl() {}

  /// Fills it in.
  public static void set(MemorySegment s, int family, int protocol, int ifindex) {
    s.asSlice(0, BYTES).fill((byte) 0);
    s.set(JAVA_SHORT, FAMILY_OFFSET, (short) family);
    s.set(JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN), PROTOCOL_OFFSET, (short) protocol);
    s.set(JAVA_INT, IFINDEX_OFFSET, ifindex);
  }

  /// To whom the frame was, PACKET_*.
  public static int pkttype(MemorySegment s, long offset) {
    return s.get(JAVA_BYTE, offset + PKTTYPE_OFFSET);
  }
}
