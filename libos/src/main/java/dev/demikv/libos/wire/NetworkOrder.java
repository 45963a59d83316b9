package dev.demikv.libos.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Numbers as they lie on the wire: big-endian and unaligned (RFC 1700).
public final class NetworkOrder {
  private static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfShort U16_BE =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt U32_BE =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong U64_BE =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private NetworkOrder() {}

  /// An octet, 0 to 255.
  public static int u8(MemorySegment memory, long offset) {
    return memory.get(U8, offset) & 0xff;
  }

  /// Writes an octet.
  public static void setU8(MemorySegment memory, long offset, int value) {
    memory.set(U8, offset, (byte) value);
  }

  /// A 16-bit number, 0 to 65,535.
  public static int u16(MemorySegment memory, long offset) {
    return memory.get(U16_BE, offset) & 0xffff;
  }

  /// Writes a 16-bit number.
  public static void setU16(MemorySegment memory, long offset, int value) {
    memory.set(U16_BE, offset, (short) value);
  }

  /// A 32-bit number; may be negative.
  public static int u32(MemorySegment memory, long offset) {
    return memory.get(U32_BE, offset);
  }

  /// Writes a 32-bit number.
  public static void setU32(MemorySegment memory, long offset, int value) {
    memory.set(U32_BE, offset, value);
  }

  /// A 48-bit number, as a hardware address.
  public static long u48(MemorySegment memory, long offset) {
    return (long) u16(memory, offset) << 32 | u32(memory, offset + 2) & 0xffff_ffffL;
  }

  /// Writes a 48-bit number.
  public static void setU48(MemorySegment memory, long offset, long value) {
    setU16(memory, offset, (int) (value >>> 32));
    setU32(memory, offset + 2, (int) value);
  }

  /// A 64-bit number.
  public static long u64(MemorySegment memory, long offset) {
    return memory.get(U64_BE, offset);
  }

  /// Writes a 64-bit number.
  public static void setU64(MemorySegment memory, long offset, long value) {
    memory.set(U64_BE, offset, value);
  }
}
