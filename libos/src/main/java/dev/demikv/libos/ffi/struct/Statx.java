package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/// `struct statx`, linux/stat.h, statx(2): the fields in use. Accessors work at the segment's
/// beginning.
public final class Statx {
  /// Size in bytes.
  public static final int BYTES = 256;

  /// `stx_mask`, which fields the kernel filled in.
  public static final int MASK_OFFSET = 0;

  /// `stx_mode`, 2 bytes: type and permissions.
  public static final int MODE_OFFSET = 28;

  /// `stx_size`, 8 bytes.
  public static final int SIZE_OFFSET = 40;

  /// `stx_dio_mem_align`, 4 bytes, since Linux 6.1: alignment of memory for O_DIRECT.
  public static final int DIO_MEM_ALIGN_OFFSET = 152;

  /// `stx_dio_offset_align`, 4 bytes, since Linux 6.1: alignment of offset and length.
  public static final int DIO_OFFSET_ALIGN_OFFSET = 156;

  private Statx() {}

  /// Which fields are filled in, STATX_*.
  public static int mask(MemorySegment s) {
    return s.get(JAVA_INT, MASK_OFFSET);
  }

  /// Type and permissions, as S_IFREG.
  public static int mode(MemorySegment s) {
    return Short.toUnsignedInt(s.get(JAVA_SHORT, MODE_OFFSET));
  }

  /// Size of the file in bytes.
  public static long size(MemorySegment s) {
    return s.get(JAVA_LONG, SIZE_OFFSET);
  }

  /// Alignment of offset and length for O_DIRECT; 0 when it is refused or not told.
  public static int dioOffsetAlign(MemorySegment s) {
    return s.get(JAVA_INT, DIO_OFFSET_ALIGN_OFFSET);
  }
}
