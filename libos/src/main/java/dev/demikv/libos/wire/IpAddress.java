package dev.demikv.libos.wire;

/// Kinds of IP addresses. An IPv4 address is an `int` with the first byte most significant; an IPv6
/// address is two `long`s.
public final class IpAddress {
  /// 255.255.255.255.
  public static final int IPV4_BROADCAST = -1;

  /// First eight bytes of link-local unicast addresses, fe80::/64.
  public static final long LINK_LOCAL_HIGH = 0xfe80_0000_0000_0000L;

  /// First eight bytes of link-local multicast addresses, ff02::/64.
  public static final long LINK_MULTICAST_HIGH = 0xff02_0000_0000_0000L;

  /// Last eight bytes of ff02::1, all nodes.
  public static final long ALL_NODES_LOW = 1;

  /// Last eight bytes of ff02::2, all routers.
  public static final long ALL_ROUTERS_LOW = 2;

  private static final long SOLICITED_NODE_LOW = 0x0000_0001_ff00_0000L;
  private static final long MAPPED_LOW = 0x0000_ffff_0000_0000L;

  private IpAddress() {}

  /// Whether it is within 127.0.0.0/8.
  public static boolean isIpv4Loopback(int address) {
    return address >>> 24 == 127;
  }

  /// Whether it is within 224.0.0.0/4.
  public static boolean isIpv4Multicast(int address) {
    return address >>> 28 == 14;
  }

  /// Whether it is within 240.0.0.0/4, which nobody has; the broadcast address is in it.
  public static boolean isIpv4Reserved(int address) {
    return address >>> 28 == 15;
  }

  /// Whether it is within 0.0.0.0/8, "this network" (RFC 1122 §3.2.1.3).
  public static boolean isIpv4ThisNetwork(int address) {
    return address >>> 24 == 0;
  }

  /// Whether it is within 169.254.0.0/16.
  public static boolean isIpv4LinkLocal(int address) {
    return address >>> 16 == 0xa9fe;
  }

  /// Whether it is ::.
  public static boolean isIpv6Any(long high, long low) {
    return (high | low) == 0;
  }

  /// Whether it is ::1.
  public static boolean isIpv6Loopback(long high, long low) {
    return high == 0 && low == 1;
  }

  /// Whether it is within ff00::/8.
  public static boolean isIpv6Multicast(long high) {
    return high >>> 56 == 0xff;
  }

  /// Whether it is within fe80::/10.
  public static boolean isIpv6LinkLocal(long high) {
    return high >>> 54 == 0x3fa;
  }

  /// Whether it stands for an IPv4 address, ::ffff:0:0/96 (RFC 4291 §2.5.5.2).
  public static boolean isIpv4Mapped(long high, long low) {
    return high == 0 && low >>> 32 == 0xffff;
  }

  /// Last eight bytes of the address that stands for an IPv4 address.
  public static long ipv4MappedLow(int address) {
    return MAPPED_LOW | address & 0xffff_ffffL;
  }

  /// Last eight bytes of the solicited-node address, ff02::1:ffxx:xxxx (RFC 4291 §2.7.1).
  public static long solicitedNodeLow(long low) {
    return SOLICITED_NODE_LOW | low & 0xff_ffff;
  }

  /// Whether it is a solicited-node address.
  public static boolean isSolicitedNode(long high, long low) {
    return high == LINK_MULTICAST_HIGH && (low & ~0xff_ffffL) == SOLICITED_NODE_LOW;
  }

  /// Interface identifier of a hardware address, modified EUI-64 (RFC 4291 appendix A).
  public static long interfaceIdentifier(long macAddress) {
    return (macAddress >>> 24 ^ 0x02_0000L) << 40 | 0xff_fe00_0000L | macAddress & 0xff_ffff;
  }

  /// The first `bits` bits set, as an IPv4 net mask.
  public static int ipv4Mask(int bits) {
    return bits == 0 ? 0 : -1 << 32 - bits;
  }

  /// The bits of a prefix that fall into one half of an IPv6 address.
  ///
  /// @param bits how many of the half's first bits are set; below 0 none, above 64 all
  public static long halfMask(int bits) {
    return bits <= 0 ? 0 : bits >= 64 ? -1L : -1L << 64 - bits;
  }
}
