package dev.demikv.libos.net;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.wire.IpAddress;

/// An endpoint as the stack sees it: a mapped IPv4 address is an IPv4 address, and an address of
/// zeros remembers its family. Reused.
public final class StackName {
  /// Whether the address is of IPv6.
  public boolean ipv6;

  /// First eight bytes; 0 for IPv4.
  public long high;

  /// Last eight bytes, or the IPv4 address.
  public long low;

  /// The port.
  public int port;

  /// An empty one.
  public StackName() {}

  /// Reads an endpoint.
  public StackName set(Endpoint endpoint) {
    port = endpoint.port();
    ipv6 = endpoint.family() == AddressFamily.INET6;
    high = endpoint.addressHigh();
    low = endpoint.addressLow();
    if (ipv6 && IpAddress.isIpv4Mapped(high, low)) {
      ipv6 = false;
      high = 0;
      low = low & 0xffff_ffffL;
    }
    return this;
  }

  /// Whether it is the wildcard address.
  public boolean isAny() {
    return (high | low) == 0;
  }

  /// Where a connect or push to the wildcard address goes: to ourselves.
  public StackName resolveAny() {
    if (isAny()) {
      low = ipv6 ? 1 : 0x7f00_0001;
    }
    return this;
  }
}
