package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/// `struct tcp_info`, linux/tcp.h: what TCP_INFO of tcp(7) tells.
///
/// It grows with the kernel's versions: getsockopt(2) says how many bytes it filled in, and a field
/// beyond them is not there. Counts of the kernel are unsigned.
public final class TcpInfo {
  /// Size in bytes up to the last field that is known here, of Linux 6.7.
  public static final int BYTES = 248;

  /// `tcpi_state`, a byte: see [#state].
  public static final int STATE_OFFSET = 0;

  /// `tcpi_backoff`, a byte.
  public static final int BACKOFF_OFFSET = 4;

  /// `tcpi_options`, a byte.
  public static final int OPTIONS_OFFSET = 5;

  /// `tcpi_rto`, microseconds.
  public static final int RTO_OFFSET = 8;

  /// `tcpi_snd_mss`, bytes.
  public static final int SND_MSS_OFFSET = 16;

  /// `tcpi_unacked`, segments.
  public static final int UNACKED_OFFSET = 24;

  /// `tcpi_sacked`, segments.
  public static final int SACKED_OFFSET = 28;

  /// `tcpi_lost`, segments.
  public static final int LOST_OFFSET = 32;

  /// `tcpi_retrans`, segments sent again and not acknowledged.
  public static final int RETRANS_OFFSET = 36;

  /// `tcpi_rtt`, microseconds.
  public static final int RTT_OFFSET = 68;

  /// `tcpi_rttvar`, microseconds.
  public static final int RTTVAR_OFFSET = 72;

  /// `tcpi_snd_ssthresh`, segments.
  public static final int SND_SSTHRESH_OFFSET = 76;

  /// `tcpi_snd_cwnd`, segments.
  public static final int SND_CWND_OFFSET = 80;

  /// `tcpi_total_retrans`, segments.
  public static final int TOTAL_RETRANS_OFFSET = 100;

  /// `tcpi_bytes_acked`, a long.
  public static final int BYTES_ACKED_OFFSET = 120;

  /// `tcpi_bytes_received`, a long.
  public static final int BYTES_RECEIVED_OFFSET = 128;

  /// `tcpi_segs_out`.
  public static final int SEGS_OUT_OFFSET = 136;

  /// `tcpi_segs_in`.
  public static final int SEGS_IN_OFFSET = 140;

  /// `tcpi_notsent_bytes`.
  public static final int NOTSENT_BYTES_OFFSET = 144;

  /// `tcpi_min_rtt`, microseconds; all ones before the first measurement.
  public static final int MIN_RTT_OFFSET = 148;

  /// `tcpi_delivery_rate`, a long: bytes per second.
  public static final int DELIVERY_RATE_OFFSET = 160;

  /// `tcpi_bytes_sent`, a long: those sent again included.
  public static final int BYTES_SENT_OFFSET = 200;

  /// `tcpi_bytes_retrans`, a long.
  public static final int BYTES_RETRANS_OFFSET = 208;

  /// `tcpi_dsack_dups`.
  public static final int DSACK_DUPS_OFFSET = 216;

  /// `tcpi_reord_seen`.
  public static final int REORD_SEEN_OFFSET = 220;

  /// `tcpi_rcv_ooopack`.
  public static final int RCV_OOOPACK_OFFSET = 224;

  /// `tcpi_snd_wnd`, bytes.
  public static final int SND_WND_OFFSET = 228;

  /// `tcpi_rcv_wnd`, bytes; since Linux 6.2.
  public static final int RCV_WND_OFFSET = 232;

  /// `tcpi_total_rto`, a short; since Linux 6.7.
  public static final int TOTAL_RTO_OFFSET = 240;

  /// TCPI_OPT_TIMESTAMPS of [#OPTIONS_OFFSET].
  public static final int OPT_TIMESTAMPS = 1;

  /// TCPI_OPT_SACK.
  public static final int OPT_SACK = 2;

  /// TCPI_OPT_WSCALE.
  public static final int OPT_WSCALE = 4;

  private TcpInfo() {}

  /// The state: TCP_ESTABLISHED is 1, then SYN_SENT, SYN_RECV, FIN_WAIT1, FIN_WAIT2, TIME_WAIT,
  /// CLOSE, CLOSE_WAIT, LAST_ACK, LISTEN, CLOSING, NEW_SYN_RECV (netinet/tcp.h).
  public static int state(MemorySegment s) {
    return s.get(JAVA_BYTE, STATE_OFFSET);
  }

  /// A byte without sign.
  public static int u8(MemorySegment s, int offset) {
    return Byte.toUnsignedInt(s.get(JAVA_BYTE, offset));
  }

  /// A short without sign.
  public static int u16(MemorySegment s, int offset) {
    return Short.toUnsignedInt(s.get(JAVA_SHORT, offset));
  }

  /// An int without sign.
  public static long u32(MemorySegment s, int offset) {
    return Integer.toUnsignedLong(s.get(JAVA_INT, offset));
  }

  /// A long.
  public static long u64(MemorySegment s, int offset) {
    return s.get(JAVA_LONG, offset);
  }
}
