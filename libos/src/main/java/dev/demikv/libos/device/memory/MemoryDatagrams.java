package dev.demikv.libos.device.memory;

import dev.demikv.libos.api.ScatterGatherArray;

/// Datagrams that have come to a socket, in order and bounded: what does not fit is dropped.
final class MemoryDatagrams {
  /// Longest payload: 65,535 less an IPv4 and a UDP header.
  static final int BYTES_MAX = 65_507;

  private static final int COUNT_MAX = 1024;

  private final MemoryRing bytes;
  private final int[] lengths = new int[COUNT_MAX];
  private final char[] fromPorts = new char[COUNT_MAX];
  private int head;
  private int count;

  MemoryDatagrams(int capacityBytes) {
    bytes = new MemoryRing(capacityBytes);
  }

  boolean isEmpty() {
    return count == 0;
  }

  /// Appends a datagram.
  ///
  /// @return false when it was dropped for want of room
  boolean offer(ScatterGatherArray sga, int fromPort) {
    int length = sga.totalBytes();
    if (count == COUNT_MAX || length > bytes.room()) {
      return false;
    }
    int tail = (head + count) % COUNT_MAX;
    lengths[tail] = length;
    fromPorts[tail] = (char) fromPort;
    bytes.put(sga, 0, length);
    count++;
    return true;
  }

  /// Length of the oldest.
  int length() {
    return lengths[head];
  }

  /// Port that the oldest came from.
  int fromPort() {
    return fromPorts[head];
  }

  /// Moves the oldest into an array that covers it.
  void take(ScatterGatherArray target) {
    bytes.take(target);
    advance();
  }

  /// Throws the oldest away.
  void skip() {
    bytes.skip(length());
    advance();
  }

  private void advance() {
    head = (head + 1) % COUNT_MAX;
    count--;
  }

  /// Frees the memory.
  void close() {
    bytes.close();
  }
}
