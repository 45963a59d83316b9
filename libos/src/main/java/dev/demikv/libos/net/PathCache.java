package dev.demikv.libos.net;

import dev.demikv.libos.lang.Nullable;

/// Ways to destinations of late, for those who send without a connection. A bounded table of two
/// places per destination; only a destination that is not in it costs an allocation.
public final class PathCache {
  private static final int SETS = 512;

  private final PacketOutput output;
  private final RouteTable routes;
  private final @Nullable NetworkPath[] paths = new NetworkPath[2 * SETS];
  private final long hashKey;

  PathCache(PacketOutput output, RouteTable routes, long hashKey) {
    this.output = output;
    this.routes = routes;
    this.hashKey = hashKey;
  }

  /// The way from one of our addresses; see [PacketOutput#path].
  ///
  /// @param localLow our address, not zeros
  public @Nullable NetworkPath path(
      boolean ipv6, long localHigh, long localLow, long remoteHigh, long remoteLow) {
    long z = remoteHigh * 0x9e37_79b9_7f4a_7c15L ^ remoteLow ^ localLow << 17 ^ hashKey;
    int at = (int) (z * 0xbf58_476d_1ce4_e5b9L >>> 55) * 2;
    NetworkPath first = paths[at];
    if (first != null && leads(first, ipv6, localHigh, localLow, remoteHigh, remoteLow)) {
      return first;
    }
    NetworkPath second = paths[at + 1];
    NetworkPath found =
        second != null && leads(second, ipv6, localHigh, localLow, remoteHigh, remoteLow)
            ? second
            : output.path(ipv6, localHigh, localLow, remoteHigh, remoteLow);
    if (found != null) {
      paths[at + 1] = first;
      paths[at] = found;
    }
    return found;
  }

  /// The way from the address of ours that the route chooses.
  public @Nullable NetworkPath pathFromAny(boolean ipv6, long remoteHigh, long remoteLow) {
    if (routes.isLocal(ipv6, remoteHigh, remoteLow)) {
      return path(ipv6, remoteHigh, remoteLow, remoteHigh, remoteLow);
    }
    LocalAddress from = routes.source(ipv6, remoteHigh, remoteLow);
    return from == null ? null : path(ipv6, from.high(), from.low(), remoteHigh, remoteLow);
  }

  private static boolean leads(
      NetworkPath path,
      boolean ipv6,
      long localHigh,
      long localLow,
      long remoteHigh,
      long remoteLow) {
    return path.isIpv6() == ipv6
        && path.remoteLow() == remoteLow
        && path.remoteHigh() == remoteHigh
        && path.localLow() == localLow
        && path.localHigh() == localHigh;
  }
}
