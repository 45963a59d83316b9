package dev.demikv.libos.net.tcp;

import dev.demikv.libos.time.TimerWheel;
import java.util.Arrays;
import java.util.function.IntConsumer;

/// Deadlines of all connections on one [TimerWheel].
///
/// A timer that is moved to a later time or cancelled, which happens with nearly every segment,
/// costs a store: the wheel keeps the earlier time, and when that comes the timer is put where it
/// belongs by then.
final class TcpTimers {
  /// Retransmission, tail loss probe or zero-window probe.
  static final int RETRANSMIT = 0;

  /// RACK: segments that may be reordered become lost.
  static final int REORDER = 1;

  /// A delayed acknowledgement is due.
  static final int DELAYED_ACK = 2;

  /// Keepalive; end of FIN-WAIT-2 or of linger for a connection without a user.
  static final int LIFE = 3;

  /// Something could not be sent for want of a buffer: try again.
  static final int RETRY = 4;

  /// Timers of each connection.
  static final int KINDS = 5;

  /// Also the latest that an early timer is late by.
  private static final long TICK_NANOS = 250_000;

  private static final long NEVER = Long.MAX_VALUE;

  private final TimerWheel wheel;
  private final long[] deadlineNanos;
  private final long[] armedNanos;
  private final IntConsumer fire;
  private IntConsumer due = timer -> {};
  private long nowNanos;

  TcpTimers(int capacity, long nowNanos) {
    this.fire = this::fired;
    this.wheel = new TimerWheel(capacity, TICK_NANOS, nowNanos);
    this.deadlineNanos = new long[capacity];
    this.armedNanos = new long[capacity];
    Arrays.fill(deadlineNanos, NEVER);
  }

  /// Starts or moves a timer.
  void arm(int timer, long newDeadlineNanos) {
    deadlineNanos[timer] = newDeadlineNanos;
    if (!wheel.isArmed(timer) || newDeadlineNanos < armedNanos[timer]) {
      wheel.arm(timer, newDeadlineNanos);
      armedNanos[timer] = newDeadlineNanos;
    }
  }

  void cancel(int timer) {
    deadlineNanos[timer] = NEVER;
  }

  boolean isArmed(int timer) {
    return deadlineNanos[timer] != NEVER;
  }

  long deadlineNanos(int timer) {
    return deadlineNanos[timer];
  }

  /// Cancels `count` timers from `first` on, also in the wheel.
  void remove(int first, int count) {
    for (int timer = first; timer < first + count; timer++) {
      deadlineNanos[timer] = NEVER;
      wheel.disarm(timer);
    }
  }

  /// Not later than the next deadline.
  long nextNanos() {
    return wheel.nextNanos();
  }

  /// Runs the timers that are due.
  ///
  /// @param newDue told their numbers; each is cancelled before the call
  int advance(long now, IntConsumer newDue) {
    nowNanos = now;
    due = newDue;
    return wheel.advance(now, fire);
  }

  private void fired(int timer) {
    long deadline = deadlineNanos[timer];
    if (deadline == NEVER) {
      return;
    }
    if (deadline > nowNanos) {
      wheel.arm(timer, deadline);
      armedNanos[timer] = deadline;
      return;
    }
    deadlineNanos[timer] = NEVER;
    due.accept(timer);
  }
}
