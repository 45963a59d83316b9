package dev.demikv.libos.net;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.net.arp.Neighbor;

/// A way to a destination, with what is remembered of its neighbour and its MTU.
final class StackPath extends NetworkPath {
  private final PathMtuCache mtus;
  private final int linkMtuBytes;

  /// Whether it leads to ourselves.
  final boolean local;

  /// Address of the next hop.
  final long hopHigh;

  final long hopLow;

  @Nullable Neighbor neighbor;
  int neighborGeneration;
  private int mtuBytes;
  private int mtuGeneration = -1;

  StackPath(
      boolean ipv6,
      long localHigh,
      long localLow,
      long remoteHigh,
      long remoteLow,
      boolean local,
      long hopHigh,
      long hopLow,
      PathMtuCache mtus,
      int linkMtuBytes) {
    super(ipv6, localHigh, localLow, remoteHigh, remoteLow);
    this.local = local;
    this.hopHigh = hopHigh;
    this.hopLow = hopLow;
    this.mtus = mtus;
    this.linkMtuBytes = linkMtuBytes;
  }

  @Override
  public void confirm(long nowNanos) {
    Neighbor known = neighbor;
    if (known != null && known.generation() == neighborGeneration) {
      known.confirm(nowNanos);
    }
  }

  @Override
  public int mtuBytes() {
    if (local) {
      return linkMtuBytes;
    }
    if (mtuGeneration != mtus.generation()) {
      mtuGeneration = mtus.generation();
      mtuBytes = mtus.lookup(isIpv6(), remoteHigh(), remoteLow(), linkMtuBytes);
    }
    return mtuBytes;
  }
}
