package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.ByteOrder.BIG_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// `struct sockaddr_in6`, netinet/in.h, ipv6(7).
public final class SockaddrIn6 {
  /// Size in bytes.
  public static final int BYTES = 28;

  /// `sin6_family`, 2 bytes.
  public static final int FAMILY_OFFSET = 0;

  /// `sin6_port`, 2 bytes in network order.
  public static final int PORT_OFFSET = 2;

  /// `sin6_flowinfo`, 4 bytes.
  public static final int FLOWINFO_OFFSET = 4;

  /// `sin6_addr`, 16 bytes in network order.
  public static final int ADDR_OFFSET = 8;

  /// `sin6_scope_id`, 4 bytes.
  public static final int SCOPE_ID_OFFSET = 24;

  private static final ValueLayout.OfShort U16_BE = JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN);
  private static final ValueLayout.OfLong U64_BE = JAVA_LONG_UNALIGNED.withOrder(BIG_ENDIAN);

  private SockaddrIn6() {}

  /// The port, 0 to 65535.
  public static int port(MemorySegment s, long offset) {
    return Short.toUnsignedInt(s.get(U16_BE, offset + PORT_OFFSET));
  }

  /// First eight bytes of the address, most significant first.
  public static long addrHigh(MemorySegment s, long offset) {
    return s.get(U64_BE, offset + ADDR_OFFSET);
  }

  /// Last eight bytes of the address.
  public static long addrLow(MemorySegment s, long offset) {
    return s.get(U64_BE, offset + ADDR_OFFSET + 8);
  }

  /// Interface index of a link-local address.
  public static int scopeId(MemorySegment s, long offset) {
    return s.get(JAVA_INT, offset + SCOPE_ID_OFFSET);
  }

  /// Fills it in, with flow label 0.
  public static void set(
      MemorySegment s, long offset, int family, int port, long high, long low, int scopeId) {
    s.set(JAVA_SHORT, offset + FAMILY_OFFSET, (short) family);
    s.set(U16_BE, offset + PORT_OFFSET, (short) port);
    s.set(JAVA_INT, offset + FLOWINFO_OFFSET, 0);
    s.set(U64_BE, offset + ADDR_OFFSET, high);
    s.set(U64_BE, offset + ADDR_OFFSET + 8, low);
    s.set(JAVA_INT, offset + SCOPE_ID_OFFSET, scopeId);
  }
}
