package dev.demikv.libos.device.file;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// A bounded ring of numbers from one producing thread to one consuming thread.
///
/// The producer releases `tail` after it has written an entry, and everything else it has written
/// before; the consumer acquires `tail` and releases `head` after it has read the entry.
final class LongRing {
  /// What [#poll] gives when there is nothing.
  static final long EMPTY = Long.MIN_VALUE;

  private static final VarHandle TAIL;
  private static final VarHandle HEAD;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      TAIL = lookup.findVarHandle(LongRing.class, "tail", long.class);
      HEAD = lookup.findVarHandle(LongRing.class, "head", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final long[] entries;
  private final int mask;

  @SuppressWarnings("UnusedVariable") // By TAIL.
  private long tail;

  @SuppressWarnings("UnusedVariable") // By HEAD.
  private long head;

  /// @param capacity at least so many entries
  LongRing(int capacity) {
    int size = Math.max(2, Integer.highestOneBit(Math.max(1, capacity - 1)) << 1);
    entries = new long[size];
    mask = size - 1;
  }

  /// Producer: adds an entry other than [#EMPTY].
  ///
  /// @return false when full
  boolean offer(long entry) {
    long at = (long) TAIL.get(this);
    if (at - (long) HEAD.getAcquire(this) > mask) {
      return false;
    }
    entries[(int) at & mask] = entry;
    TAIL.setRelease(this, at + 1);
    return true;
  }

  /// Consumer: takes the oldest entry, or [#EMPTY].
  long poll() {
    long at = (long) HEAD.get(this);
    if (at == (long) TAIL.getAcquire(this)) {
      return EMPTY;
    }
    long entry = entries[(int) at & mask];
    HEAD.setRelease(this, at + 1);
    return entry;
  }

  /// Consumer: whether there is nothing to take now.
  boolean isEmpty() {
    return (long) HEAD.get(this) == (long) TAIL.getAcquire(this);
  }
}
