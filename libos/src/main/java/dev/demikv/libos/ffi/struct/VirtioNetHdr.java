package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/// `struct virtio_net_hdr`, linux/virtio_net.h: what stands in front of a frame on a tap device
/// with IFF_VNET_HDR, in the machine's byte order.
public final class VirtioNetHdr {
  /// Size in bytes.
  public static final int BYTES = 10;

  /// `flags`, a byte.
  public static final int FLAGS_OFFSET = 0;

  /// `gso_type`, a byte.
  public static final int GSO_TYPE_OFFSET = 1;

  /// `csum_start`, two bytes: where summing starts in the frame.
  public static final int CSUM_START_OFFSET = 6;

  /// `csum_offset`, two bytes: where the checksum is, from there.
  public static final int CSUM_OFFSET_OFFSET = 8;

  private VirtioNetHdr() {}

  /// VIRTIO_NET_HDR_F_*.
  public static int flags(MemorySegment s, long offset) {
    return s.get(JAVA_BYTE, offset + FLAGS_OFFSET);
  }

  /// Sets what is used of it; the rest stays.
  public static void set(MemorySegment s, long offset, int flags, int csumStart, int csumOffset) {
    s.set(JAVA_BYTE, offset + FLAGS_OFFSET, (byte) flags);
    s.set(JAVA_SHORT_UNALIGNED, offset + CSUM_START_OFFSET, (short) csumStart);
    s.set(JAVA_SHORT_UNALIGNED, offset + CSUM_OFFSET_OFFSET, (short) csumOffset);
  }
}
