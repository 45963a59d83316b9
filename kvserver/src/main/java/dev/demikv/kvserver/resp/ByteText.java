package dev.demikv.kvserver.resp;

import dev.demikv.kvserver.engine.Slice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/// Bytes read as text the way Redis reads them: numbers, words in any case, single bytes.
public final class ByteText {
  /// Most bytes of a long in decimal, with its sign.
  public static final int LONG_BYTES_MAX = 20;

  private ByteText() {}

  /// The bytes as a text of which each char is one byte: allocates.
  public static String latin1(Slice bytes) {
    return new String(bytes.toByteArray(), StandardCharsets.ISO_8859_1);
  }

  /// A byte in lower case, if it is an ASCII letter.
  public static int fold(int b) {
    return b >= 'A' && b <= 'Z' ? b + ('a' - 'A') : b;
  }

  /// Whether bytes spell a word, in whatever case.
  ///
  /// @param length of the bytes, which must be that of the word
  /// @param lowerCase ASCII, lower case
  public static boolean equalsIgnoreCase(
      MemorySegment memory, long offset, int length, String lowerCase) {
    for (int i = 0; i < length; i++) {
      if (fold(memory.get(ValueLayout.JAVA_BYTE, offset + i)) != lowerCase.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /// Whether bytes are a whole number of 64 bits exactly as it would be printed: no sign `+`, no
  /// zeros in front, no spaces (string2ll).
  public static boolean isLong(MemorySegment memory, long offset, int length) {
    if (length == 0 || length > LONG_BYTES_MAX) {
      return false;
    }
    int i = 0;
    boolean negative = memory.get(ValueLayout.JAVA_BYTE, offset) == '-';
    if (negative) {
      i = 1;
    }
    int digits = length - i;
    if (digits == 0) {
      return false;
    }
    int first = memory.get(ValueLayout.JAVA_BYTE, offset + i);
    if (first == '0') {
      return length == 1;
    }
    long value = 0;
    for (; i < length; i++) {
      int digit = memory.get(ValueLayout.JAVA_BYTE, offset + i) - '0';
      if (digit < 0 || digit > 9) {
        return false;
      }
      if (digits == 19 && i == length - 1) {
        return lastDigitFits(value, digit, negative);
      }
      value = value * 10 + digit;
    }
    return digits < 19;
  }

  private static boolean lastDigitFits(long value, int digit, boolean negative) {
    long most = Long.MAX_VALUE / 10;
    return value < most || (value == most && digit <= (negative ? 8 : 7));
  }

  /// Whether the bytes are a whole number, see [#isLong(MemorySegment, long, int)].
  public static boolean isLong(Slice bytes) {
    return isLong(bytes.memory(), bytes.offset(), bytes.length());
  }

  /// The number that [#isLong] found to be one.
  public static long toLong(MemorySegment memory, long offset, int length) {
    boolean negative = memory.get(ValueLayout.JAVA_BYTE, offset) == '-';
    long value = 0;
    for (int i = negative ? 1 : 0; i < length; i++) {
      value = value * 10 - (memory.get(ValueLayout.JAVA_BYTE, offset + i) - '0');
    }
    return negative ? value : -value;
  }

  /// The number that [#isLong] found to be one.
  public static long toLong(Slice bytes) {
    return toLong(bytes.memory(), bytes.offset(), bytes.length());
  }

  /// Characters of a number in decimal, with its sign.
  public static int lengthOfLong(long value) {
    if (value == Long.MIN_VALUE) {
      return LONG_BYTES_MAX;
    }
    int length = value < 0 ? 2 : 1;
    for (long rest = Math.abs(value); rest >= 10; rest /= 10) {
      length++;
    }
    return length;
  }

  /// Writes a number in decimal.
  ///
  /// @return bytes written, at most [#LONG_BYTES_MAX]
  public static int putLong(MemorySegment memory, long offset, long value) {
    int length = lengthOfLong(value);
    // Works on the negative side, which has room for the smallest number.
    long rest = value < 0 ? value : -value;
    long at = offset + length;
    do {
      memory.set(ValueLayout.JAVA_BYTE, --at, (byte) ('0' - rest % 10));
      rest /= 10;
    } while (rest != 0);
    if (value < 0) {
      memory.set(ValueLayout.JAVA_BYTE, --at, (byte) '-');
    }
    assert at == offset : value;
    return length;
  }
}
