package dev.demikv.kvclient;

import dev.demikv.libos.api.ScatterGatherArray;
import java.lang.foreign.MemorySegment;

/// Bytes that arrived and were not consumed, in one run on the heap. Grows only for bytes that are
/// there, and shrinks again when it is empty after a large reply.
final class ReplyBuffer {
  private static final int FIRST_BYTES = 16 << 10;
  private static final int KEPT_BYTES = 1 << 20;

  private byte[] bytes = new byte[FIRST_BYTES];
  private MemorySegment segment = MemorySegment.ofArray(bytes);
  private int head;
  private int tail;

  /// The array; valid until the next [#append].
  byte[] bytes() {
    return bytes;
  }

  /// The array as a segment.
  MemorySegment segment() {
    return segment;
  }

  /// Where the first byte lies.
  int head() {
    return head;
  }

  /// Where the last byte ends.
  int tail() {
    return tail;
  }

  int length() {
    return tail - head;
  }

  /// Copies a popped array behind what is there.
  void append(ScatterGatherArray sga) {
    int length = sga.totalBytes();
    makeRoom(length);
    int copied = sga.copyTo(0, segment, tail, length);
    assert copied == length : copied + " of " + length;
    tail += length;
  }

  /// Takes bytes off the head. They stay readable until the next [#append].
  void consume(int length) {
    head += length;
  }

  void clear() {
    head = tail;
  }

  private void makeRoom(int length) {
    if (head == tail) {
      head = 0;
      tail = 0;
      if (bytes.length > KEPT_BYTES && length <= FIRST_BYTES) {
        use(new byte[FIRST_BYTES]);
      }
    }
    if (bytes.length - tail >= length) {
      return;
    }
    int used = length();
    if (bytes.length - used < length || used > bytes.length / 2) {
      long wanted = Math.max(bytes.length * 2L, (long) used + length);
      byte[] grown = new byte[(int) Math.min(Integer.MAX_VALUE - 8, wanted)];
      System.arraycopy(bytes, head, grown, 0, used);
      use(grown);
    } else {
      System.arraycopy(bytes, head, bytes, 0, used);
    }
    head = 0;
    tail = used;
  }

  private void use(byte[] array) {
    bytes = array;
    segment = MemorySegment.ofArray(array);
  }
}
