package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/// `struct ifreq`, net/if.h, netdevice(7): a name and one of several values. Accessors work at the
/// segment's beginning.
public final class Ifreq {
  /// Size in bytes.
  public static final int BYTES = 40;

  /// `ifr_name`, 16 bytes with a zero at their end.
  public static final int NAME_OFFSET = 0;

  /// `ifr_flags`, a short.
  public static final int FLAGS_OFFSET = 16;

  /// `ifr_mtu`, an int.
  public static final int MTU_OFFSET = 16;

  /// `ifr_ifindex`, an int.
  public static final int IFINDEX_OFFSET = 16;

  /// `ifr_hwaddr.sa_data`, of which Ethernet uses 6 bytes.
  public static final int HWADDR_DATA_OFFSET = 18;

  private static final int NAME_BYTES_MAX = 15;

  private Ifreq() {}

  /// Begins a request for an interface.
  ///
  /// @param name 1 to 15 characters of ASCII
  public static void setName(MemorySegment s, String name) {
    byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
    if (bytes.length == 0 || bytes.length > NAME_BYTES_MAX) {
      throw new IllegalArgumentException("interface name '" + name + "'");
    }
    s.asSlice(0, BYTES).fill((byte) 0);
    MemorySegment.copy(bytes, 0, s, JAVA_BYTE, NAME_OFFSET, bytes.length);
  }

  /// Name of the interface.
  public static String name(MemorySegment s) {
    return s.getString(NAME_OFFSET, StandardCharsets.US_ASCII);
  }

  /// Sets IFF_*.
  public static void setFlags(MemorySegment s, int flags) {
    s.set(JAVA_SHORT, FLAGS_OFFSET, (short) flags);
  }

  /// IFF_*.
  public static int flags(MemorySegment s) {
    return Short.toUnsignedInt(s.get(JAVA_SHORT, FLAGS_OFFSET));
  }

  /// Longest packet in bytes.
  public static int mtu(MemorySegment s) {
    return s.get(JAVA_INT, MTU_OFFSET);
  }

  /// Number of the interface.
  public static int ifindex(MemorySegment s) {
    return s.get(JAVA_INT, IFINDEX_OFFSET);
  }

  /// Ethernet address, the first byte in bits 47 to 40.
  public static long hwaddr(MemorySegment s) {
    long address = 0;
    for (int i = 0; i < 6; i++) {
      address = address << 8 | s.get(JAVA_BYTE, HWADDR_DATA_OFFSET + i) & 0xff;
    }
    return address;
  }
}
