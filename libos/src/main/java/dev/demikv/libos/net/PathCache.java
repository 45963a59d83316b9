package dev.demikv.libos.net;

import dev.demikv.libos.lang.Nullable;

/// Ways to destinations of late, for those who send without a connection and for answers to those
/// who have none yet. A bounded table of two places per destination; only a destination that is not
/// in it costs an allocation.
public final class PathCache {
  private static final int SETS = 512;

  private final PacketOutput output;
  private final @Nullable NetworkPath[] paths = new NetworkPath[2 * SETS];
  private final long hashKey;

  /// @param hashKey makes places unpredictable to peers
  public PathCache(PacketOutput output, long hashKey) {
    this.output = output;
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

  /// The way back to the sender of a packet, from the address it was sent to; `null` when there is
  /// none.
  public @Nullable NetworkPath replyTo(Packet p) {
    return path(p.isIpv6(), p.destinationHigh(), p.destinationLow(), p.sourceHigh(), p.sourceLow());
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
