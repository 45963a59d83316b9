package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/// `struct rte_eth_conf`, rte_ethdev.h: how a port is configured. Zeroed memory is the default.
public final class RteEthConf {
  /// Room for it in every version, with some to spare.
  public static final int BYTES_MAX = 4096;

  /// `rxmode.mq_mode`, 4 bytes.
  public static final int RXMODE_MQ_MODE_OFFSET = 8;

  /// `rxmode.mtu`, 4 bytes.
  public static final int RXMODE_MTU_OFFSET = 12;

  /// `rxmode.offloads`, 8 bytes.
  public static final int RXMODE_OFFLOADS_OFFSET = 24;

  /// `txmode.offloads`, 8 bytes.
  public static final int TXMODE_OFFLOADS_OFFSET = 72;

  /// `rx_adv_conf.rss_conf.rss_hf`, 8 bytes: which headers are hashed.
  public static final int RSS_HF_OFFSET = 144;

  /// The bit `intr_conf.rxq`: receive queues raise interrupts.
  public static final int INTR_CONF_RXQ = 1 << 1;

  private RteEthConf() {}

  /// Has receive queues raise interrupts, or not.
  ///
  /// @param intrConfOffset [dev.demikv.libos.ffi.DpdkAbi#confIntrConfOffset]
  public static void setReceiveInterrupts(MemorySegment s, int intrConfOffset, boolean on) {
    s.set(JAVA_INT, intrConfOffset, on ? INTR_CONF_RXQ : 0);
  }

  /// Sets the MTU.
  public static void setMtu(MemorySegment s, int mtu) {
    s.set(JAVA_INT, RXMODE_MTU_OFFSET, mtu);
  }

  /// Sets what the device does with packets.
  public static void setOffloads(MemorySegment s, long receive, long transmit) {
    s.set(JAVA_LONG, RXMODE_OFFLOADS_OFFSET, receive);
    s.set(JAVA_LONG, TXMODE_OFFLOADS_OFFSET, transmit);
  }

  /// Spreads received packets over the queues.
  ///
  /// @param mqMode [dev.demikv.libos.ffi.DpdkEthdev#MQ_RX_RSS]
  public static void setRss(MemorySegment s, int mqMode, long hashFields) {
    s.set(JAVA_INT, RXMODE_MQ_MODE_OFFSET, mqMode);
    s.set(JAVA_LONG, RSS_HF_OFFSET, hashFields);
  }
}
