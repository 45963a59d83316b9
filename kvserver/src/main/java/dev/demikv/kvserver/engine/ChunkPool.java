package dev.demikv.kvserver.engine;

import dev.demikv.kvserver.memory.PageMemory;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Native memory in chunks of 2 MiB, each of 64 pages of 32 KiB, and larger pieces of their own.
///
/// A chunk is a huge page where the kernel has them: a lookup of a key that is in no cache then
/// misses the data, but hardly the tables of pages. What is no longer used goes back to the
/// operating system in steps ([#unmapSome]), as giving back hundreds of megabytes at once would
/// stop the loop.
///
/// An address is a `long`: number of the chunk times the size of a chunk, plus an offset. It is a
/// multiple of 16 below 2^42, so 38 bits hold it where space is dear (see [#pack]). Address 0 is no
/// object. A huge object has a chunk of its own that is as long as needed and takes one number;
/// offsets inside it are relative to its address, which is why callers split an address first and
/// add to the offset then.
///
/// Two limits: [#limitBytes] bounds what objects take, and is what users set; the memory reserved
/// from the operating system may exceed it by half and a constant, which is what fragmentation may
/// cost before growth is refused.
final class ChunkPool implements AutoCloseable {
  static final int CHUNK_SHIFT = 21;
  static final int CHUNK_BYTES = 1 << CHUNK_SHIFT;
  static final int PAGE_SHIFT = 15;
  static final int PAGE_BYTES = 1 << PAGE_SHIFT;
  static final int CHUNK_PAGES = CHUNK_BYTES / PAGE_BYTES;

  /// Objects begin at multiples of this.
  static final int GRANULE_SHIFT = 4;

  /// Bits of an address in granules.
  static final int GRANULE_BITS = 38;

  static final long GRANULE_MASK = (1L << GRANULE_BITS) - 1;

  /// Single free pages that [#ready] promises: more than one command can need for its indexes.
  private static final int READY_PAGES = 16;

  private static final int CHUNKS_MAX = 1 << (GRANULE_BITS + GRANULE_SHIFT - CHUNK_SHIFT);
  private static final int CHUNKS_TRIED_MAX = 32;
  private static final int SPARE_CHUNKS_MAX = 2;
  private static final long RESERVE_SLACK_BYTES = 32L << 20;
  private static final long ALL_FREE = -1L;
  private static final int CHUNKS_INITIAL = 64;

  private final PageMemory memory = new PageMemory();

  /// By number; [MemorySegment#NULL] where a number is not in use.
  private MemorySegment[] segments = new MemorySegment[CHUNKS_INITIAL];

  /// Span table of each chunk, see [SlabHeap].
  private int[][] spans = new int[CHUNKS_INITIAL][];

  private long[] freePages = new long[CHUNKS_INITIAL];

  /// Doubly linked list of chunks with a free page; links of unused numbers chain those.
  private int[] next = new int[CHUNKS_INITIAL];

  private int[] previous = new int[CHUNKS_INITIAL];
  private int withFreeHead;
  private int unusedHead;
  private int chunkCount = 1;

  private int freePageCount;
  private int wholeChunkCount;
  private int chunksInUse;
  private int hugeCount;
  private long reservedBytes;
  private long usedBytes;
  private long limitBytes;

  ChunkPool(long limitBytes) {
    this.limitBytes = limitBytes;
    Arrays.fill(segments, MemorySegment.NULL);
    // The first chunk is there, and in memory, before the first client is.
    if (reserveChunk()) {
      segments[withFreeHead].fill((byte) 0);
    }
  }

  /// The memory an address lies in.
  MemorySegment segment(long address) {
    return segments[(int) (address >>> CHUNK_SHIFT)];
  }

  /// Where in its memory an address lies.
  static long offset(long address) {
    return address & (CHUNK_BYTES - 1);
  }

  /// An address in 38 bits.
  static long pack(long address) {
    return address >>> GRANULE_SHIFT;
  }

  /// The address in the low 38 bits of a word.
  static long unpack(long word) {
    return (word & GRANULE_MASK) << GRANULE_SHIFT;
  }

  /// The span table of the chunk a page is in; a page is the high bits of its address.
  int[] spansOf(int page) {
    return spans[page / CHUNK_PAGES];
  }

  /// Whether objects of so many more bytes keep within the limit.
  boolean admits(long bytes) {
    return usedBytes + bytes <= limitBytes;
  }

  /// Makes sure that the next allocations of single pages succeed; false if there is no memory.
  boolean ready() {
    return freePageCount >= READY_PAGES || reserveChunk();
  }

  /// Counts bytes of objects made (> 0) or freed (< 0).
  void account(long bytes) {
    usedBytes += bytes;
    assert usedBytes >= 0 : usedBytes;
  }

  /// Takes adjacent pages of one chunk.
  ///
  /// @param count 1 to [#CHUNK_PAGES]
  /// @return the first page, 0 if there is no memory
  int takePages(int count) {
    int chunk = withFreeHead;
    for (int i = 0; chunk != 0 && i < CHUNKS_TRIED_MAX; i++) {
      long starts = runStarts(freePages[chunk], count);
      if (starts != 0) {
        return take(chunk, Long.numberOfTrailingZeros(starts), count);
      }
      chunk = next[chunk];
    }
    return reserveChunk() ? take(withFreeHead, 0, count) : 0;
  }

  /// Gives pages back that were taken together.
  void givePages(int page, int count) {
    int chunk = page / CHUNK_PAGES;
    long mask = mask(page % CHUNK_PAGES, count);
    assert (freePages[chunk] & mask) == 0 : "page " + page + " freed twice";
    if (freePages[chunk] == 0) {
      link(chunk);
    }
    freePages[chunk] |= mask;
    freePageCount += count;
    if (freePages[chunk] == ALL_FREE && ++wholeChunkCount > SPARE_CHUNKS_MAX) {
      unlink(chunk);
      freePages[chunk] = 0;
      freePageCount -= CHUNK_PAGES;
      wholeChunkCount--;
      release(chunk, CHUNK_BYTES);
    }
  }

  /// Makes a chunk of its own for one object; zeros, which cost nothing until they are touched.
  ///
  /// @return its address, 0 if there is no memory
  long takeHuge(long bytes) {
    int chunk = reserve(hugeBytes(bytes));
    if (chunk == 0) {
      return 0;
    }
    hugeCount++;
    return (long) chunk << CHUNK_SHIFT;
  }

  /// Gives the chunk of a huge object back.
  void giveHuge(long address) {
    hugeCount--;
    int chunk = (int) (address >>> CHUNK_SHIFT);
    release(chunk, segments[chunk].byteSize());
  }

  /// What a huge object of so many bytes takes.
  static long hugeBytes(long bytes) {
    return PageMemory.rounded(bytes);
  }

  long usedBytes() {
    return usedBytes;
  }

  /// Bytes from the operating system, those to be given back included.
  long reservedBytes() {
    return reservedBytes + memory.retiredBytes();
  }

  /// Gives memory that is no longer used back to the operating system.
  ///
  /// @param bytesMax bound of work
  /// @return whether there is more
  boolean unmapSome(long bytesMax) {
    return memory.unmapSome(bytesMax);
  }

  long limitBytes() {
    return limitBytes;
  }

  void setLimitBytes(long bytes) {
    limitBytes = bytes;
  }

  int chunksInUse() {
    return chunksInUse;
  }

  int hugeCount() {
    return hugeCount;
  }

  int freePageCount() {
    return freePageCount;
  }

  @Override
  public void close() {
    for (int i = 0; i < chunkCount; i++) {
      if (segments[i].byteSize() > 0) {
        release(i, segments[i].byteSize());
      }
    }
    memory.close();
  }

  private int take(int chunk, int page, int count) {
    if (freePages[chunk] == ALL_FREE) {
      wholeChunkCount--;
    }
    freePages[chunk] &= ~mask(page, count);
    freePageCount -= count;
    if (freePages[chunk] == 0) {
      unlink(chunk);
    }
    return chunk * CHUNK_PAGES + page;
  }

  private boolean reserveChunk() {
    int chunk = reserve(CHUNK_BYTES);
    if (chunk == 0) {
      return false;
    }
    freePages[chunk] = ALL_FREE;
    freePageCount += CHUNK_PAGES;
    wholeChunkCount++;
    link(chunk);
    return true;
  }

  /// Gets memory from the operating system; returns the chunk's number, 0 if there is none.
  private int reserve(long bytes) {
    long most = limitBytes + limitBytes / 2 + RESERVE_SLACK_BYTES;
    if (most < 0) {
      most = Long.MAX_VALUE;
    }
    if (reservedBytes > most - bytes || (unusedHead == 0 && chunkCount == CHUNKS_MAX)) {
      return 0;
    }
    long excess = reservedBytes() - (most - bytes);
    if (excess > 0) {
      memory.unmapSome(excess);
    }
    MemorySegment segment = memory.map(bytes);
    if (segment.byteSize() == 0) {
      return 0;
    }
    int chunk = unusedHead;
    if (chunk != 0) {
      unusedHead = next[chunk];
    } else {
      chunk = chunkCount++;
      if (chunk == segments.length) {
        grow();
      }
    }
    segments[chunk] = segment;
    spans[chunk] = new int[CHUNK_PAGES * SlabHeap.SPAN_INTS];
    reservedBytes += bytes;
    chunksInUse++;
    return chunk;
  }

  private void release(int chunk, long bytes) {
    assert segments[chunk].byteSize() == bytes : "chunk " + chunk + " released twice";
    memory.retire(segments[chunk], bytes);
    segments[chunk] = MemorySegment.NULL;
    spans[chunk] = new int[0];
    next[chunk] = unusedHead;
    unusedHead = chunk;
    reservedBytes -= bytes;
    chunksInUse--;
  }

  private void grow() {
    int length = segments.length * 2;
    int old = segments.length;
    segments = Arrays.copyOf(segments, length);
    Arrays.fill(segments, old, length, MemorySegment.NULL);
    spans = Arrays.copyOf(spans, length);
    freePages = Arrays.copyOf(freePages, length);
    next = Arrays.copyOf(next, length);
    previous = Arrays.copyOf(previous, length);
  }

  private void link(int chunk) {
    next[chunk] = withFreeHead;
    previous[chunk] = 0;
    if (withFreeHead != 0) {
      previous[withFreeHead] = chunk;
    }
    withFreeHead = chunk;
  }

  private void unlink(int chunk) {
    if (previous[chunk] != 0) {
      next[previous[chunk]] = next[chunk];
    } else {
      withFreeHead = next[chunk];
    }
    if (next[chunk] != 0) {
      previous[next[chunk]] = previous[chunk];
    }
  }

  /// Bits at which a run of `count` set bits begins.
  private static long runStarts(long bits, int count) {
    long starts = bits;
    for (int i = 1; i < count && starts != 0; i++) {
      starts &= bits >>> i;
    }
    return starts;
  }

  private static long mask(int page, int count) {
    return (count == CHUNK_PAGES ? ALL_FREE : (1L << count) - 1) << page;
  }
}
