package dev.demikv.kvserver.server;

import dev.demikv.kvserver.resp.ReplySink;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.MemorySegment;

/// The replies of one client on their way out.
///
/// ```
///   RespWriter ─► gathering array of pooled buffers ─► push        the client reads
///            └──► spill: blocks of client memory ─► pooled buffers ─► push   it does not keep up
/// ```
///
/// Replies are written into pooled buffers, pushed once per turn and freed at once. Pushes are
/// quiet, except that one now and then is to report its completion, so that it is known how much
/// the transport still holds. When it holds [#WINDOW_BYTES], or pooled buffers are scarce, further
/// replies go to the spill, and the client's further commands wait ([#isBackedUp]). Spill and
/// transport together are bounded by the output limit.
final class ReplyOutput implements ReplySink {
  /// Most bytes that a client may leave with the transport before its replies are spilled.
  static final int WINDOW_BYTES = 256 << 10;

  private static final int PIECE_BYTES = 16 << 10;
  private static final int LARGE_PIECE_BYTES = 256 << 10;
  private static final int SMALL_PIECES = 4;
  private static final int GATHERED_BYTES_MAX = 1 << 20;
  private static final int GATHERED_BYTES_MAX_SHORT = 64 << 10;
  private static final int SPILL_BLOCK_BYTES_MAX = 4 << 20;
  private static final int REPORT_BYTES = 64 << 10;
  private static final int REPORT_PUSHES = 16;

  private final LibOs libos;
  private final ClientMemory pool;
  private final OutputBudget budget;
  private final long limitBytes;
  private int qd;

  private @Nullable ScatterGatherArray gathered;
  private MemorySegment memory = MemorySegment.NULL;
  private long offset;
  private long limit;

  private final Spill spill = new Spill();
  private boolean spilling;

  private long heldBytes;
  private long reportingBytes;
  private long reportToken;
  private long reportSinceNanos;
  private int bytesSinceReport;
  private int pushesSinceReport;
  private long pushedBytes;
  private boolean overflowed;
  private boolean failed;

  ReplyOutput(LibOs libos, ClientMemory pool, OutputBudget budget, long limitBytes) {
    this.libos = libos;
    this.pool = pool;
    this.budget = budget;
    this.limitBytes = limitBytes;
  }

  /// Begins with a new connection.
  void open(int newQd) {
    qd = newQd;
    pushedBytes = 0;
    overflowed = false;
    failed = false;
  }

  /// Drops what is not yet pushed and gives all memory back.
  void close() {
    ScatterGatherArray array = gathered;
    if (array != null) {
      gathered = null;
      libos.sgaFree(array);
    }
    spill.clear();
    noRoom();
    spilling = false;
    budget.hold(-heldBytes);
    heldBytes = 0;
    reportingBytes = 0;
    if (reportToken != 0) {
      budget.report(-1);
      reportToken = 0;
    }
    bytesSinceReport = 0;
    pushesSinceReport = 0;
  }

  @Override
  public MemorySegment memory() {
    return memory;
  }

  @Override
  public long offset() {
    return offset;
  }

  @Override
  public long limit() {
    return limit;
  }

  @Override
  public void written(long newOffset) {
    assert newOffset >= offset && newOffset <= limit : newOffset;
    offset = newOffset;
  }

  @Override
  public boolean more() {
    if (overflowed || failed) {
      return false;
    }
    settle();
    if (!spilling && gather()) {
      return true;
    }
    spilling = true;
    if (spill.bytes + heldBytes >= limitBytes || !spill.extend()) {
      overflowed = true;
      return false;
    }
    return true;
  }

  /// Whether the output limit or the memory of all clients is exhausted: to be disconnected.
  boolean overflowed() {
    return overflowed;
  }

  /// Whether a push failed for good: to be disconnected.
  boolean failed() {
    return failed;
  }

  /// Whether there are replies that [#flush] has to push.
  boolean isPending() {
    return gathered != null || spilling;
  }

  /// Whether the client does not read as fast as it is answered.
  boolean isBackedUp() {
    return spilling || (reportToken != 0 && heldBytes >= WINDOW_BYTES);
  }

  /// Whether nothing will tell that there is room again: [#flush] is to be tried again soon.
  boolean needsRetry() {
    return isPending() && reportToken == 0 && !failed;
  }

  /// Bytes not known to be taken by the transport, spilled ones included.
  long outstandingBytes() {
    return heldBytes + spill.bytes;
  }

  /// How long the client has not read what it was sent; 0 when it is not known to be behind.
  long stalledNanos(long nowNanos) {
    return reportToken == 0 ? 0 : nowNanos - reportSinceNanos;
  }

  /// Bytes pushed since the connection was opened.
  long pushedBytes() {
    return pushedBytes;
  }

  /// Pushes what there is, as far as the transport takes it. Once per turn.
  void flush() {
    settle();
    if (gathered != null && !pushGathered()) {
      return;
    }
    while (spilling && mayPush() && !failed) {
      if (spill.bytes == 0) {
        spill.clear();
        spilling = false;
        noRoom();
        return;
      }
      ScatterGatherArray array = libos.sgaAlloc(spill.nextBytes());
      if (array == null) {
        return;
      }
      spill.copyTo(array);
      gathered = array;
      if (!pushGathered()) {
        return;
      }
    }
  }

  /// Takes the completion of a push; returns whether it was one that [#flush] waits for.
  boolean onPushed(long qtoken, int result) {
    if (result < 0) {
      failed = true;
    }
    if (qtoken != reportToken) {
      return false;
    }
    heldBytes -= reportingBytes;
    budget.hold(-reportingBytes);
    budget.report(-1);
    reportToken = 0;
    reportingBytes = 0;
    return true;
  }

  /// Without a report under way nothing would ever tell that the window opens: so one push goes.
  private boolean mayPush() {
    return reportToken == 0 || (heldBytes < WINDOW_BYTES && !budget.isShort());
  }

  private int gatheredBytesMax() {
    return budget.isShort() ? GATHERED_BYTES_MAX_SHORT : GATHERED_BYTES_MAX;
  }

  /// Adds a fresh buffer to the gathering array.
  private boolean gather() {
    if (gathered != null
        && (gathered.segmentCount() == ScatterGatherArray.SEGMENTS_MAX
            || gathered.totalBytes() >= gatheredBytesMax())
        && !(mayPush() && pushGathered())) {
      return false;
    }
    ScatterGatherArray array = gathered;
    if (array == null) {
      if (!mayPush()) {
        return false;
      }
      array = libos.sgaAlloc(PIECE_BYTES);
      if (array == null) {
        return false;
      }
      gathered = array;
    } else {
      int bytes = array.segmentCount() < SMALL_PIECES ? PIECE_BYTES : LARGE_PIECE_BYTES;
      ScatterGatherArray piece = libos.sgaAlloc(bytes);
      if (piece == null) {
        return false;
      }
      array.addShared(piece.buffer(0), 0, piece.length(0));
      libos.sgaFree(piece);
    }
    int last = array.segmentCount() - 1;
    memory = array.memory(last);
    offset = 0;
    limit = array.length(last);
    return true;
  }

  /// Ends the piece that was written to, so that its length is what was written.
  private void settle() {
    if (spilling) {
      spill.settle(offset);
    } else if (gathered != null && limit > 0) {
      gathered.setRange(gathered.segmentCount() - 1, 0, (int) offset);
    }
    noRoom();
  }

  private void noRoom() {
    memory = MemorySegment.NULL;
    offset = 0;
    limit = 0;
  }

  private boolean pushGathered() {
    ScatterGatherArray array = gathered;
    if (array == null) {
      return true;
    }
    int bytes = array.totalBytes();
    if (bytes == 0) {
      gathered = null;
      libos.sgaFree(array);
      return true;
    }
    boolean report =
        reportToken == 0
            && (bytesSinceReport + bytes >= REPORT_BYTES
                || pushesSinceReport >= REPORT_PUSHES
                || budget.isShort());
    if (report) {
      libos.setsockopt(qd, SocketOption.PUSH_QUIET, 0);
    }
    long qtoken = libos.push(qd, array);
    if (report) {
      libos.setsockopt(qd, SocketOption.PUSH_QUIET, 1);
    }
    if (qtoken == -Errno.EAGAIN) {
      return false;
    }
    gathered = null;
    libos.sgaFree(array);
    if (qtoken < 0) {
      failed = true;
      return false;
    }
    pushedBytes += bytes;
    heldBytes += bytes;
    budget.hold(bytes);
    if (report) {
      budget.report(1);
      reportSinceNanos = libos.nowNanos();
      reportToken = qtoken;
      reportingBytes = heldBytes;
      bytesSinceReport = 0;
      pushesSinceReport = 0;
    } else {
      bytesSinceReport += bytes;
      pushesSinceReport++;
    }
    return true;
  }

  /// A queue of blocks: what could not be pushed yet.
  private final class Spill {
    private static final int BLOCKS_MAX = 1 << 10;

    private ClientMemory.@Nullable Block[] blocks = new ClientMemory.Block[4];
    private int[] lengths = new int[4];
    private int first;
    private int count;
    private int taken;
    private long bytes;

    /// Adds a block, twice as large as the last one, and points the sink at it.
    boolean extend() {
      int size = PIECE_BYTES;
      if (count > 0) {
        size = Math.min(SPILL_BLOCK_BYTES_MAX, 2 * block(first + count - 1).capacity());
      }
      if (count == BLOCKS_MAX) {
        return false;
      }
      ClientMemory.Block block = pool.take(size);
      if (block == null) {
        return false;
      }
      makePlace();
      blocks[first + count] = block;
      lengths[first + count] = 0;
      count++;
      memory = block.memory();
      offset = 0;
      limit = block.capacity();
      return true;
    }

    /// The last block was written up to an offset.
    void settle(long writtenTo) {
      if (count > 0 && limit > 0) {
        lengths[first + count - 1] = (int) writtenTo;
        bytes += writtenTo;
      }
    }

    /// Bytes of the next array to push.
    int nextBytes() {
      dropEmpty();
      return Math.min(LARGE_PIECE_BYTES, lengths[first] - taken);
    }

    /// Moves the next bytes to an array that covers so many.
    void copyTo(ScatterGatherArray array) {
      int length = array.totalBytes();
      array.copyFrom(0, block(first).memory(), taken, length);
      taken += length;
      bytes -= length;
      dropEmpty();
    }

    void clear() {
      while (count > 0) {
        dropFirst();
      }
      first = 0;
      taken = 0;
      bytes = 0;
    }

    private void dropEmpty() {
      while (count > 0 && taken == lengths[first]) {
        dropFirst();
        taken = 0;
      }
    }

    private void dropFirst() {
      pool.give(block(first));
      blocks[first] = null;
      first++;
      count--;
    }

    private void makePlace() {
      if (first + count < blocks.length) {
        return;
      }
      int size = count == blocks.length ? count * 2 : blocks.length;
      ClientMemory.Block[] moved = new ClientMemory.Block[size];
      int[] movedLengths = new int[size];
      System.arraycopy(blocks, first, moved, 0, count);
      System.arraycopy(lengths, first, movedLengths, 0, count);
      blocks = moved;
      lengths = movedLengths;
      first = 0;
    }

    private ClientMemory.Block block(int index) {
      ClientMemory.Block block = blocks[index];
      if (block == null) {
        throw new IllegalStateException("spill block " + index);
      }
      return block;
    }
  }
}
