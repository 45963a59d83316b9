package dev.demikv.kvserver.engine;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Entries with an expiry, the earliest first: a heap with four children per element.
///
/// An element is the time and the cell; the cell holds its place in the heap, so that a change
/// finds its element without a search. Four children share a cache line (the root is at place 3 for
/// that), which halves the misses of a binary heap. Elements lie in pages; growth and shrinking are
/// by a page.
final class ExpiryIndex {
  private static final int ROOT = 3;
  private static final int CHILDREN = 4;
  private static final int ELEMENT_BYTES = 16;
  private static final int PAGE_ELEMENTS_SHIFT = 11;
  private static final int PAGE_ELEMENTS = 1 << PAGE_ELEMENTS_SHIFT;

  private final ChunkPool pool;
  private final SlabHeap heap;
  private long[] pages = new long[1];
  private int pageCount;
  private int count;

  /// Places that [#due] has yet to visit.
  private int[] frontier = new int[64];

  ExpiryIndex(ChunkPool pool, SlabHeap heap) {
    this.pool = pool;
    this.heap = heap;
  }

  int count() {
    return count;
  }

  /// The time of the element at a place.
  long timeAt(int place) {
    long address = addressOf(place);
    return pool.segment(address).get(Bytes.I64, ChunkPool.offset(address));
  }

  /// Adds a cell that is not in the index. Needs [ChunkPool#ready].
  void add(long cell, long atMillis) {
    int place = ROOT + count;
    if (place >>> PAGE_ELEMENTS_SHIFT == pageCount) {
      if (pageCount == pages.length) {
        pages = Arrays.copyOf(pages, pageCount * 2);
      }
      long page = heap.allocate(ChunkPool.PAGE_BYTES);
      if (page == 0) {
        throw new IllegalStateException("no page for the expiry index, though made ready");
      }
      pages[pageCount++] = page;
    }
    count++;
    siftUp(place, cell, atMillis);
  }

  /// Gives the element at a place another time.
  void update(int place, long atMillis) {
    long before = timeAt(place);
    long cell = cellAt(place);
    if (atMillis < before) {
      siftUp(place, cell, atMillis);
    } else {
      siftDown(place, cell, atMillis);
    }
  }

  /// Removes the element at a place; its cell no longer has one.
  void remove(int place) {
    setPlaceIn(cellAt(place), 0);
    int last = ROOT + --count;
    if (place != last) {
      long cell = cellAt(last);
      long at = timeAt(last);
      if (at < timeAt(place)) {
        siftUp(place, cell, at);
      } else {
        siftDown(place, cell, at);
      }
    }
    if (count == 0) {
      heap.free(pages[0]);
      pageCount = 0;
    } else if (last >>> PAGE_ELEMENTS_SHIFT == pageCount - 1 && (last & PAGE_ELEMENTS - 1) == 0) {
      heap.free(pages[--pageCount]);
    }
  }

  /// Collects cells whose time has come, level by level from the earliest, see [#dueCell].
  ///
  /// @param most bound of work
  /// @return how many
  int due(long nowMillis, int most) {
    if (count == 0 || timeAt(ROOT) > nowMillis || most <= 0) {
      return 0;
    }
    int found = 1;
    frontier[0] = ROOT;
    for (int i = 0; i < found && found < most; i++) {
      long first = firstChild(frontier[i]);
      long end = Math.min(first + CHILDREN, (long) ROOT + count);
      for (long child = first; child < end && found < most; child++) {
        if (timeAt((int) child) <= nowMillis) {
          if (found == frontier.length) {
            frontier = Arrays.copyOf(frontier, found * 2);
          }
          frontier[found++] = (int) child;
        }
      }
    }
    return found;
  }

  /// A cell that [#due] collected last, until the next change.
  long dueCell(int index) {
    return cellAt(frontier[index]);
  }

  /// Bytes of its pages.
  long bytes() {
    return (long) pageCount * ChunkPool.PAGE_BYTES;
  }

  private void siftUp(int from, long cell, long atMillis) {
    int place = from;
    while (place > ROOT) {
      int parent = parent(place);
      long parentAt = timeAt(parent);
      if (parentAt <= atMillis) {
        break;
      }
      put(place, cellAt(parent), parentAt);
      place = parent;
    }
    put(place, cell, atMillis);
  }

  private void siftDown(int from, long cell, long atMillis) {
    int place = from;
    while (true) {
      long first = firstChild(place);
      long end = Math.min(first + CHILDREN, (long) ROOT + count);
      int earliest = 0;
      long earliestAt = atMillis;
      for (long child = first; child < end; child++) {
        long at = timeAt((int) child);
        if (at < earliestAt) {
          earliest = (int) child;
          earliestAt = at;
        }
      }
      if (earliest == 0) {
        break;
      }
      put(place, cellAt(earliest), earliestAt);
      place = earliest;
    }
    put(place, cell, atMillis);
  }

  private static int parent(int place) {
    return (place >>> 2) + 2;
  }

  private static long firstChild(int place) {
    return ((long) place - 2) << 2;
  }

  private void put(int place, long cell, long atMillis) {
    long address = addressOf(place);
    MemorySegment memory = pool.segment(address);
    long offset = ChunkPool.offset(address);
    memory.set(Bytes.I64, offset, atMillis);
    memory.set(Bytes.I64, offset + Long.BYTES, cell);
    setPlaceIn(cell, place);
  }

  private void setPlaceIn(long cell, int place) {
    CellLayout.setExpiryPlace(pool.segment(cell), ChunkPool.offset(cell), place);
  }

  private long cellAt(int place) {
    long address = addressOf(place);
    return pool.segment(address).get(Bytes.I64, ChunkPool.offset(address) + Long.BYTES);
  }

  private long addressOf(int place) {
    return pages[place >>> PAGE_ELEMENTS_SHIFT]
        + (long) (place & PAGE_ELEMENTS - 1) * ELEMENT_BYTES;
  }
}
