package dev.demikv.libos.device.sim;

import dev.demikv.libos.device.Waiter;
import java.util.function.BooleanSupplier;

/// Makes time pass: a LibOs that sleeps on it advances its world to the next event, never beyond
/// its time-out.
final class SimWaiter implements Waiter {
  private final SimWorld world;
  private final BooleanSupplier ready;
  private volatile boolean woken;
  private boolean closed;

  /// @param ready whether a poll would find something to do
  SimWaiter(SimWorld world, BooleanSupplier ready) {
    this.world = world;
    this.ready = ready;
    world.addWaiter();
  }

  /// A simulated LibOs cannot wait for the real world.
  @Override
  public void watch(int fd) {
    throw new UnsupportedOperationException("no descriptor can be watched in virtual time");
  }

  @Override
  public void unwatch(int fd) {}

  @Override
  public int await(long timeoutNanos) {
    if (woken) {
      woken = false;
      return 1;
    }
    if (ready.getAsBoolean()) {
      return 1;
    }
    if (timeoutNanos == 0) {
      return 0;
    }
    long now = world.nanoTime();
    boolean forever = timeoutNanos < 0 || timeoutNanos > Long.MAX_VALUE - now;
    if (forever && world.nextEventNanos() == Long.MAX_VALUE) {
      throw new IllegalStateException(
          "waits without limit, and nothing will ever happen in " + world);
    }
    return world.advance(forever ? Long.MAX_VALUE : now + timeoutNanos) ? 1 : 0;
  }

  @Override
  public void wake() {
    woken = true;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      world.removeWaiter();
    }
  }
}
