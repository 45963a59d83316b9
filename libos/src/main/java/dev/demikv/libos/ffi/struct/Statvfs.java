package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/// `struct statvfs`, sys/statvfs.h, glibc on 64-bit machines. Accessors work at the segment's
/// beginning.
public final class Statvfs {
  /// Size in bytes.
  public static final int BYTES = 112;

  /// `f_frsize`, an unsigned long: unit of the counts below.
  public static final int FRSIZE_OFFSET = 8;

  /// `f_bavail`, 8 bytes: free for ordinary users.
  public static final int BAVAIL_OFFSET = 32;

  private Statvfs() {}

  /// Bytes that an ordinary user may still allocate.
  public static long availableBytes(MemorySegment s) {
    return s.get(JAVA_LONG, FRSIZE_OFFSET) * s.get(JAVA_LONG, BAVAIL_OFFSET);
  }
}
