package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/// `struct rte_eth_dev_info`, rte_ethdev.h: what a port can do. The numbers of queues lie where
/// [dev.demikv.libos.ffi.DpdkAbi] says.
public final class RteEthDevInfo {
  /// Room for it in every version, with some to spare.
  public static final int BYTES_MAX = 4096;

  /// `driver_name`, a pointer to a string.
  public static final int DRIVER_NAME_OFFSET = 8;

  /// `if_index`, 4 bytes: number of the kernel's interface, 0 for none.
  public static final int IF_INDEX_OFFSET = 16;

  /// `min_mtu`, 2 bytes.
  public static final int MIN_MTU_OFFSET = 20;

  /// `max_mtu`, 2 bytes.
  public static final int MAX_MTU_OFFSET = 22;

  /// `min_rx_bufsize`, 4 bytes.
  public static final int MIN_RX_BUFSIZE_OFFSET = 32;

  /// `rx_offload_capa`, 8 bytes.
  public static final int RX_OFFLOAD_CAPA_OFFSET = 72;

  /// `tx_offload_capa`, 8 bytes.
  public static final int TX_OFFLOAD_CAPA_OFFSET = 80;

  /// `reta_size`, 2 bytes: entries of the table from a hash to a queue.
  public static final int RETA_SIZE_OFFSET = 104;

  /// `flow_type_rss_offloads`, 8 bytes.
  public static final int RSS_OFFLOADS_OFFSET = 112;

  private RteEthDevInfo() {}

  /// Largest MTU.
  public static int maxMtu(MemorySegment s) {
    return s.get(JAVA_SHORT, MAX_MTU_OFFSET) & 0xffff;
  }

  /// What it can do with received packets.
  public static long rxOffloads(MemorySegment s) {
    return s.get(JAVA_LONG, RX_OFFLOAD_CAPA_OFFSET);
  }

  /// What it can do with packets to send.
  public static long txOffloads(MemorySegment s) {
    return s.get(JAVA_LONG, TX_OFFLOAD_CAPA_OFFSET);
  }

  /// Entries of the table from a hash to a queue; 0 for none.
  public static int retaSize(MemorySegment s) {
    return s.get(JAVA_SHORT, RETA_SIZE_OFFSET) & 0xffff;
  }

  /// Headers it can hash.
  public static long rssOffloads(MemorySegment s) {
    return s.get(JAVA_LONG, RSS_OFFLOADS_OFFSET);
  }

  /// Number of the kernel's interface, 0 for none.
  public static int ifIndex(MemorySegment s) {
    return s.get(JAVA_INT, IF_INDEX_OFFSET);
  }

  /// Most receive and transmit queues, the lesser.
  ///
  /// @param maxRxQueuesOffset [dev.demikv.libos.ffi.DpdkAbi#devInfoMaxRxQueuesOffset]
  public static int maxQueues(MemorySegment s, int maxRxQueuesOffset) {
    int receive = s.get(JAVA_SHORT, maxRxQueuesOffset) & 0xffff;
    return Math.min(receive, s.get(JAVA_SHORT, maxRxQueuesOffset + 2) & 0xffff);
  }
}
