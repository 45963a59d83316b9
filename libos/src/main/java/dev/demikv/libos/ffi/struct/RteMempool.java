package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/// `struct rte_mempool`, `struct rte_mempool_ops` and the table of these, rte_mempool.h: as much as
/// the inline functions read.
public final class RteMempool {
  /// Bytes of a mempool that are read.
  public static final int BYTES_READ = 96;

  /// `size`, 4 bytes: buffers in all.
  public static final int SIZE_OFFSET = 64;

  /// `elt_size`, 4 bytes: of a packet buffer with its memory.
  public static final int ELT_SIZE_OFFSET = 72;

  /// `header_size`, 4 bytes: before each of them.
  public static final int HEADER_SIZE_OFFSET = 76;

  /// `trailer_size`, 4 bytes: behind each of them.
  public static final int TRAILER_SIZE_OFFSET = 80;

  /// `ops_index`, 4 bytes: place in the table of drivers.
  public static final int OPS_INDEX_OFFSET = 88;

  /// Size of one entry in the table.
  public static final int OPS_BYTES = 128;

  /// Where the entries start in the table, behind its lock.
  public static final int OPS_TABLE_OPS_OFFSET = 64;

  /// Entries in the table, `RTE_MEMPOOL_MAX_OPS_IDX`.
  public static final int OPS_COUNT = 16;

  /// Size of the table.
  public static final int OPS_TABLE_BYTES = OPS_TABLE_OPS_OFFSET + OPS_COUNT * OPS_BYTES;

  /// `enqueue` in an entry, a function pointer.
  public static final int OPS_ENQUEUE_OFFSET = 48;

  /// `dequeue` in an entry, a function pointer.
  public static final int OPS_DEQUEUE_OFFSET = 56;

  private RteMempool() {}

  /// Place of the driver in the table.
  public static int opsIndex(MemorySegment s) {
    return s.get(JAVA_INT, OPS_INDEX_OFFSET);
  }

  /// Bytes of a packet buffer with its memory.
  public static int eltSize(MemorySegment s) {
    return s.get(JAVA_INT, ELT_SIZE_OFFSET);
  }

  /// Bytes before a packet buffer that belong to it.
  public static int headerSize(MemorySegment s) {
    return s.get(JAVA_INT, HEADER_SIZE_OFFSET);
  }

  /// Bytes behind a packet buffer that belong to it.
  public static int trailerSize(MemorySegment s) {
    return s.get(JAVA_INT, TRAILER_SIZE_OFFSET);
  }

  /// Where an entry of the table of drivers starts.
  public static long opsOffset(int opsIndex) {
    return OPS_TABLE_OPS_OFFSET + (long) opsIndex * OPS_BYTES;
  }
}
