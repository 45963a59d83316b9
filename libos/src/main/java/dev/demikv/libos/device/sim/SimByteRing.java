package dev.demikv.libos.device.sim;

import dev.demikv.libos.api.ScatterGatherArray;
import java.lang.foreign.MemorySegment;

/// Bytes in order: a ring that grows up to what its user lets in.
final class SimByteRing {
  private byte[] ring = new byte[1024];
  private MemorySegment segment = MemorySegment.ofArray(ring);
  private int head;
  private int length;

  int length() {
    return length;
  }

  void clear() {
    head = 0;
    length = 0;
  }

  /// Appends bytes of an array of segments.
  void put(ScatterGatherArray source, int position, int count) {
    reserve(count);
    int tail = (head + length) % ring.length;
    int first = Math.min(count, ring.length - tail);
    source.copyTo(position, segment, tail, first);
    source.copyTo(position + first, segment, 0, count - first);
    length += count;
  }

  void put(byte[] source) {
    reserve(source.length);
    int tail = (head + length) % ring.length;
    int first = Math.min(source.length, ring.length - tail);
    System.arraycopy(source, 0, ring, tail, first);
    System.arraycopy(source, first, ring, 0, source.length - first);
    length += source.length;
  }

  /// Moves the first bytes into an array of segments that covers them.
  void take(ScatterGatherArray target, int count) {
    int first = Math.min(count, ring.length - head);
    target.copyFrom(0, segment, head, first);
    target.copyFrom(first, segment, 0, count - first);
    skip(count);
  }

  byte[] take(int count) {
    byte[] target = new byte[count];
    int first = Math.min(count, ring.length - head);
    System.arraycopy(ring, head, target, 0, first);
    System.arraycopy(ring, 0, target, first, count - first);
    skip(count);
    return target;
  }

  private void skip(int count) {
    head = (head + count) % ring.length;
    length -= count;
  }

  private void reserve(int count) {
    if (length + count <= ring.length) {
      return;
    }
    byte[] larger = new byte[Math.max(length + count, 2 * ring.length)];
    int first = Math.min(length, ring.length - head);
    System.arraycopy(ring, head, larger, 0, first);
    System.arraycopy(ring, 0, larger, first, length - first);
    ring = larger;
    segment = MemorySegment.ofArray(ring);
    head = 0;
  }
}
