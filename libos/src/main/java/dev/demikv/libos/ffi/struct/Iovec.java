package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/// `struct iovec`, sys/uio.h: a run of bytes.
public final class Iovec {
  /// Size in bytes, and the distance of two in an array.
  public static final int BYTES = 16;

  /// `iov_base`, a pointer.
  public static final int BASE_OFFSET = 0;

  /// `iov_len`, a size_t.
  public static final int LEN_OFFSET = 8;

  private Iovec() {}

  /// Fills in one of an array.
  ///
  /// @param index place in the array that starts at the segment's beginning
  public static void set(MemorySegment s, int index, long base, long len) {
    long offset = (long) index * BYTES;
    s.set(JAVA_LONG, offset + BASE_OFFSET, base);
    s.set(JAVA_LONG, offset + LEN_OFFSET, len);
  }
}
