package dev.demikv.libos.net.pkt;

import dev.demikv.libos.api.Errno;

/// An ICMP error that quotes a segment of the stack.
///
/// @param kind which
/// @param mtuBytes MTU of the next hop, for [Kind#FRAG_NEEDED]
/// @param sequence sequence number of the quoted segment
record IcmpError(Kind kind, int mtuBytes, Field sequence) {
  /// Which error, with its type and code (RFC 792, RFC 1812) and what it means (RFC 1122 §4.2.3.9).
  enum Kind {
    NET_UNREACHABLE(3, 0, Errno.ENETUNREACH, false),
    HOST_UNREACHABLE(3, 1, Errno.EHOSTUNREACH, false),
    PROTOCOL_UNREACHABLE(3, 2, Errno.ENOPROTOOPT, true),
    PORT_UNREACHABLE(3, 3, Errno.ECONNREFUSED, true),
    FRAG_NEEDED(3, 4, Errno.EMSGSIZE, false),
    ADMIN_PROHIBITED(3, 13, Errno.EHOSTUNREACH, true),
    TTL_EXCEEDED(11, 0, Errno.EHOSTUNREACH, false);

    final int type;
    final int code;
    final int errno;
    final boolean hard;

    Kind(int type, int code, int errno, boolean hard) {
      this.type = type;
      this.code = code;
      this.errno = errno;
      this.hard = hard;
    }

    String word() {
      return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
  }

  @Override
  public String toString() {
    return "icmp "
        + kind.word()
        + (kind == Kind.FRAG_NEEDED ? " mtu " + mtuBytes : "")
        + " seq "
        + sequence;
  }
}
