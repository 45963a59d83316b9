package dev.demikv.libos.api;

import java.lang.foreign.MemorySegment;

/// The other threads' end of a mailbox queue: the one way that work comes back from a worker.
///
/// Bounded, many producers, one consumer (the loop), lock-free. See [LibOs#mailbox].
public interface Mailbox {
  /// Copies a message into the queue and wakes the loop. Any thread.
  ///
  /// @param message 1 to [#messageBytesMax] bytes
  /// @return false when the queue is full or closed: nothing was taken
  boolean offer(MemorySegment message, long offset, int length);

  /// Longest message in bytes.
  int messageBytesMax();
}
