package dev.demikv.libos.api;

import java.util.Locale;

/// A transport address: family, 16 bytes of address, scope, port. Mutable, so that results can be
/// filled in place without allocation; calls copy what they are given and never keep the object.
public final class Endpoint {
  private AddressFamily family = AddressFamily.INET;
  private long high;
  private long low;
  private int scope;
  private int port;

  /// The IPv4 wildcard with port 0.
  public Endpoint() {}

  /// An IPv4 endpoint.
  ///
  /// @param address the address as a number, most significant byte first (127.0.0.1 is 0x7f000001)
  /// @param port 0 to 65535
  public static Endpoint ipv4(int address, int port) {
    return new Endpoint().setIpv4(address, port);
  }

  /// An IPv6 endpoint.
  ///
  /// @param high first eight bytes, most significant first
  /// @param low last eight bytes
  /// @param scope interface index for link-local addresses, otherwise 0
  /// @param port 0 to 65535
  public static Endpoint ipv6(long high, long low, int scope, int port) {
    return new Endpoint().setIpv6(high, low, scope, port);
  }

  /// The wildcard address of a family.
  public static Endpoint any(AddressFamily family, int port) {
    return family == AddressFamily.INET ? ipv4(0, port) : ipv6(0, 0, 0, port);
  }

  /// 127.0.0.1 or ::1.
  public static Endpoint loopback(AddressFamily family, int port) {
    return family == AddressFamily.INET ? ipv4(0x7f000001, port) : ipv6(0, 1, 0, port);
  }

  /// Parses `1.2.3.4:port`, `[v6]:port`, `[v6%scope]:port`, `localhost:port` or `*:port` (IPv4
  /// wildcard). Names other than localhost are not resolved: a library OS has no resolver.
  ///
  /// @throws IllegalArgumentException saying what is wrong
  public static Endpoint parse(String text) {
    return EndpointText.parse(text);
  }

  /// Sets an IPv4 address and port; returns this.
  public Endpoint setIpv4(int address, int newPort) {
    family = AddressFamily.INET;
    high = 0;
    low = address & 0xffff_ffffL;
    scope = 0;
    port = checkPort(newPort);
    return this;
  }

  /// Sets an IPv6 address, scope and port; returns this.
  public Endpoint setIpv6(long newHigh, long newLow, int newScope, int newPort) {
    family = AddressFamily.INET6;
    high = newHigh;
    low = newLow;
    scope = newScope;
    port = checkPort(newPort);
    return this;
  }

  /// Copies another endpoint into this one; returns this.
  public Endpoint set(Endpoint other) {
    family = other.family;
    high = other.high;
    low = other.low;
    scope = other.scope;
    port = other.port;
    return this;
  }

  /// An independent copy.
  public Endpoint copy() {
    return new Endpoint().set(this);
  }

  /// The family.
  public AddressFamily family() {
    return family;
  }

  /// First eight bytes of an IPv6 address; 0 for IPv4.
  public long addressHigh() {
    return high;
  }

  /// Last eight bytes of an IPv6 address, or the IPv4 address in the low 32 bits.
  public long addressLow() {
    return low;
  }

  /// The IPv4 address as a number; only for [AddressFamily#INET].
  public int ipv4Address() {
    return (int) low;
  }

  /// Interface index of a link-local IPv6 address, otherwise 0.
  public int scope() {
    return scope;
  }

  /// The port, 0 to 65535.
  public int port() {
    return port;
  }

  /// Whether this is the wildcard address of its family.
  public boolean isAny() {
    return high == 0 && low == 0;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Endpoint e
        && family == e.family
        && high == e.high
        && low == e.low
        && scope == e.scope
        && port == e.port;
  }

  @Override
  public int hashCode() {
    return (Long.hashCode(high) * 31 + Long.hashCode(low)) * 31 + port;
  }

  @Override
  public String toString() {
    return EndpointText.format(this).toLowerCase(Locale.ROOT);
  }

  private static int checkPort(int port) {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("port " + port + " is not within 0 to 65535");
    }
    return port;
  }
}
