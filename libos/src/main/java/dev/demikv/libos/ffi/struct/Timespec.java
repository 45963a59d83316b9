package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/// `struct timespec`, time.h, on 64-bit machines.
public final class Timespec {
  /// Size in bytes.
  public static final int BYTES = 16;

  /// `tv_sec`, a time_t.
  public static final int SEC_OFFSET = 0;

  /// `tv_nsec`, a long, 0 to 999,999,999.
  public static final int NSEC_OFFSET = 8;

  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  private Timespec() {}

  /// Fills it in from nanoseconds ≥ 0.
  public static void setNanos(MemorySegment s, long offset, long nanos) {
    s.set(JAVA_LONG, offset + SEC_OFFSET, nanos / NANOS_PER_SECOND);
    s.set(JAVA_LONG, offset + NSEC_OFFSET, nanos % NANOS_PER_SECOND);
  }
}
