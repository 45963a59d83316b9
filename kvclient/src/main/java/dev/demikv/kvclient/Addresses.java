package dev.demikv.kvclient;

import dev.demikv.libos.api.Endpoint;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/// From names to endpoints: a library OS has no resolver, so the host's is asked, once.
final class Addresses {
  private Addresses() {}

  /// The endpoints of a host, in the resolver's order. May block.
  ///
  /// @param host name, IPv4 or IPv6 address, the latter with or without brackets
  /// @throws KvException.ConnectionLost when there is none
  static Endpoint[] of(String host, int port) {
    InetAddress[] found;
    try {
      found = InetAddress.getAllByName(host);
    } catch (UnknownHostException e) {
      throw new KvException.ConnectionLost("no address of '" + host + "' is known", false, e);
    }
    Endpoint[] endpoints = new Endpoint[found.length];
    for (int i = 0; i < found.length; i++) {
      endpoints[i] = endpoint(found[i], port);
    }
    return endpoints;
  }

  private static Endpoint endpoint(InetAddress address, int port) {
    ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
    return switch (address) {
      case Inet4Address _ -> Endpoint.ipv4(bytes.getInt(), port);
      case Inet6Address v6 ->
          Endpoint.ipv6(bytes.getLong(), bytes.getLong(), v6.getScopeId(), port);
      default -> throw new IllegalStateException("neither IPv4 nor IPv6: " + address);
    };
  }
}
