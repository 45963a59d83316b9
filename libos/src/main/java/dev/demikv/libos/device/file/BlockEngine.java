package dev.demikv.libos.device.file;

import java.util.function.ObjLongConsumer;

/// How the transfers and flushes in an [OperationTable] reach the kernel.
sealed interface BlockEngine permits IoUringEngine, ThreadEngine {
  /// Where results go.
  @FunctionalInterface
  interface Results {
    /// A system call for a slot has returned; a transfer may be short.
    void returned(int slot, int result);
  }

  /// Starts what a slot says, from `done` on. A flush is an fdatasync(2) of its descriptor.
  void start(int slot);

  /// Reports a result for a slot without a system call, at a later [#poll] which the readiness
  /// descriptor announces.
  void report(int slot, int result);

  /// Hands over what was started. At most one system call unless the kernel refuses.
  void submit();

  /// Whether something started could not be handed over and [#submit] must be tried again.
  boolean mustSubmitAgain();

  /// Reports results, at most as many as slots were in flight when called.
  void poll(Results results);

  /// Whether [#poll] would report something, or the doorbell was rung.
  boolean isReady();

  /// Lets the doorbell make the readiness descriptor readable; called before each use of the
  /// preparing thread.
  void watchDoorbell();

  /// Readable when there is something to poll.
  int readinessFd();

  void counters(ObjLongConsumer<String> visitor);

  /// Nothing is in flight any more.
  void close();
}
