package dev.demikv.libos.runtime;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.lang.Nullable;

/// Everything popped from one queue is pushed to another, one element at a time. A pop of this
/// queue completes at the end, with its cause.
final class ConnectQueue extends ComposedQueue {
  private boolean pushing;
  private int ending = 1;

  ConnectQueue(EventLoop loop, int qd, IoQueue in, IoQueue out) {
    super(loop, qd, in, out);
  }

  @Override
  String kind() {
    return "qconnect";
  }

  @Override
  IoQueue[] outletChildren() {
    return new IoQueue[] {children[1]};
  }

  @Override
  int push(ScatterGatherArray sga, @Nullable Endpoint to, long qtoken) {
    return -Errno.EOPNOTSUPP;
  }

  @Override
  void match() {
    if (pushing && outlet.isEmpty()) {
      pushing = false;
      if (outlet.lastOutcome() < 0) {
        ending = outlet.lastOutcome();
      }
    }
    Intake intake = intakes[0];
    if (!pushing && ending > 0) {
      ScatterGatherArray sga = intake.held();
      if (sga != null) {
        intake.replace(null);
        pushing = true;
        outlet.add(0, sga.totalBytes(), sga, null);
        if (outlet.isEmpty()) {
          match();
          return;
        }
      } else if (intake.ended()) {
        ending = intake.error();
      } else {
        intake.want();
      }
    }
    if (ending <= 0) {
      endPops(ending);
    }
  }
}
