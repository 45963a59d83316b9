package dev.demikv.libos.runtime;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.Shutdown;
import dev.demikv.libos.device.PendingOperations;
import dev.demikv.libos.lang.Nullable;

/// A bounded queue of elements in memory. Elements pass by reference: no copy.
///
/// At most one of the three is not empty beside the elements: pops wait only when there are no
/// elements, pushes wait only when the queue is full.
final class MemoryQueue extends IoQueue {
  private final ScatterGatherArray[] elements;
  private int head;
  private int count;
  private final long[] waitingTokens;
  private final ScatterGatherArray[] waitingArrays;
  private int waitingHead;
  private int waitingCount;
  private final PendingOperations pops = new PendingOperations(POPS_MAX);
  private boolean writeShut;
  private boolean readShut;

  MemoryQueue(EventLoop loop, int qd, int elementsMax) {
    super(loop, qd);
    elements = new ScatterGatherArray[elementsMax];
    waitingTokens = new long[elementsMax];
    waitingArrays = new ScatterGatherArray[elementsMax];
  }

  @Override
  String kind() {
    return "memory";
  }

  @Override
  int push(ScatterGatherArray sga, @Nullable Endpoint to, long qtoken) {
    if (writeShut || readShut) {
      return -Errno.EPIPE;
    }
    if (to != null) {
      return -Errno.EOPNOTSUPP;
    }
    if (count < elements.length) {
      enqueue(sga);
      loop.tokens.completePush(qtoken, sga.totalBytes(), 0);
      match();
      return 0;
    }
    if (waitingCount == waitingTokens.length) {
      return -Errno.EAGAIN;
    }
    int at = (waitingHead + waitingCount) % waitingTokens.length;
    waitingTokens[at] = qtoken;
    waitingArrays[at] = sga;
    waitingCount++;
    return 0;
  }

  private void enqueue(ScatterGatherArray sga) {
    sga.hold();
    elements[(head + count) % elements.length] = sga;
    count++;
  }

  @Override
  int pop(int bytesMax, long qtoken) {
    if (!pops.add(qtoken, bytesMax)) {
      return -Errno.EAGAIN;
    }
    match();
    return 0;
  }

  private void match() {
    while (!pops.isEmpty() && count > 0) {
      ScatterGatherArray sga = elements[head];
      if (sga.totalBytes() > pops.headBytesMax()) {
        loop.tokens.completePop(pops.removeHead(), -Errno.EMSGSIZE, null, null, 0);
        continue;
      }
      head = (head + 1) % elements.length;
      count--;
      loop.tokens.completePop(pops.removeHead(), sga.totalBytes(), sga, null, 0);
      admitWaiting();
    }
    if (count == 0 && (writeShut || readShut)) {
      while (!pops.isEmpty()) {
        loop.tokens.completePop(pops.removeHead(), 0, null, null, 0);
      }
    }
  }

  private void admitWaiting() {
    if (waitingCount == 0) {
      return;
    }
    ScatterGatherArray sga = waitingArrays[waitingHead];
    long qtoken = waitingTokens[waitingHead];
    waitingHead = (waitingHead + 1) % waitingTokens.length;
    waitingCount--;
    enqueue(sga);
    loop.tokens.completePush(qtoken, sga.totalBytes(), 0);
  }

  /// WRITE: what was pushed still pops, then the end. READ: what is there is freed.
  @Override
  void shutdown(Shutdown how) {
    writeShut = true;
    if (how != Shutdown.WRITE) {
      readShut = true;
      cancelWaiting();
      dropElements();
    }
    match();
  }

  @Override
  int cancel(long qtoken) {
    if (pops.remove(qtoken)) {
      loop.tokens.completePop(qtoken, -Errno.ECANCELED, null, null, 0);
      return 0;
    }
    for (int i = 0; i < waitingCount; i++) {
      int at = (waitingHead + i) % waitingTokens.length;
      if (waitingTokens[at] == qtoken) {
        for (int j = i; j + 1 < waitingCount; j++) {
          int to = (waitingHead + j) % waitingTokens.length;
          int from = (waitingHead + j + 1) % waitingTokens.length;
          waitingTokens[to] = waitingTokens[from];
          waitingArrays[to] = waitingArrays[from];
        }
        waitingCount--;
        loop.tokens.completePush(qtoken, -Errno.ECANCELED, 0);
        return 0;
      }
    }
    return -Errno.EALREADY;
  }

  @Override
  void close() {
    while (!pops.isEmpty()) {
      loop.tokens.completePop(pops.removeHead(), -Errno.ECANCELED, null, null, 0);
    }
    cancelWaiting();
    dropElements();
  }

  private void cancelWaiting() {
    for (; waitingCount > 0; waitingCount--) {
      loop.tokens.completePush(waitingTokens[waitingHead], -Errno.ECANCELED, 0);
      waitingHead = (waitingHead + 1) % waitingTokens.length;
    }
  }

  private void dropElements() {
    for (; count > 0; count--) {
      elements[head].drop();
      head = (head + 1) % elements.length;
    }
  }
}
