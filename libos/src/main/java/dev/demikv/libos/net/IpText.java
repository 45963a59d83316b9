package dev.demikv.libos.net;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;

/// IP addresses as text, for configurations and messages.
public final class IpText {
  private IpText() {}

  /// As `10.0.0.1` or `fe80::1`.
  public static String format(boolean ipv6, long high, long low) {
    String text = (ipv6 ? Endpoint.ipv6(high, low, 0, 0) : Endpoint.ipv4((int) low, 0)).toString();
    String address = text.substring(0, text.lastIndexOf(':'));
    return ipv6 ? address.substring(1, address.length() - 1) : address;
  }

  /// Reads an address, as an endpoint with port 0.
  ///
  /// @throws IllegalArgumentException when it is not one
  static Endpoint parse(String text) {
    String trimmed = text.trim();
    Endpoint endpoint =
        Endpoint.parse(trimmed.indexOf(':') >= 0 ? "[" + trimmed + "]:0" : trimmed + ":0");
    if (endpoint.family() == AddressFamily.INET6 && endpoint.scope() != 0) {
      throw new IllegalArgumentException("'" + text + "' has a scope, which is not needed here");
    }
    return endpoint;
  }
}
