package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/// `struct tpacket_req`, linux/if_packet.h: the size of a ring.
public final class TpacketReq {
  /// Size in bytes.
  public static final int BYTES = 16;

  /// `tp_block_size`, an int: a multiple of the page size.
  public static final int BLOCK_SIZE_OFFSET = 0;

  /// `tp_block_nr`, an int.
  public static final int BLOCK_NR_OFFSET = 4;

  /// `tp_frame_size`, an int: a multiple of 16.
  public static final int FRAME_SIZE_OFFSET = 8;

  /// `tp_frame_nr`, an int: as many as fit the blocks.
  public static final int FRAME_NR_OFFSET = 12;

  private TpacketReq() {}

  /// Fills it in.
  public static void set(MemorySegment s, int blockSize, int blockNr, int frameSize, int frameNr) {
    s.set(JAVA_INT, BLOCK_SIZE_OFFSET, blockSize);
    s.set(JAVA_INT, BLOCK_NR_OFFSET, blockNr);
    s.set(JAVA_INT, FRAME_SIZE_OFFSET, frameSize);
    s.set(JAVA_INT, FRAME_NR_OFFSET, frameNr);
  }
}
