package dev.demikv.kvclient;

import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;

/// What passes between one [SharedClient] and the thread of its [SharedLoop]: a request at a time,
/// and what came of it. Made once, used again.
///
/// ```
///   client: IDLE ──ask──▶ ASKED        the fields are the loop's
///   loop:   ASKED ──answer──▶ IDLE     the fields are the client's again, which is woken
/// ```
///
/// The ring of the mailbox hands the fields to the loop, [#asked] hands them back.
final class Exchange {
  /// What is asked for.
  enum Request {
    CONNECT,
    EXECUTE,
    CLOSE
  }

  final int index;
  final KvClientConfig config;

  Request request = Request.CONNECT;

  /// EXECUTE: what, and for how long.
  @Nullable Command command;

  long timeoutNanos;

  /// EXECUTE: what came of it, with a copy of the reply.
  final Completion outcome = new Completion();

  /// What failed without an outcome.
  @Nullable RuntimeException failure;

  /// The loop's own: the connection.
  @Nullable KvClient client;

  /// The message that tells the loop: [#index].
  final MemorySegment message;

  private volatile boolean asked;
  private volatile @Nullable Thread waiter;

  Exchange(int index, KvClientConfig config) {
    this.index = index;
    this.config = config;
    this.message = MemorySegment.ofArray(new int[] {index});
  }

  /// The client's side: the fields are filled in, and the loop will be told next.
  void ask(Request what) {
    request = what;
    failure = null;
    waiter = Thread.currentThread();
    asked = true;
  }

  /// The client's side: sleeps until the answer is there, or the loop has ended.
  ///
  /// @return whether there is an answer
  boolean await(SharedLoop loop) {
    boolean interrupted = false;
    while (asked && !loop.isOver()) {
      LockSupport.park(loop);
      interrupted |= Thread.interrupted(); // It would not sleep any more; told at the end.
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return !asked;
  }

  /// The loop's side: the answer is filled in.
  void answer() {
    command = null;
    asked = false;
    LockSupport.unpark(waiter);
  }

  /// The loop's side, when it is over: whoever waits is to look.
  void wake() {
    LockSupport.unpark(waiter);
  }
}
