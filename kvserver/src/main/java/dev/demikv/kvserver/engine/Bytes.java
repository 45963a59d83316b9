package dev.demikv.kvserver.engine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Typed access to memory, and comparisons of runs of bytes. Nothing here allocates.
final class Bytes {
  static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;

  /// Native order: for what only this process reads.
  static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED;

  /// Native order: for what only this process reads.
  static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED;

  /// Big endian, so that unsigned comparison of numbers is comparison of bytes.
  static final ValueLayout.OfInt U32_BE =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /// Big endian, so that unsigned comparison of numbers is comparison of bytes.
  static final ValueLayout.OfLong U64_BE =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /// From this length on the vectorised comparison of the JDK is faster than words in a loop.
  private static final int LONG_RUN_BYTES = 64;

  private Bytes() {}

  /// Whether two runs of the same length are equal.
  static boolean equal(MemorySegment a, long aOffset, MemorySegment b, long bOffset, int length) {
    if (length >= LONG_RUN_BYTES) {
      return MemorySegment.mismatch(a, aOffset, aOffset + length, b, bOffset, bOffset + length) < 0;
    }
    if (length >= Long.BYTES) {
      int last = length - Long.BYTES;
      for (int i = 0; i < last; i += Long.BYTES) {
        if (a.get(I64, aOffset + i) != b.get(I64, bOffset + i)) {
          return false;
        }
      }
      return a.get(I64, aOffset + last) == b.get(I64, bOffset + last);
    }
    for (int i = 0; i < length; i++) {
      if (a.get(U8, aOffset + i) != b.get(U8, bOffset + i)) {
        return false;
      }
    }
    return true;
  }

  /// Length of the common beginning of two runs, at most `length`.
  static int commonPrefix(
      MemorySegment a, long aOffset, MemorySegment b, long bOffset, int length) {
    if (length >= LONG_RUN_BYTES) {
      long at = MemorySegment.mismatch(a, aOffset, aOffset + length, b, bOffset, bOffset + length);
      return at < 0 ? length : (int) at;
    }
    int i = 0;
    for (; i + Long.BYTES <= length; i += Long.BYTES) {
      long difference = a.get(U64_BE, aOffset + i) ^ b.get(U64_BE, bOffset + i);
      if (difference != 0) {
        return i + Long.numberOfLeadingZeros(difference) / Byte.SIZE;
      }
    }
    while (i < length && a.get(U8, aOffset + i) == b.get(U8, bOffset + i)) {
      i++;
    }
    return i;
  }

  /// Compares two runs bytewise unsigned; a run comes before its own continuations.
  ///
  /// @return below, at or above zero
  static int compare(
      MemorySegment a, long aOffset, int aLength, MemorySegment b, long bOffset, int bLength) {
    int shorter = Math.min(aLength, bLength);
    int at = commonPrefix(a, aOffset, b, bOffset, shorter);
    return at == shorter
        ? Integer.compare(aLength, bLength)
        : Byte.compareUnsigned(a.get(U8, aOffset + at), b.get(U8, bOffset + at));
  }

  /// The first four bytes of a run as a number, as if zeros followed it.
  static int firstFour(MemorySegment memory, long offset, int length) {
    if (length >= Integer.BYTES) {
      return memory.get(U32_BE, offset);
    }
    int word = 0;
    for (int i = 0; i < length; i++) {
      word |= (memory.get(U8, offset + i) & 0xff) << (24 - 8 * i);
    }
    return word;
  }
}
