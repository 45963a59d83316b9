package dev.demikv.kvserver.engine;

import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.MemorySegment;

/// The content of one database: cells in a heap of their own, and three indexes over them.
///
/// A value is in its cell if there is room, otherwise in a block of its own, so that a cell never
/// moves. When a snapshot is under way, a cell that belongs to it is copied aside before its first
/// change, or handed over itself when it is deleted; a block is not copied but shared until one of
/// the two no longer needs it.
final class Keyspace {
  /// Pages given up per step when a keyspace ends.
  static final int RELEASE_STEP = 64;

  /// What the indexes may need for one more entry, so that it is refused before anything is done.
  private static final long INDEX_BYTES_PER_INSERT =
      2 * (OrderedNode.LEAF_BYTES + OrderedNode.INNER_BYTES);

  private static final int RANDOM_TRIES_MAX = 64;
  private static final int RANDOM_SLOTS = 16;
  private static final int MIB = 1 << 20;

  private final ChunkPool pool;
  private final KeyHash keyHash;
  private final SlabHeap heap;
  private final HashIndex hash;
  private final OrderedIndex ordered;
  private final ExpiryIndex expiry;
  private final Entry visited = new Entry();
  private final long[] prefetched = new long[Engine.PREFETCH_KEYS_MAX];

  /// Stamp of cells that do not belong to the snapshot under way, or have been handed to it.
  private int epoch;

  private @Nullable MemorySnapshot snapshot;
  private int snapshotIndex;

  Keyspace(ChunkPool pool, KeyHash keyHash, int epoch) {
    this.pool = pool;
    this.keyHash = keyHash;
    this.epoch = epoch;
    this.heap = new SlabHeap(pool);
    this.hash = new HashIndex(pool, heap);
    this.ordered = new OrderedIndex(pool, heap);
    this.expiry = new ExpiryIndex(pool, heap);
  }

  long size() {
    return hash.size();
  }

  int expiring() {
    return expiry.count();
  }

  HashIndex hash() {
    return hash;
  }

  long orderedBytes() {
    return ordered.bytes();
  }

  long expiryBytes() {
    return expiry.bytes();
  }

  int get(Slice key, Entry out) {
    long cell = hash.find(keyHash.of(key), key);
    if (cell == 0) {
      return Engine.ABSENT;
    }
    fill(cell, out);
    return Engine.OK;
  }

  void prefetch(Slice[] keys, int count) {
    for (int i = 0; i < count; i++) {
      prefetched[i] = keyHash.of(keys[i]);
    }
    hash.prefetch(prefetched, count);
  }

  int put(Slice key, int type, Slice value, long expireAtMillis) {
    long keyBits = keyHash.of(key);
    long cell = hash.find(keyBits, key);
    return cell == 0
        ? insert(keyBits, key, type, value, expireAtMillis)
        : overwrite(cell, type, value, expireAtMillis);
  }

  int patch(Slice key, int at, Slice bytes) {
    long cell = hash.find(keyHash.of(key), key);
    if (cell == 0) {
      return Engine.ABSENT;
    }
    if (bytes.length() == 0) {
      return Engine.OK;
    }
    if (!keepAside(cell, true)) {
      return Engine.NO_MEMORY;
    }
    MemorySegment memory = pool.segment(cell);
    long offset = ChunkPool.offset(cell);
    int oldLength = CellLayout.valueLength(memory, offset);
    int length = Math.max(oldLength, Math.addExact(at, bytes.length()));
    int meta = CellLayout.meta(memory, offset);
    long place = offset + CellLayout.KEY + CellLayout.keyLength(memory, offset);
    boolean external = (meta & CellLayout.EXTERNAL) != 0;
    long block = external ? memory.get(Bytes.I64, place) : 0;
    MemorySegment from = external ? pool.segment(block) : memory;
    long fromOffset = external ? ChunkPool.offset(block) : place;
    long room =
        !external
            ? roomInCell(cell, memory, offset)
            : (meta & CellLayout.SHARED) == 0 ? heap.capacity(block) : 0;
    if (length > room) {
      long grown = newBlock(grown(length), length, external ? room : 0);
      if (grown == 0) {
        return Engine.NO_MEMORY;
      }
      MemorySegment.copy(from, fromOffset, pool.segment(grown), ChunkPool.offset(grown), oldLength);
      from = pool.segment(grown);
      fromOffset = ChunkPool.offset(grown);
      if (!heap.isHuge(grown)) {
        pad(from, fromOffset, oldLength, at);
      }
      MemorySegment.copy(bytes.memory(), bytes.offset(), from, fromOffset + at, bytes.length());
      freeBlock(memory, offset);
      memory.set(Bytes.I64, place, grown);
      CellLayout.setMeta(memory, offset, meta & ~CellLayout.SHARED | CellLayout.EXTERNAL);
    } else {
      pad(from, fromOffset, oldLength, at);
      MemorySegment.copy(bytes.memory(), bytes.offset(), from, fromOffset + at, bytes.length());
    }
    memory.set(Bytes.I32, offset + CellLayout.VALUE_LENGTH, length);
    return Engine.OK;
  }

  int expire(Slice key, long expireAtMillis) {
    long cell = hash.find(keyHash.of(key), key);
    if (cell == 0) {
      return Engine.ABSENT;
    }
    int place = CellLayout.expiryPlace(pool.segment(cell), ChunkPool.offset(cell));
    if (place == 0 && expireAtMillis == Engine.NO_EXPIRY) {
      return Engine.OK;
    }
    // Kept aside first, as that takes pages too.
    keepAside(cell, false);
    if (place == 0 && !pool.ready()) {
      return Engine.NO_MEMORY;
    }
    setExpiry(cell, expireAtMillis);
    return Engine.OK;
  }

  int delete(Slice key) {
    long cell = hash.find(keyHash.of(key), key);
    if (cell == 0) {
      return Engine.ABSENT;
    }
    long expireAtMillis = expireAtMillis(cell);
    setExpiry(cell, Engine.NO_EXPIRY);
    hash.remove();
    ordered.remove(cell);
    if (snapshot != null && isOld(cell)) {
      if (snapshot.canKeep()) {
        snapshot.keep(snapshotIndex, cell, expireAtMillis);
        return Engine.OK;
      }
      snapshot.fail();
    }
    freeCell(cell);
    return Engine.OK;
  }

  long scan(long from, int buckets, EntryVisitor visitor) {
    long cursor = from;
    boolean goOn = true;
    for (int i = 0; i < buckets && goOn; i++) {
      int count = hash.gatherAt(cursor);
      cursor = hash.cursorAfter(cursor);
      for (int j = 0; j < count; j++) {
        fill(hash.gathered(j), visited);
        goOn &= visitor.visit(visited);
      }
      goOn &= cursor != 0;
    }
    return cursor;
  }

  void range(Slice from, EntryVisitor visitor) {
    for (ordered.seek(from); ordered.cell() != 0; ordered.next()) {
      fill(ordered.cell(), visited);
      if (!visitor.visit(visited)) {
        return;
      }
    }
  }

  void rangeReverse(Slice from, EntryVisitor visitor) {
    if (from.length() == 0) {
      ordered.seekLast();
    } else {
      ordered.seekBack(from);
    }
    for (; ordered.cell() != 0; ordered.previous()) {
      fill(ordered.cell(), visited);
      if (!visitor.visit(visited)) {
        return;
      }
    }
  }

  /// Picks a place in a bucket at random until there is an entry in it: all entries are alike but
  /// for those at the end of a very long chain.
  int random(long random, Entry out) {
    if (hash.size() == 0) {
      return Engine.ABSENT;
    }
    long bits = random;
    int bucket = 0;
    for (int i = 0; i < RANDOM_TRIES_MAX; i++) {
      bits = KeyHash.scramble(bits + 1);
      bucket = (int) Math.unsignedMultiplyHigh(bits, hash.bucketCount());
      int index = (int) (bits & (RANDOM_SLOTS - 1));
      if (index < hash.gatherBucket(bucket)) {
        fill(hash.gathered(index), out);
        return Engine.OK;
      }
    }
    while (hash.gatherBucket(bucket) == 0) {
      bucket = (bucket + 1) % hash.bucketCount();
    }
    fill(hash.gathered(0), out);
    return Engine.OK;
  }

  void due(long nowMillis, int most, EntryVisitor visitor) {
    int count = expiry.due(nowMillis, most);
    for (int i = 0; i < count; i++) {
      fill(expiry.dueCell(i), visited);
      if (!visitor.visit(visited)) {
        return;
      }
    }
  }

  /// Makes all cells of now belong to a snapshot.
  void join(MemorySnapshot joined, int index, int newEpoch) {
    snapshot = joined;
    snapshotIndex = index;
    epoch = newEpoch;
  }

  /// Ends being part of a snapshot: nothing is kept aside any more.
  void leave() {
    snapshot = null;
  }

  /// Whether a cell belongs to the snapshot and has not been handed to it.
  boolean isOld(long cell) {
    return CellLayout.meta(pool.segment(cell), ChunkPool.offset(cell)) >>> CellLayout.EPOCH_SHIFT
        != epoch;
  }

  /// Marks a cell as handed to the snapshot.
  void stamp(long cell) {
    MemorySegment memory = pool.segment(cell);
    long offset = ChunkPool.offset(cell);
    int low = CellLayout.meta(memory, offset) & ((1 << CellLayout.EPOCH_SHIFT) - 1);
    CellLayout.setMeta(memory, offset, epoch << CellLayout.EPOCH_SHIFT | low);
  }

  /// Bytes of a kept cell and its block.
  long keptBytes(long cell) {
    MemorySegment memory = pool.segment(cell);
    long offset = ChunkPool.offset(cell);
    long block = block(memory, offset);
    return heap.capacity(cell) + (block == 0 ? 0 : heap.capacity(block));
  }

  /// Frees a cell that was kept for a snapshot, and its block unless the entry still has that.
  void freeKept(long cell, Slice key) {
    MemorySegment memory = pool.segment(cell);
    long offset = ChunkPool.offset(cell);
    if ((CellLayout.meta(memory, offset) & CellLayout.SHARED) != 0) {
      long block = block(memory, offset);
      long live = hash.find(keyHash.of(key), key);
      MemorySegment liveMemory = pool.segment(live);
      long liveOffset = ChunkPool.offset(live);
      if (live != 0 && block(liveMemory, liveOffset) == block) {
        int meta = CellLayout.meta(liveMemory, liveOffset);
        CellLayout.setMeta(liveMemory, liveOffset, meta & ~CellLayout.SHARED);
      } else {
        heap.free(block);
      }
      heap.free(cell);
    } else {
      freeCell(cell);
    }
  }

  /// Gives memory of a keyspace that has ended back.
  ///
  /// @return spans given back; fewer than asked for means that nothing is left
  int release(int spansMax) {
    return heap.release(spansMax);
  }

  /// Fills a view of a cell of this keyspace.
  void fill(long cell, Entry out) {
    MemorySegment memory = pool.segment(cell);
    long offset = ChunkPool.offset(cell);
    int valueLength = CellLayout.valueLength(memory, offset);
    int keyLength = CellLayout.keyLength(memory, offset);
    int place = CellLayout.expiryPlace(memory, offset);
    int meta = CellLayout.meta(memory, offset);
    long valueOffset = offset + CellLayout.KEY + keyLength;
    out.key.set(memory, offset + CellLayout.KEY, keyLength);
    if ((meta & CellLayout.EXTERNAL) == 0) {
      out.value.set(memory, valueOffset, valueLength);
    } else {
      long block = memory.get(Bytes.I64, valueOffset);
      out.value.set(pool.segment(block), ChunkPool.offset(block), valueLength);
    }
    out.type = meta & CellLayout.TYPE_MASK;
    out.expireAtMillis = place == 0 ? Engine.NO_EXPIRY : expiry.timeAt(place);
  }

  private int insert(long keyBits, Slice key, int type, Slice value, long expireAtMillis) {
    int keyLength = key.length();
    int valueLength = value.length();
    boolean external = valueLength > CellLayout.INLINE_VALUE_BYTES_MAX;
    long cellBytes = CellLayout.bytes(keyLength, external ? 0 : valueLength);
    long wanted =
        SlabHeap.rounded(cellBytes)
            + (external ? SlabHeap.rounded(valueLength) : 0)
            + INDEX_BYTES_PER_INSERT;
    if (!pool.admits(wanted)) {
      return Engine.NO_MEMORY;
    }
    long cell = heap.allocate(cellBytes);
    if (cell == 0) {
      return Engine.NO_MEMORY;
    }
    MemorySegment memory = pool.segment(cell);
    long offset = ChunkPool.offset(cell);
    memory.set(Bytes.I32, offset + CellLayout.VALUE_LENGTH, valueLength);
    memory.set(Bytes.I32, offset + CellLayout.KEY_LENGTH, keyLength);
    CellLayout.setExpiryPlace(memory, offset, 0);
    CellLayout.setMeta(memory, offset, epoch << CellLayout.EPOCH_SHIFT | type);
    MemorySegment.copy(key.memory(), key.offset(), memory, offset + CellLayout.KEY, keyLength);
    long place = offset + CellLayout.KEY + keyLength;
    if (!external) {
      MemorySegment.copy(value.memory(), value.offset(), memory, place, valueLength);
    } else {
      long block = heap.allocate(valueLength);
      if (block == 0) {
        heap.free(cell);
        return Engine.NO_MEMORY;
      }
      store(value, block);
      memory.set(Bytes.I64, place, block);
      CellLayout.setMeta(
          memory, offset, epoch << CellLayout.EPOCH_SHIFT | CellLayout.EXTERNAL | type);
    }
    if (!pool.ready() || !ordered.insert(cell)) {
      freeCell(cell);
      return Engine.NO_MEMORY;
    }
    hash.insert(keyBits, cell, key);
    if (expireAtMillis != Engine.NO_EXPIRY && expireAtMillis != Engine.KEEP_EXPIRY) {
      expiry.add(cell, expireAtMillis);
    }
    return Engine.OK;
  }

  private int overwrite(long cell, int type, Slice value, long expireAtMillis) {
    MemorySegment memory = pool.segment(cell);
    long offset = ChunkPool.offset(cell);
    boolean setsExpiry = expireAtMillis != Engine.KEEP_EXPIRY;
    if (setsExpiry
        && expireAtMillis != Engine.NO_EXPIRY
        && CellLayout.expiryPlace(memory, offset) == 0
        && !pool.ready()) {
      return Engine.NO_MEMORY;
    }
    if (!keepAside(cell, true)) {
      return Engine.NO_MEMORY;
    }
    int length = value.length();
    int meta = CellLayout.meta(memory, offset);
    long place = offset + CellLayout.KEY + CellLayout.keyLength(memory, offset);
    if (length <= roomInCell(cell, memory, offset)) {
      // The value may be a part of the old one, even of the block freed next.
      long block = block(memory, offset);
      MemorySegment.copy(value.memory(), value.offset(), memory, place, length);
      if (block != 0 && (meta & CellLayout.SHARED) == 0) {
        heap.free(block);
      }
      meta &= ~(CellLayout.EXTERNAL | CellLayout.SHARED);
    } else {
      long block = block(memory, offset);
      long room = block == 0 || (meta & CellLayout.SHARED) != 0 ? 0 : heap.capacity(block);
      if (length <= room && length >= room / 2) {
        store(value, block);
      } else {
        long made = newBlock(length, length, room);
        if (made == 0) {
          return Engine.NO_MEMORY;
        }
        store(value, made);
        freeBlock(memory, offset);
        memory.set(Bytes.I64, place, made);
        meta = meta & ~CellLayout.SHARED | CellLayout.EXTERNAL;
      }
    }
    memory.set(Bytes.I32, offset + CellLayout.VALUE_LENGTH, length);
    CellLayout.setMeta(memory, offset, meta & ~CellLayout.TYPE_MASK | type);
    if (setsExpiry) {
      setExpiry(cell, expireAtMillis);
    }
    return Engine.OK;
  }

  /// Keeps a copy of a cell for the snapshot if it belongs to it. Call before a change.
  ///
  /// @param limited whether the limit of memory holds; if not, the snapshot fails rather than the
  ///   change
  /// @return false if the change must be refused
  private boolean keepAside(long cell, boolean limited) {
    if (snapshot == null || !isOld(cell)) {
      return true;
    }
    MemorySegment memory = pool.segment(cell);
    long offset = ChunkPool.offset(cell);
    int meta = CellLayout.meta(memory, offset);
    boolean external = (meta & CellLayout.EXTERNAL) != 0;
    int keyLength = CellLayout.keyLength(memory, offset);
    long bytes =
        CellLayout.bytes(keyLength, external ? Long.BYTES : CellLayout.valueLength(memory, offset));
    if (limited && !pool.admits(SlabHeap.rounded(bytes))) {
      return false;
    }
    long copy = heap.allocate(bytes);
    if (copy == 0 || !snapshot.canKeep()) {
      if (copy != 0) {
        heap.free(copy);
      }
      if (limited) {
        return false;
      }
      snapshot.fail();
      return true;
    }
    if (external) {
      CellLayout.setMeta(memory, offset, meta | CellLayout.SHARED);
    }
    MemorySegment.copy(memory, offset, pool.segment(copy), ChunkPool.offset(copy), bytes);
    CellLayout.setExpiryPlace(pool.segment(copy), ChunkPool.offset(copy), 0);
    snapshot.keep(snapshotIndex, copy, expireAtMillis(cell));
    stamp(cell);
    return true;
  }

  /// Keeps a copy of an unchanged cell for the snapshot, which shares its block; fails the snapshot
  /// if there is no memory for the copy.
  void keepForSnapshot(long cell) {
    keepAside(cell, false);
  }

  private long expireAtMillis(long cell) {
    int place = CellLayout.expiryPlace(pool.segment(cell), ChunkPool.offset(cell));
    return place == 0 ? Engine.NO_EXPIRY : expiry.timeAt(place);
  }

  private void setExpiry(long cell, long atMillis) {
    int place = CellLayout.expiryPlace(pool.segment(cell), ChunkPool.offset(cell));
    if (atMillis == Engine.NO_EXPIRY) {
      if (place != 0) {
        expiry.remove(place);
      }
    } else if (place == 0) {
      expiry.add(cell, atMillis);
    } else {
      expiry.update(place, atMillis);
    }
  }

  private long roomInCell(long cell, MemorySegment memory, long offset) {
    return heap.capacity(cell) - CellLayout.KEY - CellLayout.keyLength(memory, offset);
  }

  /// The block of a cell's value, 0 if the value is in the cell.
  private static long block(MemorySegment memory, long offset) {
    return (CellLayout.meta(memory, offset) & CellLayout.EXTERNAL) == 0
        ? 0
        : memory.get(Bytes.I64, offset + CellLayout.KEY + CellLayout.keyLength(memory, offset));
  }

  /// Makes a block in place of one of `replacedBytes`, of the wanted size or at least of the
  /// needed.
  private long newBlock(long wanted, long needed, long replacedBytes) {
    long bytes = pool.admits(SlabHeap.rounded(wanted) - replacedBytes) ? wanted : needed;
    return pool.admits(SlabHeap.rounded(bytes) - replacedBytes) ? heap.allocate(bytes) : 0;
  }

  /// Frees the block of a cell's value, if it has one of its own.
  private void freeBlock(MemorySegment memory, long offset) {
    long block = block(memory, offset);
    if (block != 0 && (CellLayout.meta(memory, offset) & CellLayout.SHARED) == 0) {
      heap.free(block);
    }
  }

  private void freeCell(long cell) {
    freeBlock(pool.segment(cell), ChunkPool.offset(cell));
    heap.free(cell);
  }

  private void store(Slice value, long block) {
    MemorySegment.copy(
        value.memory(),
        value.offset(),
        pool.segment(block),
        ChunkPool.offset(block),
        value.length());
  }

  /// Room for a value that grows by pieces: by a half, above a mebibyte by a quarter.
  private static long grown(int length) {
    return Math.min((long) length + (length < MIB ? length / 2 : length / 4), Integer.MAX_VALUE);
  }

  private static void pad(MemorySegment memory, long base, int from, int to) {
    if (from < to) {
      memory.asSlice(base + from, to - from).fill((byte) 0);
    }
  }
}
