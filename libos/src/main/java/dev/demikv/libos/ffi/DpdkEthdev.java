package dev.demikv.libos.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.demikv.libos.ffi.struct.RteEthFpOps;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// DPDK's Ethernet ports, rte_ethdev.h. Conventions as in [Dpdk]; results below zero are `-errno`.
/// Only the bursts belong to the data path; everything else may block.
public final class DpdkEthdev {
  /// Ports have numbers below this, `RTE_MAX_ETHPORTS` of the distributed builds.
  public static final int RTE_MAX_ETHPORTS = 32;

  /// Longest name of a port with its zero.
  public static final int RTE_ETH_NAME_MAX_LEN = 64;

  /// `RTE_ETH_RX_OFFLOAD_IPV4_CKSUM`, and of transmission too.
  public static final long OFFLOAD_IPV4_CKSUM = 1L << 1;

  /// `RTE_ETH_RX_OFFLOAD_UDP_CKSUM`, and of transmission too.
  public static final long OFFLOAD_UDP_CKSUM = 1L << 2;

  /// `RTE_ETH_RX_OFFLOAD_TCP_CKSUM`, and of transmission too.
  public static final long OFFLOAD_TCP_CKSUM = 1L << 3;

  /// `RTE_ETH_TX_OFFLOAD_MULTI_SEGS`.
  public static final long TX_OFFLOAD_MULTI_SEGS = 1L << 15;

  /// `RTE_ETH_MQ_RX_RSS`.
  public static final int MQ_RX_RSS = 1;

  /// `RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP`.
  public static final long RSS_IP_TCP_UDP = 41_868L | 66_576L | 133_152L;

  private DpdkEthdev() {}

  /// rte_eth_dev_is_valid_port: whether a port has this number.
  public static int rte_eth_dev_is_valid_port(short portId) {
    try {
      return (int) EthDevIsValidPort.HANDLE.invokeExact(portId);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthDevIsValidPort {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eth_dev_is_valid_port", FunctionDescriptor.of(JAVA_INT, JAVA_SHORT));
  }

  /// rte_eth_dev_get_port_by_name: fills in a uint16_t. -ENODEV.
  public static int rte_eth_dev_get_port_by_name(long name, long portId) {
    try {
      return (int) EthDevGetPortByName.HANDLE.invokeExact(name, portId);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthDevGetPortByName {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eth_dev_get_port_by_name", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
  }

  /// rte_eth_dev_get_name_by_port: fills in up to [#RTE_ETH_NAME_MAX_LEN] bytes.
  public static int rte_eth_dev_get_name_by_port(short portId, long name) {
    try {
      return (int) EthDevGetNameByPort.HANDLE.invokeExact(portId, name);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthDevGetNameByPort {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eth_dev_get_name_by_port", FunctionDescriptor.of(JAVA_INT, JAVA_SHORT, JAVA_LONG));
  }

  /// rte_eth_dev_info_get: fills in a [dev.demikv.libos.ffi.struct.RteEthDevInfo].
  public static int rte_eth_dev_info_get(short portId, long devInfo) {
    try {
      return (int) EthDevInfoGet.HANDLE.invokeExact(portId, devInfo);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthDevInfoGet {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eth_dev_info_get", FunctionDescriptor.of(JAVA_INT, JAVA_SHORT, JAVA_LONG));
  }

  /// rte_eth_dev_configure: the first call on a port that is stopped. -EBUSY, -EINVAL, -ENOTSUP.
  ///
  /// @param ethConf address of a [dev.demikv.libos.ffi.struct.RteEthConf]
  public static int rte_eth_dev_configure(
      short portId, short nbRxQueue, short nbTxQueue, long ethConf) {
    try {
      return (int) EthDevConfigure.HANDLE.invokeExact(portId, nbRxQueue, nbTxQueue, ethConf);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthDevConfigure {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eth_dev_configure",
            FunctionDescriptor.of(JAVA_INT, JAVA_SHORT, JAVA_SHORT, JAVA_SHORT, JAVA_LONG));
  }

  /// rte_eth_rx_queue_setup. -EINVAL, -ENOMEM.
  ///
  /// @param rxConf 0: the driver's default
  /// @param mbPool where packets are received into
  public static int rte_eth_rx_queue_setup(
      short portId, short rxQueueId, short nbRxDesc, int socketId, long rxConf, long mbPool) {
    try {
      return (int)
          EthRxQueueSetup.HANDLE.invokeExact(portId, rxQueueId, nbRxDesc, socketId, rxConf, mbPool);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthRxQueueSetup {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eth_rx_queue_setup",
            FunctionDescriptor.of(
                JAVA_INT, JAVA_SHORT, JAVA_SHORT, JAVA_SHORT, JAVA_INT, JAVA_LONG, JAVA_LONG));
  }

  /// rte_eth_tx_queue_setup. -EINVAL, -ENOMEM.
  public static int rte_eth_tx_queue_setup(
      short portId, short txQueueId, short nbTxDesc, int socketId, long txConf) {
    try {
      return (int)
          EthTxQueueSetup.HANDLE.invokeExact(portId, txQueueId, nbTxDesc, socketId, txConf);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthTxQueueSetup {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eth_tx_queue_setup",
            FunctionDescriptor.of(
                JAVA_INT, JAVA_SHORT, JAVA_SHORT, JAVA_SHORT, JAVA_INT, JAVA_LONG));
  }

  /// rte_eth_dev_adjust_nb_rx_tx_desc: brings two uint16_t to what the driver takes.
  public static int rte_eth_dev_adjust_nb_rx_tx_desc(short portId, long nbRxDesc, long nbTxDesc) {
    try {
      return (int) EthDevAdjustNbRxTxDesc.HANDLE.invokeExact(portId, nbRxDesc, nbTxDesc);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthDevAdjustNbRxTxDesc {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eth_dev_adjust_nb_rx_tx_desc",
            FunctionDescriptor.of(JAVA_INT, JAVA_SHORT, JAVA_LONG, JAVA_LONG));
  }

  /// rte_eth_dev_set_mtu. -ENOTSUP, -EINVAL, -EBUSY.
  public static int rte_eth_dev_set_mtu(short portId, short mtu) {
    try {
      return (int) EthDevSetMtu.HANDLE.invokeExact(portId, mtu);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthDevSetMtu {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eth_dev_set_mtu", FunctionDescriptor.of(JAVA_INT, JAVA_SHORT, JAVA_SHORT));
  }

  /// rte_eth_dev_start: packets flow. The burst functions are known from now on.
  public static int rte_eth_dev_start(short portId) {
    try {
      return (int) EthDevStart.HANDLE.invokeExact(portId);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthDevStart {
    static final MethodHandle HANDLE =
        DpdkLibraries.function("rte_eth_dev_start", FunctionDescriptor.of(JAVA_INT, JAVA_SHORT));
  }

  /// rte_eth_dev_stop.
  public static int rte_eth_dev_stop(short portId) {
    try {
      return (int) EthDevStop.HANDLE.invokeExact(portId);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthDevStop {
    static final MethodHandle HANDLE =
        DpdkLibraries.function("rte_eth_dev_stop", FunctionDescriptor.of(JAVA_INT, JAVA_SHORT));
  }

  /// rte_eth_dev_close: frees the queues and the number.
  public static int rte_eth_dev_close(short portId) {
    try {
      return (int) EthDevClose.HANDLE.invokeExact(portId);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthDevClose {
    static final MethodHandle HANDLE =
        DpdkLibraries.function("rte_eth_dev_close", FunctionDescriptor.of(JAVA_INT, JAVA_SHORT));
  }

  /// rte_eth_dev_rx_intr_enable: the next packet of a queue raises an interrupt. -ENOTSUP.
  public static int rte_eth_dev_rx_intr_enable(short portId, short queueId) {
    try {
      return (int) EthDevRxIntrEnable.HANDLE.invokeExact(portId, queueId);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthDevRxIntrEnable {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eth_dev_rx_intr_enable", FunctionDescriptor.of(JAVA_INT, JAVA_SHORT, JAVA_SHORT));
  }

  /// rte_eth_dev_rx_intr_disable: packets of a queue raise no interrupts. -ENOTSUP.
  public static int rte_eth_dev_rx_intr_disable(short portId, short queueId) {
    try {
      return (int) EthDevRxIntrDisable.HANDLE.invokeExact(portId, queueId);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthDevRxIntrDisable {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eth_dev_rx_intr_disable", FunctionDescriptor.of(JAVA_INT, JAVA_SHORT, JAVA_SHORT));
  }

  /// rte_eth_dev_rx_intr_ctl_q_get_fd: the eventfd that a queue's interrupt is written to, once the
  /// port is started with `intr_conf.rxq`.
  ///
  /// @return the descriptor, which is the driver's, or -1 when there is none
  public static int rte_eth_dev_rx_intr_ctl_q_get_fd(short portId, short queueId) {
    try {
      return (int) EthDevRxIntrCtlQGetFd.HANDLE.invokeExact(portId, queueId);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthDevRxIntrCtlQGetFd {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eth_dev_rx_intr_ctl_q_get_fd",
            FunctionDescriptor.of(JAVA_INT, JAVA_SHORT, JAVA_SHORT));
  }

  /// rte_eth_dev_rss_hash_conf_get: fills in the key. -ENOTSUP.
  ///
  /// @param rssConf address of a `rte_eth_rss_conf`, see [dev.demikv.libos.ffi.struct.RteEthRss]
  public static int rte_eth_dev_rss_hash_conf_get(short portId, long rssConf) {
    try {
      return (int) EthDevRssHashConfGet.HANDLE.invokeExact(portId, rssConf);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthDevRssHashConfGet {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eth_dev_rss_hash_conf_get",
            FunctionDescriptor.of(JAVA_INT, JAVA_SHORT, JAVA_LONG));
  }

  /// rte_eth_dev_rss_reta_query: fills in the table from the low bits of a hash to a queue.
  /// -ENOTSUP.
  ///
  /// @param retaConf address of `retaSize / 64` entries, see
  ///   [dev.demikv.libos.ffi.struct.RteEthRss]
  /// @param retaSize as the device info says
  public static int rte_eth_dev_rss_reta_query(short portId, long retaConf, short retaSize) {
    try {
      return (int) EthDevRssRetaQuery.HANDLE.invokeExact(portId, retaConf, retaSize);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthDevRssRetaQuery {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eth_dev_rss_reta_query",
            FunctionDescriptor.of(JAVA_INT, JAVA_SHORT, JAVA_LONG, JAVA_SHORT));
  }

  /// rte_eth_promiscuous_enable. -ENOTSUP.
  public static int rte_eth_promiscuous_enable(short portId) {
    try {
      return (int) EthPromiscuousEnable.HANDLE.invokeExact(portId);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthPromiscuousEnable {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eth_promiscuous_enable", FunctionDescriptor.of(JAVA_INT, JAVA_SHORT));
  }

  /// rte_eth_allmulticast_enable. -ENOTSUP.
  public static int rte_eth_allmulticast_enable(short portId) {
    try {
      return (int) EthAllmulticastEnable.HANDLE.invokeExact(portId);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthAllmulticastEnable {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eth_allmulticast_enable", FunctionDescriptor.of(JAVA_INT, JAVA_SHORT));
  }

  /// rte_eth_macaddr_get: fills in 6 bytes.
  public static int rte_eth_macaddr_get(short portId, long macAddr) {
    try {
      return (int) EthMacaddrGet.HANDLE.invokeExact(portId, macAddr);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthMacaddrGet {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eth_macaddr_get", FunctionDescriptor.of(JAVA_INT, JAVA_SHORT, JAVA_LONG));
  }

  /// rte_eth_link_get_nowait: fills in a [dev.demikv.libos.ffi.struct.RteEthLink].
  public static int rte_eth_link_get_nowait(short portId, long link) {
    try {
      return (int) EthLinkGetNowait.HANDLE.invokeExact(portId, link);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthLinkGetNowait {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eth_link_get_nowait", FunctionDescriptor.of(JAVA_INT, JAVA_SHORT, JAVA_LONG));
  }

  /// rte_eth_xstats_get_names.
  ///
  /// @param names address of `size` [dev.demikv.libos.ffi.struct.RteEthXstat] names, or 0
  /// @return how many there are
  public static int rte_eth_xstats_get_names(short portId, long names, int size) {
    try {
      return (int) EthXstatsGetNames.HANDLE.invokeExact(portId, names, size);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthXstatsGetNames {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eth_xstats_get_names",
            FunctionDescriptor.of(JAVA_INT, JAVA_SHORT, JAVA_LONG, JAVA_INT));
  }

  /// rte_eth_xstats_get.
  ///
  /// @param xstats address of `n` [dev.demikv.libos.ffi.struct.RteEthXstat], or 0
  /// @return how many there are
  public static int rte_eth_xstats_get(short portId, long xstats, int n) {
    try {
      return (int) EthXstatsGet.HANDLE.invokeExact(portId, xstats, n);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EthXstatsGet {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eth_xstats_get", FunctionDescriptor.of(JAVA_INT, JAVA_SHORT, JAVA_LONG, JAVA_INT));
  }

  /// What C's inline rte_eth_rx_burst and rte_eth_tx_burst call: the driver's own function. Some
  /// drivers make a system call in it.
  ///
  /// @param function [#rxBurst] or [#txBurst]
  /// @param queue [#rxQueue] or [#txQueue]
  /// @param packets address of `count` pointers, filled in or taken over
  /// @return packets received or taken over
  public static int burst(MemorySegment function, long queue, long packets, int count) {
    try {
      return (short) Burst.HANDLE.invokeExact(function, queue, packets, (short) count) & 0xffff;
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Burst {
    static final MethodHandle HANDLE =
        Downcalls.unbound(FunctionDescriptor.of(JAVA_SHORT, JAVA_LONG, JAVA_LONG, JAVA_SHORT));
  }

  /// The receive function of a port, once it is started.
  public static MemorySegment rxBurst(int port) {
    return MemorySegment.ofAddress(ops(port).get(JAVA_LONG, abi().fpOpsRxBurstOffset()));
  }

  /// The transmit function of a port, once it is started.
  public static MemorySegment txBurst(int port) {
    return MemorySegment.ofAddress(ops(port).get(JAVA_LONG, abi().fpOpsTxBurstOffset()));
  }

  /// A receive queue of a port, once it is started.
  public static long rxQueue(int port, int queue) {
    return queue(ops(port).get(JAVA_LONG, abi().fpOpsRxqOffset()), queue);
  }

  /// A transmit queue of a port, once it is started.
  public static long txQueue(int port, int queue) {
    return queue(ops(port).get(JAVA_LONG, abi().fpOpsTxqOffset()), queue);
  }

  private static DpdkAbi abi() {
    return DpdkLibraries.current().abi();
  }

  private static MemorySegment ops(int port) {
    return DpdkLibraries.symbol("rte_eth_fp_ops")
        .reinterpret((long) RTE_MAX_ETHPORTS * RteEthFpOps.BYTES) // One entry a port.
        .asSlice((long) port * RteEthFpOps.BYTES, RteEthFpOps.BYTES);
  }

  private static long queue(long table, int queue) {
    return MemorySegment.ofAddress(table)
        .reinterpret(8L * (queue + 1)) // Pointers, one a queue, RTE_MAX_QUEUES_PER_PORT of them.
        .getAtIndex(JAVA_LONG, queue);
  }
}
