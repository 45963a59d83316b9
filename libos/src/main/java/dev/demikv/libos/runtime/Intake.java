package dev.demikv.libos.runtime;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.device.PendingOperations;
import dev.demikv.libos.lang.Nullable;

/// The popping end of a composed queue on one of its inner queues: at most one pop outstanding, at
/// most one element held.
final class Intake {
  private final EventLoop loop;
  private final IoQueue owner;
  private final IoQueue child;
  private final Endpoint remote = new Endpoint();
  private long outstanding;
  private @Nullable ScatterGatherArray held;
  private boolean ended;
  private int error;

  Intake(IoQueue owner, IoQueue child) {
    this.loop = owner.loop;
    this.owner = owner;
    this.child = child;
  }

  /// Starts a pop unless one is outstanding, an element is held, or the end was reached.
  void want() {
    if (outstanding != 0 || held != null || ended) {
      return;
    }
    long qtoken = loop.innerPop(child, owner);
    if (qtoken == -Errno.EAGAIN) {
      loop.retryLater(owner);
    } else if (qtoken < 0) {
      end((int) qtoken);
    } else {
      outstanding = qtoken;
    }
  }

  /// Takes a completion if it is of this end's pop.
  boolean take(QResult completion) {
    if (completion.qtoken != outstanding) {
      return false;
    }
    outstanding = 0;
    if (completion.result < 0) {
      end(completion.result);
    } else if (completion.sga == null) {
      end(0);
    } else {
      held = completion.sga;
      remote.set(completion.remote);
    }
    return true;
  }

  private void end(int code) {
    ended = true;
    error = code;
  }

  /// The element held, or `null`.
  @Nullable
  ScatterGatherArray held() {
    return held;
  }

  /// Puts another element in the place of the held one, or none.
  void replace(@Nullable ScatterGatherArray sga) {
    held = sga;
  }

  /// The peer of the held element.
  Endpoint remote() {
    return remote;
  }

  /// Whether nothing more comes.
  boolean ended() {
    return ended && held == null;
  }

  /// Why nothing more comes: 0 or -errno.
  int error() {
    return error;
  }

  /// Frees what is held; the inner queue is closed by the owner.
  void close() {
    ended = true;
    ScatterGatherArray sga = held;
    if (sga != null) {
      held = null;
      sga.drop();
    }
  }

  /// Completes the oldest pop with the held element.
  void deliver(PendingOperations pops) {
    ScatterGatherArray sga = held;
    if (sga == null) {
      throw new IllegalStateException("nothing is held");
    }
    if (sga.totalBytes() > pops.headBytesMax()) {
      loop.tokens.completePop(pops.removeHead(), -Errno.EMSGSIZE, null, null, 0);
      return;
    }
    held = null;
    loop.tokens.completePop(pops.removeHead(), sga.totalBytes(), sga, remote, 0);
  }
}
