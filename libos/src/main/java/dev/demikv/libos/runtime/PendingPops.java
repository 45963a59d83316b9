package dev.demikv.libos.runtime;

import java.util.Arrays;

/// Pops that wait for an element, oldest first. Grows by doubling up to a limit.
final class PendingPops {
  /// Most pops that may wait on one queue.
  static final int COUNT_MAX = 4096;

  private long[] qtokens = new long[4];
  private int[] bytesMax = new int[4];
  private int head;
  private int count;

  boolean isEmpty() {
    return count == 0;
  }

  int count() {
    return count;
  }

  /// Adds one; false at the limit.
  boolean add(long qtoken, int limitBytes) {
    if (count == qtokens.length && !grow()) {
      return false;
    }
    int at = head + count & qtokens.length - 1;
    qtokens[at] = qtoken;
    bytesMax[at] = limitBytes;
    count++;
    return true;
  }

  long headToken() {
    assert count > 0;
    return qtokens[head];
  }

  int headBytesMax() {
    assert count > 0;
    return bytesMax[head];
  }

  long removeHead() {
    long qtoken = headToken();
    head = head + 1 & qtokens.length - 1;
    count--;
    return qtoken;
  }

  /// Removes one wherever it stands. O(count).
  boolean remove(long qtoken) {
    int mask = qtokens.length - 1;
    for (int i = 0; i < count; i++) {
      if (qtokens[head + i & mask] == qtoken) {
        for (int j = i; j + 1 < count; j++) {
          qtokens[head + j & mask] = qtokens[head + j + 1 & mask];
          bytesMax[head + j & mask] = bytesMax[head + j + 1 & mask];
        }
        count--;
        return true;
      }
    }
    return false;
  }

  private boolean grow() {
    if (count >= COUNT_MAX) {
      return false;
    }
    int length = qtokens.length;
    long[] newTokens = Arrays.copyOf(qtokens, length * 2);
    int[] newLimits = Arrays.copyOf(bytesMax, length * 2);
    for (int i = 0; i < count; i++) {
      newTokens[i] = qtokens[head + i & length - 1];
      newLimits[i] = bytesMax[head + i & length - 1];
    }
    qtokens = newTokens;
    bytesMax = newLimits;
    head = 0;
    return true;
  }
}
