package dev.demikv.libos.ffi;

import java.util.List;

/// What differs between versions of DPDK in the structures that its inline functions reach into. A
/// version that is not here is refused: its layouts are not known.
///
/// @param soname number at the end of the libraries' names, as 23 in `librte_eal.so.23`
/// @param version DPDK's first release with it, for messages
/// @param fpOpsRxBurstOffset `rte_eth_fp_ops.rx_pkt_burst`
/// @param fpOpsRxqOffset `rte_eth_fp_ops.rxq.data`
/// @param fpOpsTxBurstOffset `rte_eth_fp_ops.tx_pkt_burst`
/// @param fpOpsTxqOffset `rte_eth_fp_ops.txq.data`
/// @param devInfoMaxRxQueuesOffset `rte_eth_dev_info.max_rx_queues`; `max_tx_queues` follows
/// @param confBytes `sizeof(struct rte_eth_conf)`
public record DpdkAbi(
    int soname,
    String version,
    int fpOpsRxBurstOffset,
    int fpOpsRxqOffset,
    int fpOpsTxBurstOffset,
    int fpOpsTxqOffset,
    int devInfoMaxRxQueuesOffset,
    int confBytes) {
  /// All that are known, the newest first.
  public static final List<DpdkAbi> KNOWN =
      List.of(
          since2311(26, "25.11"),
          since2311(25, "24.11"),
          since2311(24, "23.11"),
          new DpdkAbi(23, "22.11", 0, 24, 64, 88, 44, 2272));

  private static DpdkAbi since2311(int soname, String version) {
    return new DpdkAbi(soname, version, 16, 0, 80, 64, 48, 2280);
  }

  /// `rte_eth_conf.intr_conf`, 4 bytes of bits: the last member, before four bytes of padding.
  public int confIntrConfOffset() {
    return confBytes - 8;
  }

  /// The name of a library of this version, as `librte_eal.so.23`.
  ///
  /// @param library as `eal`
  public String libraryName(String library) {
    return "librte_" + library + ".so." + soname;
  }

  /// For messages: version and soname of all that are known.
  public static String knownText() {
    StringBuilder text = new StringBuilder();
    for (DpdkAbi abi : KNOWN.reversed()) {
      text.append(text.isEmpty() ? "" : ", ").append(abi.version);
      text.append(" (.so.").append(abi.soname).append(')');
    }
    return text.toString();
  }
}
