package dev.demikv.libos.device.memory;

import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.lang.Nullable;
import java.util.Arrays;

/// Operations of one sort that wait on a socket, first-in first-out: a bounded ring that grows to
/// what its user needs.
final class MemoryOperations {
  private static final int COUNT_MAX = 1024;
  private static final int COUNT_INITIAL = 8;

  private long[] qtokens = new long[COUNT_INITIAL];
  private int[] bytes = new int[COUNT_INITIAL];
  private @Nullable ScatterGatherArray[] sgas = new ScatterGatherArray[COUNT_INITIAL];
  private int head;
  private int count;

  boolean isEmpty() {
    return count == 0;
  }

  /// Appends one.
  ///
  /// @param newBytes most bytes of a pop, bytes already taken of a push
  /// @return false when there are as many as there may be
  boolean add(long qtoken, int newBytes, @Nullable ScatterGatherArray sga) {
    if (count == qtokens.length && !grow()) {
      return false;
    }
    int tail = head + count & qtokens.length - 1;
    qtokens[tail] = qtoken;
    bytes[tail] = newBytes;
    sgas[tail] = sga;
    count++;
    return true;
  }

  private boolean grow() {
    int old = qtokens.length;
    if (old == COUNT_MAX) {
      return false;
    }
    long[] newQtokens = Arrays.copyOf(qtokens, 2 * old);
    int[] newBytes = Arrays.copyOf(bytes, 2 * old);
    @Nullable ScatterGatherArray[] newSgas = Arrays.copyOf(sgas, 2 * old);
    for (int i = 0; i < count; i++) {
      int from = head + i & old - 1;
      newQtokens[i] = qtokens[from];
      newBytes[i] = bytes[from];
      newSgas[i] = sgas[from];
    }
    qtokens = newQtokens;
    bytes = newBytes;
    sgas = newSgas;
    head = 0;
    return true;
  }

  /// Bytes of the oldest.
  int bytes() {
    return bytes[head];
  }

  void setBytes(int newBytes) {
    bytes[head] = newBytes;
  }

  /// Array of the oldest.
  ScatterGatherArray sga() {
    ScatterGatherArray sga = sgas[head];
    if (count == 0 || sga == null) {
      throw new IllegalStateException("no push waits");
    }
    return sga;
  }

  /// Takes the oldest out.
  ///
  /// @return its token
  long remove() {
    long qtoken = qtokens[head];
    sgas[head] = null;
    head = head + 1 & qtokens.length - 1;
    count--;
    return qtoken;
  }

  /// Takes one out, wherever it is. O(count).
  ///
  /// @param onlyUntouched leaves a push some of whose bytes were taken
  /// @return whether it was there and was taken out
  boolean remove(long qtoken, boolean onlyUntouched) {
    int mask = qtokens.length - 1;
    for (int i = 0; i < count; i++) {
      int at = head + i & mask;
      if (qtokens[at] == qtoken) {
        if (onlyUntouched && bytes[at] > 0) {
          return false;
        }
        for (int k = i; k + 1 < count; k++) {
          int to = head + k & mask;
          int from = head + k + 1 & mask;
          qtokens[to] = qtokens[from];
          bytes[to] = bytes[from];
          sgas[to] = sgas[from];
        }
        count--;
        sgas[head + count & mask] = null;
        return true;
      }
    }
    return false;
  }
}
