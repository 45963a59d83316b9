package dev.demikv.libos.device;

/// What an idle loop sleeps on. One per LibOs.
public interface Waiter extends AutoCloseable {
  /// Watches a file descriptor for readability (level-triggered), as of a storage device.
  void watch(int fd);

  /// Stops watching.
  void unwatch(int fd);

  /// Gathers events; with a time-out, sleeps until there is one. Spurious returns are allowed.
  ///
  /// @param timeoutNanos 0 only gathers, negative sleeps without limit
  /// @return > 0 when there was an event or a [#wake], 0 after the time-out
  int await(long timeoutNanos);

  /// Ends a running or the next [#await] with a time-out. Any thread; lock-free; cheap when the
  /// loop is not asleep.
  void wake();

  @Override
  void close();
}
