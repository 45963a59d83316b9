package dev.demikv.libos.net;

import java.util.Arrays;

/// Operations of one sort that wait on a socket, first-in first-out: a bounded ring that grows to
/// what its user needs.
final class PendingOperations {
  private static final int COUNT_MAX = 1_024;
  private static final int COUNT_INITIAL = 4;

  private long[] qtokens = new long[COUNT_INITIAL];
  private int[] bytes = new int[COUNT_INITIAL];
  private int head;
  private int count;

  boolean isEmpty() {
    return count == 0;
  }

  /// Appends one.
  ///
  /// @param bytesMax most bytes of a pop
  /// @return false when there are as many as there may be
  boolean add(long qtoken, int bytesMax) {
    if (count == qtokens.length && !grow()) {
      return false;
    }
    int tail = head + count & qtokens.length - 1;
    qtokens[tail] = qtoken;
    bytes[tail] = bytesMax;
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
    for (int i = 0; i < count; i++) {
      newQtokens[i] = qtokens[head + i & old - 1];
      newBytes[i] = bytes[head + i & old - 1];
    }
    qtokens = newQtokens;
    bytes = newBytes;
    head = 0;
    return true;
  }

  /// Most bytes of the oldest.
  int bytesMax() {
    return bytes[head];
  }

  /// Takes the oldest out.
  ///
  /// @return its token
  long remove() {
    assert count > 0 : "nothing waits";
    long qtoken = qtokens[head];
    head = head + 1 & qtokens.length - 1;
    count--;
    return qtoken;
  }

  /// Takes one out, wherever it is. O(count).
  ///
  /// @return whether it was there
  boolean remove(long qtoken) {
    int mask = qtokens.length - 1;
    for (int i = 0; i < count; i++) {
      if (qtokens[head + i & mask] == qtoken) {
        for (int k = i; k + 1 < count; k++) {
          qtokens[head + k & mask] = qtokens[head + k + 1 & mask];
          bytes[head + k & mask] = bytes[head + k + 1 & mask];
        }
        count--;
        return true;
      }
    }
    return false;
  }
}
