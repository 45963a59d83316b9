package dev.demikv.libos.runtime;

import dev.demikv.libos.device.LogDevice;
import dev.demikv.libos.device.Waiter;

/// A waiter for a LibOs whose only device is a log device without a descriptor, as a simulated one:
/// it waits in the device, which may make virtual time pass.
public final class StorageWaiter implements Waiter {
  private static final long SLEEP_NANOS_MAX = 1_000_000_000;

  private final LogDevice device;
  private volatile boolean woken;

  /// @param device waited in; not closed here
  public StorageWaiter(LogDevice device) {
    this.device = device;
  }

  @Override
  public void watch(int fd) {
    throw new IllegalStateException("this device has no descriptor");
  }

  @Override
  public void unwatch(int fd) {}

  @Override
  public int await(long timeoutNanos) {
    if (timeoutNanos != 0 && !woken) {
      device.await(timeoutNanos < 0 ? SLEEP_NANOS_MAX : Math.min(timeoutNanos, SLEEP_NANOS_MAX));
    }
    if (woken) {
      woken = false;
      return 1;
    }
    return 0;
  }

  /// Takes effect at the next wait; a wait in the device is not ended.
  @Override
  public void wake() {
    woken = true;
  }

  @Override
  public void close() {}
}
