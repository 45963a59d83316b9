package dev.demikv.kvclient;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;

/// One stream queue at a time and what is under way on it. It knows nothing of commands.
///
/// A short push is quiet: nothing needs to be known of it unless it fails. Of a long one the
/// completion is awaited before the next: that is the back-pressure.
final class Link {
  /// What a completion was.
  enum Event {
    /// Of somebody else's operation.
    FOREIGN,
    /// The connection stands, or [QResult#result] tells why not.
    CONNECTED,
    /// Bytes, the end of the stream, or an error.
    POPPED,
    /// Room for the next push.
    PUSHED,
    /// Nothing more can be pushed.
    PUSH_FAILED,
    /// A leftover of a queue that is closed; its array is freed.
    STALE
  }

  private static final int PUSH_BYTES_MAX = 256 << 10;
  private static final int PUSH_BYTES_MIN = 1 << 10;
  private static final int QUIET_BYTES_MAX = 16 << 10;
  private static final int ORPHANS_MAX = 16;

  private final LibOs libos;
  private final QResult swallowed = new QResult();
  private final long[] orphans = new long[ORPHANS_MAX];
  private int qd;
  private long connectToken;
  private long pushToken;
  private long popToken;
  private boolean quiet;

  Link(LibOs libos) {
    this.libos = libos;
  }

  /// Makes a queue and begins to connect it.
  ///
  /// @return 0 or -errno
  /// @throws LibOsException when there can be no queue
  int open(Endpoint remote) {
    qd = libos.socket(SocketType.STREAM, remote.family());
    quiet = false;
    long qtoken = libos.connect(qd, remote);
    if (qtoken < 0) {
      return (int) qtoken;
    }
    connectToken = qtoken;
    return 0;
  }

  /// Whether a push may be started.
  boolean canPush() {
    return pushToken == 0;
  }

  /// Pushes what waits in a buffer, or the beginning of it, and takes it off.
  ///
  /// @return 0, -EAGAIN (no memory or no room now), -errno (the queue is broken)
  int push(RequestBuffer source) {
    int length = Math.min(source.length(), PUSH_BYTES_MAX);
    ScatterGatherArray sga = libos.sgaAlloc(length);
    while (sga == null && length > PUSH_BYTES_MIN) {
      length = Math.max(PUSH_BYTES_MIN, length / 4);
      sga = libos.sgaAlloc(length);
    }
    if (sga == null) {
      return -Errno.EAGAIN;
    }
    source.copyTo(sga, length);
    boolean quietly = source.length() <= QUIET_BYTES_MAX;
    if (quietly != quiet) {
      libos.setsockopt(qd, SocketOption.PUSH_QUIET, quietly ? 1 : 0);
      quiet = quietly;
    }
    long qtoken = libos.push(qd, sga);
    libos.sgaFree(sga);
    if (qtoken < 0) {
      return (int) qtoken;
    }
    source.consume(length);
    pushToken = quietly ? 0 : qtoken;
    return 0;
  }

  /// Starts a pop, unless one is under way.
  ///
  /// @return 0, -EAGAIN, -errno (the queue is broken)
  int pop() {
    if (popToken != 0) {
      return 0;
    }
    long qtoken = libos.pop(qd);
    if (qtoken < 0) {
      return (int) qtoken;
    }
    popToken = qtoken;
    return 0;
  }

  /// The tokens under way, for a wait on nothing else.
  ///
  /// @param tokens room for three
  /// @return how many
  int tokens(long[] tokens) {
    int count = 0;
    if (popToken != 0) {
      tokens[count++] = popToken;
    }
    if (pushToken != 0) {
      tokens[count++] = pushToken;
    }
    if (connectToken != 0) {
      tokens[count++] = connectToken;
    }
    return count;
  }

  /// Takes a completion. The array of [Event#POPPED] is the caller's to free.
  Event onCompletion(QResult result) {
    long qtoken = result.qtoken;
    if (qtoken == 0) {
      return Event.FOREIGN;
    }
    if (qtoken == popToken) {
      popToken = 0;
      return Event.POPPED;
    }
    if (qtoken == pushToken) {
      pushToken = 0;
      return result.result < 0 ? Event.PUSH_FAILED : Event.PUSHED;
    }
    if (qtoken == connectToken) {
      connectToken = 0;
      return Event.CONNECTED;
    }
    if (result.opcode == Opcode.PUSH && qd != 0 && result.qd == qd) {
      return Event.PUSH_FAILED; // A quiet one: successes are not told.
    }
    return adopt(result) ? Event.STALE : Event.FOREIGN;
  }

  /// Closes the queue, if there is one, and takes the completions of what was under way.
  void close() {
    if (qd == 0) {
      return;
    }
    try {
      libos.close(qd);
    } catch (LibOsException e) {
      assert e.errno() != Errno.EBADF : e; // Whatever else it is, the queue is not ours any more.
    }
    qd = 0;
    swallow(popToken);
    swallow(pushToken);
    swallow(connectToken);
    popToken = 0;
    pushToken = 0;
    connectToken = 0;
  }

  /// Takes the completion of a token whose queue was closed, so that nobody else meets it.
  private void swallow(long qtoken) {
    if (qtoken == 0) {
      return;
    }
    swallowed.clear();
    if (libos.wait(qtoken, 0, swallowed) == 0) {
      freeArray(swallowed);
      return;
    }
    // Already in the hands of whoever waits on this loop: adopted when it comes.
    for (int i = 0; i < ORPHANS_MAX; i++) {
      if (orphans[i] == 0) {
        orphans[i] = qtoken;
        return;
      }
    }
    orphans[(int) (qtoken & ORPHANS_MAX - 1)] = qtoken;
  }

  private boolean adopt(QResult result) {
    for (int i = 0; i < ORPHANS_MAX; i++) {
      if (orphans[i] == result.qtoken) {
        orphans[i] = 0;
        freeArray(result);
        return true;
      }
    }
    return false;
  }

  private void freeArray(QResult result) {
    ScatterGatherArray sga = result.sga;
    if (sga != null) {
      result.sga = null;
      libos.sgaFree(sga);
    }
  }
}
