package dev.demikv.kvserver.engine;

/// Objects of one owner, cut from spans of pages by size class: allocate and free in O(1).
///
/// A span is a run of adjacent pages with objects of one size, or one large object. It is in one
/// list of its heap: of its size class while it has room, of the full ones otherwise. Freed
/// objects chain through their own first four bytes; a span without objects goes back to the pool
/// unless it is the last of its class with room. Because spans belong to one owner, all of an
/// owner's memory is given back span by span without looking at an object ([#release]).
///
/// A span's figures lie in the table of its chunk, at its first page:
///
///     HEAD of each page: first page of its span     CLASS size class, or LARGE, or HUGE
///     USED  objects in use (pages, if LARGE)         FREE  1 + granule of the first freed object
///     FRESH objects ever handed out                  NEXT, PREVIOUS span in the list
final class SlabHeap {
  /// Ints per page in a chunk's span table.
  static final int SPAN_INTS = 8;

  private static final int HEAD = 0;
  private static final int CLASS = 1;
  private static final int USED = 2;
  private static final int FREE = 3;
  private static final int FRESH = 4;
  private static final int NEXT = 5;
  private static final int PREVIOUS = 6;

  private static final int LARGE = -1;
  private static final int HUGE = -2;

  /// What is larger gets a chunk of its own.
  private static final int LARGE_BYTES_MAX = ChunkPool.CHUNK_BYTES / 2;

  /// Number of the list of spans without room.
  private static final int FULL = SizeClasses.COUNT;

  private final ChunkPool pool;
  private final int[] lists = new int[SizeClasses.COUNT + 1];
  private long usedBytes;

  SlabHeap(ChunkPool pool) {
    this.pool = pool;
  }

  /// Bytes an object of this size takes.
  static long rounded(long bytes) {
    if (bytes <= SizeClasses.BYTES_MAX) {
      return SizeClasses.bytes(SizeClasses.of((int) bytes));
    }
    return bytes <= LARGE_BYTES_MAX
        ? (bytes + ChunkPool.PAGE_BYTES - 1) & -ChunkPool.PAGE_BYTES
        : ChunkPool.hugeBytes(bytes);
  }

  /// Makes an object; its content is whatever was there.
  ///
  /// @param bytes > 0
  /// @return its address, 0 if there is no memory; the limit of the pool is the caller's business
  long allocate(long bytes) {
    if (bytes > SizeClasses.BYTES_MAX) {
      return allocateLarge(bytes);
    }
    int sizeClass = SizeClasses.of((int) bytes);
    int span = lists[sizeClass];
    if (span == 0) {
      span = newSpan(SizeClasses.spanPages(sizeClass), sizeClass, sizeClass);
      if (span == 0) {
        return 0;
      }
    }
    int[] spans = pool.spansOf(span);
    int at = at(span);
    long address = addressOf(span);
    int free = spans[at + FREE];
    if (free != 0) {
      address += (long) (free - 1) << ChunkPool.GRANULE_SHIFT;
      spans[at + FREE] = pool.segment(address).get(Bytes.I32, ChunkPool.offset(address));
    } else {
      address += (long) spans[at + FRESH]++ * SizeClasses.bytes(sizeClass);
    }
    if (++spans[at + USED] == SizeClasses.perSpan(sizeClass)) {
      unlink(span, sizeClass);
      link(span, FULL);
    }
    account(SizeClasses.bytes(sizeClass));
    return address;
  }

  /// Frees an object of this heap.
  void free(long address) {
    int page = (int) (address >>> ChunkPool.PAGE_SHIFT);
    int[] spans = pool.spansOf(page);
    int span = spans[at(page) + HEAD];
    int at = at(span);
    int sizeClass = spans[at + CLASS];
    if (sizeClass < 0) {
      account(-capacity(address));
      unlink(span, FULL);
      giveBack(span);
      return;
    }
    pool.segment(address).set(Bytes.I32, ChunkPool.offset(address), spans[at + FREE]);
    spans[at + FREE] = (int) (address - addressOf(span) >>> ChunkPool.GRANULE_SHIFT) + 1;
    assert spans[at + USED] > 0 : "freed more often than allocated";
    if (spans[at + USED]-- == SizeClasses.perSpan(sizeClass)) {
      unlink(span, FULL);
      link(span, sizeClass);
    }
    if (spans[at + USED] == 0 && (lists[sizeClass] != span || spans[at + NEXT] != 0)) {
      unlink(span, sizeClass);
      giveBack(span);
    }
    account(-SizeClasses.bytes(sizeClass));
  }

  /// Bytes the object at an address may use.
  long capacity(long address) {
    int page = (int) (address >>> ChunkPool.PAGE_SHIFT);
    int[] spans = pool.spansOf(page);
    int at = at(spans[at(page) + HEAD]);
    return switch (spans[at + CLASS]) {
      case LARGE -> (long) spans[at + USED] << ChunkPool.PAGE_SHIFT;
      case HUGE -> pool.segment(address).byteSize();
      default -> SizeClasses.bytes(spans[at + CLASS]);
    };
  }

  /// Whether an object has its own chunk, whose bytes are zero until they are written.
  boolean isHuge(long address) {
    int page = (int) (address >>> ChunkPool.PAGE_SHIFT);
    int[] spans = pool.spansOf(page);
    return spans[at(spans[at(page) + HEAD]) + CLASS] == HUGE;
  }

  /// Gives spans back with whatever lives in them: the end of an owner, in pieces.
  ///
  /// @param spansMax bound of work
  /// @return how many were given back; fewer than asked for means that nothing is left
  int release(int spansMax) {
    int released = 0;
    for (int list = FULL; list >= 0; list--) {
      while (lists[list] != 0) {
        if (released == spansMax) {
          return released;
        }
        int span = lists[list];
        int[] spans = pool.spansOf(span);
        int sizeClass = spans[at(span) + CLASS];
        account(
            -(sizeClass < 0
                ? capacity(addressOf(span))
                : (long) spans[at(span) + USED] * SizeClasses.bytes(sizeClass)));
        unlink(span, list);
        giveBack(span);
        released++;
      }
    }
    assert usedBytes == 0 : usedBytes + " bytes not accounted for";
    return released;
  }

  /// Bytes of the objects in use, as rounded to their sizes.
  long usedBytes() {
    return usedBytes;
  }

  private long allocateLarge(long bytes) {
    int span;
    if (bytes <= LARGE_BYTES_MAX) {
      int pages = (int) (bytes + ChunkPool.PAGE_BYTES - 1 >>> ChunkPool.PAGE_SHIFT);
      span = newSpan(pages, LARGE, FULL);
      if (span == 0) {
        return 0;
      }
      pool.spansOf(span)[at(span) + USED] = pages;
    } else {
      long address = pool.takeHuge(bytes);
      if (address == 0) {
        return 0;
      }
      span = (int) (address >>> ChunkPool.PAGE_SHIFT);
      begin(span, HUGE, FULL);
      pool.spansOf(span)[at(span) + HEAD] = span;
    }
    account(capacity(addressOf(span)));
    return addressOf(span);
  }

  private int newSpan(int pages, int sizeClass, int list) {
    int span = pool.takePages(pages);
    if (span == 0) {
      return 0;
    }
    int[] spans = pool.spansOf(span);
    for (int i = 0; i < pages; i++) {
      spans[at(span + i) + HEAD] = span;
    }
    begin(span, sizeClass, list);
    return span;
  }

  private void begin(int span, int sizeClass, int list) {
    int[] spans = pool.spansOf(span);
    int at = at(span);
    spans[at + CLASS] = sizeClass;
    spans[at + USED] = 0;
    spans[at + FREE] = 0;
    spans[at + FRESH] = 0;
    link(span, list);
  }

  private void giveBack(int span) {
    int[] spans = pool.spansOf(span);
    int sizeClass = spans[at(span) + CLASS];
    switch (sizeClass) {
      case HUGE -> pool.giveHuge(addressOf(span));
      case LARGE -> pool.givePages(span, spans[at(span) + USED]);
      default -> pool.givePages(span, SizeClasses.spanPages(sizeClass));
    }
  }

  private void link(int span, int list) {
    int head = lists[list];
    int[] spans = pool.spansOf(span);
    spans[at(span) + NEXT] = head;
    spans[at(span) + PREVIOUS] = 0;
    if (head != 0) {
      pool.spansOf(head)[at(head) + PREVIOUS] = span;
    }
    lists[list] = span;
  }

  private void unlink(int span, int list) {
    int[] spans = pool.spansOf(span);
    int next = spans[at(span) + NEXT];
    int previous = spans[at(span) + PREVIOUS];
    if (previous != 0) {
      pool.spansOf(previous)[at(previous) + NEXT] = next;
    } else {
      lists[list] = next;
    }
    if (next != 0) {
      pool.spansOf(next)[at(next) + PREVIOUS] = previous;
    }
  }

  private void account(long bytes) {
    usedBytes += bytes;
    pool.account(bytes);
  }

  private static int at(int page) {
    return page % ChunkPool.CHUNK_PAGES * SPAN_INTS;
  }

  private static long addressOf(int page) {
    return (long) page << ChunkPool.PAGE_SHIFT;
  }
}
