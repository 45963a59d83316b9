package dev.demikv.libos.wire;

import java.lang.foreign.MemorySegment;

/// Types of ICMPv6, RFC 4443, and the messages of neighbour discovery, RFC 4861 §4. The first eight
/// bytes are those of [IcmpHeader].
///
/// ```
///   solicitation, advertisement: 0 type · 1 code · 2 checksum · 4 flags · 8 target · 24 options
/// ```
public final class Icmpv6Header {
  /// Type: destination unreachable.
  public static final int UNREACHABLE = 1;

  /// Type: packet too big.
  public static final int PACKET_TOO_BIG = 2;

  /// Type: time exceeded.
  public static final int TIME_EXCEEDED = 3;

  /// Type: parameter problem.
  public static final int PARAMETER_PROBLEM = 4;

  /// Types from here on are not errors.
  public static final int INFORMATIONAL_MIN = 128;

  /// Type: echo request.
  public static final int ECHO_REQUEST = 128;

  /// Type: echo reply.
  public static final int ECHO_REPLY = 129;

  /// Type: multicast listener query, RFC 2710.
  public static final int MULTICAST_QUERY = 130;

  /// Type: multicast listener report, version 2, RFC 3810.
  public static final int MULTICAST_REPORT = 143;

  /// Type: router solicitation.
  public static final int ROUTER_SOLICITATION = 133;

  /// Type: router advertisement.
  public static final int ROUTER_ADVERTISEMENT = 134;

  /// Type: neighbour solicitation.
  public static final int NEIGHBOR_SOLICITATION = 135;

  /// Type: neighbour advertisement.
  public static final int NEIGHBOR_ADVERTISEMENT = 136;

  /// Type: redirect.
  public static final int REDIRECT = 137;

  /// Unreachable: no route.
  public static final int CODE_NO_ROUTE = 0;

  /// Unreachable: address.
  public static final int CODE_ADDRESS = 3;

  /// Unreachable: port.
  public static final int CODE_PORT = 4;

  /// Parameter problem: unknown next header.
  public static final int CODE_NEXT_HEADER = 1;

  /// Bytes of a solicitation or advertisement before its options.
  public static final int NEIGHBOR_BYTES = 24;

  /// Flag of an advertisement: the sender is a router.
  public static final int FLAG_ROUTER = 0x8000_0000;

  /// Flag of an advertisement: it answers a solicitation.
  public static final int FLAG_SOLICITED = 0x4000_0000;

  /// Flag of an advertisement: it replaces a hardware address known before.
  public static final int FLAG_OVERRIDE = 0x2000_0000;

  private static final int TARGET_HIGH = 8;
  private static final int TARGET_LOW = 16;

  private Icmpv6Header() {}

  /// First eight bytes of the target of a solicitation or advertisement.
  public static long targetHigh(MemorySegment memory, long offset) {
    return NetworkOrder.u64(memory, offset + TARGET_HIGH);
  }

  /// Last eight bytes of the target.
  public static long targetLow(MemorySegment memory, long offset) {
    return NetworkOrder.u64(memory, offset + TARGET_LOW);
  }

  /// Writes the target.
  public static void setTarget(MemorySegment memory, long offset, long high, long low) {
    NetworkOrder.setU64(memory, offset + TARGET_HIGH, high);
    NetworkOrder.setU64(memory, offset + TARGET_LOW, low);
  }
}
