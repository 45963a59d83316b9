package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// `struct tpacket2_hdr`, linux/if_packet.h: the beginning of a frame of a ring that is shared with
/// the kernel.
///
/// The status says whose the frame is. It is read with acquire and written with release: who sees
/// the other side's status also sees what that side wrote into the frame before.
public final class Tpacket2Hdr {
  /// Size in bytes, which is a multiple of TPACKET_ALIGNMENT (16). In a ring for reception a
  /// [SockaddrLl] follows; in one for transmission the bytes to send.
  public static final int BYTES = 32;

  /// `tp_status`, an int.
  public static final int STATUS_OFFSET = 0;

  /// `tp_len`, an int: bytes of the frame.
  public static final int LEN_OFFSET = 4;

  /// `tp_snaplen`, an int: bytes of it that are here.
  public static final int SNAPLEN_OFFSET = 8;

  /// `tp_mac`, a short: where it starts, from the beginning of this header.
  public static final int MAC_OFFSET = 12;

  /// `tp_vlan_tci`, a short in the machine's order.
  public static final int VLAN_TCI_OFFSET = 24;

  /// `tp_vlan_tpid`, a short in the machine's order.
  public static final int VLAN_TPID_OFFSET = 26;

  private static final VarHandle STATUS = JAVA_INT.varHandle();

  private Tpacket2Hdr() {}

  /// Whose the frame is, and what is known of it.
  public static int statusAcquire(MemorySegment s, long offset) {
    return (int) STATUS.getAcquire(s, offset + STATUS_OFFSET);
  }

  /// Gives the frame away, with everything written into it before.
  public static void setStatusRelease(MemorySegment s, long offset, int status) {
    STATUS.setRelease(s, offset + STATUS_OFFSET, status);
  }

  /// Bytes of the frame, also those that did not fit.
  public static int len(MemorySegment s, long offset) {
    return s.get(JAVA_INT, offset + LEN_OFFSET);
  }

  /// Sets the bytes to send.
  public static void setLen(MemorySegment s, long offset, int len) {
    s.set(JAVA_INT, offset + LEN_OFFSET, len);
  }

  /// Bytes that are here.
  public static int snaplen(MemorySegment s, long offset) {
    return s.get(JAVA_INT, offset + SNAPLEN_OFFSET);
  }

  /// Where the frame starts.
  public static int mac(MemorySegment s, long offset) {
    return Short.toUnsignedInt(s.get(JAVA_SHORT, offset + MAC_OFFSET));
  }

  /// The tag that was taken out.
  public static short vlanTci(MemorySegment s, long offset) {
    return s.get(JAVA_SHORT, offset + VLAN_TCI_OFFSET);
  }

  /// Its protocol.
  public static short vlanTpid(MemorySegment s, long offset) {
    return s.get(JAVA_SHORT, offset + VLAN_TPID_OFFSET);
  }
}
