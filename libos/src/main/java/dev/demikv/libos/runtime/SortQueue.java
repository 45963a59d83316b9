package dev.demikv.libos.runtime;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.ScatterGatherArray;
import java.util.Comparator;

/// The highest of the elements that have arrived pops first; equal ones in order of arrival. A
/// binary heap of bounded size; beyond it the inner queue is not popped.
final class SortQueue extends ComposedQueue {
  private final Comparator<ScatterGatherArray> order;
  private final ScatterGatherArray[] heap;
  private final long[] arrival;
  private int count;
  private long arrivals;

  SortQueue(
      EventLoop loop,
      int qd,
      IoQueue child,
      Comparator<ScatterGatherArray> order,
      int elementsMax) {
    super(loop, qd, child);
    this.order = order;
    this.heap = new ScatterGatherArray[elementsMax];
    this.arrival = new long[elementsMax];
  }

  @Override
  String kind() {
    return "sort";
  }

  /// Gathers from the beginning: what has arrived is to be sorted before anybody asks.
  @Override
  void match() {
    Intake intake = intakes[0];
    ScatterGatherArray held = intake.held();
    if (held != null && count < heap.length) {
      intake.replace(null);
      insert(held);
    }
    while (!pops.isEmpty() && count > 0) {
      ScatterGatherArray top = heap[0];
      if (top.totalBytes() > pops.headBytesMax()) {
        loop.tokens.completePop(pops.removeHead(), -Errno.EMSGSIZE, null, null, 0);
        continue;
      }
      removeTop();
      loop.tokens.completePop(pops.removeHead(), top.totalBytes(), top, null, 0);
    }
    if (intake.held() != null) {
      if (count < heap.length) {
        match();
      }
    } else if (intake.ended()) {
      if (count == 0) {
        endPops(intake.error());
      }
    } else if (count < heap.length) {
      intake.want();
    }
  }

  private boolean before(int a, int b) {
    int c = order.compare(heap[a], heap[b]);
    return c > 0 || c == 0 && arrival[a] < arrival[b];
  }

  private void swap(int a, int b) {
    ScatterGatherArray sga = heap[a];
    heap[a] = heap[b];
    heap[b] = sga;
    long n = arrival[a];
    arrival[a] = arrival[b];
    arrival[b] = n;
  }

  private void insert(ScatterGatherArray sga) {
    int at = count++;
    heap[at] = sga;
    arrival[at] = arrivals++;
    while (at > 0 && before(at, at - 1 >>> 1)) {
      swap(at, at - 1 >>> 1);
      at = at - 1 >>> 1;
    }
  }

  private void removeTop() {
    count--;
    swap(0, count);
    int at = 0;
    while (true) {
      int left = 2 * at + 1;
      if (left >= count) {
        return;
      }
      int best = left + 1 < count && before(left + 1, left) ? left + 1 : left;
      if (!before(best, at)) {
        return;
      }
      swap(at, best);
      at = best;
    }
  }

  @Override
  void close() {
    super.close();
    for (; count > 0; count--) {
      heap[count - 1].drop();
    }
  }
}
