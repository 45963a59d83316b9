package dev.demikv.libos.device.kernel;

import static dev.demikv.libos.ffi.LibCConstants.IPPROTO_TCP;
import static dev.demikv.libos.ffi.LibCConstants.SIOCINQ;
import static dev.demikv.libos.ffi.LibCConstants.SIOCOUTQ;
import static dev.demikv.libos.ffi.LibCConstants.TCP_CONGESTION;
import static dev.demikv.libos.ffi.LibCConstants.TCP_INFO;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.demikv.libos.api.ConnectionInfo;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.TcpState;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.LibCSocket;
import dev.demikv.libos.ffi.struct.TcpInfo;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Statistics of a kernel's connection: TCP_INFO of tcp(7), and for what that lacks some options
/// and the queues' lengths (SIOCINQ, SIOCOUTQ). Six system calls, none of which blocks.
final class TcpInfoReader {
  /// TCP_CA_NAME_MAX, linux/net/tcp.h.
  private static final int NAME_BYTES = 16;

  /// TCP_INFINITE_SSTHRESH, linux/net/tcp.h.
  private static final long SSTHRESH_INFINITE = 0x7fff_ffff;

  private static final long MIN_RTT_NONE = 0xffff_ffffL;

  private final CallState calls;
  private final SocketOptions options;
  private final MemorySegment info;
  private final MemorySegment name;
  private final MemorySegment value;
  private final MemorySegment length;

  // The name that was read last: most often the next one is the same.
  private long nameLow;
  private long nameHigh;
  private String nameText = "";

  TcpInfoReader(CallState calls, SocketOptions options, Arena arena) {
    this.calls = calls;
    this.options = options;
    info = arena.allocate(TcpInfo.BYTES, 8);
    name = arena.allocate(NAME_BYTES, 8);
    value = arena.allocate(JAVA_INT);
    length = arena.allocate(JAVA_INT);
  }

  /// Fills in what the kernel knows of a stream.
  ///
  /// @param waitingBytes pushed, and not yet handed to the kernel
  /// @return 0 or -errno
  int read(int fd, long waitingBytes, ConnectionInfo into) {
    length.set(JAVA_INT, 0, TcpInfo.BYTES);
    int rc =
        LibCSocket.getsockopt(calls, fd, IPPROTO_TCP, TCP_INFO, info.address(), length.address());
    if (rc < 0) {
      return rc;
    }
    into.clear();
    int known = length.get(JAVA_INT, 0);
    into.state = state(TcpInfo.state(info));
    int agreed = TcpInfo.u8(info, TcpInfo.OPTIONS_OFFSET);
    into.timestamps = (agreed & TcpInfo.OPT_TIMESTAMPS) != 0;
    into.sack = (agreed & TcpInfo.OPT_SACK) != 0;
    into.windowScaling = (agreed & TcpInfo.OPT_WSCALE) != 0;
    times(known, into);
    windows(known, into);
    counts(known, into);
    queues(fd, known, waitingBytes, into);
    if (options.get(fd, SocketOption.SEND_BUFFER_BYTES) >= 0) {
      into.sendBufferBytes = options.valueRead();
    }
    if (options.get(fd, SocketOption.RECEIVE_BUFFER_BYTES) >= 0) {
      into.receiveBufferBytes = options.valueRead();
    }
    into.congestionControl = congestionControl(fd);
    return 0;
  }

  private void times(int known, ConnectionInfo into) {
    into.rtoNanos = u32(known, TcpInfo.RTO_OFFSET) * 1_000;
    into.rtoBackoffs = TcpInfo.u8(info, TcpInfo.BACKOFF_OFFSET);
    into.srttNanos = u32(known, TcpInfo.RTT_OFFSET) * 1_000;
    into.rttvarNanos = u32(known, TcpInfo.RTTVAR_OFFSET) * 1_000;
    long least = u32(known, TcpInfo.MIN_RTT_OFFSET);
    if (least != ConnectionInfo.UNKNOWN) {
      into.minRttNanos = least == MIN_RTT_NONE ? 0 : least * 1_000;
    }
  }

  private void windows(int known, ConnectionInfo into) {
    long mss = u32(known, TcpInfo.SND_MSS_OFFSET);
    into.mssBytes = bounded(mss);
    into.cwndBytes = bounded(u32(known, TcpInfo.SND_CWND_OFFSET) * mss);
    long threshold = u32(known, TcpInfo.SND_SSTHRESH_OFFSET);
    into.ssthreshBytes =
        threshold >= SSTHRESH_INFINITE ? Integer.MAX_VALUE : bounded(threshold * mss);
    // RFC 6675's pipe as Linux counts it: tcp_packets_in_flight.
    long pipe =
        u32(known, TcpInfo.UNACKED_OFFSET)
            - u32(known, TcpInfo.SACKED_OFFSET)
            - u32(known, TcpInfo.LOST_OFFSET)
            + u32(known, TcpInfo.RETRANS_OFFSET);
    into.pipeBytes = bounded(Math.max(pipe, 0) * mss);
    into.sendWindowBytes = bounded(u32(known, TcpInfo.SND_WND_OFFSET));
    into.receiveWindowBytes = bounded(u32(known, TcpInfo.RCV_WND_OFFSET));
  }

  private void counts(int known, ConnectionInfo into) {
    into.segmentsIn = u32(known, TcpInfo.SEGS_IN_OFFSET);
    into.segmentsOut = u32(known, TcpInfo.SEGS_OUT_OFFSET);
    into.bytesIn = u64(known, TcpInfo.BYTES_RECEIVED_OFFSET);
    into.bytesAcked = u64(known, TcpInfo.BYTES_ACKED_OFFSET);
    into.bytesRetransmitted = u64(known, TcpInfo.BYTES_RETRANS_OFFSET);
    long sent = u64(known, TcpInfo.BYTES_SENT_OFFSET);
    if (sent != ConnectionInfo.UNKNOWN && into.bytesRetransmitted != ConnectionInfo.UNKNOWN) {
      into.bytesOut = sent - into.bytesRetransmitted;
    }
    into.retransmissions = u32(known, TcpInfo.TOTAL_RETRANS_OFFSET);
    into.dsacksIn = u32(known, TcpInfo.DSACK_DUPS_OFFSET);
    into.outOfOrderIn = u32(known, TcpInfo.RCV_OOOPACK_OFFSET);
    into.reorderingSeen = u32(known, TcpInfo.REORD_SEEN_OFFSET) > 0;
    into.deliveryRateBytesPerSecond = u64(known, TcpInfo.DELIVERY_RATE_OFFSET);
    if (known >= TcpInfo.TOTAL_RTO_OFFSET + Short.BYTES) {
      into.retransmissionTimeouts = TcpInfo.u16(info, TcpInfo.TOTAL_RTO_OFFSET);
    }
  }

  private void queues(int fd, int known, long waitingBytes, ConnectionInfo into) {
    long unsent = Math.max(u32(known, TcpInfo.NOTSENT_BYTES_OFFSET), 0);
    if (LibC.ioctl(calls, fd, LibC.request(SIOCOUTQ), value.address()) >= 0) {
      long queued = value.get(JAVA_INT, 0);
      into.flightBytes = bounded(Math.max(queued - unsent, 0));
      into.unsentBytes = bounded(unsent + waitingBytes);
      into.sendQueueBytes = bounded(queued + waitingBytes);
    }
    if (LibC.ioctl(calls, fd, LibC.request(SIOCINQ), value.address()) >= 0) {
      into.receiveQueueBytes = value.get(JAVA_INT, 0);
    }
  }

  private String congestionControl(int fd) {
    name.fill((byte) 0);
    length.set(JAVA_INT, 0, NAME_BYTES);
    int rc =
        LibCSocket.getsockopt(
            calls, fd, IPPROTO_TCP, TCP_CONGESTION, name.address(), length.address());
    if (rc < 0) {
      return "";
    }
    long low = name.get(JAVA_LONG, 0);
    long high = name.get(JAVA_LONG, Long.BYTES);
    if (low != nameLow || high != nameHigh) {
      nameLow = low;
      nameHigh = high;
      nameText = name.getString(0);
    }
    return nameText;
  }

  private static TcpState state(int kernels) {
    return switch (kernels) {
      case 1 -> TcpState.ESTABLISHED;
      case 2 -> TcpState.SYN_SENT;
      case 3, 12 -> TcpState.SYN_RECEIVED;
      case 4 -> TcpState.FIN_WAIT_1;
      case 5 -> TcpState.FIN_WAIT_2;
      case 6 -> TcpState.TIME_WAIT;
      case 8 -> TcpState.CLOSE_WAIT;
      case 9 -> TcpState.LAST_ACK;
      case 11 -> TcpState.CLOSING;
      default -> TcpState.CLOSED;
    };
  }

  private long u32(int known, int offset) {
    return known >= offset + Integer.BYTES ? TcpInfo.u32(info, offset) : ConnectionInfo.UNKNOWN;
  }

  private long u64(int known, int offset) {
    return known >= offset + Long.BYTES ? TcpInfo.u64(info, offset) : ConnectionInfo.UNKNOWN;
  }

  private static int bounded(long bytes) {
    return (int) Math.min(bytes, Integer.MAX_VALUE);
  }
}
