package dev.demikv.libos.runtime;

import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaPredicate;
import dev.demikv.libos.lang.Nullable;

/// Those elements of a queue for which a predicate holds.
final class FilterQueue extends ComposedQueue {
  private final SgaPredicate predicate;
  private boolean passed;

  FilterQueue(EventLoop loop, int qd, IoQueue child, SgaPredicate predicate) {
    super(loop, qd, child);
    this.predicate = predicate;
  }

  @Override
  String kind() {
    return "filter";
  }

  @Override
  @Nullable
  ScatterGatherArray admit(ScatterGatherArray sga) {
    if (predicate.test(sga)) {
      return sga;
    }
    sga.drop();
    return null;
  }

  @Override
  void match() {
    Intake intake = intakes[0];
    while (!pops.isEmpty()) {
      ScatterGatherArray sga = intake.held();
      if (sga == null) {
        if (intake.ended()) {
          endPops(intake.error());
          return;
        }
        // One element per turn of the loop at most comes back from here: bounded work.
        intake.want();
        return;
      }
      if (!passed) {
        if (!predicate.test(sga)) {
          intake.replace(null);
          sga.drop();
          continue;
        }
        passed = true;
      }
      intake.deliver(pops);
      passed = intake.held() != null;
    }
  }
}
