package dev.demikv.kvserver.engine;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// A snapshot of a [MemoryEngine]: a walk over the buckets of each keyspace, and a queue of cells
/// that changed before the walk reached them.
///
/// The walk uses cursors, so the tables may be resized meanwhile. What was handed over is stamped
/// with the snapshot's epoch, as is what was made since: only cells with another stamp belong to
/// it. Whoever changes such a cell keeps a copy in the queue and stamps it. The queue goes first,
/// to free its memory.
///
/// A keyspace that is cleared meanwhile is moved here whole.
final class MemorySnapshot implements Engine.Snapshot {
  private static final int KEPT_BYTES = 32;
  private static final int CELL = 0;
  private static final int EXPIRE_AT = 8;
  private static final int KEYSPACE = 16;
  private static final int PAGE_KEPT_SHIFT = 10;
  private static final int PAGE_KEPT = 1 << PAGE_KEPT_SHIFT;

  private final MemoryEngine engine;
  private final ChunkPool pool;
  private final SlabHeap heap;
  private final Keyspace[] keyspaces;
  private final boolean[] ended;
  private final Entry entry = new Entry();

  /// Pages of the queue; elements are numbered from the beginning of the first.
  private long[] pages = new long[8];

  private int pageCount;
  private int head;
  private int tail;
  private long keptBytes;

  private int walking;
  private long cursor;
  private boolean failed;
  private boolean closed;

  MemorySnapshot(MemoryEngine engine, ChunkPool pool, Keyspace[] keyspaces, int epoch) {
    this.engine = engine;
    this.pool = pool;
    this.heap = new SlabHeap(pool);
    this.keyspaces = keyspaces;
    this.ended = new boolean[keyspaces.length];
    for (int i = 0; i < keyspaces.length; i++) {
      keyspaces[i].join(this, i, epoch);
    }
  }

  @Override
  public Progress step(Engine.SnapshotSink sink, int entriesMax) {
    if (closed) {
      throw new IllegalStateException("the snapshot is closed");
    }
    if (failed) {
      return Progress.LOST;
    }
    int work = entriesMax;
    while (work > 0 && !failed) {
      if (head != tail) {
        fillFirstKept();
        if (!sink.take(firstKeyspace(), entry)) {
          return Progress.MORE;
        }
        dropFirstKept();
        work--;
      } else if (!isComplete()) {
        int count = walkBucket(sink);
        if (count < 0) {
          return Progress.MORE;
        }
        work -= Math.max(1, count);
      } else {
        return Progress.DONE;
      }
    }
    if (failed) {
      return Progress.LOST;
    }
    return head != tail || !isComplete() ? Progress.MORE : Progress.DONE;
  }

  /// Hands over the entries of the next bucket. A long value is only put into the queue, where it
  /// stays as it is while the sink takes it in pieces.
  ///
  /// @return entries in the bucket, -1 when the sink is full: the bucket comes again
  private int walkBucket(Engine.SnapshotSink sink) {
    Keyspace keyspace = keyspaces[walking];
    int count = keyspace.hash().gatherAt(cursor);
    for (int i = 0; i < count && !failed; i++) {
      long cell = keyspace.hash().gathered(i);
      if (!keyspace.isOld(cell)) {
        continue;
      }
      keyspace.fill(cell, entry);
      if (Engine.SnapshotSink.isLong(entry)) {
        keyspace.keepForSnapshot(cell);
      } else if (sink.take(walking, entry)) {
        keyspace.stamp(cell);
      } else {
        return -1;
      }
    }
    cursor = keyspace.hash().cursorAfter(cursor);
    if (cursor == 0) {
      walking++;
    }
    return count;
  }

  @Override
  public long pendingBytes() {
    return keptBytes;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      engine.end(this);
    }
  }

  /// Whether the walk has been everywhere.
  boolean isComplete() {
    return walking == keyspaces.length;
  }

  /// Makes sure that one more cell can be kept; false if there is no memory.
  boolean canKeep() {
    return tail >>> PAGE_KEPT_SHIFT < pageCount || pool.ready();
  }

  /// Takes a cell that is no longer, or soon not as, it was. Needs [#canKeep].
  void keep(int keyspace, long cell, long expireAtMillis) {
    if (tail >>> PAGE_KEPT_SHIFT == pageCount) {
      if (pageCount == pages.length) {
        makeRoomForPage();
      }
      long page = heap.allocate(ChunkPool.PAGE_BYTES);
      if (page == 0) {
        throw new IllegalStateException("no page for the snapshot, though made ready");
      }
      pages[pageCount++] = page;
    }
    long address = addressOf(tail++);
    MemorySegment memory = pool.segment(address);
    long offset = ChunkPool.offset(address);
    memory.set(Bytes.I64, offset + CELL, cell);
    memory.set(Bytes.I64, offset + EXPIRE_AT, expireAtMillis);
    memory.set(Bytes.I64, offset + KEYSPACE, keyspace);
    keptBytes += keyspaces[keyspace].keptBytes(cell);
  }

  /// Gives up, since something had to change that could not be kept.
  void fail() {
    failed = true;
    engine.detach(this);
  }

  /// Takes over a keyspace that is no longer a database.
  void adopt(Keyspace keyspace) {
    for (int i = 0; i < keyspaces.length; i++) {
      ended[i] |= keyspaces[i] == keyspace;
    }
  }

  /// Whether the keyspace was a database when the snapshot began.
  boolean holds(Keyspace keyspace) {
    for (Keyspace held : keyspaces) {
      if (held == keyspace) {
        return true;
      }
    }
    return false;
  }

  /// Frees kept cells after the end.
  ///
  /// @param most bound of work
  /// @return whether there are more
  boolean drain(int most) {
    for (int i = 0; i < most && head != tail; i++) {
      fillFirstKept();
      dropFirstKept();
    }
    if (head != tail) {
      return true;
    }
    freePages();
    heap.release(1);
    return false;
  }

  /// Hands over the keyspaces that are no longer databases, after [#drain].
  void bury(Graveyard graveyard) {
    for (int i = 0; i < keyspaces.length; i++) {
      if (ended[i]) {
        graveyard.bury(keyspaces[i]);
      }
    }
  }

  Keyspace[] keyspaces() {
    return keyspaces;
  }

  private int firstKeyspace() {
    long address = addressOf(head);
    return (int) pool.segment(address).get(Bytes.I64, ChunkPool.offset(address) + KEYSPACE);
  }

  private void fillFirstKept() {
    long address = addressOf(head);
    MemorySegment memory = pool.segment(address);
    long offset = ChunkPool.offset(address);
    keyspaces[firstKeyspace()].fill(memory.get(Bytes.I64, offset + CELL), entry);
    entry.expireAtMillis = memory.get(Bytes.I64, offset + EXPIRE_AT);
  }

  /// Frees the first kept cell, of which `entry` is filled.
  private void dropFirstKept() {
    long address = addressOf(head);
    long cell = pool.segment(address).get(Bytes.I64, ChunkPool.offset(address) + CELL);
    Keyspace keyspace = keyspaces[firstKeyspace()];
    keptBytes -= keyspace.keptBytes(cell);
    keyspace.freeKept(cell, entry.key);
    head++;
    if (head == tail) {
      freePages();
    } else if ((head & PAGE_KEPT - 1) == 0) {
      heap.free(pages[(head >>> PAGE_KEPT_SHIFT) - 1]);
    }
  }

  /// Frees the pages of the queue, which is empty.
  private void freePages() {
    for (int i = head >>> PAGE_KEPT_SHIFT; i < pageCount; i++) {
      heap.free(pages[i]);
    }
    pageCount = 0;
    head = 0;
    tail = 0;
  }

  private void makeRoomForPage() {
    int gone = head >>> PAGE_KEPT_SHIFT;
    if (gone >= pages.length / 2) {
      System.arraycopy(pages, gone, pages, 0, pageCount - gone);
      pageCount -= gone;
      head -= gone * PAGE_KEPT;
      tail -= gone * PAGE_KEPT;
    } else {
      pages = Arrays.copyOf(pages, pages.length * 2);
    }
  }

  private long addressOf(int index) {
    return pages[index >>> PAGE_KEPT_SHIFT] + (long) (index & PAGE_KEPT - 1) * KEPT_BYTES;
  }
}
