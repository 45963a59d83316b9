package dev.demikv.kvserver.engine;

import static dev.demikv.kvserver.memory.PageMemory.HUGE_PAGE_BYTES;

import dev.demikv.libos.lang.Nullable;
import java.util.function.ObjLongConsumer;

/// The engine that keeps everything in memory, outside the Java heap.
///
/// Each database is a [Keyspace]: cells in a [SlabHeap], found through a [HashIndex], an
/// [OrderedIndex] and an [ExpiryIndex], all over one [ChunkPool]. What could take long is done in
/// pieces: tables grow by a bucket per insertion, a cleared database is moved aside and its memory
/// given back by [#housekeep], a snapshot walks in steps. On the Java heap there is a table of a
/// few integers per 32 KiB.
///
/// The limit bounds the bytes of objects as rounded to their sizes, indexes included. What the
/// process takes is more by fragmentation, see the counters, and is bounded by [ChunkPool]. The
/// expiry index and freeing never fail because of the limit.
public final class MemoryEngine implements Engine {
  /// About what giving a huge page back takes.
  private static final int MICROS_PER_HUGE_PAGE = 25;

  private static final int EPOCHS = CellLayout.EPOCH_MASK + 1;

  private final ChunkPool pool;
  private final KeyHash keyHash;
  private final Keyspace[] keyspaces;
  private final Graveyard graveyard = new Graveyard();
  private @Nullable MemorySnapshot snapshot;

  /// A snapshot that has ended but still has cells to free.
  private @Nullable MemorySnapshot draining;

  private int epoch;

  /// Snapshots since the last complete one, which gave all cells one epoch.
  private int abandonedCount;

  private long refusedCount;
  private boolean closed;

  /// Makes an empty engine.
  ///
  /// @param databases how many, ≥ 1
  /// @param limitBytes see [#limitBytes]
  /// @param seed of the hash of keys; random in production, so that clients cannot make keys
  ///   collide
  public MemoryEngine(int databases, long limitBytes, long seed) {
    if (databases < 1) {
      throw new IllegalArgumentException("databases must be at least 1, not " + databases);
    }
    if (limitBytes < 0) {
      throw new IllegalArgumentException("the limit must not be negative: " + limitBytes);
    }
    pool = new ChunkPool(limitBytes);
    keyHash = new KeyHash(seed);
    keyspaces = new Keyspace[databases];
    for (int i = 0; i < databases; i++) {
      keyspaces[i] = newKeyspace();
    }
  }

  @Override
  public String name() {
    return "memory";
  }

  @Override
  public int databases() {
    return keyspaces.length;
  }

  @Override
  public int get(int db, Slice key, Entry out) {
    return keyspaces[db].get(key, out);
  }

  @Override
  public void prefetch(int db, Slice[] keys, int count) {
    keyspaces[db].prefetch(keys, count);
  }

  @Override
  public int put(int db, Slice key, int type, Slice value, long expireAtMillis) {
    assert (type & ~CellLayout.TYPE_MASK) == 0 : "type " + type;
    int status = keyspaces[db].put(key, type, value, expireAtMillis);
    while (status == NO_MEMORY && reclaim()) {
      status = keyspaces[db].put(key, type, value, expireAtMillis);
    }
    if (status == NO_MEMORY) {
      refusedCount++;
    }
    return status;
  }

  @Override
  public int patch(int db, Slice key, int offset, Slice bytes) {
    int status = keyspaces[db].patch(key, offset, bytes);
    while (status == NO_MEMORY && reclaim()) {
      status = keyspaces[db].patch(key, offset, bytes);
    }
    if (status == NO_MEMORY) {
      refusedCount++;
    }
    return status;
  }

  @Override
  public int expire(int db, Slice key, long expireAtMillis) {
    return keyspaces[db].expire(key, expireAtMillis);
  }

  @Override
  public int delete(int db, Slice key) {
    return keyspaces[db].delete(key);
  }

  @Override
  public long size(int db) {
    return keyspaces[db].size();
  }

  @Override
  public long expiring(int db) {
    return keyspaces[db].expiring();
  }

  @Override
  public void clear(int db) {
    Keyspace old = keyspaces[db];
    if (old.size() == 0) {
      return;
    }
    keyspaces[db] = newKeyspace();
    if (snapshot != null && snapshot.holds(old)) {
      snapshot.adopt(old);
    } else if (draining != null && draining.holds(old)) {
      draining.adopt(old);
    } else {
      graveyard.bury(old);
      reclaim();
    }
  }

  @Override
  public void swap(int a, int b) {
    Keyspace was = keyspaces[a];
    keyspaces[a] = keyspaces[b];
    keyspaces[b] = was;
  }

  @Override
  public long scan(int db, long cursor, int buckets, EntryVisitor visitor) {
    return keyspaces[db].scan(cursor, buckets, visitor);
  }

  @Override
  public void range(int db, Slice from, EntryVisitor visitor) {
    keyspaces[db].range(from, visitor);
  }

  @Override
  public void rangeReverse(int db, Slice from, EntryVisitor visitor) {
    keyspaces[db].rangeReverse(from, visitor);
  }

  @Override
  public int random(int db, long random, Entry out) {
    return keyspaces[db].random(random, out);
  }

  @Override
  public void due(int db, long nowMillis, int most, EntryVisitor visitor) {
    keyspaces[db].due(nowMillis, most, visitor);
  }

  @Override
  public boolean housekeep(int budget) {
    if (draining != null) {
      drain(budget);
    } else if (!graveyard.isEmpty()) {
      graveyard.release(budget);
    }
    boolean unmapping =
        pool.unmapSome(Math.max(1, budget / MICROS_PER_HUGE_PAGE) * HUGE_PAGE_BYTES);
    return unmapping || draining != null || !graveyard.isEmpty();
  }

  @Override
  public Snapshot snapshot() {
    if (snapshot != null) {
      throw new IllegalStateException("a snapshot is under way");
    }
    while (draining != null) {
      drain(Integer.MAX_VALUE);
    }
    // Cells keep the epoch of the last snapshot that reached them: it must not come round again.
    if (abandonedCount == EPOCHS - 2) {
      throw new IllegalStateException(abandonedCount + " snapshots in a row were abandoned");
    }
    epoch = (epoch + 1) & CellLayout.EPOCH_MASK;
    MemorySnapshot begun = new MemorySnapshot(this, pool, keyspaces.clone(), epoch);
    snapshot = begun;
    return begun;
  }

  @Override
  public long usedBytes() {
    return pool.usedBytes();
  }

  @Override
  public long limitBytes() {
    return pool.limitBytes();
  }

  @Override
  public void setLimitBytes(long bytes) {
    pool.setLimitBytes(bytes);
  }

  @Override
  public void counters(ObjLongConsumer<String> visitor) {
    long entries = 0;
    long expiring = 0;
    long hashBytes = 0;
    long orderedBytes = 0;
    long expiryBytes = 0;
    for (Keyspace keyspace : keyspaces) {
      entries += keyspace.size();
      expiring += keyspace.expiring();
      hashBytes += keyspace.hash().bucketBytes();
      orderedBytes += keyspace.orderedBytes();
      expiryBytes += keyspace.expiryBytes();
    }
    long used = pool.usedBytes();
    visitor.accept("entries", entries);
    visitor.accept("expiring", expiring);
    visitor.accept("used_bytes", used);
    visitor.accept("limit_bytes", pool.limitBytes());
    visitor.accept("reserved_bytes", pool.reservedBytes());
    visitor.accept("fragmentation_permille", used == 0 ? 0 : pool.reservedBytes() * 1000 / used);
    visitor.accept("chunks", pool.chunksInUse());
    visitor.accept("huge_objects", pool.hugeCount());
    visitor.accept("free_pages", pool.freePageCount());
    visitor.accept("hash_bucket_bytes", hashBytes);
    visitor.accept("ordered_index_bytes", orderedBytes);
    visitor.accept("expiry_index_bytes", expiryBytes);
    visitor.accept(
        "index_bytes_per_entry",
        entries == 0 ? 0 : (hashBytes + orderedBytes + expiryBytes) / entries);
    visitor.accept("refused_writes", refusedCount);
    visitor.accept("snapshot_pending_bytes", snapshot == null ? 0 : snapshot.pendingBytes());
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      pool.close();
    }
  }

  /// A snapshot is closed, complete or not.
  void end(MemorySnapshot ended) {
    if (closed) {
      return;
    }
    abandonedCount = ended.isComplete() ? 0 : abandonedCount + 1;
    detach(ended);
    snapshot = null;
    draining = ended;
    drain(Keyspace.RELEASE_STEP);
  }

  /// Nothing need be kept for a snapshot any more.
  void detach(MemorySnapshot ended) {
    for (Keyspace keyspace : ended.keyspaces()) {
      keyspace.leave();
    }
  }

  private void drain(int most) {
    MemorySnapshot ended = draining;
    if (ended != null && !ended.drain(most)) {
      ended.bury(graveyard);
      draining = null;
    }
  }

  /// Gives some memory of what was cleared back at once; false if there is none.
  private boolean reclaim() {
    return graveyard.release(4 * Keyspace.RELEASE_STEP) > 0;
  }

  private Keyspace newKeyspace() {
    return new Keyspace(pool, keyHash, epoch);
  }
}
