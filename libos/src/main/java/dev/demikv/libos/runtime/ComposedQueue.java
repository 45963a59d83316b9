package dev.demikv.libos.runtime;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.device.PendingOperations;
import dev.demikv.libos.lang.Nullable;

/// A queue made of other queues, which it owns.
///
/// Pops are driven by demand: an inner pop is started when an outer one waits. An element that
/// arrived and was not wanted any more (its pop was cancelled) is held for the next pop.
abstract class ComposedQueue extends IoQueue {
  final IoQueue[] children;
  final Intake[] intakes;
  final PendingOperations pops = new PendingOperations(POPS_MAX);
  final Outlet outlet;
  private boolean closed;

  /// @param children taken over: closed with this queue
  ComposedQueue(EventLoop loop, int qd, IoQueue... children) {
    super(loop, qd);
    this.children = children;
    this.intakes = new Intake[children.length];
    for (int i = 0; i < children.length; i++) {
      intakes[i] = new Intake(this, children[i]);
      children[i].takenBy = this;
    }
    this.outlet = new Outlet(this, outletChildren());
  }

  /// The inner queues that pushes go to.
  IoQueue[] outletChildren() {
    return children;
  }

  /// Matches elements with pops and asks for more where pops wait.
  abstract void match();

  /// What becomes of a pushed element: itself, another in its place, or `null` when it ends here.
  /// Owns what it is given.
  @Nullable
  ScatterGatherArray admit(ScatterGatherArray sga) {
    return sga;
  }

  @Override
  boolean takesEmpty() {
    return children[0].takesEmpty();
  }

  @Override
  int push(ScatterGatherArray sga, @Nullable Endpoint to, long qtoken) {
    if (!outlet.hasRoom()) {
      return -Errno.EAGAIN;
    }
    int bytes = sga.totalBytes();
    sga.hold();
    ScatterGatherArray admitted = admit(sga);
    outlet.add(qtoken, bytes, admitted, to);
    return 0;
  }

  @Override
  int pop(int bytesMax, long qtoken) {
    if (!pops.add(qtoken, bytesMax)) {
      return -Errno.EAGAIN;
    }
    match();
    return 0;
  }

  @Override
  final void inner(QResult completion) {
    ScatterGatherArray sga = completion.sga;
    if (closed) {
      if (sga != null) {
        sga.drop();
      }
      return;
    }
    for (Intake intake : intakes) {
      if (intake.take(completion)) {
        match();
        return;
      }
    }
    if (outlet.take(completion)) {
      match();
    }
  }

  @Override
  final void retry() {
    if (!closed) {
      outlet.pump();
      match();
    }
  }

  @Override
  final int cancel(long qtoken) {
    if (!pops.remove(qtoken)) {
      return -Errno.EALREADY;
    }
    loop.tokens.completePop(qtoken, -Errno.ECANCELED, null, null, 0);
    return 0;
  }

  @Override
  void close() {
    closed = true;
    endPops(-Errno.ECANCELED);
    outlet.close();
    for (int i = 0; i < children.length; i++) {
      intakes[i].close();
      loop.closeQueue(children[i]);
    }
  }

  final void endPops(int code) {
    while (!pops.isEmpty()) {
      loop.tokens.completePop(pops.removeHead(), code, null, null, 0);
    }
  }
}
