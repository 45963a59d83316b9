package dev.demikv.kvserver.engine;

import java.lang.foreign.MemorySegment;

/// Finds cells by the order of their keys: a B+tree whose leaves hold addresses of cells.
///
/// Nodes are small ([OrderedNode]): 60 entries per leaf, 8 bytes each. What the keys of a node have
/// in common is skipped, so that the few bits kept in the slots nearly always decide and a search
/// touches no cell but the one it ends at. On the way down, what is known of the key from the
/// separators on both sides need not be compared again.
///
/// Separators are the shortest byte strings that part two leaves, copied, so that a cell may go
/// while a separator made from its key stays. An insertion behind all others splits a leaf at its
/// end: ascending keys fill leaves completely. A leaf with few entries is merged with a neighbour.
///
/// Why a B+tree and not a trie or a skip list: the same few cache lines serve points and ranges, an
/// entry costs about 12 bytes, and long common beginnings cost nothing.
final class OrderedIndex {
  /// More than any tree that fits 38-bit addresses.
  private static final int HEIGHT_MAX = 16;

  private static final int LEAF_MERGE_BELOW = OrderedNode.LEAF_SLOTS / 4;
  private static final int LEAF_MERGED_MAX = OrderedNode.LEAF_SLOTS * 3 / 4;
  private static final int INNER_MERGE_BELOW = OrderedNode.INNER_SLOTS / 4;
  private static final int INNER_MERGED_MAX = OrderedNode.INNER_SLOTS * 3 / 4;

  /// When a node has grown to this, its skip is looked at again.
  private static final int RAISE_AT = 16;

  private final ChunkPool pool;
  private final SlabHeap heap;
  private final OrderedNode nodes;

  /// The root is a leaf when the height is 0; no root, no entries.
  private long root;

  private int height;
  private long nodeBytes;

  /// Inner nodes on the way to the leaf of the last [#descend], by level, and the child taken.
  private final long[] path = new long[HEIGHT_MAX];

  private final int[] pathIndex = new int[HEIGHT_MAX];
  private long leaf;
  private int slot;
  private int matched;
  private boolean exact;

  OrderedIndex(ChunkPool pool, SlabHeap heap) {
    this.pool = pool;
    this.heap = heap;
    this.nodes = new OrderedNode(pool);
  }

  /// Adds a cell whose key is not in the index. Needs [ChunkPool#ready].
  ///
  /// @return false, and nothing changed, if there is no memory for a separator, which may be as
  ///   long as a key
  boolean insert(long cell) {
    if (root == 0) {
      root = newNode(OrderedNode.LEAF_BYTES);
    }
    MemorySegment memory = pool.segment(cell);
    long offset = ChunkPool.offset(cell);
    int length = CellLayout.keyLength(memory, offset);
    descend(memory, offset + CellLayout.KEY, length);
    assert !exact : "the key is there";
    if (nodes.count(leaf) == OrderedNode.LEAF_SLOTS) {
      if (!splitLeaf(cell)) {
        return false;
      }
      descend(memory, offset + CellLayout.KEY, length);
    }
    nodes.insert(leaf, slot, cell, matched);
    if (nodes.count(leaf) == RAISE_AT) {
      nodes.raiseSkip(leaf);
    }
    return true;
  }

  /// Removes a cell, which must still hold its key.
  void remove(long cell) {
    MemorySegment memory = pool.segment(cell);
    long offset = ChunkPool.offset(cell);
    descend(memory, offset + CellLayout.KEY, CellLayout.keyLength(memory, offset));
    assert exact && nodes.holder(leaf, slot) == cell : "the cell is not in the ordered index";
    nodes.remove(leaf, slot);
    int count = nodes.count(leaf);
    if (height == 0) {
      if (count == 0) {
        freeNode(root, OrderedNode.LEAF_BYTES);
        root = 0;
      }
    } else if (count < LEAF_MERGE_BELOW) {
      mergeLeaf();
    }
  }

  /// Goes to the first cell whose key is not below a key; [#cell] is it.
  void seek(Slice key) {
    leaf = 0;
    if (root == 0) {
      return;
    }
    descend(key.memory(), key.offset(), key.length());
    skipForward();
  }

  /// Goes to the last cell whose key is not above a key; [#cell] is it.
  void seekBack(Slice key) {
    leaf = 0;
    if (root == 0) {
      return;
    }
    descend(key.memory(), key.offset(), key.length());
    if (!exact) {
      slot--;
    }
    skipBack();
  }

  /// Goes to the last cell.
  void seekLast() {
    leaf = 0;
    if (root == 0) {
      return;
    }
    long node = root;
    for (int level = height; level > 0; level--) {
      node = nodes.child(node, nodes.count(node));
    }
    leaf = node;
    slot = nodes.count(leaf) - 1;
  }

  /// The cell that was gone to, 0 if there is none.
  long cell() {
    return leaf == 0 ? 0 : nodes.holder(leaf, slot);
  }

  /// Goes to the next cell in ascending order.
  void next() {
    slot++;
    skipForward();
  }

  /// Goes to the next cell in descending order.
  void previous() {
    slot--;
    skipBack();
  }

  /// Bytes of nodes and separators.
  long bytes() {
    return nodeBytes;
  }

  private void skipForward() {
    while (leaf != 0 && slot >= nodes.count(leaf)) {
      leaf = nodes.next(leaf);
      slot = 0;
    }
  }

  private void skipBack() {
    while (leaf != 0 && slot < 0) {
      leaf = nodes.previous(leaf);
      slot = leaf == 0 ? 0 : nodes.count(leaf) - 1;
    }
  }

  /// Finds the leaf and the slot of a key.
  private void descend(MemorySegment key, long keyOffset, int keyLength) {
    long node = root;
    int known = 0;
    for (int level = height; level > 0; level--) {
      int index = searchNode(node, known, key, keyOffset, keyLength);
      int child = exact ? index + 1 : index;
      path[level] = node;
      pathIndex[level] = child;
      // Between two separators, keys have what those have in common.
      if (child > 0 && child < nodes.count(node)) {
        known = Math.max(known, nodes.skip(node));
      }
      node = nodes.child(node, child);
    }
    leaf = node;
    slot = searchNode(node, known, key, keyOffset, keyLength);
  }

  /// Finds the first slot of a node whose key is not below a key; sets `exact` and `matched`.
  private int searchNode(long node, int known, MemorySegment key, long keyOffset, int keyLength) {
    exact = false;
    int count = nodes.count(node);
    if (count == 0) {
      matched = 0;
      return 0;
    }
    matched = nodes.matchBeginning(node, known, key, keyOffset, keyLength);
    if (matched < nodes.skip(node)) {
      return nodes.isBefore(node, matched, key, keyOffset, keyLength) ? 0 : count;
    }
    int found = nodes.search(node, key, keyOffset, keyLength);
    exact = found >= 0;
    return exact ? found : ~found;
  }

  /// Splits the full leaf that was descended to, for a cell about to be inserted.
  private boolean splitLeaf(long cell) {
    int count = OrderedNode.LEAF_SLOTS;
    boolean ascending = slot == count && nodes.next(leaf) == 0;
    int keep = ascending ? count : count / 2;
    long last = nodes.holder(leaf, keep - 1);
    long first = ascending ? cell : nodes.holder(leaf, keep);
    long separator = newSeparator(last, first);
    if (separator == 0) {
      return false;
    }
    long left = leaf;
    long right = newNode(OrderedNode.LEAF_BYTES);
    nodes.appendSlots(left, keep, count - keep, right);
    nodes.setCount(left, keep);
    if (!ascending) {
      nodes.refresh(right);
    }
    nodes.raiseSkip(left);
    long next = nodes.next(left);
    nodes.setNext(right, next);
    nodes.setPrevious(right, left);
    nodes.setNext(left, right);
    if (next != 0) {
      nodes.setPrevious(next, right);
    }
    insertInner(1, separator, right);
    return true;
  }

  /// Puts a separator and the node to its right into the inner node on the path at a level.
  private void insertInner(int level, long separator, long right) {
    if (level > height) {
      long top = newNode(OrderedNode.INNER_BYTES);
      nodes.setChild(top, 0, root);
      nodes.insert(top, 0, separator, 0);
      nodes.setChild(top, 1, right);
      root = top;
      height++;
      assert height < HEIGHT_MAX;
      return;
    }
    long node = path[level];
    int index = pathIndex[level];
    int count = nodes.count(node);
    if (count == OrderedNode.INNER_SLOTS) {
      boolean ascending = index == count;
      int middle = ascending ? count - 1 : count / 2;
      long up = nodes.holder(node, middle);
      long sibling = newNode(OrderedNode.INNER_BYTES);
      nodes.appendSlots(node, middle + 1, count - middle - 1, sibling);
      nodes.copyChildren(node, middle + 1, count - middle, sibling, 0);
      nodes.setCount(node, middle);
      nodes.refresh(sibling);
      nodes.raiseSkip(node);
      if (index > middle) {
        insertSeparator(sibling, index - middle - 1, separator, right);
      } else {
        insertSeparator(node, index, separator, right);
      }
      insertInner(level + 1, up, sibling);
    } else {
      insertSeparator(node, index, separator, right);
      if (count + 1 == RAISE_AT) {
        nodes.raiseSkip(node);
      }
    }
  }

  private void insertSeparator(long node, int index, long separator, long right) {
    MemorySegment memory = pool.segment(separator);
    long offset = ChunkPool.offset(separator);
    int beginning =
        nodes.count(node) == 0
            ? 0
            : nodes.matchBeginning(
                node, 0, memory, offset + CellLayout.KEY, CellLayout.keyLength(memory, offset));
    nodes.insert(node, index, separator, beginning);
    nodes.insertChild(node, index + 1, right);
  }

  /// Merges the leaf that was descended to with a neighbour below the same parent, if the two fit.
  private void mergeLeaf() {
    long parent = path[1];
    int index = pathIndex[1];
    for (int left = index; left >= index - 1; left--) {
      if (left < 0 || left >= nodes.count(parent)) {
        continue;
      }
      long a = nodes.child(parent, left);
      long b = nodes.child(parent, left + 1);
      int sum = nodes.count(a) + nodes.count(b);
      if (sum <= LEAF_MERGED_MAX || nodes.count(leaf) == 0) {
        nodes.appendSlots(b, 0, nodes.count(b), a);
        nodes.refresh(a);
        long next = nodes.next(b);
        nodes.setNext(a, next);
        if (next != 0) {
          nodes.setPrevious(next, a);
        }
        freeNode(b, OrderedNode.LEAF_BYTES);
        removeSeparator(1, left, true);
        return;
      }
    }
  }

  /// Removes a separator and the child to its right from the inner node on the path at a level.
  ///
  /// @param free whether the separator is no longer used
  private void removeSeparator(int level, int index, boolean free) {
    long node = path[level];
    if (free) {
      freeSeparator(nodes.holder(node, index));
    }
    nodes.remove(node, index);
    nodes.removeChild(node, index + 1);
    int count = nodes.count(node);
    if (level == height) {
      if (count == 0) {
        root = nodes.child(node, 0);
        height--;
        freeNode(node, OrderedNode.INNER_BYTES);
      }
    } else if (count < INNER_MERGE_BELOW) {
      mergeInner(level);
    }
  }

  private void mergeInner(int level) {
    long parent = path[level + 1];
    int index = pathIndex[level + 1];
    int count = nodes.count(path[level]);
    for (int left = index; left >= index - 1; left--) {
      if (left < 0 || left >= nodes.count(parent)) {
        continue;
      }
      long a = nodes.child(parent, left);
      long b = nodes.child(parent, left + 1);
      int sum = nodes.count(a) + nodes.count(b) + 1;
      if (sum <= INNER_MERGED_MAX || count <= OrderedNode.INNER_FEW) {
        nodes.append(a, nodes.holder(parent, left));
        nodes.copyChildren(b, 0, nodes.count(b) + 1, a, nodes.count(a));
        nodes.appendSlots(b, 0, nodes.count(b), a);
        nodes.refresh(a);
        freeNode(b, OrderedNode.INNER_BYTES);
        removeSeparator(level + 1, left, false);
        return;
      }
    }
  }

  /// The shortest key that is above one holder's key and not above another's.
  private long newSeparator(long below, long from) {
    int length = nodes.commonPrefix(below, from) + 1;
    long bytes = CellLayout.KEY + (long) length;
    long separator = heap.allocate(bytes);
    if (separator == 0) {
      return 0;
    }
    nodeBytes += heap.capacity(separator);
    MemorySegment memory = pool.segment(separator);
    long offset = ChunkPool.offset(separator);
    memory.set(Bytes.I32, offset + CellLayout.KEY_LENGTH, length);
    MemorySegment.copy(
        pool.segment(from),
        ChunkPool.offset(from) + CellLayout.KEY,
        memory,
        offset + CellLayout.KEY,
        length);
    return separator;
  }

  private void freeSeparator(long separator) {
    nodeBytes -= heap.capacity(separator);
    heap.free(separator);
  }

  private long newNode(int bytes) {
    long node = heap.allocate(bytes);
    if (node == 0) {
      throw new IllegalStateException("no page for the ordered index, though made ready");
    }
    nodeBytes += bytes;
    nodes.clear(node);
    return node;
  }

  private void freeNode(long node, int bytes) {
    nodeBytes -= bytes;
    heap.free(node);
  }
}
