package dev.demikv.libos.net.tcp;

import static java.util.Objects.requireNonNull;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.net.NetworkPath;
import dev.demikv.libos.net.Packet;
import java.util.random.RandomGenerator;

/// The connection objects, and those in use by their endpoints: open addressing with linear
/// probing, at most half full, so that a lookup is one or two comparisons.
final class ConnectionTable {
  private final TupleHash hash;
  private final @Nullable TcpConnection[] entries;
  private final int mask;
  private final @Nullable TcpConnection[] all;
  private final int[] freeSlots;
  private int freeCount;
  private int count;

  ConnectionTable(int connectionsMax, RandomGenerator random) {
    hash = new TupleHash(random);
    int size = Integer.highestOneBit(connectionsMax * 2 - 1) << 1;
    entries = new @Nullable TcpConnection[size];
    mask = size - 1;
    all = new @Nullable TcpConnection[connectionsMax];
    freeSlots = new int[connectionsMax];
    for (int i = 0; i < connectionsMax; i++) {
      freeSlots[i] = connectionsMax - 1 - i;
    }
    freeCount = connectionsMax;
  }

  /// An unused object, made when there never were as many; `null` when all are in use.
  @Nullable
  TcpConnection take(TcpShared shared) {
    if (freeCount == 0) {
      return null;
    }
    int slot = freeSlots[--freeCount];
    TcpConnection c = all[slot];
    if (c == null) {
      c = new TcpConnection(shared, slot);
      all[slot] = c;
    }
    return c;
  }

  /// Takes an object back that is in no table.
  void release(TcpConnection c) {
    freeSlots[freeCount++] = c.slot;
  }

  /// The object of a slot that was taken before.
  TcpConnection at(int slot) {
    return requireNonNull(all[slot], "slot was never taken");
  }

  /// The object of a slot, or `null` when it was never taken.
  @Nullable
  TcpConnection made(int slot) {
    return all[slot];
  }

  /// Objects in use, also those that are in no table any more.
  int takenCount() {
    return all.length - freeCount;
  }

  /// Connections in the table.
  int count() {
    return count;
  }

  int hash(NetworkPath path, int localPort, int remotePort) {
    return hash.of(
        path.localHigh(),
        path.localLow(),
        localPort,
        path.remoteHigh(),
        path.remoteLow(),
        remotePort);
  }

  int hash(Packet p, int localPort, int remotePort) {
    return hash.of(
        p.destinationHigh(),
        p.destinationLow(),
        localPort,
        p.sourceHigh(),
        p.sourceLow(),
        remotePort);
  }

  int hash(
      long localHigh, long localLow, int localPort, long remoteHigh, long remoteLow, int remote) {
    return hash.of(localHigh, localLow, localPort, remoteHigh, remoteLow, remote);
  }

  /// The connection that a packet belongs to, or `null`.
  @Nullable
  TcpConnection find(int hashCode, Packet p, int localPort, int remotePort) {
    return find(
        hashCode,
        p.destinationHigh(),
        p.destinationLow(),
        localPort,
        p.sourceHigh(),
        p.sourceLow(),
        remotePort);
  }

  @Nullable
  TcpConnection find(
      int hashCode,
      long localHigh,
      long localLow,
      int localPort,
      long remoteHigh,
      long remoteLow,
      int remotePort) {
    int at = hashCode & mask;
    for (TcpConnection c = entries[at]; c != null; c = entries[at]) {
      if (c.hash == hashCode
          && c.remotePort == remotePort
          && c.localPort == localPort
          && c.remoteLow() == remoteLow
          && c.localLow() == localLow
          && c.remoteHigh() == remoteHigh
          && c.localHigh() == localHigh) {
        return c;
      }
      at = at + 1 & mask;
    }
    return null;
  }

  void add(TcpConnection c) {
    int at = c.hash & mask;
    while (entries[at] != null) {
      at = at + 1 & mask;
    }
    entries[at] = c;
    count++;
  }

  void remove(TcpConnection c) {
    int at = c.hash & mask;
    while (entries[at] != c) {
      assert entries[at] != null : "not in the table";
      at = at + 1 & mask;
    }
    count--;
    // Moves up what would not be found across the hole.
    int hole = at;
    while (true) {
      at = at + 1 & mask;
      TcpConnection next = entries[at];
      if (next == null) {
        break;
      }
      int home = next.hash & mask;
      if ((at - home & mask) >= (at - hole & mask)) {
        entries[hole] = next;
        hole = at;
      }
    }
    entries[hole] = null;
  }
}
