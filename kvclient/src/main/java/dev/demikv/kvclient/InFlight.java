package dev.demikv.kvclient;

import dev.demikv.libos.lang.Nullable;

/// The commands that have no delivered outcome yet, in the order they were submitted. A ring of
/// fixed size; entries are reached by their number, which counts from the beginning of time.
///
/// ```
///   PENDING ──reply──▶ gone          EXPIRED ──told──▶ ABANDONED ──reply──▶ gone
///      │  └─time-out, sent──▶ EXPIRED
///      └─time-out, unsent; connection lost──▶ FAILED ──told──▶ gone
/// ```
final class InFlight {
  /// Waits for its reply.
  static final byte PENDING = 0;

  /// Timed out after it was sent: to be told; its reply may still come.
  static final byte EXPIRED = 1;

  /// Told; its reply is to be thrown away.
  static final byte ABANDONED = 2;

  /// To be told: what happened is in [#failure].
  static final byte FAILED = 3;

  /// Told, and no reply will come.
  static final byte DONE = 4;

  private final int mask;
  private final long[] ids;
  private final long[] startNanos;
  private final long[] deadlineNanos;
  private final long[] startPositions;
  private final int[] lengths;
  private final byte[] statuses;
  private final Completion.Status[] failures;
  private final boolean[] unknowns;
  private final @Nullable KvException[] causes;
  private long head;
  private long tail;

  /// @param countMax a power of two
  InFlight(int countMax) {
    assert Integer.bitCount(countMax) == 1;
    mask = countMax - 1;
    ids = new long[countMax];
    startNanos = new long[countMax];
    deadlineNanos = new long[countMax];
    startPositions = new long[countMax];
    lengths = new int[countMax];
    statuses = new byte[countMax];
    failures = new Completion.Status[countMax];
    unknowns = new boolean[countMax];
    causes = new KvException[countMax];
  }

  boolean isEmpty() {
    return head == tail;
  }

  boolean isFull() {
    return tail - head > mask;
  }

  int count() {
    return (int) (tail - head);
  }

  /// Number of the oldest entry.
  long head() {
    return head;
  }

  /// Number behind the newest entry.
  long tail() {
    return tail;
  }

  void add(long id, long nowNanos, long deadline, long startPosition, int length) {
    assert !isFull();
    int i = (int) tail & mask;
    ids[i] = id;
    startNanos[i] = nowNanos;
    deadlineNanos[i] = deadline;
    startPositions[i] = startPosition;
    lengths[i] = length;
    statuses[i] = PENDING;
    tail++;
  }

  void removeHead() {
    causes[(int) head & mask] = null;
    head++;
  }

  byte status(long number) {
    return statuses[(int) number & mask];
  }

  void setStatus(long number, byte status) {
    statuses[(int) number & mask] = status;
  }

  void fail(long number, Completion.Status failure, boolean unknown, @Nullable KvException cause) {
    int i = (int) number & mask;
    statuses[i] = FAILED;
    failures[i] = failure;
    unknowns[i] = unknown;
    causes[i] = cause;
  }

  long id(long number) {
    return ids[(int) number & mask];
  }

  /// When it was submitted.
  long startNanos(long number) {
    return startNanos[(int) number & mask];
  }

  long deadlineNanos(long number) {
    return deadlineNanos[(int) number & mask];
  }

  /// Position of its first byte, see [RequestBuffer].
  long startPosition(long number) {
    return startPositions[(int) number & mask];
  }

  /// Position behind its last byte.
  long endPosition(long number) {
    return startPositions[(int) number & mask] + lengths[(int) number & mask];
  }

  int length(long number) {
    return lengths[(int) number & mask];
  }

  /// Moves an unsent entry, because one before it was taken out of the buffer.
  void moveUp(long number, int bytes) {
    startPositions[(int) number & mask] -= bytes;
  }

  Completion.Status failure(long number) {
    return failures[(int) number & mask];
  }

  boolean outcomeUnknown(long number) {
    return unknowns[(int) number & mask];
  }

  @Nullable
  KvException cause(long number) {
    return causes[(int) number & mask];
  }
}
