package dev.demikv.libos.net.tcp;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.net.Packet;

/// The listeners by port.
final class ListenerTable {
  private static final int BUCKETS = 256;

  private final @Nullable TcpListener[] buckets = new @Nullable TcpListener[BUCKETS];
  private final int listenersMax;
  private int count;

  ListenerTable(int listenersMax) {
    this.listenersMax = listenersMax;
  }

  boolean isFull() {
    return count == listenersMax;
  }

  int count() {
    return count;
  }

  void add(TcpListener listener) {
    int at = listener.localPort() & BUCKETS - 1;
    listener.next = buckets[at];
    buckets[at] = listener;
    count++;
  }

  void remove(TcpListener listener) {
    int at = listener.localPort() & BUCKETS - 1;
    TcpListener before = null;
    for (TcpListener l = buckets[at]; l != null; before = l, l = l.next) {
      if (l == listener) {
        if (before == null) {
          buckets[at] = l.next;
        } else {
          before.next = l.next;
        }
        l.next = null;
        count--;
        return;
      }
    }
  }

  /// The listener that a packet is for: the one with its address before a wildcard, one of its
  /// family before a dual-stack one.
  @Nullable
  TcpListener find(Packet p, int port) {
    TcpListener best = null;
    int bestRank = 0;
    for (TcpListener l = buckets[port & BUCKETS - 1]; l != null; l = l.next) {
      int rank = l.localPort() == port ? rank(l, p) : 0;
      if (rank > bestRank) {
        best = l;
        bestRank = rank;
      }
    }
    return best;
  }

  private static int rank(TcpListener l, Packet p) {
    if (l.isWildcard()) {
      return l.isIpv6() == p.isIpv6() ? 2 : l.isDualStack() ? 1 : 0;
    }
    boolean same =
        l.isIpv6() == p.isIpv6()
            && l.localLow() == p.destinationLow()
            && l.localHigh() == p.destinationHigh();
    return same ? 3 : 0;
  }

  /// Whether a listener on these would take what another one takes.
  boolean conflicts(boolean ipv6, boolean dualStack, long high, long low, int port) {
    boolean wildcard = high == 0 && low == 0;
    for (TcpListener l = buckets[port & BUCKETS - 1]; l != null; l = l.next) {
      if (l.localPort() != port) {
        continue;
      }
      boolean families =
          l.isIpv6() == ipv6
              || l.isIpv6() && l.isDualStack() && l.isWildcard()
              || ipv6 && dualStack && wildcard;
      boolean addresses =
          wildcard || l.isWildcard() || l.localHigh() == high && l.localLow() == low;
      if (families && addresses) {
        return true;
      }
    }
    return false;
  }

  /// Any listener, or `null`: for closing all.
  @Nullable
  TcpListener any() {
    for (TcpListener l : buckets) {
      if (l != null) {
        return l;
      }
    }
    return null;
  }
}
