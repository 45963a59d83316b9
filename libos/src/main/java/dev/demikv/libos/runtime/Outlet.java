package dev.demikv.libos.runtime;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.lang.Nullable;

/// The pushing end of a composed queue: a bounded line of elements, each pushed to every inner
/// queue in order. An outer push completes when all inner ones did, with the first error of them.
final class Outlet {
  /// Pushes that may wait here; beyond them the outer push is refused with -EAGAIN.
  static final int COUNT_MAX = 64;

  private static final long NOT_STARTED = 0;
  private static final long FINISHED = -1;

  private final EventLoop loop;
  private final IoQueue owner;
  private final IoQueue[] children;
  private final long[] outer = new long[COUNT_MAX];
  private final int[] outcome = new int[COUNT_MAX];
  private final @Nullable ScatterGatherArray[] arrays = new ScatterGatherArray[COUNT_MAX];
  private final @Nullable Endpoint[] targets = new Endpoint[COUNT_MAX];
  private final long[][] innerTokens;
  private int head;
  private int count;

  Outlet(IoQueue owner, IoQueue... children) {
    this.loop = owner.loop;
    this.owner = owner;
    this.children = children;
    this.innerTokens = new long[children.length][COUNT_MAX];
  }

  /// Whether another push may be added.
  boolean hasRoom() {
    return count < COUNT_MAX;
  }

  /// Whether nothing is under way.
  boolean isEmpty() {
    return count == 0;
  }

  /// Adds a push. Takes over one hold of `sga`; `null` completes in its turn without a push.
  ///
  /// @param qtoken outer token; 0 when nobody waits for it
  /// @param bytes result of the outer token on success
  void add(long qtoken, int bytes, @Nullable ScatterGatherArray sga, @Nullable Endpoint to) {
    int at = (head + count) % COUNT_MAX;
    outer[at] = qtoken;
    outcome[at] = bytes;
    arrays[at] = sga;
    targets[at] = to == null ? null : to.copy();
    for (long[] tokens : innerTokens) {
      tokens[at] = sga == null ? FINISHED : NOT_STARTED;
    }
    count++;
    pump();
  }

  /// Starts what can be started and completes what is done, in order.
  void pump() {
    for (int c = 0; c < children.length; c++) {
      startFor(c);
    }
    finish();
  }

  private void startFor(int c) {
    for (int i = 0; i < count; i++) {
      int at = (head + i) % COUNT_MAX;
      if (innerTokens[c][at] != NOT_STARTED) {
        continue;
      }
      ScatterGatherArray sga = arrays[at];
      assert sga != null;
      long qtoken = loop.innerPush(children[c], sga, targets[at], owner);
      if (qtoken == -Errno.EAGAIN) {
        loop.retryLater(owner);
        return;
      }
      if (qtoken < 0) {
        fail(at, (int) qtoken);
        innerTokens[c][at] = FINISHED;
      } else {
        innerTokens[c][at] = qtoken;
      }
    }
  }

  private void fail(int at, int code) {
    if (outcome[at] >= 0) {
      outcome[at] = code;
    }
  }

  /// Takes a completion if it is of one of this end's pushes.
  boolean take(QResult completion) {
    for (int i = 0; i < count; i++) {
      int at = (head + i) % COUNT_MAX;
      for (int c = 0; c < children.length; c++) {
        if (innerTokens[c][at] == completion.qtoken) {
          innerTokens[c][at] = FINISHED;
          if (completion.result < 0) {
            fail(at, completion.result);
          }
          finish();
          return true;
        }
      }
    }
    return false;
  }

  private void finish() {
    while (count > 0 && headIsFinished()) {
      int at = head;
      head = (head + 1) % COUNT_MAX;
      count--;
      release(at, outcome[at]);
    }
  }

  private boolean headIsFinished() {
    for (long[] tokens : innerTokens) {
      if (tokens[head] != FINISHED) {
        return false;
      }
    }
    return true;
  }

  private void release(int at, int code) {
    ScatterGatherArray sga = arrays[at];
    arrays[at] = null;
    targets[at] = null;
    if (sga != null) {
      sga.drop();
    }
    if (outer[at] != 0) {
      loop.tokens.completePush(outer[at], code, 0);
    } else {
      lastOutcome = code;
    }
  }

  private int lastOutcome;

  /// Result of the last push that nobody waited for.
  int lastOutcome() {
    return lastOutcome;
  }

  /// Completes everything with -ECANCELED; the inner queues are closed by the owner.
  void close() {
    for (; count > 0; count--) {
      int at = head;
      head = (head + 1) % COUNT_MAX;
      release(at, -Errno.ECANCELED);
    }
  }
}
