package dev.demikv.libos.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.demikv.libos.device.dpdk.DpdkTestPorts;
import dev.demikv.libos.ffi.struct.RteEthConf;
import dev.demikv.libos.ffi.struct.RteEthDevInfo;
import dev.demikv.libos.ffi.struct.RteEthFpOps;
import dev.demikv.libos.ffi.struct.RteEthLink;
import dev.demikv.libos.ffi.struct.RteEthRss;
import dev.demikv.libos.ffi.struct.RteEthXstat;
import dev.demikv.libos.ffi.struct.RteMbuf;
import dev.demikv.libos.ffi.struct.RteMbufDynfield;
import dev.demikv.libos.ffi.struct.RteMbufExtSharedInfo;
import dev.demikv.libos.ffi.struct.RteMempool;
import dev.demikv.libos.ffi.struct.RteMemzone;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// DPDK's layouts and constants against its headers where they are installed, and against a table
/// of what the headers of each version say everywhere.
final class DpdkLayoutTest {
  private static final List<String> HEADERS =
      List.of(
          "stddef.h",
          "stdio.h",
          "rte_version.h",
          "rte_eal.h",
          "rte_mbuf.h",
          "rte_mbuf_dyn.h",
          "rte_mempool.h",
          "rte_memzone.h",
          "rte_ethdev.h");

  /// One C expression: what it is in our code, and what it is known to be.
  private record Row(String expression, long ours, long golden) {}

  private static Row offset(String struct, String field, long ours, long golden) {
    return new Row("offsetof(struct " + struct + ", " + field + ")", ours, golden);
  }

  /// The same in every version that is known.
  private static List<Row> common() {
    List<Row> rows = new ArrayList<>();
    rows.add(new Row("sizeof(struct rte_mbuf)", RteMbuf.BYTES, 128));
    rows.add(offset("rte_mbuf", "buf_addr", RteMbuf.BUF_ADDR_OFFSET, 0));
    rows.add(offset("rte_mbuf", "buf_iova", RteMbuf.BUF_IOVA_OFFSET, 8));
    rows.add(offset("rte_mbuf", "data_off", RteMbuf.DATA_OFF_OFFSET, 16));
    rows.add(offset("rte_mbuf", "refcnt", RteMbuf.REFCNT_OFFSET, 18));
    rows.add(offset("rte_mbuf", "nb_segs", RteMbuf.NB_SEGS_OFFSET, 20));
    rows.add(offset("rte_mbuf", "port", RteMbuf.PORT_OFFSET, 22));
    rows.add(offset("rte_mbuf", "ol_flags", RteMbuf.OL_FLAGS_OFFSET, 24));
    rows.add(offset("rte_mbuf", "packet_type", RteMbuf.PACKET_TYPE_OFFSET, 32));
    rows.add(offset("rte_mbuf", "pkt_len", RteMbuf.PKT_LEN_OFFSET, 36));
    rows.add(offset("rte_mbuf", "data_len", RteMbuf.DATA_LEN_OFFSET, 40));
    rows.add(offset("rte_mbuf", "buf_len", RteMbuf.BUF_LEN_OFFSET, 54));
    rows.add(offset("rte_mbuf", "pool", RteMbuf.POOL_OFFSET, 56));
    rows.add(offset("rte_mbuf", "next", RteMbuf.NEXT_OFFSET, 64));
    rows.add(offset("rte_mbuf", "tx_offload", RteMbuf.TX_OFFLOAD_OFFSET, 72));
    rows.add(offset("rte_mbuf", "shinfo", RteMbuf.SHINFO_OFFSET, 80));
    rows.add(offset("rte_mbuf", "priv_size", RteMbuf.PRIV_SIZE_OFFSET, 88));
    rows.add(new Row("(RTE_MBUF_F_RX_L4_CKSUM_BAD)", RteMbuf.F_RX_L4_CKSUM_BAD, 8));
    rows.add(new Row("(RTE_MBUF_F_RX_IP_CKSUM_BAD)", RteMbuf.F_RX_IP_CKSUM_BAD, 16));
    rows.add(new Row("(RTE_MBUF_F_RX_IP_CKSUM_GOOD)", RteMbuf.F_RX_IP_CKSUM_GOOD, 128));
    rows.add(new Row("(RTE_MBUF_F_RX_L4_CKSUM_GOOD)", RteMbuf.F_RX_L4_CKSUM_GOOD, 256));
    rows.add(
        new Row(
            "(RTE_MBUF_F_RX_L4_CKSUM_NONE)",
            RteMbuf.F_RX_L4_CKSUM_BAD | RteMbuf.F_RX_L4_CKSUM_GOOD,
            264));
    rows.add(new Row("(RTE_MBUF_F_TX_TCP_CKSUM)", RteMbuf.F_TX_TCP_CKSUM, 4503599627370496L));
    rows.add(new Row("(RTE_MBUF_F_TX_UDP_CKSUM)", RteMbuf.F_TX_UDP_CKSUM, 13510798882111488L));
    rows.add(new Row("(RTE_MBUF_F_TX_IPV4)", RteMbuf.F_TX_IPV4, 36028797018963968L));
    rows.add(new Row("(RTE_MBUF_F_TX_IPV6)", RteMbuf.F_TX_IPV6, 72057594037927936L));
    rows.add(new Row("(RTE_MBUF_F_EXTERNAL)", RteMbuf.F_EXTERNAL, 2305843009213693952L));
    rows.addAll(memory());
    rows.addAll(ports());
    return rows;
  }

  private static List<Row> memory() {
    String shared = "rte_mbuf_ext_shared_info";
    String field = "rte_mbuf_dynfield";
    String table = "rte_mempool_ops_table";
    return List.of(
        new Row("sizeof(struct " + shared + ")", RteMbufExtSharedInfo.BYTES, 24),
        offset(shared, "free_cb", RteMbufExtSharedInfo.FREE_CB_OFFSET, 0),
        offset(shared, "fcb_opaque", RteMbufExtSharedInfo.FCB_OPAQUE_OFFSET, 8),
        offset(shared, "refcnt", RteMbufExtSharedInfo.REFCNT_OFFSET, 16),
        new Row("sizeof(struct " + field + ")", RteMbufDynfield.BYTES, 88),
        offset(field, "name", RteMbufDynfield.NAME_OFFSET, 0),
        offset(field, "size", RteMbufDynfield.SIZE_OFFSET, 64),
        offset(field, "align", RteMbufDynfield.ALIGN_OFFSET, 72),
        offset(field, "flags", RteMbufDynfield.FLAGS_OFFSET, 80),
        offset("rte_mempool", "size", RteMempool.SIZE_OFFSET, 64),
        offset("rte_mempool", "elt_size", RteMempool.ELT_SIZE_OFFSET, 72),
        offset("rte_mempool", "header_size", RteMempool.HEADER_SIZE_OFFSET, 76),
        offset("rte_mempool", "trailer_size", RteMempool.TRAILER_SIZE_OFFSET, 80),
        offset("rte_mempool", "ops_index", RteMempool.OPS_INDEX_OFFSET, 88),
        new Row("sizeof(struct rte_mempool_ops)", RteMempool.OPS_BYTES, 128),
        new Row("sizeof(struct " + table + ")", RteMempool.OPS_TABLE_BYTES, 2112),
        offset(table, "ops", RteMempool.OPS_TABLE_OPS_OFFSET, 64),
        offset("rte_mempool_ops", "enqueue", RteMempool.OPS_ENQUEUE_OFFSET, 48),
        offset("rte_mempool_ops", "dequeue", RteMempool.OPS_DEQUEUE_OFFSET, 56),
        new Row("(RTE_MEMPOOL_MAX_OPS_IDX)", RteMempool.OPS_COUNT, 16),
        new Row("sizeof(struct rte_memzone)", RteMemzone.BYTES, 72),
        offset("rte_memzone", "iova", RteMemzone.IOVA_OFFSET, 32),
        offset("rte_memzone", "addr", RteMemzone.ADDR_OFFSET, 40),
        offset("rte_memzone", "len", RteMemzone.LEN_OFFSET, 48),
        new Row("(RTE_PKTMBUF_HEADROOM)", Dpdk.RTE_PKTMBUF_HEADROOM, 128),
        new Row("(RTE_MEMZONE_IOVA_CONTIG)", Dpdk.RTE_MEMZONE_IOVA_CONTIG, 1_048_576),
        new Row("(SOCKET_ID_ANY)", Dpdk.SOCKET_ID_ANY, -1));
  }

  private static List<Row> ports() {
    String info = "rte_eth_dev_info";
    return List.of(
        new Row("sizeof(struct rte_eth_fp_ops)", RteEthFpOps.BYTES, 128),
        offset("rte_eth_conf", "rxmode.mq_mode", RteEthConf.RXMODE_MQ_MODE_OFFSET, 8),
        offset("rte_eth_conf", "rxmode.mtu", RteEthConf.RXMODE_MTU_OFFSET, 12),
        offset("rte_eth_conf", "rxmode.offloads", RteEthConf.RXMODE_OFFLOADS_OFFSET, 24),
        offset("rte_eth_conf", "txmode.offloads", RteEthConf.TXMODE_OFFLOADS_OFFSET, 72),
        offset("rte_eth_conf", "rx_adv_conf.rss_conf.rss_hf", RteEthConf.RSS_HF_OFFSET, 144),
        new Row("(RTE_ETH_RETA_GROUP_SIZE)", RteEthRss.RETA_GROUP_SIZE, 64),
        offset("rte_eth_rss_conf", "rss_key", RteEthRss.CONF_KEY_OFFSET, 0),
        offset("rte_eth_rss_conf", "rss_key_len", RteEthRss.CONF_KEY_LEN_OFFSET, 8),
        offset("rte_eth_rss_conf", "rss_hf", RteEthRss.CONF_HF_OFFSET, 16),
        new Row("sizeof(struct rte_eth_rss_reta_entry64)", RteEthRss.RETA_BYTES, 136),
        offset("rte_eth_rss_reta_entry64", "mask", RteEthRss.RETA_MASK_OFFSET, 0),
        offset("rte_eth_rss_reta_entry64", "reta", RteEthRss.RETA_QUEUES_OFFSET, 8),
        offset(info, "reta_size", RteEthDevInfo.RETA_SIZE_OFFSET, 104),
        offset(info, "driver_name", RteEthDevInfo.DRIVER_NAME_OFFSET, 8),
        offset(info, "if_index", RteEthDevInfo.IF_INDEX_OFFSET, 16),
        offset(info, "min_mtu", RteEthDevInfo.MIN_MTU_OFFSET, 20),
        offset(info, "max_mtu", RteEthDevInfo.MAX_MTU_OFFSET, 22),
        offset(info, "min_rx_bufsize", RteEthDevInfo.MIN_RX_BUFSIZE_OFFSET, 32),
        offset(info, "rx_offload_capa", RteEthDevInfo.RX_OFFLOAD_CAPA_OFFSET, 72),
        offset(info, "tx_offload_capa", RteEthDevInfo.TX_OFFLOAD_CAPA_OFFSET, 80),
        offset(info, "flow_type_rss_offloads", RteEthDevInfo.RSS_OFFLOADS_OFFSET, 112),
        new Row("sizeof(struct rte_eth_link)", RteEthLink.BYTES, 8),
        offset("rte_eth_link", "link_speed", RteEthLink.SPEED_OFFSET, 0),
        new Row("sizeof(struct rte_eth_xstat)", RteEthXstat.BYTES, 16),
        offset("rte_eth_xstat", "id", RteEthXstat.ID_OFFSET, 0),
        offset("rte_eth_xstat", "value", RteEthXstat.VALUE_OFFSET, 8),
        new Row("sizeof(struct rte_eth_xstat_name)", RteEthXstat.NAME_BYTES, 64),
        new Row("(RTE_MAX_ETHPORTS)", DpdkEthdev.RTE_MAX_ETHPORTS, 32),
        new Row("(RTE_ETH_NAME_MAX_LEN)", DpdkEthdev.RTE_ETH_NAME_MAX_LEN, 64),
        new Row("(RTE_ETH_MQ_RX_RSS)", DpdkEthdev.MQ_RX_RSS, 1),
        new Row("(RTE_ETH_RSS_IP|RTE_ETH_RSS_TCP|RTE_ETH_RSS_UDP)", rss(), 241_596),
        new Row("(RTE_ETH_RX_OFFLOAD_IPV4_CKSUM)", DpdkEthdev.OFFLOAD_IPV4_CKSUM, 2),
        new Row("(RTE_ETH_RX_OFFLOAD_UDP_CKSUM)", DpdkEthdev.OFFLOAD_UDP_CKSUM, 4),
        new Row("(RTE_ETH_RX_OFFLOAD_TCP_CKSUM)", DpdkEthdev.OFFLOAD_TCP_CKSUM, 8),
        new Row("(RTE_ETH_TX_OFFLOAD_IPV4_CKSUM)", DpdkEthdev.OFFLOAD_IPV4_CKSUM, 2),
        new Row("(RTE_ETH_TX_OFFLOAD_UDP_CKSUM)", DpdkEthdev.OFFLOAD_UDP_CKSUM, 4),
        new Row("(RTE_ETH_TX_OFFLOAD_TCP_CKSUM)", DpdkEthdev.OFFLOAD_TCP_CKSUM, 8),
        new Row("(RTE_ETH_TX_OFFLOAD_MULTI_SEGS)", DpdkEthdev.TX_OFFLOAD_MULTI_SEGS, 32_768));
  }

  private static long rss() {
    return DpdkEthdev.RSS_IP_TCP_UDP;
  }

  /// What differs between versions.
  private static List<Row> ofVersion(DpdkAbi abi) {
    boolean old = abi.soname() == 23;
    String ops = "rte_eth_fp_ops";
    String info = "rte_eth_dev_info";
    int queues = abi.devInfoMaxRxQueuesOffset();
    return List.of(
        offset(ops, "rx_pkt_burst", abi.fpOpsRxBurstOffset(), old ? 0 : 16),
        offset(ops, "rxq.data", abi.fpOpsRxqOffset(), old ? 24 : 0),
        offset(ops, "tx_pkt_burst", abi.fpOpsTxBurstOffset(), old ? 64 : 80),
        offset(ops, "txq.data", abi.fpOpsTxqOffset(), old ? 88 : 64),
        offset(info, "max_rx_queues", queues, old ? 44 : 48),
        offset(info, "max_tx_queues", queues + 2, old ? 46 : 50),
        offset("rte_eth_conf", "intr_conf", abi.confIntrConfOffset(), old ? 2264 : 2272),
        new Row("sizeof(struct rte_eth_conf)", abi.confBytes(), old ? 2272 : 2280));
  }

  @Test
  void layoutsOfEveryVersionAreAsInTheTable() {
    for (Row row : common()) {
      assertThat(row.ours()).as(row.expression()).isEqualTo(row.golden());
    }
    for (DpdkAbi abi : DpdkAbi.KNOWN) {
      for (Row row : ofVersion(abi)) {
        assertThat(row.ours()).as(abi.version() + ": " + row.expression()).isEqualTo(row.golden());
      }
      assertThat(abi.confBytes()).isLessThanOrEqualTo(RteEthConf.BYTES_MAX);
    }
  }

  @Test
  void versionsAreKnownByTheirLibraryNames() {
    assertThat(DpdkAbi.KNOWN).extracting(DpdkAbi::soname).containsExactly(26, 25, 24, 23);
    assertThat(DpdkAbi.KNOWN.getFirst().libraryName("eal")).isEqualTo("librte_eal.so.26");
    assertThat(DpdkAbi.knownText()).startsWith("22.11 (.so.23)").endsWith("25.11 (.so.26)");
  }

  /// The command that prints the compiler's flags for the headers that belong to a folder of
  /// libraries; skips the test where there are none.
  private static List<String> headersOf(String libDir) throws InterruptedException {
    if (libDir.isEmpty()) {
      assumeTrue(CExpressions.canRun("pkg-config", "--exists", "libdpdk"), "no libdpdk-dev here");
      return List.of("pkg-config", "--cflags", "libdpdk");
    }
    Path folder = Path.of(libDir, "pkgconfig");
    assumeTrue(Files.exists(folder.resolve("libdpdk.pc")), "no libdpdk.pc in " + folder);
    assumeTrue(CExpressions.canRun("pkg-config", "--version"), "no pkg-config here");
    return List.of("env", "PKG_CONFIG_PATH=" + folder, "pkg-config", "--cflags", "libdpdk");
  }

  @Test
  void layoutsAreTheInstalledHeaders(@TempDir Path directory)
      throws IOException, InterruptedException {
    List<String> flags = new ArrayList<>();
    List<String> command = headersOf(DpdkTestPorts.libDir());
    CExpressions.run(command, flags);
    List<String> words = List.of(flags.get(0).trim().split(" +"));
    String year = "(RTE_VER_YEAR * 100 + RTE_VER_MONTH)";
    long version = CExpressions.values(directory, words, HEADERS, List.of(year)).get(year);
    Optional<DpdkAbi> abi =
        DpdkAbi.KNOWN.stream()
            .filter(a -> a.version().equals(version / 100 + "." + version % 100))
            .findFirst();
    assumeTrue(abi.isPresent(), "headers of DPDK " + version + ", which is not a known version");

    Map<String, Long> ours = new LinkedHashMap<>();
    common().forEach(row -> ours.put(row.expression(), row.ours()));
    ofVersion(abi.orElseThrow()).forEach(row -> ours.put(row.expression(), row.ours()));
    Map<String, Long> compilers = CExpressions.values(directory, words, HEADERS, ours.keySet());

    assertThat(compilers).containsExactlyInAnyOrderEntriesOf(ours);
  }
}
