package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/// `struct io_uring_cqe`, linux/io_uring.h: a completion queue entry.
public final class IoUringCqe {
  /// Size in bytes, and the distance of two in an array.
  public static final int BYTES = 16;

  /// `user_data`, 8 bytes.
  public static final int USER_DATA_OFFSET = 0;

  /// `res`, an int: the result, or `-errno`.
  public static final int RES_OFFSET = 8;

  private IoUringCqe() {}

  /// What the submission carried.
  public static long userData(MemorySegment s, long offset) {
    return s.get(JAVA_LONG, offset + USER_DATA_OFFSET);
  }

  /// The result.
  public static int res(MemorySegment s, long offset) {
    return s.get(JAVA_INT, offset + RES_OFFSET);
  }
}
