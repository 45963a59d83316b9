package dev.demikv.libos.device.file;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/// The kinds of files in a log directory, by name: a prefix, eight digits, a suffix.
enum SegmentFile {
  /// A whole segment.
  SEGMENT("segment-", ".log"),
  /// A segment being made: not whole.
  UNFINISHED("segment-", ".tmp"),
  /// A whole file that no segment uses, kept because its blocks are allocated and written.
  SPARE("spare-", ".free"),
  /// Written once at each open to learn what the file system can do; its index is always 0.
  PROBE("probe-", ".tmp");

  private static final int DIGITS = 8;
  private final String prefix;
  private final String suffix;

  SegmentFile(String prefix, String suffix) {
    this.prefix = prefix;
    this.suffix = suffix;
  }

  /// Writes the name without a zero byte, and allocates nothing.
  ///
  /// @return its length
  int put(MemorySegment to, int index) {
    int at = put(to, 0, prefix);
    int rest = index;
    for (int digit = DIGITS - 1; digit >= 0; digit--) {
      to.set(JAVA_BYTE, at + digit, (byte) ('0' + rest % 10));
      rest /= 10;
    }
    return put(to, at + DIGITS, suffix);
  }

  private static int put(MemorySegment to, int offset, String text) {
    for (int i = 0; i < text.length(); i++) {
      to.set(JAVA_BYTE, offset + i, (byte) text.charAt(i));
    }
    return offset + text.length();
  }

  /// The name, as `segment-00000017.log`.
  String name(int index) {
    return "%s%08d%s".formatted(prefix, index, suffix);
  }

  /// The index in a name of this kind, or -1 for any other name.
  int index(String name) {
    int digitsEnd = prefix.length() + DIGITS;
    if (name.length() != digitsEnd + suffix.length()
        || !name.startsWith(prefix)
        || !name.endsWith(suffix)) {
      return -1;
    }
    int index = 0;
    for (int i = prefix.length(); i < digitsEnd; i++) {
      int digit = name.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      index = index * 10 + digit;
    }
    return index;
  }
}
