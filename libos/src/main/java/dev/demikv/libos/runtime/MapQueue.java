package dev.demikv.libos.runtime;

import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaFunction;

/// A queue with a function applied to every element on its way.
final class MapQueue extends ComposedQueue {
  private final SgaFunction function;
  private boolean mapped;

  MapQueue(EventLoop loop, int qd, IoQueue child, SgaFunction function) {
    super(loop, qd, child);
    this.function = function;
  }

  @Override
  String kind() {
    return "map";
  }

  @Override
  ScatterGatherArray admit(ScatterGatherArray sga) {
    return function.apply(sga);
  }

  @Override
  void match() {
    Intake intake = intakes[0];
    while (!pops.isEmpty()) {
      ScatterGatherArray sga = intake.held();
      if (sga == null) {
        if (intake.ended()) {
          endPops(intake.error());
        } else {
          intake.want();
        }
        return;
      }
      if (!mapped) {
        intake.replace(function.apply(sga));
        mapped = true;
      }
      intake.deliver(pops);
      mapped = intake.held() != null;
    }
  }
}
