package dev.demikv.libos.net.tcp;

import dev.demikv.libos.lang.Nullable;

/// The reassemblers in use, by the time at which their connections took them: when memory runs out,
/// the oldest gap gives way first, whoever made it.
final class ReassemblerList {
  private final Pool<Reassembler> pool;
  private @Nullable Reassembler oldest;
  private @Nullable Reassembler newest;

  ReassemblerList(int connectionsMax) {
    pool = new Pool<>(connectionsMax, Reassembler::new);
  }

  /// The one that is in use for the longest time.
  @Nullable
  Reassembler oldest() {
    return oldest;
  }

  /// An empty one for a connection, or `null` when all are out.
  @Nullable
  Reassembler take(TcpConnection owner) {
    Reassembler taken = pool.take();
    if (taken == null) {
      return null;
    }
    taken.owner = owner;
    taken.newer = null;
    taken.older = newest;
    if (newest == null) {
      oldest = taken;
    } else {
      newest.newer = taken;
    }
    newest = taken;
    return taken;
  }

  /// Takes one back that is empty again.
  void put(Reassembler empty) {
    if (empty.older == null) {
      oldest = empty.newer;
    } else {
      empty.older.newer = empty.newer;
    }
    if (empty.newer == null) {
      newest = empty.older;
    } else {
      empty.newer.older = empty.older;
    }
    empty.owner = null;
    empty.newer = null;
    empty.older = null;
    pool.put(empty);
  }
}
