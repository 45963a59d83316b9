package dev.demikv.libos.runtime;

import dev.demikv.libos.device.Waiter;
import java.util.concurrent.locks.LockSupport;

/// A waiter for a LibOs none of whose devices has a descriptor: parks the thread.
public final class ParkWaiter implements Waiter {
  /// Longest sleep: bounds the harm of a device that cannot wake the loop.
  private static final long SLEEP_NANOS_MAX = 100_000_000;

  private final Thread owner = Thread.currentThread();
  private volatile boolean woken;

  /// A waiter of the calling thread.
  public ParkWaiter() {}

  @Override
  public void watch(int fd) {
    throw new IllegalStateException("a parked thread watches no descriptors");
  }

  @Override
  public void unwatch(int fd) {}

  @Override
  public int await(long timeoutNanos) {
    if (timeoutNanos != 0 && !woken) {
      LockSupport.parkNanos(
          this, timeoutNanos < 0 ? SLEEP_NANOS_MAX : Math.min(timeoutNanos, SLEEP_NANOS_MAX));
    }
    if (woken) {
      woken = false;
      return 1;
    }
    return 0;
  }

  @Override
  public void wake() {
    woken = true;
    LockSupport.unpark(owner);
  }

  @Override
  public void close() {}
}
