package dev.demikv.libos.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// The Internet checksum: the ones' complement of the ones' complement sum of 16-bit words, RFC
/// 1071.
///
/// Sums are `long`s that are not folded yet: they can be added to each other, up to 2^31 words,
/// before [#fold] makes 16 bits of them. The sum of a whole that holds its own right checksum folds
/// to 0xffff.
public final class InternetChecksum {
  private static final ValueLayout.OfLong U64_LE =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final long LOW_WORD = 0xffff_ffffL;
  private static final int STRIDE_BYTES = 32;

  /// From here on vector instructions pay for their preparation.
  private static final int LONG_BYTES_MIN = 256;

  private InternetChecksum() {}

  /// Sum over bytes; an odd last byte counts as the high half of a word (RFC 1071 §1).
  ///
  /// @param length bytes, ≥ 0
  public static long sum(MemorySegment memory, long offset, int length) {
    int words = length & -Long.BYTES;
    long sum =
        length < LONG_BYTES_MIN
            ? sumOfFew(memory, offset, words)
            : sumOfMany(memory, offset, words);
    // RFC 1071 §2(B): summed in the other byte order, the sum is byte-swapped and else the same.
    return swap(fold(sum)) + tail(memory, offset + words, length - words);
  }

  /// RFC 1071 §2(C): 64 bits at a time; the halves of a word are added apart, so that the carries
  /// collect above bit 31.
  private static long sumOfFew(MemorySegment memory, long offset, int length) {
    long even = 0;
    long odd = 0;
    int i = 0;
    for (; i <= length - STRIDE_BYTES; i += STRIDE_BYTES) {
      long a = memory.get(U64_LE, offset + i);
      long b = memory.get(U64_LE, offset + i + 8);
      long c = memory.get(U64_LE, offset + i + 16);
      long d = memory.get(U64_LE, offset + i + 24);
      even += (a >>> 32) + (a & LOW_WORD) + (b >>> 32) + (b & LOW_WORD);
      odd += (c >>> 32) + (c & LOW_WORD) + (d >>> 32) + (d & LOW_WORD);
    }
    for (; i < length; i += Long.BYTES) {
      long a = memory.get(U64_LE, offset + i);
      even += (a >>> 32) + (a & LOW_WORD);
    }
    return foldTo32(even) + foldTo32(odd);
  }

  /// The same as a loop that the compiler turns into vector instructions: one load, nothing
  /// unrolled, two sums. Seven times as fast for 9,000 bytes.
  private static long sumOfMany(MemorySegment memory, long offset, int length) {
    long low = 0;
    long high = 0;
    for (int i = 0; i < length; i += Long.BYTES) {
      long a = memory.get(U64_LE, offset + i);
      low += a & LOW_WORD;
      high += a >>> 32;
    }
    return foldTo32(low) + foldTo32(high);
  }

  private static int swap(int word) {
    return (word & 0xff) << 8 | word >>> 8;
  }

  private static long tail(MemorySegment memory, long offset, int length) {
    long sum = 0;
    int i = 0;
    for (; i <= length - 2; i += 2) {
      sum += NetworkOrder.u16(memory, offset + i);
    }
    if (i < length) {
      sum += (long) NetworkOrder.u8(memory, offset + i) << 8;
    }
    return sum;
  }

  private static long foldTo32(long sum) {
    return (sum >>> 32) + (sum & LOW_WORD);
  }

  /// Adds the sum of a part to that of the bytes before it.
  ///
  /// @param bytesBefore how many bytes there are before it: after an odd number the part's bytes
  ///   fall into the other halves of the words (RFC 1071 §2(B): its sum is byte-swapped)
  public static long append(long sumBefore, int bytesBefore, long partSum) {
    if ((bytesBefore & 1) == 0) {
      return sumBefore + foldTo32(partSum);
    }
    return sumBefore + swap(fold(partSum));
  }

  /// The sum as 16 bits, with the carries added in.
  public static int fold(long sum) {
    long folded = foldTo32(foldTo32(sum));
    folded = (folded >>> 16) + (folded & 0xffff);
    folded = (folded >>> 16) + (folded & 0xffff);
    return (int) ((folded >>> 16) + (folded & 0xffff));
  }

  /// What goes into the checksum field, when the sum was made with the field at 0.
  public static int finish(long sum) {
    return ~fold(sum) & 0xffff;
  }

  /// Whether a sum over a whole, with its checksum in it, says that it is intact.
  public static boolean isGood(long sum) {
    return fold(sum) == 0xffff;
  }

  /// Sum of the pseudo header of IPv4, RFC 9293 §3.1.
  ///
  /// @param length bytes of transport header and payload
  public static long pseudoHeaderIpv4(int source, int destination, int protocol, int length) {
    return (source & LOW_WORD) + (destination & LOW_WORD) + protocol + length;
  }

  /// Sum of the pseudo header of IPv6, RFC 8200 §8.1.
  ///
  /// @param length bytes of transport header and payload
  public static long pseudoHeaderIpv6(
      long sourceHigh,
      long sourceLow,
      long destinationHigh,
      long destinationLow,
      int protocol,
      int length) {
    return foldTo32(sourceHigh)
        + foldTo32(sourceLow)
        + foldTo32(destinationHigh)
        + foldTo32(destinationLow)
        + protocol
        + length;
  }

  /// The checksum after a 16-bit word that it covers was changed, RFC 1624 §3 equation 3.
  public static int update(int checksum, int oldWord, int newWord) {
    return ~fold((~checksum & 0xffffL) + (~oldWord & 0xffffL) + newWord) & 0xffff;
  }
}
