package dev.demikv.kvserver.server;

import dev.demikv.kvserver.metrics.Histogram;
import dev.demikv.kvserver.persist.BatchRecord;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.MemorySegment;

/// The commit log of a single server: a storage queue. A batch is committed when its last record is
/// on stable storage.
///
/// Pushes complete in the order they were made, so the batches in flight form a ring; each knows
/// the token of its last record. A long command is pushed in pieces, as many as the queue takes at
/// a time.
final class StorageCommitLog implements CommitLog {
  private final LibOs libos;
  private final int qd;
  private final Listener listener;

  private final @Nullable WriteBatch[] ring;
  private final long[] lastToken;
  private final long[] proposedNanos;
  private final Histogram commitTimes = new Histogram();
  private int head;
  private int count;

  /// The batch whose records are being pushed; it is the newest in the ring.
  private @Nullable WriteBatch pushing;

  private long pushedBytes;
  private long committedBatches;
  private long committedPosition;
  private int failure;
  private boolean full;

  /// @param qd the storage queue, written by nobody else
  /// @param batchesMax batches in flight
  StorageCommitLog(LibOs libos, int qd, int batchesMax, Listener listener) {
    this.libos = libos;
    this.qd = qd;
    this.listener = listener;
    this.ring = new WriteBatch[batchesMax];
    this.lastToken = new long[batchesMax];
    this.proposedNanos = new long[batchesMax];
  }

  @Override
  public boolean propose(WriteBatch batch) {
    if (pushing != null || count == ring.length || failure != 0) {
      return false;
    }
    int slot = slot(count);
    ring[slot] = batch;
    lastToken[slot] = 0;
    proposedNanos[slot] = libos.nowNanos();
    count++;
    pushing = batch;
    pushedBytes = 0;
    turn();
    return true;
  }

  @Override
  public void turn() {
    WriteBatch batch = pushing;
    if (batch == null || failure != 0) {
      return;
    }
    while (pushedBytes < batch.bytes()) {
      long qtoken = batch.isLong() ? pushPiece(batch) : pushWhole(batch);
      full = qtoken == -Errno.ENOSPC;
      if (full || qtoken == -Errno.EAGAIN) {
        return;
      }
      if (qtoken < 0) {
        fail((int) -qtoken);
        return;
      }
      lastToken[slot(count - 1)] = qtoken;
    }
    pushing = null;
  }

  private long pushWhole(WriteBatch batch) {
    ScatterGatherArray array = libos.sgaAlloc();
    if (array == null) {
      return -Errno.EAGAIN;
    }
    array.addShared(batch.buffer(), 0, (int) batch.bytes());
    long qtoken = libos.push(qd, array);
    libos.sgaFree(array);
    if (qtoken > 0) {
      pushedBytes = batch.bytes();
    }
    return qtoken;
  }

  private long pushPiece(WriteBatch batch) {
    long left = batch.bytes() - pushedBytes;
    int length = (int) Math.min(left, BatchRecord.PAYLOAD_BYTES_MAX);
    ScatterGatherArray array = libos.sgaAlloc(BatchRecord.HEADER_BYTES + length);
    if (array == null) {
      return -Errno.EAGAIN;
    }
    int flags =
        (pushedBytes == 0 ? BatchRecord.FIRST : 0) | (length == left ? BatchRecord.LAST : 0);
    MemorySegment first = array.memory(0);
    BatchRecord.putHeader(
        first, array.offset(0), flags, batch.writes(), batch.sequence(), batch.millis());
    array.copyFrom(BatchRecord.HEADER_BYTES, batch.payload(), pushedBytes, length);
    long qtoken = libos.push(qd, array);
    libos.sgaFree(array);
    if (qtoken > 0) {
      pushedBytes += length;
    }
    return qtoken;
  }

  @Override
  public boolean onCompletion(QResult result) {
    if (result.qd != qd || result.opcode != Opcode.PUSH) {
      return false;
    }
    if (result.result < 0) {
      fail(-result.result);
      return true;
    }
    WriteBatch batch = ring[head];
    if (count > 0 && batch != null && result.qtoken == lastToken[head] && batch != pushing) {
      ring[head] = null;
      commitTimes.record(libos.nowNanos() - proposedNanos[head]);
      head = head + 1 == ring.length ? 0 : head + 1;
      count--;
      committedBatches++;
      committedPosition = result.position;
      listener.committed(batch);
    }
    return true;
  }

  private void fail(int errno) {
    if (failure == 0) {
      failure = errno;
      listener.failed(errno);
    }
  }

  @Override
  public boolean needsRetry() {
    return pushing != null && failure == 0;
  }

  @Override
  public long committedPosition() {
    return committedPosition;
  }

  @Override
  public long logBytes() {
    return libos.logTail(qd) - libos.logHead(qd);
  }

  @Override
  public int inFlight() {
    return count;
  }

  @Override
  public Histogram commitTimes() {
    return commitTimes;
  }

  @Override
  public boolean hasFailed() {
    return failure != 0;
  }

  @Override
  public boolean isFull() {
    return full && failure == 0;
  }

  @Override
  public void withdraw() {
    if (pushing == null) {
      throw new IllegalStateException("nothing waits for room");
    }
    // Pieces of a long command that are in the log already count for nothing without the last.
    count--;
    ring[slot(count)] = null;
    pushing = null;
    full = false;
  }

  /// Batches committed so far.
  long committedBatches() {
    return committedBatches;
  }

  private int slot(int index) {
    int at = head + index;
    return at >= ring.length ? at - ring.length : at;
  }
}
