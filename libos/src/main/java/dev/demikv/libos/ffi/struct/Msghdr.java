package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/// `struct msghdr`, sys/socket.h, glibc on 64-bit machines. Accessors work at the segment's
/// beginning. Control data is not used: zeroed memory has none.
public final class Msghdr {
  /// Size in bytes.
  public static final int BYTES = 56;

  /// `msg_name`, a pointer to a sockaddr or 0.
  public static final int NAME_OFFSET = 0;

  /// `msg_namelen`, a socklen_t.
  public static final int NAMELEN_OFFSET = 8;

  /// `msg_iov`, a pointer to an array of [Iovec].
  public static final int IOV_OFFSET = 16;

  /// `msg_iovlen`, a size_t.
  public static final int IOVLEN_OFFSET = 24;

  /// `msg_control`, a pointer.
  public static final int CONTROL_OFFSET = 32;

  /// `msg_controllen`, a size_t.
  public static final int CONTROLLEN_OFFSET = 40;

  /// `msg_flags`, an int, set by recvmsg(2).
  public static final int FLAGS_OFFSET = 48;

  private Msghdr() {}

  /// Sets the peer's address; 0 and 0 for none.
  public static void setName(MemorySegment s, long name, int namelen) {
    s.set(JAVA_LONG, NAME_OFFSET, name);
    s.set(JAVA_INT, NAMELEN_OFFSET, namelen);
  }

  /// Sets where the bytes are.
  public static void setIov(MemorySegment s, long iov, long iovlen) {
    s.set(JAVA_LONG, IOV_OFFSET, iov);
    s.set(JAVA_LONG, IOVLEN_OFFSET, iovlen);
  }

  /// The flags that recvmsg(2) left.
  public static int flags(MemorySegment s) {
    return s.get(JAVA_INT, FLAGS_OFFSET);
  }

  /// The length of the name that recvmsg(2) left.
  public static int namelen(MemorySegment s) {
    return s.get(JAVA_INT, NAMELEN_OFFSET);
  }
}
