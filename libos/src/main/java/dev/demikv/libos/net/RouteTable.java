package dev.demikv.libos.net;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.wire.IpAddress;
import java.util.ArrayList;
import java.util.List;

/// Our addresses and the ways to others: longest prefix first, on the link or by a gateway.
///
/// Fixed at start, except that an address found to be another host's is no longer used. Lookups are
/// linear in what are a few entries.
public final class RouteTable {
  /// Most addresses of ours.
  static final int ADDRESSES_MAX = 16;

  private final LocalAddress[] addresses;
  private final Route[] routes;

  /// Routes on the link for each address, and a default route for each gateway.
  RouteTable(StackConfig config, long macAddress) {
    List<LocalAddress> all = new ArrayList<>();
    for (StackConfig.Prefix prefix : config.addresses()) {
      all.add(new LocalAddress(prefix.ipv6(), prefix.high(), prefix.low(), prefix.bits()));
    }
    if (config.ipv6() && all.stream().noneMatch(a -> isLinkLocalIpv6(a))) {
      // RFC 4291 §2.5.6, RFC 2464 §5.
      all.add(
          new LocalAddress(
              true, IpAddress.LINK_LOCAL_HIGH, IpAddress.interfaceIdentifier(macAddress), 64));
    }
    addresses = all.toArray(new LocalAddress[0]);
    List<Route> ways = new ArrayList<>();
    for (LocalAddress address : addresses) {
      ways.add(
          new Route(
              address.isIpv6(), address.high(), address.low(), address.prefixBits(), false, 0, 0));
    }
    for (StackConfig.Prefix gateway : config.gateways()) {
      ways.add(new Route(gateway.ipv6(), 0, 0, 0, true, gateway.high(), gateway.low()));
    }
    ways.sort((a, b) -> b.prefixBits() - a.prefixBits());
    routes = ways.toArray(new Route[0]);
  }

  private static boolean isLinkLocalIpv6(LocalAddress address) {
    return address.isIpv6() && IpAddress.isIpv6LinkLocal(address.high());
  }

  /// Addresses of ours, without those of the loop-back.
  public int addressCount() {
    return addresses.length;
  }

  /// One of our addresses.
  public LocalAddress address(int index) {
    return addresses[index];
  }

  /// Our address that is equal to this one; `null` when it is not ours, or must not be used.
  public @Nullable LocalAddress find(boolean ipv6, long high, long low) {
    for (LocalAddress each : addresses) {
      if (each.low() == low
          && each.high() == high
          && each.isIpv6() == ipv6
          && !each.isDuplicate()) {
        return each;
      }
    }
    return null;
  }

  /// Whether packets to it stay here: an address of ours, 127.0.0.0/8, ::1.
  public boolean isLocal(boolean ipv6, long high, long low) {
    return isLoopback(ipv6, high, low) || find(ipv6, high, low) != null;
  }

  /// Whether it is within 127.0.0.0/8, or ::1.
  static boolean isLoopback(boolean ipv6, long high, long low) {
    return ipv6 ? IpAddress.isIpv6Loopback(high, low) : IpAddress.isIpv4Loopback((int) low);
  }

  /// Whether it is the broadcast address of the link or of a subnet of ours.
  public boolean isIpv4Broadcast(int address) {
    if (address == IpAddress.IPV4_BROADCAST) {
      return true;
    }
    for (LocalAddress each : addresses) {
      // RFC 3021: a prefix of 31 bits has no broadcast address.
      if (!each.isIpv6() && each.prefixBits() < 31) {
        int host = ~IpAddress.ipv4Mask(each.prefixBits());
        if ((address | host) == address && ((address ^ (int) each.low()) & ~host) == 0) {
          return true;
        }
      }
    }
    return false;
  }

  /// Whether it is on our link by the prefix of one of our addresses.
  public boolean isOnLink(boolean ipv6, long high, long low) {
    for (Route route : routes) {
      if (!route.hasGateway() && route.matches(ipv6, high, low)) {
        return true;
      }
    }
    return ipv6 && IpAddress.isIpv6LinkLocal(high);
  }

  /// The way to an address, by the longest prefix; `null` when there is none.
  @Nullable
  Route route(boolean ipv6, long high, long low) {
    for (Route route : routes) {
      if (route.matches(ipv6, high, low)) {
        return route;
      }
    }
    return null;
  }

  /// Our address to send from, RFC 6724 §5 in short: of the scope of the destination, then with the
  /// longest common prefix with it or its gateway. `null` when there is none of the family.
  public @Nullable LocalAddress source(boolean ipv6, long high, long low) {
    Route route = route(ipv6, high, low);
    boolean byGateway = route != null && route.hasGateway();
    long towardHigh = byGateway && route != null ? route.gatewayHigh() : high;
    long towardLow = byGateway && route != null ? route.gatewayLow() : low;
    boolean linkScope = ipv6 && IpAddress.isIpv6LinkLocal(high);
    LocalAddress best = null;
    int bestRank = -1;
    for (LocalAddress each : addresses) {
      if (each.isIpv6() != ipv6 || each.isDuplicate()) {
        continue;
      }
      int rank =
          Route.commonBits(ipv6, each.high(), each.low(), towardHigh, towardLow)
              + (ipv6 && IpAddress.isIpv6LinkLocal(each.high()) == linkScope ? 256 : 0);
      if (rank > bestRank) {
        bestRank = rank;
        best = each;
      }
    }
    return best;
  }
}
