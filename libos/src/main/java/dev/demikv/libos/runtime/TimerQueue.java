package dev.demikv.libos.runtime;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.PendingOperations;

/// A timer as a queue, timerfd_create(2): a pop completes when it has expired, with the number of
/// times since the last pop.
final class TimerQueue extends IoQueue {
  private final int timer;
  private final long periodNanos;
  private long deadlineNanos;
  private int expirations;
  private final PendingOperations pops = new PendingOperations(POPS_MAX);

  TimerQueue(EventLoop loop, int qd, int timer, long firstNanos, long periodNanos) {
    super(loop, qd);
    this.timer = timer;
    this.periodNanos = periodNanos;
    this.deadlineNanos = loop.nowNanos() + firstNanos;
    loop.wheel.arm(timer, deadlineNanos);
  }

  @Override
  String kind() {
    return "timer";
  }

  /// The wheel fired: one expiry, or several when the loop was late.
  void fired(long nowNanos) {
    long missed = periodNanos == 0 ? 1 : (nowNanos - deadlineNanos) / periodNanos + 1;
    expirations = (int) Math.min(Integer.MAX_VALUE, expirations + Math.max(1, missed));
    if (periodNanos > 0) {
      deadlineNanos += Math.max(1, missed) * periodNanos;
      loop.wheel.arm(timer, deadlineNanos);
    }
    match();
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
    if (expirations > 0 && !pops.isEmpty()) {
      loop.tokens.completePop(pops.removeHead(), expirations, null, null, 0);
      expirations = 0;
    }
  }

  @Override
  int cancel(long qtoken) {
    if (!pops.remove(qtoken)) {
      return -Errno.EALREADY;
    }
    loop.tokens.completePop(qtoken, -Errno.ECANCELED, null, null, 0);
    return 0;
  }

  @Override
  void close() {
    loop.releaseTimer(timer);
    while (!pops.isEmpty()) {
      loop.tokens.completePop(pops.removeHead(), -Errno.ECANCELED, null, null, 0);
    }
  }
}
