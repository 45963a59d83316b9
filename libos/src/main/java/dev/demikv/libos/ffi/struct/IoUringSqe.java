package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/// `struct io_uring_sqe`, linux/io_uring.h: a submission queue entry.
public final class IoUringSqe {
  /// Size in bytes, and the distance of two in an array.
  public static final int BYTES = 64;

  /// `opcode`, a byte, IORING_OP_*.
  public static final int OPCODE_OFFSET = 0;

  /// `flags`, a byte, IOSQE_*.
  public static final int FLAGS_OFFSET = 1;

  /// `ioprio`, 2 bytes.
  public static final int IOPRIO_OFFSET = 2;

  /// `fd`.
  public static final int FD_OFFSET = 4;

  /// `off`, 8 bytes: offset in the file.
  public static final int OFF_OFFSET = 8;

  /// `addr`, 8 bytes: a pointer.
  public static final int ADDR_OFFSET = 16;

  /// `len`, 4 bytes.
  public static final int LEN_OFFSET = 24;

  /// `rw_flags`, `fsync_flags`, …: 4 bytes.
  public static final int RW_FLAGS_OFFSET = 28;

  /// `user_data`, 8 bytes that come back in the completion.
  public static final int USER_DATA_OFFSET = 32;

  /// `buf_index` and `personality`, 2 bytes each, then `splice_fd_in`, 4.
  public static final int BUF_INDEX_OFFSET = 40;

  /// `addr3`, 8 bytes, then 8 of padding.
  public static final int ADDR3_OFFSET = 48;

  private IoUringSqe() {}

  /// Fills in every byte of an entry.
  ///
  /// @param opcode [dev.demikv.libos.ffi.IoUring#IORING_OP_WRITE] and others
  /// @param rwFlags flags of the operation, as RWF_DSYNC or IORING_FSYNC_DATASYNC
  public static void set(
      MemorySegment s,
      long offset,
      int opcode,
      int fd,
      long off,
      long addr,
      int len,
      int rwFlags,
      long userData) {
    s.set(JAVA_BYTE, offset + OPCODE_OFFSET, (byte) opcode);
    s.set(JAVA_BYTE, offset + FLAGS_OFFSET, (byte) 0);
    s.set(JAVA_SHORT, offset + IOPRIO_OFFSET, (short) 0);
    s.set(JAVA_INT, offset + FD_OFFSET, fd);
    s.set(JAVA_LONG, offset + OFF_OFFSET, off);
    s.set(JAVA_LONG, offset + ADDR_OFFSET, addr);
    s.set(JAVA_INT, offset + LEN_OFFSET, len);
    s.set(JAVA_INT, offset + RW_FLAGS_OFFSET, rwFlags);
    s.set(JAVA_LONG, offset + USER_DATA_OFFSET, userData);
    s.set(JAVA_LONG, offset + BUF_INDEX_OFFSET, 0L);
    s.set(JAVA_LONG, offset + ADDR3_OFFSET, 0L);
    s.set(JAVA_LONG, offset + ADDR3_OFFSET + 8, 0L);
  }
}
