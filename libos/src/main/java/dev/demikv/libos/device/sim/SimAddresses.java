package dev.demikv.libos.device.sim;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;

/// Address arithmetic: IPv4-mapped IPv6 addresses (RFC 4291 §2.5.5.2), loopback, matching.
final class SimAddresses {
  private SimAddresses() {}

  /// The IPv4 endpoint that an IPv4-mapped one means; any other endpoint as it is.
  static Endpoint unmapped(Endpoint endpoint) {
    return endpoint.family() == AddressFamily.INET6
            && endpoint.addressHigh() == 0
            && endpoint.addressLow() >>> 32 == 0xffff
        ? Endpoint.ipv4((int) endpoint.addressLow(), endpoint.port())
        : endpoint;
  }

  /// The endpoint as a socket of a family shows it.
  static Endpoint shownTo(AddressFamily family, Endpoint endpoint) {
    return family == AddressFamily.INET6 && endpoint.family() == AddressFamily.INET
        ? Endpoint.ipv6(0, 0xffff_0000_0000L | endpoint.addressLow(), 0, endpoint.port())
        : endpoint;
  }

  static boolean isLoopback(Endpoint endpoint) {
    return endpoint.family() == AddressFamily.INET
        ? endpoint.ipv4Address() >>> 24 == 127
        : endpoint.addressHigh() == 0 && endpoint.addressLow() == 1;
  }

  static boolean sameAddress(Endpoint a, Endpoint b) {
    return a.family() == b.family()
        && a.addressHigh() == b.addressHigh()
        && a.addressLow() == b.addressLow();
  }

  static Endpoint withPort(Endpoint endpoint, int port) {
    return endpoint.family() == AddressFamily.INET
        ? Endpoint.ipv4(endpoint.ipv4Address(), port)
        : Endpoint.ipv6(endpoint.addressHigh(), endpoint.addressLow(), endpoint.scope(), port);
  }
}
