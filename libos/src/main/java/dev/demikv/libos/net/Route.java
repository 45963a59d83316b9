package dev.demikv.libos.net;

/// A way to a range of addresses.
///
/// @param low for IPv4, the address in the low 32 bits; likewise below
/// @param prefixBits how many first bits of `high` and `low` count
/// @param hasGateway whether packets go to the gateway; otherwise to the destination itself
record Route(
    boolean ipv6,
    long high,
    long low,
    int prefixBits,
    boolean hasGateway,
    long gatewayHigh,
    long gatewayLow) {

  boolean matches(boolean ofIpv6, long ofHigh, long ofLow) {
    return ipv6 == ofIpv6 && isWithin(ipv6, ofHigh, ofLow, high, low, prefixBits);
  }

  /// Whether an address begins as a prefix does.
  static boolean isWithin(
      boolean ipv6, long high, long low, long prefixHigh, long prefixLow, int prefixBits) {
    return commonBits(ipv6, high, low, prefixHigh, prefixLow) >= prefixBits;
  }

  /// How many first bits two addresses share.
  static int commonBits(boolean ipv6, long high, long low, long otherHigh, long otherLow) {
    if (!ipv6) {
      return Integer.numberOfLeadingZeros((int) low ^ (int) otherLow);
    }
    return high != otherHigh
        ? Long.numberOfLeadingZeros(high ^ otherHigh)
        : 64 + Long.numberOfLeadingZeros(low ^ otherLow);
  }
}
