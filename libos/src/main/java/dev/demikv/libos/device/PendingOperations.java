package dev.demikv.libos.device;

import java.util.Arrays;

/// Operations of one sort that wait on a queue, oldest first, each with the most bytes that it
/// takes. Grows by doubling up to a limit; belongs to one thread.
public final class PendingOperations {
  private final int countMax;

  private long[] qtokens = new long[4];
  private int[] bytesMax = new int[4];
  private int head;
  private int count;

  /// @param countMax most that may wait, a power of two, at least 4
  public PendingOperations(int countMax) {
    this.countMax = countMax;
  }

  /// Whether none waits.
  public boolean isEmpty() {
    return count == 0;
  }

  /// How many wait.
  public int count() {
    return count;
  }

  /// Adds one; false at the limit.
  public boolean add(long qtoken, int limitBytes) {
    if (count == qtokens.length && !grow()) {
      return false;
    }
    int at = head + count & qtokens.length - 1;
    qtokens[at] = qtoken;
    bytesMax[at] = limitBytes;
    count++;
    return true;
  }

  /// Token of the oldest.
  public long headToken() {
    assert count > 0;
    return qtokens[head];
  }

  /// Most bytes of the oldest.
  public int headBytesMax() {
    assert count > 0;
    return bytesMax[head];
  }

  /// Takes the oldest out.
  ///
  /// @return its token
  public long removeHead() {
    long qtoken = headToken();
    head = head + 1 & qtokens.length - 1;
    count--;
    return qtoken;
  }

  /// Removes one wherever it stands. O(count).
  public boolean remove(long qtoken) {
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
    if (count >= countMax) {
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
