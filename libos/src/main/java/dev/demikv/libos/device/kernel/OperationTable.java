package dev.demikv.libos.device.kernel;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.lang.Nullable;
import java.util.Objects;

/// Operations in flight, as columns of one table with a fixed number of rows. A row is in one
/// [OperationQueue] at a time. Rows are used again last-in first-out.
final class OperationTable {
  /// No row.
  static final int NONE = -1;

  private final long[] qtokens;
  private final int[] bytes;
  private final int[] next;
  private final @Nullable ScatterGatherArray[] sgas;
  private final @Nullable Endpoint[] remotes;
  private final boolean[] hasRemote;
  private int free;
  private int inUse;

  OperationTable(int rows) {
    qtokens = new long[rows];
    bytes = new int[rows];
    next = new int[rows];
    sgas = new @Nullable ScatterGatherArray[rows];
    remotes = new @Nullable Endpoint[rows];
    hasRemote = new boolean[rows];
    for (int i = 0; i < rows; i++) {
      next[i] = i + 1 < rows ? i + 1 : NONE;
    }
  }

  /// A row for a pop or an accept, or [#NONE] when all are in use.
  ///
  /// @param bytesMax most bytes to pop
  int takeInbound(long qtoken, int bytesMax) {
    int row = take(qtoken);
    if (row != NONE) {
      bytes[row] = bytesMax;
    }
    return row;
  }

  /// A row for a push, of which nothing is sent yet, or [#NONE]. Copies `to`.
  int takeOutbound(long qtoken, ScatterGatherArray sga, @Nullable Endpoint to) {
    int row = take(qtoken);
    if (row != NONE) {
      bytes[row] = 0;
      sgas[row] = sga;
      hasRemote[row] = to != null;
      if (to != null) {
        setRemote(row, to);
      }
    }
    return row;
  }

  private int take(long qtoken) {
    int row = free;
    if (row != NONE) {
      free = next[row];
      next[row] = NONE;
      qtokens[row] = qtoken;
      inUse++;
    }
    return row;
  }

  private void setRemote(int row, Endpoint to) {
    Endpoint remote = remotes[row];
    if (remote == null) {
      // Once per row: only rows that ever carried a datagram have one.
      remote = new Endpoint();
      remotes[row] = remote;
    }
    remote.set(to);
  }

  /// Gives a row back.
  void release(int row) {
    sgas[row] = null;
    hasRemote[row] = false;
    next[row] = free;
    free = row;
    inUse--;
  }

  long qtoken(int row) {
    return qtokens[row];
  }

  /// Pop: most bytes wanted.
  int bytesMax(int row) {
    return bytes[row];
  }

  /// Push: bytes that the kernel took so far.
  int bytesSent(int row) {
    return bytes[row];
  }

  void addBytesSent(int row, int count) {
    bytes[row] += count;
  }

  ScatterGatherArray sga(int row) {
    return Objects.requireNonNull(sgas[row]);
  }

  /// Push: where a datagram goes, `null` on a connected socket.
  @Nullable
  Endpoint remote(int row) {
    return hasRemote[row] ? remotes[row] : null;
  }

  int next(int row) {
    return next[row];
  }

  void setNext(int row, int following) {
    next[row] = following;
  }

  int inUse() {
    return inUse;
  }
}
