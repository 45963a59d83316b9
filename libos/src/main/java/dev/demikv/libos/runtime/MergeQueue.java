package dev.demikv.libos.runtime;

/// Two queues as one: pops surface from either, in turns while both have elements; pushes go to
/// both.
final class MergeQueue extends ComposedQueue {
  private int turn;

  MergeQueue(EventLoop loop, int qd, IoQueue a, IoQueue b) {
    super(loop, qd, a, b);
  }

  @Override
  String kind() {
    return "merge";
  }

  @Override
  void match() {
    while (!pops.isEmpty()) {
      Intake first = intakes[turn];
      Intake second = intakes[1 - turn];
      if (first.held() != null) {
        turn = 1 - turn;
        first.deliver(pops);
      } else if (second.held() != null) {
        second.deliver(pops);
      } else if (first.ended() && second.ended()) {
        endPops(first.error() != 0 ? first.error() : second.error());
        return;
      } else {
        first.want();
        second.want();
        return;
      }
    }
  }
}
