package dev.demikv.libos.net.pkt;

/// Addresses of the host under test and of the peer that scripts play: of the blocks for
/// documentation, RFC 5737 and RFC 3849.
final class Addresses {
  static final int IPV4_LOCAL = 0xc000_0201;
  static final int IPV4_PEER = 0xc000_0202;
  static final long IPV6_HIGH = 0x2001_0db8_0000_0000L;
  static final long IPV6_LOCAL_LOW = 1;
  static final long IPV6_PEER_LOW = 2;

  private Addresses() {}

  static long localLow(boolean ipv6) {
    return ipv6 ? IPV6_LOCAL_LOW : IPV4_LOCAL & 0xffff_ffffL;
  }

  static long peerLow(boolean ipv6) {
    return ipv6 ? IPV6_PEER_LOW : IPV4_PEER & 0xffff_ffffL;
  }
}
