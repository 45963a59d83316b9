package dev.demikv.libos.api;

/// Address family of a socket, address_families(7).
public enum AddressFamily {
  /// IPv4 (AF_INET).
  INET,
  /// IPv6 (AF_INET6). A socket bound to `::` takes IPv4 peers too unless [SocketOption#V6ONLY].
  INET6
}
