package dev.demikv.libos.runtime;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.lang.Nullable;

/// Operations in flight, by token.
///
/// A token is `generation << 32 | slot`, > 0, so that a stale one is caught. A slot is free,
/// pending, or done; done slots form two doubly linked lists in order of completion: those for the
/// application (`ready`) and those of composed queues (`inner`). Everything is O(1) and allocates
/// nothing.
final class QTokenTable {
  private static final byte FREE = 0;
  private static final byte PENDING = 1;
  private static final byte DONE = 2;
  private static final int NONE = -1;
  private static final int READY = 0;
  private static final int INNER = 1;

  private final int[] generation;
  private final byte[] state;
  private final Opcode[] opcode;
  private final int[] qd;
  private final @Nullable IoQueue[] owner;
  private final boolean[] quiet;
  private final int[] result;
  private final @Nullable ScatterGatherArray[] sga;
  private final long[] position;
  private final @Nullable Endpoint[] remote;
  private final boolean[] hasRemote;
  private final long[] sequence;
  private final int[] mark;
  private final int[] next;
  private final int[] previous;
  private final int[] head = {NONE, NONE};
  private final int[] tail = {NONE, NONE};
  private final int[] free;
  private int freeCount;
  private int readyCount;
  private long completedCount;
  private int markedDone;
  private int firstMarked = NONE;

  QTokenTable(int capacity) {
    generation = new int[capacity];
    state = new byte[capacity];
    opcode = new Opcode[capacity];
    qd = new int[capacity];
    owner = new IoQueue[capacity];
    quiet = new boolean[capacity];
    result = new int[capacity];
    sga = new ScatterGatherArray[capacity];
    position = new long[capacity];
    remote = new Endpoint[capacity];
    hasRemote = new boolean[capacity];
    sequence = new long[capacity];
    mark = new int[capacity];
    next = new int[capacity];
    previous = new int[capacity];
    free = new int[capacity];
    for (int i = 0; i < capacity; i++) {
      free[i] = capacity - 1 - i;
      opcode[i] = Opcode.NONE;
    }
    freeCount = capacity;
  }

  /// Begins an operation of the application.
  ///
  /// @return its token, or -EAGAIN when all slots are taken
  long begin(int queue, Opcode operation) {
    return begin(queue, operation, null);
  }

  /// Begins an operation whose completion goes to a composed queue.
  long begin(int queue, Opcode operation, @Nullable IoQueue inner) {
    if (freeCount == 0) {
      return -Errno.EAGAIN;
    }
    int slot = free[--freeCount];
    int g = generation[slot] + 1;
    if (g <= 0) {
      g = 1;
    }
    generation[slot] = g;
    state[slot] = PENDING;
    opcode[slot] = operation;
    qd[slot] = queue;
    owner[slot] = inner;
    quiet[slot] = false;
    hasRemote[slot] = false;
    position[slot] = 0;
    return (long) g << 32 | slot;
  }

  /// Undoes [#begin] for an operation that was refused.
  void abandon(long qtoken) {
    int slot = pendingSlot(qtoken);
    release(slot);
  }

  /// Notes the array that a push holds until it is done.
  void holdSga(long qtoken, ScatterGatherArray array) {
    sga[(int) qtoken] = array;
  }

  /// A successful completion of this push is not delivered.
  void setQuiet(long qtoken) {
    quiet[(int) qtoken] = true;
  }

  /// Ends a push and lets go of its array.
  void completePush(long qtoken, int code, long recordPosition) {
    int slot = pendingSlot(qtoken);
    ScatterGatherArray array = sga[slot];
    if (array != null) {
      sga[slot] = null;
      array.drop();
    }
    if (quiet[slot] && code >= 0) {
      completedCount++;
      release(slot);
      return;
    }
    position[slot] = recordPosition;
    done(slot, code);
  }

  /// Ends a pop; takes over the array.
  void completePop(
      long qtoken,
      int code,
      @Nullable ScatterGatherArray array,
      @Nullable Endpoint peer,
      long recordPosition) {
    int slot = pendingSlot(qtoken);
    sga[slot] = array;
    position[slot] = recordPosition;
    noteRemote(slot, peer);
    done(slot, code);
  }

  /// Ends an operation that has only a result and perhaps a peer.
  void complete(long qtoken, int code, @Nullable Endpoint peer, long newPosition) {
    int slot = pendingSlot(qtoken);
    position[slot] = newPosition;
    noteRemote(slot, peer);
    done(slot, code);
  }

  private void noteRemote(int slot, @Nullable Endpoint peer) {
    if (peer == null) {
      return;
    }
    Endpoint own = remote[slot];
    if (own == null) {
      own = new Endpoint(); // Once per slot, then used again.
      remote[slot] = own;
    }
    own.set(peer);
    hasRemote[slot] = true;
  }

  private void done(int slot, int code) {
    result[slot] = code;
    state[slot] = DONE;
    sequence[slot] = ++completedCount;
    if (owner[slot] != null) {
      append(INNER, slot);
      return;
    }
    append(READY, slot);
    readyCount++;
    if (mark[slot] != 0) {
      markedDone++;
      if (firstMarked == NONE) {
        firstMarked = slot;
      }
    }
  }

  private int pendingSlot(long qtoken) {
    int slot = (int) qtoken;
    assert slot >= 0 && slot < state.length && generation[slot] == (int) (qtoken >>> 32)
        : "completion of an unknown token " + Long.toHexString(qtoken);
    assert state[slot] == PENDING : "second completion of token " + Long.toHexString(qtoken);
    return slot;
  }

  /// Completions waiting for the application.
  int readyCount() {
    return readyCount;
  }

  /// Whether completions of composed queues wait.
  boolean hasInner() {
    return head[INNER] != NONE;
  }

  /// Operations begun and not yet delivered.
  int inUse() {
    return state.length - freeCount;
  }

  /// Completions so far.
  long completedCount() {
    return completedCount;
  }

  /// Whether a token names an operation that is not yet delivered to the application.
  boolean isKnown(long qtoken) {
    int slot = (int) qtoken;
    return qtoken > 0
        && slot >= 0
        && slot < state.length
        && state[slot] != FREE
        && owner[slot] == null
        && generation[slot] == (int) (qtoken >>> 32);
  }

  /// Whether a known token is done.
  boolean isDone(long qtoken) {
    return state[(int) qtoken] == DONE;
  }

  /// The queue of a known token.
  int queueOf(long qtoken) {
    return qd[(int) qtoken];
  }

  /// Order of completion of a done token.
  long sequenceOf(long qtoken) {
    return sequence[(int) qtoken];
  }

  /// Counts the token among those that the present wait is for.
  void mark(long qtoken, int index) {
    mark[(int) qtoken] = index + 1;
  }

  /// Forgets a mark.
  void unmark(long qtoken) {
    mark[(int) qtoken] = 0;
  }

  /// Index given to [#mark] of a token.
  int markOf(long qtoken) {
    return mark[(int) qtoken] - 1;
  }

  /// Begins counting marked completions anew.
  void resetMarked() {
    markedDone = 0;
    firstMarked = NONE;
  }

  /// Marked tokens done since [#resetMarked].
  int markedDone() {
    return markedDone;
  }

  /// The first marked token that was done since [#resetMarked], as a token; 0 if none.
  long firstMarked() {
    return firstMarked == NONE ? 0 : (long) generation[firstMarked] << 32 | firstMarked;
  }

  /// Delivers a done token.
  void deliver(long qtoken, QResult out) {
    deliverSlot((int) qtoken, out);
  }

  /// Delivers the oldest completion.
  ///
  /// @return false when there is none
  boolean deliverNext(QResult out) {
    int slot = head[READY];
    if (slot == NONE) {
      return false;
    }
    deliverSlot(slot, out);
    return true;
  }

  private void deliverSlot(int slot, QResult out) {
    out.qtoken = (long) generation[slot] << 32 | slot;
    out.qd = qd[slot];
    out.opcode = opcode[slot];
    out.result = result[slot];
    out.sga = sga[slot];
    out.position = position[slot];
    Endpoint peer = remote[slot];
    if (hasRemote[slot] && peer != null) {
      out.remote.set(peer);
    }
    remove(READY, slot);
    readyCount--;
    sga[slot] = null;
    release(slot);
  }

  /// Takes the oldest completion of a composed queue.
  ///
  /// @return that queue, with `out` filled in, or `null`
  @Nullable
  IoQueue takeInner(QResult out) {
    int slot = head[INNER];
    if (slot == NONE) {
      return null;
    }
    IoQueue queue = owner[slot];
    out.qtoken = (long) generation[slot] << 32 | slot;
    out.qd = qd[slot];
    out.opcode = opcode[slot];
    out.result = result[slot];
    out.sga = sga[slot];
    out.position = position[slot];
    Endpoint peer = remote[slot];
    if (hasRemote[slot] && peer != null) {
      out.remote.set(peer);
    }
    remove(INNER, slot);
    sga[slot] = null;
    release(slot);
    return queue;
  }

  private void release(int slot) {
    state[slot] = FREE;
    owner[slot] = null;
    mark[slot] = 0;
    ScatterGatherArray array = sga[slot];
    if (array != null) {
      sga[slot] = null;
    }
    free[freeCount++] = slot;
  }

  /// Frees the arrays of completions that nobody took; at close.
  void dropUndelivered() {
    for (int slot = 0; slot < state.length; slot++) {
      ScatterGatherArray array = sga[slot];
      if (array != null) {
        sga[slot] = null;
        array.drop();
      }
    }
  }

  private void append(int list, int slot) {
    int last = tail[list];
    next[slot] = NONE;
    previous[slot] = last;
    if (last == NONE) {
      head[list] = slot;
    } else {
      next[last] = slot;
    }
    tail[list] = slot;
  }

  private void remove(int list, int slot) {
    int before = previous[slot];
    int after = next[slot];
    if (before == NONE) {
      head[list] = after;
    } else {
      next[before] = after;
    }
    if (after == NONE) {
      tail[list] = before;
    } else {
      previous[after] = before;
    }
  }
}
