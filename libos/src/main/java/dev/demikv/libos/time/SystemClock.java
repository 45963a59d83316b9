package dev.demikv.libos.time;

/// The machine's clocks. Stateless and safe for any thread.
public final class SystemClock implements Clock {
  /// The one instance.
  public static final SystemClock INSTANCE = new SystemClock();

  private SystemClock() {}

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public long wallMillis() {
    return System.currentTimeMillis();
  }
}
