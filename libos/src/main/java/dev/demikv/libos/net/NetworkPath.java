package dev.demikv.libos.net;

/// The way to one destination: what a transport protocol keeps per connection or per remote
/// address. Made by [PacketOutput#path]; the network layer keeps its route and the neighbour's
/// hardware address in it and renews them by itself.
public abstract class NetworkPath {
  private final boolean ipv6;
  private final long localHigh;
  private final long localLow;
  private final long remoteHigh;
  private final long remoteLow;

  /// @param localLow for IPv4, the address in the low 32 bits
  protected NetworkPath(
      boolean ipv6, long localHigh, long localLow, long remoteHigh, long remoteLow) {
    this.ipv6 = ipv6;
    this.localHigh = localHigh;
    this.localLow = localLow;
    this.remoteHigh = remoteHigh;
    this.remoteLow = remoteLow;
  }

  /// Whether it is an IPv6 path.
  public final boolean isIpv6() {
    return ipv6;
  }

  /// First eight bytes of our address; 0 for IPv4.
  public final long localHigh() {
    return localHigh;
  }

  /// Last eight bytes of our address, or the IPv4 address.
  public final long localLow() {
    return localLow;
  }

  /// First eight bytes of the remote address; 0 for IPv4.
  public final long remoteHigh() {
    return remoteHigh;
  }

  /// Last eight bytes of the remote address, or the IPv4 address.
  public final long remoteLow() {
    return remoteLow;
  }

  /// Longest packet that is known to fit the path, with its network header: the device's MTU, or
  /// less once path MTU discovery found so. May change at any time.
  public abstract int mtuBytes();

  /// A transport protocol's word that what was sent on this way arrives: an acknowledgement of new
  /// data. The neighbour need not be asked then (RFC 4861 §7.3.1, RFC 1122 §2.3.2.1).
  public void confirm(long nowNanos) {}

  /// Bytes of the network header: 20 or 40.
  public final int headerBytes() {
    return ipv6 ? 40 : 20;
  }
}
