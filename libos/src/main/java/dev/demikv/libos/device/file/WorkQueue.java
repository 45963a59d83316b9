package dev.demikv.libos.device.file;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;

/// A thread of its own that works off a bounded ring of numbers and sleeps while it is empty.
final class WorkQueue {
  private final LongRing ring;
  private final Thread thread;
  private final AtomicBoolean asleep = new AtomicBoolean();
  private final Runnable endOfBurst;
  private final LongConsumer work;
  private volatile boolean closed;

  /// @param work called on the thread for each entry
  /// @param endOfBurst called on the thread when the ring was found empty after work
  WorkQueue(String threadName, int capacity, LongConsumer work, Runnable endOfBurst) {
    this.ring = new LongRing(capacity);
    this.work = work;
    this.endOfBurst = endOfBurst;
    this.thread = Thread.ofPlatform().name(threadName).daemon().unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /// The loop: adds an entry, which the thread sees at the latest after [#wake].
  ///
  /// @return false when full
  boolean offer(long entry) {
    return ring.offer(entry);
  }

  /// The loop: makes sure that the thread sees what was added.
  void wake() {
    // A read-modify-write on both sides: either the thread sees the entry before it sleeps, or this
    // sees that it is asleep.
    if (asleep.getAndSet(false)) {
      LockSupport.unpark(thread);
    }
  }

  private void run() {
    while (!closed) {
      long entry = ring.poll();
      if (entry != LongRing.EMPTY) {
        do {
          work.accept(entry);
          entry = ring.poll();
        } while (entry != LongRing.EMPTY);
        endOfBurst.run();
        continue;
      }
      asleep.getAndSet(true);
      while (asleep.get() && ring.isEmpty() && !closed) {
        LockSupport.park(this);
      }
      asleep.set(false);
    }
  }

  /// Ends the thread after the entry it is at, and waits for it.
  void close() {
    closed = true;
    LockSupport.unpark(thread);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
