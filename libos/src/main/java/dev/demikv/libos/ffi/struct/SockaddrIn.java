package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.ByteOrder.BIG_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// `struct sockaddr_in`, netinet/in.h, ip(7).
public final class SockaddrIn {
  /// Size in bytes.
  public static final int BYTES = 16;

  /// `sin_family`, 2 bytes, at the same place in every sockaddr.
  public static final int FAMILY_OFFSET = 0;

  /// `sin_port`, 2 bytes in network order.
  public static final int PORT_OFFSET = 2;

  /// `sin_addr`, 4 bytes in network order.
  public static final int ADDR_OFFSET = 4;

  private static final ValueLayout.OfShort U16_BE = JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN);
  private static final ValueLayout.OfInt U32_BE = JAVA_INT_UNALIGNED.withOrder(BIG_ENDIAN);

  private SockaddrIn() {}

  /// The family of any sockaddr.
  public static int family(MemorySegment s, long offset) {
    return Short.toUnsignedInt(s.get(JAVA_SHORT, offset + FAMILY_OFFSET));
  }

  /// The port, 0 to 65535.
  public static int port(MemorySegment s, long offset) {
    return Short.toUnsignedInt(s.get(U16_BE, offset + PORT_OFFSET));
  }

  /// The address as a number, most significant byte first.
  public static int addr(MemorySegment s, long offset) {
    return s.get(U32_BE, offset + ADDR_OFFSET);
  }

  /// Fills it in; the padding is left alone.
  public static void set(MemorySegment s, long offset, int family, int port, int addr) {
    s.set(JAVA_SHORT, offset + FAMILY_OFFSET, (short) family);
    s.set(U16_BE, offset + PORT_OFFSET, (short) port);
    s.set(U32_BE, offset + ADDR_OFFSET, addr);
  }
}
