package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/// `struct rte_mbuf`, rte_mbuf_core.h: a packet, or a segment of one. On x86-64 the same from DPDK
/// 22.11 to 25.11. It lies right before its private area and its own memory.
public final class RteMbuf {
  /// Size in bytes, and the distance to its own memory, when there is no private area.
  public static final int BYTES = 128;

  /// `buf_addr`, a pointer to the memory of the segment.
  public static final int BUF_ADDR_OFFSET = 0;

  /// `buf_iova`, 8 bytes: the same for the device.
  public static final int BUF_IOVA_OFFSET = 8;

  /// `data_off`, 2 bytes: where the data starts in the memory. First of the eight bytes that the
  /// inline functions write at once (`rearm_data`).
  public static final int DATA_OFF_OFFSET = 16;

  /// `refcnt`, 2 bytes.
  public static final int REFCNT_OFFSET = 18;

  /// `nb_segs`, 2 bytes.
  public static final int NB_SEGS_OFFSET = 20;

  /// `port`, 2 bytes.
  public static final int PORT_OFFSET = 22;

  /// `ol_flags`, 8 bytes.
  public static final int OL_FLAGS_OFFSET = 24;

  /// `packet_type`, 4 bytes.
  public static final int PACKET_TYPE_OFFSET = 32;

  /// `pkt_len`, 4 bytes: of all segments.
  public static final int PKT_LEN_OFFSET = 36;

  /// `data_len`, 2 bytes: of this segment.
  public static final int DATA_LEN_OFFSET = 40;

  /// `buf_len`, 2 bytes.
  public static final int BUF_LEN_OFFSET = 54;

  /// `pool`, a pointer.
  public static final int POOL_OFFSET = 56;

  /// `next`, a pointer.
  public static final int NEXT_OFFSET = 64;

  /// `tx_offload`, 8 bytes: header lengths.
  public static final int TX_OFFLOAD_OFFSET = 72;

  /// `shinfo`, a pointer to an [RteMbufExtSharedInfo].
  public static final int SHINFO_OFFSET = 80;

  /// `priv_size`, 2 bytes.
  public static final int PRIV_SIZE_OFFSET = 88;

  /// `RTE_MBUF_F_RX_L4_CKSUM_BAD`.
  public static final long F_RX_L4_CKSUM_BAD = 1L << 3;

  /// `RTE_MBUF_F_RX_IP_CKSUM_BAD`.
  public static final long F_RX_IP_CKSUM_BAD = 1L << 4;

  /// `RTE_MBUF_F_RX_IP_CKSUM_GOOD`.
  public static final long F_RX_IP_CKSUM_GOOD = 1L << 7;

  /// `RTE_MBUF_F_RX_L4_CKSUM_GOOD`. With [#F_RX_L4_CKSUM_BAD] it is `RTE_MBUF_F_RX_L4_CKSUM_NONE`:
  /// the checksum was left to a device that there is not.
  public static final long F_RX_L4_CKSUM_GOOD = 1L << 8;

  /// `RTE_MBUF_F_TX_TCP_CKSUM`.
  public static final long F_TX_TCP_CKSUM = 1L << 52;

  /// `RTE_MBUF_F_TX_UDP_CKSUM`.
  public static final long F_TX_UDP_CKSUM = 3L << 52;

  /// `RTE_MBUF_F_TX_IPV4`.
  public static final long F_TX_IPV4 = 1L << 55;

  /// `RTE_MBUF_F_TX_IPV6`.
  public static final long F_TX_IPV6 = 1L << 56;

  /// `RTE_MBUF_F_EXTERNAL`: the memory is another's, see [RteMbufExtSharedInfo].
  public static final long F_EXTERNAL = 1L << 61;

  private static final long ONE_REFERENCE = 1L << 16;
  private static final long ANY_PORT = 0xffffL << 48;
  private static final int L3_LEN_SHIFT = 7;

  private RteMbuf() {}

  /// Makes a segment ready to be sent, as the only one of its packet, with one reference.
  public static void reset(MemorySegment s, long offset, int dataOff, int length) {
    s.set(JAVA_LONG, offset + DATA_OFF_OFFSET, dataOff | ONE_REFERENCE | 1L << 32 | ANY_PORT);
    s.set(JAVA_LONG, offset + OL_FLAGS_OFFSET, 0L);
    // packet_type with pkt_len, then data_len with vlan_tci and half of the hash.
    s.set(JAVA_LONG, offset + PACKET_TYPE_OFFSET, (long) length << 32);
    s.set(JAVA_LONG, offset + DATA_LEN_OFFSET, (long) length);
    s.set(JAVA_LONG, offset + NEXT_OFFSET, 0L);
    s.set(JAVA_LONG, offset + TX_OFFLOAD_OFFSET, 0L);
  }

  /// Makes a segment ready for a bulk return to its pool.
  public static void resetFree(MemorySegment s, long offset) {
    s.set(JAVA_SHORT, offset + REFCNT_OFFSET, (short) 1);
    s.set(JAVA_SHORT, offset + NB_SEGS_OFFSET, (short) 1);
    s.set(JAVA_LONG, offset + NEXT_OFFSET, 0L);
  }

  /// Gives a segment the memory of another, as rte_pktmbuf_attach_extbuf does, after [#reset].
  /// Freeing it restores its own.
  ///
  /// @param address first byte of the data
  /// @param iova the same for the device
  /// @param shinfo address of an [RteMbufExtSharedInfo]
  public static void attach(
      MemorySegment s, long offset, long address, long iova, int length, long shinfo) {
    s.set(JAVA_LONG, offset + BUF_ADDR_OFFSET, address);
    s.set(JAVA_LONG, offset + BUF_IOVA_OFFSET, iova);
    s.set(JAVA_SHORT, offset + BUF_LEN_OFFSET, (short) length);
    s.set(JAVA_LONG, offset + OL_FLAGS_OFFSET, F_EXTERNAL);
    s.set(JAVA_LONG, offset + SHINFO_OFFSET, shinfo);
  }

  /// Makes a segment the successor of another.
  public static void setNext(MemorySegment s, long offset, long next) {
    s.set(JAVA_LONG, offset + NEXT_OFFSET, next);
  }

  /// Sets the bytes of one segment.
  public static void setDataLen(MemorySegment s, long offset, int length) {
    s.set(JAVA_SHORT, offset + DATA_LEN_OFFSET, (short) length);
  }

  /// Sets what the first segment says of the whole packet.
  public static void setPacket(MemorySegment s, long offset, int segments, int length) {
    s.set(JAVA_SHORT, offset + NB_SEGS_OFFSET, (short) segments);
    s.set(JAVA_INT, offset + PKT_LEN_OFFSET, length);
  }

  /// Asks for a checksum.
  ///
  /// @param flags F_TX_*
  /// @param l2Len bytes of the link header
  /// @param l3Len bytes of the network header
  public static void setChecksum(MemorySegment s, long offset, long flags, int l2Len, int l3Len) {
    s.set(JAVA_LONG, offset + OL_FLAGS_OFFSET, flags);
    s.set(JAVA_LONG, offset + TX_OFFLOAD_OFFSET, l2Len | (long) l3Len << L3_LEN_SHIFT);
  }

  /// `buf_addr`.
  public static long bufAddr(MemorySegment s, long offset) {
    return s.get(JAVA_LONG, offset + BUF_ADDR_OFFSET);
  }

  /// `buf_iova`.
  public static long bufIova(MemorySegment s, long offset) {
    return s.get(JAVA_LONG, offset + BUF_IOVA_OFFSET);
  }

  /// `data_off`.
  public static int dataOff(MemorySegment s, long offset) {
    return s.get(JAVA_SHORT, offset + DATA_OFF_OFFSET) & 0xffff;
  }

  /// `ol_flags`.
  public static long olFlags(MemorySegment s, long offset) {
    return s.get(JAVA_LONG, offset + OL_FLAGS_OFFSET);
  }

  /// `pkt_len`.
  public static int pktLen(MemorySegment s, long offset) {
    return s.get(JAVA_INT, offset + PKT_LEN_OFFSET);
  }

  /// `data_len`.
  public static int dataLen(MemorySegment s, long offset) {
    return s.get(JAVA_SHORT, offset + DATA_LEN_OFFSET) & 0xffff;
  }

  /// `next`, 0 in the last segment.
  public static long next(MemorySegment s, long offset) {
    return s.get(JAVA_LONG, offset + NEXT_OFFSET);
  }
}
