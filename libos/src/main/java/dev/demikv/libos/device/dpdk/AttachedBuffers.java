package dev.demikv.libos.device.dpdk;

import dev.demikv.libos.ffi.struct.RteMbufExtSharedInfo;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Buffers whose bytes are attached to packets that the device has not sent yet: a ring, first in
/// first out. Each holds one reference on its buffer until the device dropped its own.
final class AttachedBuffers {
  /// Most at a time.
  private static final int COUNT = 1024;

  private final Arena arena;
  private final MemorySegment infos;
  private final @Nullable Buffer[] buffers = new Buffer[COUNT];

  /// Both count on without end; the place is the rest by [#COUNT].
  private long head;

  private long tail;

  @SuppressWarnings("MustBeClosedChecker") // Closed by close().
  AttachedBuffers() {
    arena = Arena.ofShared();
    infos = arena.allocate((long) COUNT * RteMbufExtSharedInfo.BYTES, Long.BYTES);
  }

  /// Whether so many more can be attached.
  boolean hasRoom(int count) {
    return tail - head + count <= COUNT;
  }

  /// Takes over one reference on a buffer.
  ///
  /// @return address of the shared information for the packet
  long add(Buffer buffer) {
    int place = (int) (tail % COUNT);
    assert hasRoom(1) : "the ring is full";
    buffers[place] = buffer;
    tail++;
    long offset = (long) place * RteMbufExtSharedInfo.BYTES;
    RteMbufExtSharedInfo.share(infos, offset);
    return infos.address() + offset;
  }

  /// Releases the buffers that the device is done with, in the order they were attached.
  void reclaim() {
    while (head != tail) {
      int place = (int) (head % COUNT);
      if (!RteMbufExtSharedInfo.isOwnersOnly(infos, (long) place * RteMbufExtSharedInfo.BYTES)) {
        return;
      }
      Buffer buffer = buffers[place];
      assert buffer != null : "an empty place within the ring";
      buffers[place] = null;
      head++;
      buffer.release();
    }
  }

  /// Buffers with the device.
  int count() {
    return (int) (tail - head);
  }

  /// Frees the shared information; not while the device has buffers: then it stays for good.
  void close() {
    if (count() == 0) {
      arena.close();
    }
  }
}
