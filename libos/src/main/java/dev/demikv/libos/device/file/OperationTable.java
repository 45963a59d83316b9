package dev.demikv.libos.device.file;

import dev.demikv.libos.api.Errno;

/// The operations in flight, as columns. A slot is an operation's number while it is in flight.
///
/// Filled in by the loop's thread; an I/O thread reads a slot between its submission and its
/// completion, both of which travel through a [LongRing].
final class OperationTable {
  /// What a slot does.
  static final byte FREE = 0;

  static final byte READ = 1;
  static final byte WRITE = 2;
  static final byte WRITE_DURABLE = 3;
  static final byte FLUSH = 4;
  static final byte PREPARE = 5;
  static final byte DISCARD = 6;

  final byte[] kind;
  final long[] userData;

  /// Segment of all but flushes.
  final int[] segment;

  /// Place in [SegmentFiles] of transfers, and of the file that a flush is at.
  final int[] entry;

  final int[] fd;
  final long[] address;
  final long[] fileOffset;
  final int[] length;

  /// Bytes transferred so far.
  final int[] done;

  /// Of flushes: what the file's count of writes was.
  final long[] mark;

  private final int[] freeSlots;
  private int freeCount;

  OperationTable(int capacity) {
    kind = new byte[capacity];
    userData = new long[capacity];
    segment = new int[capacity];
    entry = new int[capacity];
    fd = new int[capacity];
    address = new long[capacity];
    fileOffset = new long[capacity];
    length = new int[capacity];
    done = new int[capacity];
    mark = new long[capacity];
    freeSlots = new int[capacity];
    for (int i = 0; i < capacity; i++) {
      freeSlots[i] = capacity - 1 - i;
    }
    freeCount = capacity;
  }

  /// Takes a slot, or -1 when all are in use.
  int take(byte newKind, int newSegment, long newUserData) {
    if (freeCount == 0) {
      return -1;
    }
    int slot = freeSlots[--freeCount];
    kind[slot] = newKind;
    segment[slot] = newSegment;
    userData[slot] = newUserData;
    entry[slot] = -1;
    fd[slot] = -1;
    length[slot] = 0;
    done[slot] = 0;
    return slot;
  }

  void free(int slot) {
    assert kind[slot] != FREE : "slot " + slot + " is free already";
    kind[slot] = FREE;
    freeSlots[freeCount++] = slot;
  }

  int inUse() {
    return freeSlots.length - freeCount;
  }

  boolean isTransfer(int slot) {
    return kind[slot] >= READ && kind[slot] <= WRITE_DURABLE;
  }

  /// Takes in the result of a system call on a slot.
  ///
  /// @param result bytes transferred from `done`, or `-errno`
  /// @return true when the operation is over, with its result in [#outcome]; false when the rest
  ///   must be started again
  boolean advance(int slot, int result) {
    if (result == -Errno.EINTR || result == -Errno.EAGAIN) {
      return false;
    }
    if (result <= 0 || !isTransfer(slot)) {
      // No bytes at all: the file was made shorter by someone else.
      outcome = result == 0 && isTransfer(slot) ? -Errno.EIO : result;
      return true;
    }
    // O_DIRECT wants whole blocks: the rest starts at the block that is not whole.
    int sum = done[slot] + result;
    if (sum < length[slot]) {
      done[slot] = sum - sum % FileLogDeviceOptions.BLOCK_BYTES;
      return false;
    }
    done[slot] = sum;
    outcome = length[slot];
    return true;
  }

  private int outcome;

  /// The result of the last operation for which [#advance] gave true.
  int outcome() {
    return outcome;
  }
}
