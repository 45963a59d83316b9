package dev.demikv.libos.net;

/// An address of ours, with the prefix of its link.
public final class LocalAddress {
  private final boolean ipv6;
  private final long high;
  private final long low;
  private final int prefixBits;
  private boolean duplicate;

  /// @param low for IPv4, the address in the low 32 bits
  /// @param prefixBits 0 to 32 or 128
  public LocalAddress(boolean ipv6, long high, long low, int prefixBits) {
    this.ipv6 = ipv6;
    this.high = high;
    this.low = low;
    this.prefixBits = prefixBits;
  }

  /// Whether it is of IPv6.
  public boolean isIpv6() {
    return ipv6;
  }

  /// First eight bytes; 0 for IPv4.
  public long high() {
    return high;
  }

  /// Last eight bytes, or the IPv4 address.
  public long low() {
    return low;
  }

  /// Length of the prefix of its link.
  public int prefixBits() {
    return prefixBits;
  }

  /// Whether another host has it, so that it must not be used (RFC 4862 §5.4.5).
  public boolean isDuplicate() {
    return duplicate;
  }

  /// Another host has it.
  public void setDuplicate() {
    duplicate = true;
  }

  @Override
  public String toString() {
    return IpText.format(ipv6, high, low) + "/" + prefixBits;
  }
}
