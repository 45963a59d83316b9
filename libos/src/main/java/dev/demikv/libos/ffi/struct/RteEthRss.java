package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/// `struct rte_eth_rss_conf` and `struct rte_eth_rss_reta_entry64`, rte_ethdev.h: how a port
/// spreads packets over its queues.
public final class RteEthRss {
  /// Room for a `rte_eth_rss_conf` of every version.
  public static final int CONF_BYTES_MAX = 64;

  /// `rss_key`, a pointer.
  public static final int CONF_KEY_OFFSET = 0;

  /// `rss_key_len`, 1 byte.
  public static final int CONF_KEY_LEN_OFFSET = 8;

  /// `rss_hf`, 8 bytes: headers that are hashed.
  public static final int CONF_HF_OFFSET = 16;

  /// Entries of the table in one `rte_eth_rss_reta_entry64`, RTE_ETH_RETA_GROUP_SIZE.
  public static final int RETA_GROUP_SIZE = 64;

  /// Size of a `rte_eth_rss_reta_entry64` in bytes.
  public static final int RETA_BYTES = 136;

  /// `mask`, 8 bytes: which entries are meant.
  public static final int RETA_MASK_OFFSET = 0;

  /// `reta`, 2 bytes each: the queue.
  public static final int RETA_QUEUES_OFFSET = 8;

  private RteEthRss() {}

  /// Asks for a key.
  ///
  /// @param keyAddress where it is to be written
  public static void setKey(MemorySegment conf, long keyAddress, int keyBytes) {
    conf.set(JAVA_LONG, CONF_KEY_OFFSET, keyAddress);
    conf.set(JAVA_BYTE, CONF_KEY_LEN_OFFSET, (byte) keyBytes);
  }

  /// Length of the key.
  public static int keyBytes(MemorySegment conf) {
    return conf.get(JAVA_BYTE, CONF_KEY_LEN_OFFSET) & 0xff;
  }

  /// Headers that are hashed.
  public static long hashFields(MemorySegment conf) {
    return conf.get(JAVA_LONG, CONF_HF_OFFSET);
  }

  /// Asks for all entries.
  public static void selectAll(MemorySegment table, int groups) {
    for (int i = 0; i < groups; i++) {
      table.set(JAVA_LONG, (long) i * RETA_BYTES + RETA_MASK_OFFSET, -1L);
    }
  }

  /// The queue of one entry.
  public static int queue(MemorySegment table, int entry) {
    long group = (long) (entry / RETA_GROUP_SIZE) * RETA_BYTES;
    long at = group + RETA_QUEUES_OFFSET + 2L * (entry % RETA_GROUP_SIZE);
    return table.get(JAVA_SHORT, at) & 0xffff;
  }
}
