package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/// `struct io_uring_params`, linux/io_uring.h: what io_uring_setup(2) takes and fills in. Accessors
/// work at the segment's beginning.
public final class IoUringParams {
  /// Size in bytes.
  public static final int BYTES = 120;

  /// `sq_entries`, set by the kernel.
  public static final int SQ_ENTRIES_OFFSET = 0;

  /// `cq_entries`, set by the kernel.
  public static final int CQ_ENTRIES_OFFSET = 4;

  /// `flags`, IORING_SETUP_*.
  public static final int FLAGS_OFFSET = 8;

  /// `features`, IORING_FEAT_*, set by the kernel.
  public static final int FEATURES_OFFSET = 20;

  /// `sq_off`, a `struct io_sqring_offsets`: places in the mapped submission ring.
  public static final int SQ_OFF_OFFSET = 40;

  /// `cq_off`, a `struct io_cqring_offsets`: places in the mapped completion ring.
  public static final int CQ_OFF_OFFSET = 80;

  // Both kinds of offsets begin alike.

  /// `head` in `sq_off` and `cq_off`.
  public static final int RING_HEAD_OFFSET = 0;

  /// `tail` in both.
  public static final int RING_TAIL_OFFSET = 4;

  /// `ring_mask` in both.
  public static final int RING_MASK_OFFSET = 8;

  /// `flags` in `sq_off`.
  public static final int SQ_RING_FLAGS_OFFSET = 16;

  /// `array` in `sq_off`.
  public static final int SQ_RING_ARRAY_OFFSET = 24;

  /// `cqes` in `cq_off`.
  public static final int CQ_RING_CQES_OFFSET = 20;

  private IoUringParams() {}

  /// Sets IORING_SETUP_* flags.
  public static void setFlags(MemorySegment s, int flags) {
    s.set(JAVA_INT, FLAGS_OFFSET, flags);
  }

  /// Entries of the submission queue.
  public static int sqEntries(MemorySegment s) {
    return s.get(JAVA_INT, SQ_ENTRIES_OFFSET);
  }

  /// Entries of the completion queue.
  public static int cqEntries(MemorySegment s) {
    return s.get(JAVA_INT, CQ_ENTRIES_OFFSET);
  }

  /// IORING_FEAT_* flags.
  public static int features(MemorySegment s) {
    return s.get(JAVA_INT, FEATURES_OFFSET);
  }

  /// A field of `sq_off`, as [#RING_TAIL_OFFSET].
  public static int sqOff(MemorySegment s, int field) {
    return s.get(JAVA_INT, SQ_OFF_OFFSET + field);
  }

  /// A field of `cq_off`.
  public static int cqOff(MemorySegment s, int field) {
    return s.get(JAVA_INT, CQ_OFF_OFFSET + field);
  }
}
