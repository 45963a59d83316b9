package dev.demikv.libos.net.arp;

import dev.demikv.libos.lang.Nullable;

/// A neighbour on the link, as far as is known. An entry of [NeighborCache], used again for others:
/// who keeps one compares its [#generation].
public final class Neighbor {
  /// What is known of a neighbour, RFC 4861 §7.3.2 in short.
  public enum State {
    /// The entry is free.
    FREE,
    /// Just entered: nothing was sent to it yet.
    NEW,
    /// Asked for; packets wait.
    INCOMPLETE,
    /// Confirmed a short time ago.
    REACHABLE,
    /// Confirmed once; it is used, and its use starts a probe.
    STALE,
    /// In use and being asked by unicast whether it is still there.
    PROBE,
    /// It did not answer: packets are refused for a while.
    FAILED,
    /// Configured: always right.
    STATIC
  }

  State state = State.FREE;
  boolean ipv6;
  long high;
  long low;
  long mac;
  int attempts;
  int generation;
  long deadlineNanos;
  long confirmedNanos;
  long usedNanos;

  /// When a transport protocol last saw that packets arrive. Not in `confirmedNanos`: that would
  /// lock the hardware address while a connection is busy.
  long progressNanos;

  int waitingCount;
  @Nullable WaitingPacket firstWaiting;
  @Nullable WaitingPacket lastWaiting;
  @Nullable Neighbor nextInBucket;

  Neighbor() {}

  /// What is known.
  public State state() {
    return state;
  }

  /// Whether its address is of IPv6.
  public boolean isIpv6() {
    return ipv6;
  }

  /// First eight bytes of its address.
  public long high() {
    return high;
  }

  /// Last eight bytes of its address, or the IPv4 address.
  public long low() {
    return low;
  }

  /// Its hardware address; 0 while it is not known.
  public long mac() {
    return mac;
  }

  /// Requests without an answer so far.
  public int attempts() {
    return attempts;
  }

  /// Changes when the entry is given to another neighbour.
  public int generation() {
    return generation;
  }

  /// Packets that wait for the hardware address.
  public int waitingCount() {
    return waitingCount;
  }

  /// A transport protocol saw that packets which were sent to it arrive.
  public void confirm(long nowNanos) {
    progressNanos = nowNanos;
  }

  /// Whether packets can be sent to it now.
  boolean isUsable() {
    return switch (state) {
      case REACHABLE, STALE, PROBE, STATIC -> true;
      case FREE, NEW, INCOMPLETE, FAILED -> false;
    };
  }
}
