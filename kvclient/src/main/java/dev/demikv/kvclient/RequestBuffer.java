package dev.demikv.kvclient;

import dev.demikv.libos.api.ScatterGatherArray;
import java.lang.foreign.MemorySegment;

/// Encoded requests that wait to be pushed: a run of bytes with positions that count from the
/// beginning of time, so that it can be told of each command whether it was pushed.
///
/// Grows up to its limit and keeps what it grew to; allocates nothing after that.
final class RequestBuffer {
  private static final int FIRST_BYTES = 4 << 10;

  private final int bytesMax;
  private byte[] bytes = new byte[FIRST_BYTES];
  private MemorySegment segment = MemorySegment.ofArray(bytes);
  private int head;
  private int tail;
  private long headPosition;

  /// @param bytesMax most bytes that wait at a time
  RequestBuffer(int bytesMax) {
    this.bytesMax = bytesMax;
  }

  boolean isEmpty() {
    return head == tail;
  }

  int length() {
    return tail - head;
  }

  /// Position of the first byte that was not pushed.
  long headPosition() {
    return headPosition;
  }

  /// Position of the next byte to be appended.
  long tailPosition() {
    return headPosition + length();
  }

  /// Appends a command whole or not at all.
  ///
  /// @return false when it does not fit now
  boolean append(Command command) {
    int length = command.encodedLength();
    if (length > bytesMax - length()) {
      return false;
    }
    makeRoom(length);
    command.encodeTo(bytes, tail);
    tail += length;
    return true;
  }

  /// Copies the first `length` bytes to an array that covers as many.
  void copyTo(ScatterGatherArray sga, int length) {
    int copied = sga.copyFrom(0, segment, head, length);
    assert copied == length : copied + " of " + length;
  }

  /// Takes bytes off the head: they were pushed, or are not wanted any more.
  void consume(int length) {
    head += length;
    headPosition += length;
    if (head == tail) {
      head = 0;
      tail = 0;
    }
  }

  /// Takes a command out that was not pushed; what follows moves up. O(bytes behind it).
  void remove(long position, int length) {
    int at = head + (int) (position - headPosition);
    System.arraycopy(bytes, at + length, bytes, at, tail - at - length);
    tail -= length;
  }

  void clear() {
    consume(length());
  }

  private void makeRoom(int length) {
    if (bytes.length - tail >= length) {
      return;
    }
    int used = length();
    if (bytes.length - used < length) {
      long wanted = Math.max(bytes.length * 2L, (long) used + length);
      byte[] grown = new byte[(int) Math.min(bytesMax, wanted)];
      System.arraycopy(bytes, head, grown, 0, used);
      bytes = grown;
      segment = MemorySegment.ofArray(grown);
    } else {
      System.arraycopy(bytes, head, bytes, 0, used);
    }
    head = 0;
    tail = used;
  }
}
