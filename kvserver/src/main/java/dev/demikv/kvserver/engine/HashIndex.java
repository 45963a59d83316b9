package dev.demikv.kvserver.engine;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Finds cells by key: linear hashing (Litwin 1980) over buckets of one cache line.
///
/// A bucket has seven slots and the address of an overflow node of the same form. A slot is 26 bits
/// of the hash and the 38-bit address of a cell, so that a lookup touches one cache line of the
/// index and one cell. Slots of a chain are packed: the first empty one ends the search.
///
/// The table grows and shrinks by one bucket at a time, within an insertion or removal: bucket `n -
/// 2^k` is split into itself and bucket `n`, by the next bit of the hash, which the slot holds; no
/// cell is touched, nothing is ever copied whole, and there is one table at any time.
///
/// A bucket is all hashes that end in the same bits, which is an interval in the order of the
/// reversed hash. A cursor is a place in that order, which splits and merges do not change: that is
/// SCAN's guarantee, with the increment of the reversed number that Redis uses.
final class HashIndex {
  private static final int NODE_BYTES = 64;
  private static final int SLOTS = 7;
  private static final int OVERFLOW = SLOTS * Long.BYTES;

  /// Buckets never get fewer than this while there is an entry.
  private static final int BUCKETS_MIN = 16;

  /// The lowest bit of the hash in a slot: [#BUCKETS_MIN] buckets have the lower ones in common.
  private static final int TAG_FIRST_BIT = 4;

  private static final int TAG_BITS = Long.SIZE - ChunkPool.GRANULE_BITS;
  private static final int LEVEL_MAX = TAG_FIRST_BIT + TAG_BITS;

  private static final int PAGE_BUCKETS_SHIFT = 9;
  private static final int PAGE_BUCKETS = 1 << PAGE_BUCKETS_SHIFT;

  /// Entries per two buckets above which the table grows, and per bucket below which it shrinks.
  private static final int GROW_ABOVE_PER_TWO = 9;

  private static final int SHRINK_BELOW = 2;

  /// Splits or merges per change at most: enough to keep pace.
  private static final int STEPS_MAX = 2;

  private final ChunkPool pool;
  private final SlabHeap heap;
  private long[] pages = new long[1];

  /// Buckets for which there is room on the first page, which grows by doubling.
  private int firstPageBuckets;

  private int bucketCount;
  private long size;

  /// Where the last [#find] ended: the bucket, the node, and the slot (the one to fill on a miss).
  private long foundBucket;

  private long foundNode;
  private int foundSlot;

  /// Addresses of a [#prefetch].
  private final long[] ahead = new long[Engine.PREFETCH_KEYS_MAX];

  private long lastRead;

  private long[] gathered = new long[64];
  private int gatheredCount;
  private long[] nodes = new long[16];
  private int nodeCount;

  HashIndex(ChunkPool pool, SlabHeap heap) {
    this.pool = pool;
    this.heap = heap;
  }

  /// Entries.
  long size() {
    return size;
  }

  /// Buckets, without overflow nodes.
  int bucketCount() {
    return bucketCount;
  }

  /// Looks a key up and remembers where, for [#insert] and [#remove].
  ///
  /// @return address of its cell, 0 if there is none
  long find(long hash, Slice key) {
    if (bucketCount == 0) {
      return 0;
    }
    long tag = tag(hash);
    long node = bucketAddress(bucketOf(hash));
    foundBucket = node;
    while (true) {
      MemorySegment memory = pool.segment(node);
      long offset = ChunkPool.offset(node);
      for (int i = 0; i < SLOTS; i++) {
        long slot = memory.get(Bytes.I64, offset + (long) i * Long.BYTES);
        if (slot == 0) {
          foundNode = node;
          foundSlot = i;
          return 0;
        }
        if ((slot ^ tag) >>> ChunkPool.GRANULE_BITS == 0) {
          long cell = ChunkPool.unpack(slot);
          if (CellLayout.keyEquals(pool.segment(cell), ChunkPool.offset(cell), key)) {
            foundNode = node;
            foundSlot = i;
            return cell;
          }
        }
      }
      long overflow = memory.get(Bytes.I64, offset + OVERFLOW);
      if (overflow == 0) {
        foundNode = node;
        foundSlot = SLOTS;
        return 0;
      }
      node = overflow;
    }
  }

  /// Reads what [#find] will read, of many keys at a time. Each loop does one kind of read, of
  /// which none needs the outcome of another, so that the processor has many under way.
  ///
  /// @param hashes of the keys, at most [Engine#PREFETCH_KEYS_MAX]
  void prefetch(long[] hashes, int count) {
    if (bucketCount == 0) {
      return;
    }
    long read = 0;
    for (int i = 0; i < count; i++) {
      long bucket = bucketAddress(bucketOf(hashes[i]));
      ahead[i] = bucket;
      read += get(bucket, 0);
    }
    for (int i = 0; i < count; i++) {
      ahead[i] = firstCandidate(ahead[i], tag(hashes[i]));
    }
    for (int i = 0; i < count; i++) {
      long cell = ahead[i];
      if (cell != 0) {
        MemorySegment memory = pool.segment(cell);
        long offset = ChunkPool.offset(cell);
        read += memory.get(Bytes.I64, offset);
        // What is short lies in the next line at the most.
        read += memory.get(Bytes.I64, Math.min(offset + NODE_BYTES, memory.byteSize() - 8));
      }
    }
    lastRead = read;
  }

  /// The first cell in a bucket, without its overflow nodes, that may be of a key; 0 if none.
  private long firstCandidate(long bucket, long tag) {
    MemorySegment memory = pool.segment(bucket);
    long offset = ChunkPool.offset(bucket);
    for (int i = 0; i < SLOTS; i++) {
      long slot = memory.get(Bytes.I64, offset + (long) i * Long.BYTES);
      if (slot != 0 && (slot ^ tag) >>> ChunkPool.GRANULE_BITS == 0) {
        return ChunkPool.unpack(slot);
      }
    }
    return 0;
  }

  /// What the last [#prefetch] read: kept so that the reads are not left out.
  long lastRead() {
    return lastRead;
  }

  /// Adds a cell whose key the last [#find] did not find. Needs [ChunkPool#ready].
  void insert(long hash, long cell, Slice key) {
    if (bucketCount == 0) {
      begin();
      find(hash, key);
    }
    if (foundSlot == SLOTS) {
      long node = newNode();
      set(foundNode, SLOTS, node);
      foundNode = node;
      foundSlot = 0;
    }
    set(foundNode, foundSlot, tag(hash) | ChunkPool.pack(cell));
    size++;
    for (int i = 0; i < STEPS_MAX && size * 2 > (long) bucketCount * GROW_ABOVE_PER_TWO; i++) {
      if (!split()) {
        break;
      }
    }
  }

  /// Removes what the last [#find] found: the last slot of the chain takes its place.
  void remove() {
    long before = 0;
    long last = foundBucket;
    for (long node = get(last, SLOTS); node != 0; node = get(last, SLOTS)) {
      before = last;
      last = node;
    }
    int slot = SLOTS - 1;
    while (get(last, slot) == 0) {
      slot--;
    }
    set(foundNode, foundSlot, get(last, slot));
    set(last, slot, 0);
    if (slot == 0 && before != 0) {
      set(before, SLOTS, 0);
      heap.free(last);
    }
    size--;
    if (size == 0) {
      end();
      return;
    }
    for (int i = 0; i < STEPS_MAX && size < (long) bucketCount * SHRINK_BELOW; i++) {
      if (bucketCount == BUCKETS_MIN || !merge()) {
        break;
      }
    }
  }

  /// Collects the cells of the bucket a cursor points at, see [#gathered]. Any number is a cursor.
  ///
  /// @return how many
  int gatherAt(long cursor) {
    if (bucketCount == 0) {
      gatheredCount = 0;
      return 0;
    }
    return gatherBucket(bucketOf(cursor));
  }

  /// Collects the cells of a bucket, see [#gathered].
  ///
  /// @return how many
  int gatherBucket(int bucket) {
    gatheredCount = 0;
    nodeCount = 0;
    gather(bucketAddress(bucket));
    return gatheredCount;
  }

  /// A cell that was collected last, until the next change or collection.
  long gathered(int index) {
    return ChunkPool.unpack(gathered[index]);
  }

  /// The cursor behind the bucket that a cursor points at; 0 at the end.
  long cursorAfter(long cursor) {
    if (bucketCount == 0) {
      return 0;
    }
    int level = levelOf(bucketOf(cursor));
    // Set the bits the bucket does not look at, so that the carry goes into those it does.
    long reversed = Long.reverse(cursor | -1L << level) + 1;
    return Long.reverse(reversed);
  }

  /// Bytes of buckets and overflow nodes cannot be told apart from other objects of their size;
  /// this is the buckets alone.
  long bucketBytes() {
    return (long) bucketCount * NODE_BYTES;
  }

  private static long tag(long hash) {
    return hash >>> TAG_FIRST_BIT << ChunkPool.GRANULE_BITS;
  }

  private int bucketOf(long hash) {
    int level = 31 - Integer.numberOfLeadingZeros(bucketCount);
    int bucket = (int) (hash & ((2L << level) - 1));
    return Integer.compareUnsigned(bucket, bucketCount) < 0 ? bucket : bucket - (1 << level);
  }

  /// How many bits of the hash the entries of a bucket have in common.
  private int levelOf(int bucket) {
    int level = 31 - Integer.numberOfLeadingZeros(bucketCount);
    int low = bucket & ((1 << level) - 1);
    return low < bucketCount - (1 << level) ? level + 1 : level;
  }

  private long bucketAddress(int bucket) {
    return pages[bucket >>> PAGE_BUCKETS_SHIFT] + (long) (bucket & (PAGE_BUCKETS - 1)) * NODE_BYTES;
  }

  private void begin() {
    firstPageBuckets = BUCKETS_MIN;
    pages[0] = newBuckets(BUCKETS_MIN);
    bucketCount = BUCKETS_MIN;
  }

  private void end() {
    while (bucketCount > BUCKETS_MIN) {
      dropLastBucket();
    }
    heap.free(pages[0]);
    bucketCount = 0;
    firstPageBuckets = 0;
  }

  private boolean split() {
    int target = bucketCount;
    int level = 31 - Integer.numberOfLeadingZeros(target);
    if (level >= LEVEL_MAX || !makeRoomForBucket(target)) {
      return false;
    }
    int source = target - (1 << level);
    gatherBucket(source);
    bucketCount++;
    int bit = ChunkPool.GRANULE_BITS + level - TAG_FIRST_BIT;
    int moved = partition(bit);
    fill(bucketAddress(source), 0, gatheredCount - moved);
    fill(bucketAddress(target), gatheredCount - moved, moved);
    freeNodesLeft();
    return true;
  }

  private boolean merge() {
    int source = bucketCount - 1;
    int level = 31 - Integer.numberOfLeadingZeros(source);
    int target = source - (1 << level);
    gatheredCount = 0;
    nodeCount = 0;
    gather(bucketAddress(target));
    gather(bucketAddress(source));
    int nodesNeeded = Math.max(0, (gatheredCount - 1) / SLOTS);
    if (nodesNeeded > nodeCount) {
      if (!pool.ready()) {
        return false;
      }
      keepNode(newNode());
    }
    fill(bucketAddress(target), 0, gatheredCount);
    freeNodesLeft();
    dropLastBucket();
    return true;
  }

  /// Adds the slots and overflow nodes of a chain to what is collected.
  private void gather(long bucket) {
    long node = bucket;
    while (true) {
      if (gatheredCount + SLOTS > gathered.length) {
        gathered = Arrays.copyOf(gathered, gathered.length * 2);
      }
      MemorySegment memory = pool.segment(node);
      long offset = ChunkPool.offset(node);
      for (int i = 0; i < SLOTS; i++) {
        long slot = memory.get(Bytes.I64, offset + (long) i * Long.BYTES);
        if (slot == 0) {
          break;
        }
        gathered[gatheredCount++] = slot;
      }
      node = memory.get(Bytes.I64, offset + OVERFLOW);
      if (node == 0) {
        return;
      }
      keepNode(node);
    }
  }

  private void keepNode(long node) {
    if (nodeCount == nodes.length) {
      nodes = Arrays.copyOf(nodes, nodes.length * 2);
    }
    nodes[nodeCount++] = node;
  }

  /// Moves the collected slots that have the bit set to the end; returns how many.
  private int partition(int bit) {
    int stay = 0;
    int end = gatheredCount;
    while (stay < end) {
      long slot = gathered[stay];
      if ((slot >>> bit & 1) == 0) {
        stay++;
      } else {
        gathered[stay] = gathered[--end];
        gathered[end] = slot;
      }
    }
    return gatheredCount - stay;
  }

  /// Writes a chain anew from collected slots, with overflow nodes out of those collected.
  private void fill(long bucket, int from, int count) {
    long node = bucket;
    int written = 0;
    while (true) {
      MemorySegment memory = pool.segment(node);
      long offset = ChunkPool.offset(node);
      for (int i = 0; i < SLOTS; i++) {
        long slot = written < count ? gathered[from + written++] : 0;
        memory.set(Bytes.I64, offset + (long) i * Long.BYTES, slot);
      }
      long overflow = written < count ? nodes[--nodeCount] : 0;
      memory.set(Bytes.I64, offset + OVERFLOW, overflow);
      if (overflow == 0) {
        return;
      }
      node = overflow;
    }
  }

  private void freeNodesLeft() {
    while (nodeCount > 0) {
      heap.free(nodes[--nodeCount]);
    }
  }

  /// A table that may not grow by a page because of the limit works on with longer chains.
  private boolean makeRoomForBucket(int bucket) {
    int page = bucket >>> PAGE_BUCKETS_SHIFT;
    if (page == 0) {
      return bucket < firstPageBuckets || growFirstPage();
    }
    if ((bucket & (PAGE_BUCKETS - 1)) != 0) {
      return true;
    }
    if (!pool.admits(ChunkPool.PAGE_BYTES) || !pool.ready()) {
      return false;
    }
    if (page == pages.length) {
      pages = Arrays.copyOf(pages, page * 2);
    }
    pages[page] = newBuckets(PAGE_BUCKETS);
    return true;
  }

  private boolean growFirstPage() {
    int bytes = firstPageBuckets * NODE_BYTES;
    if (!pool.admits(bytes) || !pool.ready()) {
      return false;
    }
    long grown = newBuckets(firstPageBuckets * 2);
    MemorySegment.copy(
        pool.segment(pages[0]),
        ChunkPool.offset(pages[0]),
        pool.segment(grown),
        ChunkPool.offset(grown),
        bytes);
    heap.free(pages[0]);
    pages[0] = grown;
    firstPageBuckets *= 2;
    return true;
  }

  private void dropLastBucket() {
    bucketCount--;
    if (bucketCount >= PAGE_BUCKETS && (bucketCount & (PAGE_BUCKETS - 1)) == 0) {
      heap.free(pages[bucketCount >>> PAGE_BUCKETS_SHIFT]);
    }
  }

  private long newBuckets(int count) {
    return zeroed((long) count * NODE_BYTES);
  }

  private long newNode() {
    return zeroed(NODE_BYTES);
  }

  private long zeroed(long bytes) {
    long address = heap.allocate(bytes);
    if (address == 0) {
      throw new IllegalStateException("no page for the hash index, though made ready");
    }
    long offset = ChunkPool.offset(address);
    MemorySegment memory = pool.segment(address);
    for (long i = 0; i < bytes; i += Long.BYTES) {
      memory.set(Bytes.I64, offset + i, 0);
    }
    return address;
  }

  private long get(long node, int index) {
    return pool.segment(node).get(Bytes.I64, ChunkPool.offset(node) + (long) index * Long.BYTES);
  }

  private void set(long node, int index, long word) {
    pool.segment(node).set(Bytes.I64, ChunkPool.offset(node) + (long) index * Long.BYTES, word);
  }
}
