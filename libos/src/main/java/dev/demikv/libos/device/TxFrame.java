package dev.demikv.libos.device;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;

/// A frame to be sent, as a list of pieces of buffers: headers, then payload by reference. Reused
/// by its owner for every frame; it holds no references of its own.
public final class TxFrame {
  /// Most parts of one frame.
  public static final int PARTS_MAX = 20;

  private final @Nullable Buffer[] buffers = new Buffer[PARTS_MAX];
  private final int[] offsets = new int[PARTS_MAX];
  private final int[] lengths = new int[PARTS_MAX];
  private int partCount;
  private int totalBytes;
  private int checksumStart = -1;
  private int checksumOffset;

  /// An empty frame.
  public TxFrame() {}

  /// Forgets all parts and requests.
  public void clear() {
    for (int i = 0; i < partCount; i++) {
      buffers[i] = null;
    }
    partCount = 0;
    totalBytes = 0;
    checksumStart = -1;
    checksumOffset = 0;
  }

  /// Appends a piece of a buffer.
  ///
  /// @return false when the frame has no room for another part
  public boolean add(Buffer buffer, int offset, int length) {
    if (partCount == PARTS_MAX) {
      return false;
    }
    assert offset >= 0 && length >= 0 && length <= buffer.capacityBytes() - offset
        : "bytes " + offset + " + " + length + " of " + buffer.capacityBytes();
    buffers[partCount] = buffer;
    offsets[partCount] = offset;
    lengths[partCount] = length;
    partCount++;
    totalBytes += length;
    return true;
  }

  /// Changes what a part covers: to put headers in front of it, or to trim it.
  public void setRange(int index, int offset, int length) {
    totalBytes += length - lengths[index];
    offsets[index] = offset;
    lengths[index] = length;
  }

  /// Asks the device to complete the transport checksum, whose field holds the sum over the pseudo
  /// header: only where [NetDeviceInfo#checksumTransmit].
  ///
  /// @param start where summing starts, counted from the first byte of the frame
  /// @param offset place of the checksum field, counted from `start`
  public void requestChecksum(int start, int offset) {
    checksumStart = start;
    checksumOffset = offset;
  }

  /// Whether [#requestChecksum] was called.
  public boolean wantsChecksum() {
    return checksumStart >= 0;
  }

  /// Where summing starts, in bytes from the first of the frame; -1 when no checksum is wanted.
  public int checksumStart() {
    return checksumStart;
  }

  /// Place of the checksum field, in bytes from [#checksumStart].
  public int checksumOffset() {
    return checksumOffset;
  }

  /// Parts in use.
  public int partCount() {
    return partCount;
  }

  /// Bytes of all parts.
  public int totalBytes() {
    return totalBytes;
  }

  /// The buffer of a part.
  public Buffer buffer(int index) {
    Buffer buffer = index < partCount ? buffers[index] : null;
    if (buffer == null) {
      throw new IndexOutOfBoundsException("part " + index + " of " + partCount);
    }
    return buffer;
  }

  /// Where a part starts in its buffer.
  public int offset(int index) {
    return offsets[index];
  }

  /// Bytes of a part.
  public int length(int index) {
    return lengths[index];
  }

  /// Drops one reference on the buffer of every part: for devices that are done with a frame they
  /// took, and for senders whose frame was not taken.
  public void releaseParts() {
    for (int i = 0; i < partCount; i++) {
      buffer(i).release();
    }
  }
}
