package dev.demikv.libos.device.kernel;

import java.util.Arrays;

/// A list of socket ids, each at most once, linked through arrays: every operation is O(1) and
/// allocates nothing.
final class SocketList {
  private static final int END = -1;
  private static final int ABSENT = -2;

  private final int[] next;
  private final int[] previous;
  private int head = END;
  private int tail = END;
  private int count;

  SocketList(int socketsMax) {
    next = new int[socketsMax];
    previous = new int[socketsMax];
    Arrays.fill(next, ABSENT);
  }

  boolean isEmpty() {
    return count == 0;
  }

  int count() {
    return count;
  }

  boolean contains(int sid) {
    return next[sid] != ABSENT;
  }

  /// Appends, unless it is in the list.
  void add(int sid) {
    if (next[sid] != ABSENT) {
      return;
    }
    next[sid] = END;
    previous[sid] = tail;
    if (tail == END) {
      head = sid;
    } else {
      next[tail] = sid;
    }
    tail = sid;
    count++;
  }

  /// Takes out the first of a list that is not empty.
  int removeFirst() {
    int sid = head;
    remove(sid);
    return sid;
  }

  /// Takes out, if it is in the list.
  void remove(int sid) {
    int after = next[sid];
    if (after == ABSENT) {
      return;
    }
    int before = previous[sid];
    if (before == END) {
      head = after;
    } else {
      next[before] = after;
    }
    if (after == END) {
      tail = before;
    } else {
      previous[after] = before;
    }
    next[sid] = ABSENT;
    count--;
  }
}
