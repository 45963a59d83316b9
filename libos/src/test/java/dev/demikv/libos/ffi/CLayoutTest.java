package dev.demikv.libos.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.ffi.struct.EpollEvent;
import dev.demikv.libos.ffi.struct.Ifreq;
import dev.demikv.libos.ffi.struct.IoUringCqe;
import dev.demikv.libos.ffi.struct.IoUringParams;
import dev.demikv.libos.ffi.struct.IoUringSqe;
import dev.demikv.libos.ffi.struct.Iovec;
import dev.demikv.libos.ffi.struct.Linger;
import dev.demikv.libos.ffi.struct.Msghdr;
import dev.demikv.libos.ffi.struct.PacketMreq;
import dev.demikv.libos.ffi.struct.Pollfd;
import dev.demikv.libos.ffi.struct.SockaddrIn;
import dev.demikv.libos.ffi.struct.SockaddrIn6;
import dev.demikv.libos.ffi.struct.SockaddrLl;
import dev.demikv.libos.ffi.struct.Statvfs;
import dev.demikv.libos.ffi.struct.Statx;
import dev.demikv.libos.ffi.struct.TcpInfo;
import dev.demikv.libos.ffi.struct.Timespec;
import dev.demikv.libos.ffi.struct.Tpacket2Hdr;
import dev.demikv.libos.ffi.struct.TpacketReq;
import dev.demikv.libos.ffi.struct.TpacketStats;
import dev.demikv.libos.ffi.struct.VirtioNetHdr;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Layouts and constants against the C compiler, and against a table where there is none.
final class CLayoutTest {
  private static final List<String> HEADERS =
      List.of(
          "stddef.h",
          "stdio.h",
          "sys/types.h",
          "sys/socket.h",
          "sys/epoll.h",
          "sys/eventfd.h",
          "sys/mman.h",
          "sys/uio.h",
          "fcntl.h",
          "linux/falloc.h",
          "linux/fs.h",
          "linux/io_uring.h",
          "linux/if_ether.h",
          "linux/if_packet.h",
          "linux/if_tun.h",
          "linux/sockios.h",
          "linux/virtio_net.h",
          "net/if.h",
          "poll.h",
          "sys/ioctl.h",
          "sys/stat.h",
          "sys/statvfs.h",
          "sys/syscall.h",
          "netinet/in.h",
          "netinet/tcp.h",
          "time.h",
          "unistd.h");

  private static final boolean X86 = System.getProperty("os.arch").equals("amd64");

  /// One C expression: what it is in our code, and what it is known to be.
  private record Row(String expression, long ours, long golden) {}

  private static List<Row> layouts() {
    return List.of(
        new Row("sizeof(struct sockaddr_in)", SockaddrIn.BYTES, 16),
        new Row("offsetof(struct sockaddr_in, sin_family)", SockaddrIn.FAMILY_OFFSET, 0),
        new Row("offsetof(struct sockaddr_in, sin_port)", SockaddrIn.PORT_OFFSET, 2),
        new Row("offsetof(struct sockaddr_in, sin_addr)", SockaddrIn.ADDR_OFFSET, 4),
        new Row("sizeof(struct sockaddr_in6)", SockaddrIn6.BYTES, 28),
        new Row("offsetof(struct sockaddr_in6, sin6_family)", SockaddrIn6.FAMILY_OFFSET, 0),
        new Row("offsetof(struct sockaddr_in6, sin6_port)", SockaddrIn6.PORT_OFFSET, 2),
        new Row("offsetof(struct sockaddr_in6, sin6_flowinfo)", SockaddrIn6.FLOWINFO_OFFSET, 4),
        new Row("offsetof(struct sockaddr_in6, sin6_addr)", SockaddrIn6.ADDR_OFFSET, 8),
        new Row("offsetof(struct sockaddr_in6, sin6_scope_id)", SockaddrIn6.SCOPE_ID_OFFSET, 24),
        new Row("sizeof(struct epoll_event)", EpollEvent.BYTES, X86 ? 12 : 16),
        new Row("offsetof(struct epoll_event, events)", EpollEvent.EVENTS_OFFSET, 0),
        new Row("offsetof(struct epoll_event, data)", EpollEvent.DATA_OFFSET, X86 ? 4 : 8),
        new Row("sizeof(struct iovec)", Iovec.BYTES, 16),
        new Row("offsetof(struct iovec, iov_base)", Iovec.BASE_OFFSET, 0),
        new Row("offsetof(struct iovec, iov_len)", Iovec.LEN_OFFSET, 8),
        new Row("sizeof(struct msghdr)", Msghdr.BYTES, 56),
        new Row("offsetof(struct msghdr, msg_name)", Msghdr.NAME_OFFSET, 0),
        new Row("offsetof(struct msghdr, msg_namelen)", Msghdr.NAMELEN_OFFSET, 8),
        new Row("offsetof(struct msghdr, msg_iov)", Msghdr.IOV_OFFSET, 16),
        new Row("offsetof(struct msghdr, msg_iovlen)", Msghdr.IOVLEN_OFFSET, 24),
        new Row("offsetof(struct msghdr, msg_control)", Msghdr.CONTROL_OFFSET, 32),
        new Row("offsetof(struct msghdr, msg_controllen)", Msghdr.CONTROLLEN_OFFSET, 40),
        new Row("offsetof(struct msghdr, msg_flags)", Msghdr.FLAGS_OFFSET, 48),
        new Row("sizeof(struct timespec)", Timespec.BYTES, 16),
        new Row("offsetof(struct timespec, tv_sec)", Timespec.SEC_OFFSET, 0),
        new Row("offsetof(struct timespec, tv_nsec)", Timespec.NSEC_OFFSET, 8),
        new Row("sizeof(struct linger)", Linger.BYTES, 8),
        new Row("offsetof(struct linger, l_onoff)", Linger.ONOFF_OFFSET, 0),
        new Row("offsetof(struct linger, l_linger)", Linger.LINGER_OFFSET, 4),
        new Row("sizeof(int)", Integer.BYTES, 4),
        new Row("sizeof(long)", Long.BYTES, 8),
        new Row("sizeof(size_t)", Long.BYTES, 8),
        new Row("sizeof(void *)", Long.BYTES, 8),
        new Row("sizeof(socklen_t)", Integer.BYTES, 4),
        new Row("sizeof(off_t)", Long.BYTES, 8),
        new Row("sizeof(eventfd_t)", Long.BYTES, 8));
  }

  private static List<Row> allLayouts() {
    List<Row> all = new ArrayList<>(layouts());
    all.addAll(fileLayouts());
    all.addAll(interfaceLayouts());
    return all;
  }

  private static List<Row> fileLayouts() {
    return List.of(
        new Row("sizeof(struct pollfd)", Pollfd.BYTES, 8),
        new Row("offsetof(struct pollfd, fd)", Pollfd.FD_OFFSET, 0),
        new Row("offsetof(struct pollfd, events)", Pollfd.EVENTS_OFFSET, 4),
        new Row("offsetof(struct pollfd, revents)", Pollfd.REVENTS_OFFSET, 6),
        new Row("sizeof(struct statx)", Statx.BYTES, 256),
        new Row("offsetof(struct statx, stx_mask)", Statx.MASK_OFFSET, 0),
        new Row("offsetof(struct statx, stx_mode)", Statx.MODE_OFFSET, 28),
        new Row("offsetof(struct statx, stx_size)", Statx.SIZE_OFFSET, 40),
        new Row("offsetof(struct statx, stx_dio_mem_align)", Statx.DIO_MEM_ALIGN_OFFSET, 152),
        new Row("offsetof(struct statx, stx_dio_offset_align)", Statx.DIO_OFFSET_ALIGN_OFFSET, 156),
        new Row("sizeof(struct statvfs)", Statvfs.BYTES, 112),
        new Row("offsetof(struct statvfs, f_frsize)", Statvfs.FRSIZE_OFFSET, 8),
        new Row("offsetof(struct statvfs, f_bavail)", Statvfs.BAVAIL_OFFSET, 32),
        new Row("sizeof(struct io_uring_params)", IoUringParams.BYTES, 120),
        new Row("offsetof(struct io_uring_params, sq_entries)", IoUringParams.SQ_ENTRIES_OFFSET, 0),
        new Row("offsetof(struct io_uring_params, cq_entries)", IoUringParams.CQ_ENTRIES_OFFSET, 4),
        new Row("offsetof(struct io_uring_params, flags)", IoUringParams.FLAGS_OFFSET, 8),
        new Row("offsetof(struct io_uring_params, features)", IoUringParams.FEATURES_OFFSET, 20),
        new Row("offsetof(struct io_uring_params, sq_off)", IoUringParams.SQ_OFF_OFFSET, 40),
        new Row("offsetof(struct io_uring_params, cq_off)", IoUringParams.CQ_OFF_OFFSET, 80),
        new Row("offsetof(struct io_sqring_offsets, head)", IoUringParams.RING_HEAD_OFFSET, 0),
        new Row("offsetof(struct io_sqring_offsets, tail)", IoUringParams.RING_TAIL_OFFSET, 4),
        new Row("offsetof(struct io_sqring_offsets, ring_mask)", IoUringParams.RING_MASK_OFFSET, 8),
        new Row(
            "offsetof(struct io_sqring_offsets, flags)", IoUringParams.SQ_RING_FLAGS_OFFSET, 16),
        new Row(
            "offsetof(struct io_sqring_offsets, array)", IoUringParams.SQ_RING_ARRAY_OFFSET, 24),
        new Row("offsetof(struct io_cqring_offsets, head)", IoUringParams.RING_HEAD_OFFSET, 0),
        new Row("offsetof(struct io_cqring_offsets, tail)", IoUringParams.RING_TAIL_OFFSET, 4),
        new Row("offsetof(struct io_cqring_offsets, ring_mask)", IoUringParams.RING_MASK_OFFSET, 8),
        new Row("offsetof(struct io_cqring_offsets, cqes)", IoUringParams.CQ_RING_CQES_OFFSET, 20),
        new Row("sizeof(struct io_uring_sqe)", IoUringSqe.BYTES, 64),
        new Row("offsetof(struct io_uring_sqe, opcode)", IoUringSqe.OPCODE_OFFSET, 0),
        new Row("offsetof(struct io_uring_sqe, flags)", IoUringSqe.FLAGS_OFFSET, 1),
        new Row("offsetof(struct io_uring_sqe, ioprio)", IoUringSqe.IOPRIO_OFFSET, 2),
        new Row("offsetof(struct io_uring_sqe, fd)", IoUringSqe.FD_OFFSET, 4),
        new Row("offsetof(struct io_uring_sqe, off)", IoUringSqe.OFF_OFFSET, 8),
        new Row("offsetof(struct io_uring_sqe, addr)", IoUringSqe.ADDR_OFFSET, 16),
        new Row("offsetof(struct io_uring_sqe, len)", IoUringSqe.LEN_OFFSET, 24),
        new Row("offsetof(struct io_uring_sqe, rw_flags)", IoUringSqe.RW_FLAGS_OFFSET, 28),
        new Row("offsetof(struct io_uring_sqe, fsync_flags)", IoUringSqe.RW_FLAGS_OFFSET, 28),
        new Row("offsetof(struct io_uring_sqe, user_data)", IoUringSqe.USER_DATA_OFFSET, 32),
        new Row("offsetof(struct io_uring_sqe, buf_index)", IoUringSqe.BUF_INDEX_OFFSET, 40),
        new Row("offsetof(struct io_uring_sqe, addr3)", IoUringSqe.ADDR3_OFFSET, 48),
        new Row("sizeof(struct io_uring_cqe)", IoUringCqe.BYTES, 16),
        new Row("offsetof(struct io_uring_cqe, user_data)", IoUringCqe.USER_DATA_OFFSET, 0),
        new Row("offsetof(struct io_uring_cqe, res)", IoUringCqe.RES_OFFSET, 8));
  }

  private static List<Row> interfaceLayouts() {
    return List.of(
        new Row("sizeof(struct ifreq)", Ifreq.BYTES, 40),
        new Row("offsetof(struct ifreq, ifr_name)", Ifreq.NAME_OFFSET, 0),
        new Row("offsetof(struct ifreq, ifr_flags)", Ifreq.FLAGS_OFFSET, 16),
        new Row("offsetof(struct ifreq, ifr_mtu)", Ifreq.MTU_OFFSET, 16),
        new Row("offsetof(struct ifreq, ifr_ifindex)", Ifreq.IFINDEX_OFFSET, 16),
        new Row("offsetof(struct ifreq, ifr_hwaddr.sa_data)", Ifreq.HWADDR_DATA_OFFSET, 18),
        new Row("sizeof(struct virtio_net_hdr)", VirtioNetHdr.BYTES, 10),
        new Row("offsetof(struct virtio_net_hdr, flags)", VirtioNetHdr.FLAGS_OFFSET, 0),
        new Row("offsetof(struct virtio_net_hdr, gso_type)", VirtioNetHdr.GSO_TYPE_OFFSET, 1),
        new Row("offsetof(struct virtio_net_hdr, csum_start)", VirtioNetHdr.CSUM_START_OFFSET, 6),
        new Row("offsetof(struct virtio_net_hdr, csum_offset)", VirtioNetHdr.CSUM_OFFSET_OFFSET, 8),
        new Row("sizeof(struct sockaddr_ll)", SockaddrLl.BYTES, 20),
        new Row("offsetof(struct sockaddr_ll, sll_family)", SockaddrLl.FAMILY_OFFSET, 0),
        new Row("offsetof(struct sockaddr_ll, sll_protocol)", SockaddrLl.PROTOCOL_OFFSET, 2),
        new Row("offsetof(struct sockaddr_ll, sll_ifindex)", SockaddrLl.IFINDEX_OFFSET, 4),
        new Row("offsetof(struct sockaddr_ll, sll_pkttype)", SockaddrLl.PKTTYPE_OFFSET, 10),
        new Row("sizeof(struct packet_mreq)", PacketMreq.BYTES, 16),
        new Row("offsetof(struct packet_mreq, mr_ifindex)", PacketMreq.IFINDEX_OFFSET, 0),
        new Row("offsetof(struct packet_mreq, mr_type)", PacketMreq.TYPE_OFFSET, 4),
        new Row("offsetof(struct packet_mreq, mr_alen)", PacketMreq.ALEN_OFFSET, 6),
        new Row("offsetof(struct packet_mreq, mr_address)", PacketMreq.ADDRESS_OFFSET, 8),
        new Row("sizeof(struct tpacket_req)", TpacketReq.BYTES, 16),
        new Row("offsetof(struct tpacket_req, tp_block_size)", TpacketReq.BLOCK_SIZE_OFFSET, 0),
        new Row("offsetof(struct tpacket_req, tp_block_nr)", TpacketReq.BLOCK_NR_OFFSET, 4),
        new Row("offsetof(struct tpacket_req, tp_frame_size)", TpacketReq.FRAME_SIZE_OFFSET, 8),
        new Row("offsetof(struct tpacket_req, tp_frame_nr)", TpacketReq.FRAME_NR_OFFSET, 12),
        new Row("sizeof(struct tpacket_stats)", TpacketStats.BYTES, 8),
        new Row("offsetof(struct tpacket_stats, tp_packets)", TpacketStats.PACKETS_OFFSET, 0),
        new Row("offsetof(struct tpacket_stats, tp_drops)", TpacketStats.DROPS_OFFSET, 4),
        new Row("TPACKET_ALIGN(sizeof(struct tpacket2_hdr))", Tpacket2Hdr.BYTES, 32),
        new Row("offsetof(struct tpacket2_hdr, tp_status)", Tpacket2Hdr.STATUS_OFFSET, 0),
        new Row("offsetof(struct tpacket2_hdr, tp_len)", Tpacket2Hdr.LEN_OFFSET, 4),
        new Row("offsetof(struct tpacket2_hdr, tp_snaplen)", Tpacket2Hdr.SNAPLEN_OFFSET, 8),
        new Row("offsetof(struct tpacket2_hdr, tp_mac)", Tpacket2Hdr.MAC_OFFSET, 12),
        new Row("offsetof(struct tpacket2_hdr, tp_vlan_tci)", Tpacket2Hdr.VLAN_TCI_OFFSET, 24),
        new Row("offsetof(struct tpacket2_hdr, tp_vlan_tpid)", Tpacket2Hdr.VLAN_TPID_OFFSET, 26));
  }

  private static Row tcpInfo(String field, long ours, long golden) {
    return new Row("offsetof(struct tcp_info, " + field + ")", ours, golden);
  }

  /// Of linux/tcp.h, which does not go together with netinet/tcp.h. As of Linux 6.1.
  private static List<Row> tcpInfo() {
    return List.of(
        tcpInfo("tcpi_state", TcpInfo.STATE_OFFSET, 0),
        tcpInfo("tcpi_backoff", TcpInfo.BACKOFF_OFFSET, 4),
        tcpInfo("tcpi_options", TcpInfo.OPTIONS_OFFSET, 5),
        tcpInfo("tcpi_rto", TcpInfo.RTO_OFFSET, 8),
        tcpInfo("tcpi_snd_mss", TcpInfo.SND_MSS_OFFSET, 16),
        tcpInfo("tcpi_unacked", TcpInfo.UNACKED_OFFSET, 24),
        tcpInfo("tcpi_sacked", TcpInfo.SACKED_OFFSET, 28),
        tcpInfo("tcpi_lost", TcpInfo.LOST_OFFSET, 32),
        tcpInfo("tcpi_retrans", TcpInfo.RETRANS_OFFSET, 36),
        tcpInfo("tcpi_rtt", TcpInfo.RTT_OFFSET, 68),
        tcpInfo("tcpi_rttvar", TcpInfo.RTTVAR_OFFSET, 72),
        tcpInfo("tcpi_snd_ssthresh", TcpInfo.SND_SSTHRESH_OFFSET, 76),
        tcpInfo("tcpi_snd_cwnd", TcpInfo.SND_CWND_OFFSET, 80),
        tcpInfo("tcpi_total_retrans", TcpInfo.TOTAL_RETRANS_OFFSET, 100),
        tcpInfo("tcpi_bytes_acked", TcpInfo.BYTES_ACKED_OFFSET, 120),
        tcpInfo("tcpi_bytes_received", TcpInfo.BYTES_RECEIVED_OFFSET, 128),
        tcpInfo("tcpi_segs_out", TcpInfo.SEGS_OUT_OFFSET, 136),
        tcpInfo("tcpi_segs_in", TcpInfo.SEGS_IN_OFFSET, 140),
        tcpInfo("tcpi_notsent_bytes", TcpInfo.NOTSENT_BYTES_OFFSET, 144),
        tcpInfo("tcpi_min_rtt", TcpInfo.MIN_RTT_OFFSET, 148),
        tcpInfo("tcpi_delivery_rate", TcpInfo.DELIVERY_RATE_OFFSET, 160),
        tcpInfo("tcpi_bytes_sent", TcpInfo.BYTES_SENT_OFFSET, 200),
        tcpInfo("tcpi_bytes_retrans", TcpInfo.BYTES_RETRANS_OFFSET, 208),
        tcpInfo("tcpi_dsack_dups", TcpInfo.DSACK_DUPS_OFFSET, 216),
        tcpInfo("tcpi_reord_seen", TcpInfo.REORD_SEEN_OFFSET, 220),
        tcpInfo("tcpi_rcv_ooopack", TcpInfo.RCV_OOOPACK_OFFSET, 224),
        tcpInfo("tcpi_snd_wnd", TcpInfo.SND_WND_OFFSET, 228),
        new Row("(TCPI_OPT_TIMESTAMPS)", TcpInfo.OPT_TIMESTAMPS, 1),
        new Row("(TCPI_OPT_SACK)", TcpInfo.OPT_SACK, 2),
        new Row("(TCPI_OPT_WSCALE)", TcpInfo.OPT_WSCALE, 4));
  }

  /// What came with Linux 6.2 and 6.7, where the headers are older: by table only.
  private static List<Row> tcpInfoOfLater() {
    return List.of(
        tcpInfo("tcpi_rcv_wnd", TcpInfo.RCV_WND_OFFSET, 232),
        tcpInfo("tcpi_total_rto", TcpInfo.TOTAL_RTO_OFFSET, 240),
        new Row("sizeof(struct tcp_info)", TcpInfo.BYTES, 248));
  }

  /// Of the constants, those that a typing error would not show elsewhere.
  private static Map<String, Long> goldenConstants() {
    Map<String, Long> golden = new LinkedHashMap<>();
    golden.put("AF_INET6", 10L);
    golden.put("SOCK_NONBLOCK", 2048L);
    golden.put("SOCK_CLOEXEC", 524_288L);
    golden.put("MSG_NOSIGNAL", 16_384L);
    golden.put("SO_REUSEPORT", 15L);
    golden.put("SO_LINGER", 13L);
    golden.put("TCP_KEEPIDLE", 4L);
    golden.put("TCP_KEEPINTVL", 5L);
    golden.put("TCP_KEEPCNT", 6L);
    golden.put("TCP_INFO", 11L);
    golden.put("TCP_CONGESTION", 13L);
    golden.put("SIOCINQ", 0x541bL);
    golden.put("SIOCOUTQ", 0x5411L);
    golden.put("IPV6_V6ONLY", 26L);
    golden.put("EPOLLRDHUP", 8192L);
    golden.put("EPOLLET", -2_147_483_648L);
    golden.put("EPOLL_CTL_DEL", 2L);
    golden.put("O_DIRECT", X86 ? 16_384L : 65_536L);
    golden.put("O_DIRECTORY", X86 ? 65_536L : 16_384L);
    golden.put("O_TMPFILE", X86 ? 4_259_840L : 4_210_688L);
    golden.put("O_DSYNC", 4096L);
    golden.put("RWF_DSYNC", 2L);
    golden.put("IORING_OP_FSYNC", 3L);
    golden.put("IORING_OP_READ", 22L);
    golden.put("IORING_OP_WRITE", 23L);
    golden.put("IORING_SETUP_COOP_TASKRUN", 256L);
    golden.put("TUNSETIFF", 0x400454caL);
    golden.put("TUNSETOFFLOAD", 0x400454d0L);
    golden.put("IFF_VNET_HDR", 16_384L);
    golden.put("SOL_PACKET", 263L);
    golden.put("PACKET_TX_RING", 13L);
    golden.put("PACKET_QDISC_BYPASS", 20L);
    golden.put("PACKET_IGNORE_OUTGOING", 23L);
    golden.put("TP_STATUS_CSUM_VALID", 128L);
    golden.put("_SC_PAGESIZE", 30L);
    golden.put("_SC_NPROCESSORS_ONLN", 84L);
    return golden;
  }

  @Test
  void layoutsAreAsInTheTable() {
    List<Row> rows = new ArrayList<>(allLayouts());
    rows.addAll(tcpInfo());
    rows.addAll(tcpInfoOfLater());
    for (Row row : rows) {
      assertThat(row.ours()).as(row.expression()).isEqualTo(row.golden());
    }
  }

  @Test
  void tcpInfoIsTheCompilers(@TempDir Path directory) throws IOException, InterruptedException {
    List<String> headers = List.of("stddef.h", "stdio.h", "linux/tcp.h");
    Map<String, Long> ours = new LinkedHashMap<>();
    tcpInfo().forEach(row -> ours.put(row.expression(), row.ours()));
    String size = "sizeof(struct tcp_info)";
    ours.put(size, 0L);
    Map<String, Long> compilers =
        new LinkedHashMap<>(CExpressions.values(directory, List.of(), headers, ours.keySet()));

    assertThat(compilers.remove(size)).isGreaterThanOrEqualTo(232);
    ours.remove(size);
    assertThat(compilers).containsExactlyInAnyOrderEntriesOf(ours);
  }

  @Test
  void constantsAreAsInTheTable() throws IllegalAccessException {
    Map<String, Long> ours = constants();
    goldenConstants().forEach((name, value) -> assertThat(ours).containsEntry(name, value));
  }

  @Test
  void layoutsAndConstantsAreTheCompilers(@TempDir Path directory)
      throws IOException, InterruptedException, IllegalAccessException {
    Map<String, Long> ours = new LinkedHashMap<>(constants());
    for (Row row : allLayouts()) {
      ours.put(row.expression(), row.ours());
    }
    Map<String, Long> compilers = CExpressions.values(directory, List.of(), HEADERS, ours.keySet());

    assertThat(compilers).hasSameSizeAs(ours);
    ours.forEach((expression, value) -> assertThat(compilers).containsEntry(expression, value));
  }

  /// Every int constant of [LibCConstants], [NetConstants] and [IoUring] by name.
  private static Map<String, Long> constants() throws IllegalAccessException {
    Map<String, Long> found = new LinkedHashMap<>();
    for (Class<?> type : List.of(LibCConstants.class, NetConstants.class, IoUring.class)) {
      for (Field field : type.getFields()) {
        if (Modifier.isStatic(field.getModifiers()) && field.getType() == int.class) {
          found.put(field.getName(), (long) field.getInt(null));
        }
      }
    }
    assertThat(found).isNotEmpty();
    return found;
  }
}
