package dev.demikv.kvserver.engine;

/// The sizes in which small objects are cut: multiples of 16 bytes up to 128, then four sizes per
/// doubling up to 64 KiB, so that at most a fifth of an object is unused. Pure arithmetic.
final class SizeClasses {
  /// How many there are.
  static final int COUNT = 44;

  /// The largest; what is larger is cut in whole pages.
  static final int BYTES_MAX = 64 * 1024;

  private static final int LINEAR_BYTES_MAX = 128;
  private static final int LINEAR_COUNT = 8;
  private static final int SPAN_PAGES_MAX = 8;

  private static final int[] BYTES = new int[COUNT];
  private static final int[] SPAN_PAGES = new int[COUNT];
  private static final int[] PER_SPAN = new int[COUNT];

  static {
    for (int i = 0; i < COUNT; i++) {
      int step = i - LINEAR_COUNT;
      BYTES[i] = i < LINEAR_COUNT ? (i + 1) * 16 : (5 + step % 4) << (5 + step / 4);
      SPAN_PAGES[i] = spanPagesFor(BYTES[i]);
      PER_SPAN[i] = SPAN_PAGES[i] * ChunkPool.PAGE_BYTES / BYTES[i];
    }
  }

  private SizeClasses() {}

  /// The smallest size class that holds `bytes`, which is in 1 to [#BYTES_MAX].
  static int of(int bytes) {
    if (bytes <= LINEAR_BYTES_MAX) {
      return (bytes + 15 >>> 4) - 1;
    }
    int shift = 29 - Integer.numberOfLeadingZeros(bytes - 1);
    return (bytes - 1 >>> shift) + 4 * (shift - 4);
  }

  /// Size of the objects of a class.
  static int bytes(int sizeClass) {
    return BYTES[sizeClass];
  }

  /// Pages of a span of the class.
  static int spanPages(int sizeClass) {
    return SPAN_PAGES[sizeClass];
  }

  /// Objects in a span of the class.
  static int perSpan(int sizeClass) {
    return PER_SPAN[sizeClass];
  }

  /// The fewest pages of which objects of this size leave no more than an eighth unused.
  private static int spanPagesFor(int bytes) {
    for (int pages = 1; pages < SPAN_PAGES_MAX; pages++) {
      int span = pages * ChunkPool.PAGE_BYTES;
      if (span % bytes * 8 <= span && span >= bytes) {
        return pages;
      }
    }
    return SPAN_PAGES_MAX;
  }
}
