package dev.demikv.kvserver.engine;

import java.lang.foreign.MemorySegment;

/// A node of the ordered index: layout, and what concerns one node only.
///
///      0  u32  slots in use                  8  8 bytes before `skip` of the keys in common
///      4  u32  skip: length of a beginning  16  next leaf (leaves)
///              that all keys have in common 24  previous leaf (leaves)
///     32  slots, 8 bytes each, ascending
///    520  children, 8 bytes each, one more than slots (inner nodes)
///
/// A slot is the 26 bits of its key behind `skip`, and the 38-bit address of what holds the key: a
/// cell in a leaf, a separator in an inner node. Keys with equal bits are told apart by the keys
/// themselves. `skip` may be shorter than what the keys really have in common, never longer.
final class OrderedNode {
  static final int LEAF_BYTES = 512;
  static final int INNER_BYTES = 1024;
  static final int LEAF_SLOTS = (LEAF_BYTES - 32) / Long.BYTES;

  /// Slots of an inner node at which it splits. Behind it is room enough that a node of at most
  /// [#INNER_FEW] can always be merged into a neighbour.
  static final int INNER_SLOTS = 56;

  static final int INNER_FEW = 4;

  private static final int COUNT = 0;
  private static final int SKIP = 4;
  private static final int TAIL = 8;
  private static final int NEXT = 16;
  private static final int PREVIOUS = 24;
  private static final int SLOTS = 32;
  private static final int CHILDREN = 520;
  private static final int UNUSED_KEY_BITS = Integer.SIZE - (Long.SIZE - ChunkPool.GRANULE_BITS);

  private final ChunkPool pool;

  OrderedNode(ChunkPool pool) {
    this.pool = pool;
  }

  void clear(long node) {
    MemorySegment memory = pool.segment(node);
    long offset = ChunkPool.offset(node);
    for (int i = 0; i < SLOTS; i += Long.BYTES) {
      memory.set(Bytes.I64, offset + i, 0);
    }
  }

  int count(long node) {
    return pool.segment(node).get(Bytes.I32, ChunkPool.offset(node) + COUNT);
  }

  void setCount(long node, int count) {
    pool.segment(node).set(Bytes.I32, ChunkPool.offset(node) + COUNT, count);
  }

  int skip(long node) {
    return pool.segment(node).get(Bytes.I32, ChunkPool.offset(node) + SKIP);
  }

  long next(long leaf) {
    return get(leaf, NEXT);
  }

  void setNext(long leaf, long next) {
    set(leaf, NEXT, next);
  }

  long previous(long leaf) {
    return get(leaf, PREVIOUS);
  }

  void setPrevious(long leaf, long previous) {
    set(leaf, PREVIOUS, previous);
  }

  /// What holds the key of a slot.
  long holder(long node, int index) {
    return ChunkPool.unpack(get(node, SLOTS + index * Long.BYTES));
  }

  long child(long node, int index) {
    return get(node, CHILDREN + index * Long.BYTES);
  }

  void setChild(long node, int index, long child) {
    set(node, CHILDREN + index * Long.BYTES, child);
  }

  /// Finds the first slot whose key is not below a key that has the node's beginning.
  ///
  /// @return the index, or its complement if the key of that slot is not equal
  int search(long node, MemorySegment key, long keyOffset, int keyLength) {
    MemorySegment memory = pool.segment(node);
    long offset = ChunkPool.offset(node);
    int skip = memory.get(Bytes.I32, offset + SKIP);
    long bits = bits(key, keyOffset, keyLength, skip);
    int low = 0;
    int high = memory.get(Bytes.I32, offset + COUNT);
    while (low < high) {
      int middle = (low + high) >>> 1;
      long slot = memory.get(Bytes.I64, offset + SLOTS + (long) middle * Long.BYTES);
      long slotBits = slot >>> ChunkPool.GRANULE_BITS;
      if (slotBits < bits) {
        low = middle + 1;
      } else if (slotBits > bits) {
        high = middle;
      } else {
        int order = compareFrom(skip, ChunkPool.unpack(slot), key, keyOffset, keyLength);
        if (order == 0) {
          return middle;
        } else if (order < 0) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
    }
    return ~low;
  }

  /// How much of a key is the beginning that the keys of this node have in common.
  ///
  /// @param known bytes already known to be so
  /// @return the node's skip if all of it
  int matchBeginning(long node, int known, MemorySegment key, long keyOffset, int keyLength) {
    MemorySegment memory = pool.segment(node);
    long offset = ChunkPool.offset(node);
    int skip = memory.get(Bytes.I32, offset + SKIP);
    if (skip <= known) {
      return skip;
    }
    int unknown = skip - known;
    if (unknown <= Long.BYTES && skip >= Long.BYTES && keyLength >= skip) {
      long difference =
          key.get(Bytes.U64_BE, keyOffset + skip - Long.BYTES)
              ^ memory.get(Bytes.I64, offset + TAIL);
      difference <<= Long.SIZE - unknown * Byte.SIZE;
      return known + Math.min(unknown, Long.numberOfLeadingZeros(difference) / Byte.SIZE);
    }
    long holder = holder(node, 0);
    return known
        + Bytes.commonPrefix(
            pool.segment(holder),
            ChunkPool.offset(holder) + CellLayout.KEY + known,
            key,
            keyOffset + known,
            Math.min(keyLength, skip) - known);
  }

  /// Whether a key that has only `matched` bytes of a node's beginning comes before its keys.
  boolean isBefore(long node, int matched, MemorySegment key, long keyOffset, int keyLength) {
    if (matched == keyLength) {
      return true;
    }
    long holder = holder(node, 0);
    byte there =
        pool.segment(holder).get(Bytes.U8, ChunkPool.offset(holder) + CellLayout.KEY + matched);
    return Byte.compareUnsigned(key.get(Bytes.U8, keyOffset + matched), there) < 0;
  }

  /// Puts a holder of a key into a slot, moving those behind it. Shortens the node's skip as the
  /// key needs.
  ///
  /// @param matched what [#matchBeginning] says of the key
  void insert(long node, int index, long holder, int matched) {
    int count = count(node);
    if (count == 0) {
      setSkip(node, 0, holder);
    } else if (matched < skip(node)) {
      lowerSkip(node, matched);
    }
    move(node, SLOTS, index, index + 1, count - index);
    setSlot(node, index, holder, skip(node));
    setCount(node, count + 1);
  }

  /// Puts a child into an inner node that now has its slot, moving those behind it.
  void insertChild(long node, int index, long child) {
    move(node, CHILDREN, index, index + 1, count(node) - index);
    setChild(node, index, child);
  }

  /// Takes a slot out.
  void remove(long node, int index) {
    int count = count(node) - 1;
    move(node, SLOTS, index + 1, index, count - index);
    setCount(node, count);
  }

  /// Takes a child out of an inner node that has lost its slot.
  void removeChild(long node, int index) {
    move(node, CHILDREN, index + 1, index, count(node) + 1 - index);
  }

  /// Copies slots to the end of another node, whose skip must then be set by [#refresh].
  void appendSlots(long node, int from, int count, long target) {
    int there = count(target);
    copy(node, SLOTS + from * Long.BYTES, target, SLOTS + there * Long.BYTES, count);
    setCount(target, there + count);
  }

  /// Copies children to a place in another node.
  void copyChildren(long node, int from, int count, long target, int to) {
    copy(node, CHILDREN + from * Long.BYTES, target, CHILDREN + to * Long.BYTES, count);
  }

  /// Adds a holder behind the last slot; the skip must then be set by [#refresh].
  void append(long node, long holder) {
    int count = count(node);
    setSlot(node, count, holder, 0);
    setCount(node, count + 1);
  }

  /// Gives the node the longest skip that its keys allow, and all slots their bits.
  void refresh(long node) {
    int count = count(node);
    if (count == 0) {
      return;
    }
    int skip = longestSkip(node);
    setSkip(node, skip, holder(node, 0));
    for (int i = 0; i < count; i++) {
      setSlot(node, i, holder(node, i), skip);
    }
  }

  /// Like [#refresh], for a node whose slots are right but whose skip may be too short.
  void raiseSkip(long node) {
    if (count(node) > 0 && longestSkip(node) > skip(node)) {
      refresh(node);
    }
  }

  private int longestSkip(long node) {
    long first = holder(node, 0);
    long last = holder(node, count(node) - 1);
    return commonPrefix(first, last);
  }

  /// What the keys of two holders have in common.
  int commonPrefix(long a, long b) {
    MemorySegment aMemory = pool.segment(a);
    MemorySegment bMemory = pool.segment(b);
    long aOffset = ChunkPool.offset(a);
    long bOffset = ChunkPool.offset(b);
    return Bytes.commonPrefix(
        aMemory,
        aOffset + CellLayout.KEY,
        bMemory,
        bOffset + CellLayout.KEY,
        Math.min(CellLayout.keyLength(aMemory, aOffset), CellLayout.keyLength(bMemory, bOffset)));
  }

  /// Shortens the skip. The bits of each slot move down behind the bytes no longer skipped: no key
  /// is looked at but the first.
  private void lowerSkip(long node, int skip) {
    int by = skip(node) - skip;
    long first = holder(node, 0);
    long front =
        Integer.toUnsignedLong(
            Bytes.firstFour(
                pool.segment(first),
                ChunkPool.offset(first) + CellLayout.KEY + skip,
                Math.min(by, Integer.BYTES)));
    int shift = Math.min(by, Integer.BYTES) * Byte.SIZE;
    int count = count(node);
    for (int i = 0; i < count; i++) {
      long slot = get(node, SLOTS + i * Long.BYTES);
      long behind = (slot >>> ChunkPool.GRANULE_BITS) << UNUSED_KEY_BITS;
      long bits = (front | behind >>> shift) >>> UNUSED_KEY_BITS;
      set(
          node,
          SLOTS + i * Long.BYTES,
          bits << ChunkPool.GRANULE_BITS | slot & ChunkPool.GRANULE_MASK);
    }
    setSkip(node, skip, first);
  }

  private void setSkip(long node, int skip, long holder) {
    MemorySegment memory = pool.segment(node);
    long offset = ChunkPool.offset(node);
    memory.set(Bytes.I32, offset + SKIP, skip);
    long tail = 0;
    if (skip >= Long.BYTES) {
      tail =
          pool.segment(holder)
              .get(Bytes.U64_BE, ChunkPool.offset(holder) + CellLayout.KEY + skip - Long.BYTES);
    }
    memory.set(Bytes.I64, offset + TAIL, tail);
  }

  private void setSlot(long node, int index, long holder, int skip) {
    MemorySegment memory = pool.segment(holder);
    long offset = ChunkPool.offset(holder);
    long bits = bits(memory, offset + CellLayout.KEY, CellLayout.keyLength(memory, offset), skip);
    set(node, SLOTS + index * Long.BYTES, bits << ChunkPool.GRANULE_BITS | ChunkPool.pack(holder));
  }

  /// The bits of a key that a slot holds. A key that ends counts as followed by zeros, which may
  /// make bits equal but never out of order.
  private static long bits(MemorySegment key, long offset, int length, int skip) {
    int rest = length - skip;
    return rest <= 0
        ? 0
        : Integer.toUnsignedLong(Bytes.firstFour(key, offset + skip, rest)) >>> UNUSED_KEY_BITS;
  }

  /// Compares the key of a holder with a key, both from a byte on.
  private int compareFrom(int skip, long holder, MemorySegment key, long keyOffset, int keyLength) {
    MemorySegment memory = pool.segment(holder);
    long offset = ChunkPool.offset(holder);
    return Bytes.compare(
        memory,
        offset + CellLayout.KEY + skip,
        CellLayout.keyLength(memory, offset) - skip,
        key,
        keyOffset + skip,
        keyLength - skip);
  }

  private void move(long node, int base, int from, int to, int count) {
    copy(node, base + from * Long.BYTES, node, base + to * Long.BYTES, count);
  }

  private void copy(long node, int from, long target, int to, int count) {
    MemorySegment.copy(
        pool.segment(node),
        ChunkPool.offset(node) + from,
        pool.segment(target),
        ChunkPool.offset(target) + to,
        (long) count * Long.BYTES);
  }

  private long get(long node, int at) {
    return pool.segment(node).get(Bytes.I64, ChunkPool.offset(node) + at);
  }

  private void set(long node, int at, long word) {
    pool.segment(node).set(Bytes.I64, ChunkPool.offset(node) + at, word);
  }
}
