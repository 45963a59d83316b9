package dev.demikv.libos.device.memory;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.LogDevice;
import dev.demikv.libos.device.LogDeviceGeometry;
import dev.demikv.libos.device.LogDeviceSink;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.MemorySource;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.ObjLongConsumer;

/// A log device in RAM: one opening of a [MemoryMedium].
///
/// Operations are carried out when they are started, and reported by the next [#poll] in that
/// order. Writes and reads allocate nothing; a prepare maps memory, a discard gives it back. When
/// the machine has no memory for a segment, its prepare completes with -ENOSPC.
///
/// Nothing here is durable: a flush does nothing, and everything is gone with the process.
public final class MemoryLogDevice implements LogDevice {
  static final List<Capability> CAPABILITIES =
      List.of(
          new Capability("durable write", Capability.Performer.NOBODY, "memory is volatile"),
          new Capability("block", Capability.Performer.LIBRARY, "copied in native memory"));

  private static final int POLL_COUNT_MAX = 64;

  private final MemoryMedium medium;
  private final boolean named;
  private final LogDeviceGeometry geometry;
  private final long[] userDatas;
  private final int[] results;
  private int head;
  private int count;
  private boolean closed;
  private long writeCount;
  private long writtenBytes;
  private long readCount;
  private long readBytes;

  /// @param medium taken by the caller for this opening
  /// @param named whether the content stays when this is closed
  MemoryLogDevice(MemoryMedium medium, boolean named) {
    this.medium = medium;
    this.named = named;
    this.geometry = medium.geometry();
    this.userDatas = new long[geometry.queueDepth()];
    this.results = new int[geometry.queueDepth()];
  }

  @Override
  public LogDeviceGeometry geometry() {
    return geometry;
  }

  @Override
  public List<Capability> capabilities() {
    return CAPABILITIES;
  }

  @Override
  public @Nullable MemorySource memorySource() {
    return null;
  }

  @Override
  public boolean isPrepared(int segment) {
    return medium.segment(segment) != null;
  }

  @Override
  public int prepare(int segment, long userData) {
    int refusal = refusal(isSegment(segment));
    return refusal < 0 ? refusal : complete(userData, medium.prepare(segment) ? 0 : -Errno.ENOSPC);
  }

  @Override
  public int discard(int segment, long userData) {
    int refusal = refusal(isSegment(segment));
    if (refusal < 0) {
      return refusal;
    }
    medium.discard(segment);
    return complete(userData, 0);
  }

  @Override
  public int write(
      long position,
      MemorySegment memory,
      long offset,
      int length,
      boolean durable,
      long userData) {
    MemorySegment segment = segment(position);
    int refusal = refusal(segment != null && isTransfer(position, memory, offset, length));
    if (refusal < 0 || segment == null) {
      return refusal;
    }
    MemorySegment.copy(memory, offset, segment, position % geometry.segmentBytes(), length);
    writeCount++;
    writtenBytes += length;
    return complete(userData, length);
  }

  @Override
  public int read(long position, MemorySegment memory, long offset, int length, long userData) {
    int refusal = refusal(isTransfer(position, memory, offset, length));
    if (refusal < 0) {
      return refusal;
    }
    MemorySegment segment = segment(position);
    if (segment == null) {
      return complete(userData, -Errno.ENODATA);
    }
    MemorySegment.copy(segment, position % geometry.segmentBytes(), memory, offset, length);
    readCount++;
    readBytes += length;
    return complete(userData, length);
  }

  @Override
  public int flush(long userData) {
    int refusal = refusal(true);
    return refusal < 0 ? refusal : complete(userData, 0);
  }

  /// The memory of the segment that a position lies in, or `null`.
  private @Nullable MemorySegment segment(long position) {
    return position < 0 || position >= geometry.capacityBytes()
        ? null
        : medium.segment((int) (position / geometry.segmentBytes()));
  }

  private boolean isSegment(int segment) {
    return segment >= 0 && segment < geometry.segmentCount();
  }

  private boolean isTransfer(long position, MemorySegment memory, long offset, int length) {
    int mask = geometry.blockBytes() - 1;
    return position >= 0
        && position < geometry.capacityBytes()
        && length > 0
        && length <= geometry.transferBytesMax()
        && ((position | length) & mask) == 0
        && position % geometry.segmentBytes() + length <= geometry.segmentBytes()
        && memory.isNative()
        && offset >= 0
        && length <= memory.byteSize() - offset
        && (memory.address() + offset & mask) == 0;
  }

  /// Why an operation cannot be started, or 0.
  private int refusal(boolean valid) {
    if (!valid) {
      return -Errno.EINVAL;
    }
    return count == results.length ? -Errno.EAGAIN : 0;
  }

  private int complete(long userData, int result) {
    int tail = (head + count) % results.length;
    userDatas[tail] = userData;
    results[tail] = result;
    count++;
    return 0;
  }

  @Override
  public void submit() {}

  @Override
  public int poll(LogDeviceSink sink) {
    int polled = 0;
    while (polled < POLL_COUNT_MAX && count > 0) {
      long userData = userDatas[head];
      int result = results[head];
      head = (head + 1) % results.length;
      count--;
      polled++;
      sink.completed(userData, result);
    }
    return polled;
  }

  @Override
  public int inFlight() {
    return count;
  }

  @Override
  public int readinessFd() {
    return -1;
  }

  /// What is in flight can be polled at once.
  @Override
  public long idleWaitNanosMax() {
    return count == 0 ? Long.MAX_VALUE : 0;
  }

  /// Returns at once: what is in flight can be polled.
  @Override
  public void await(long timeoutNanos) {}

  @Override
  public void counters(ObjLongConsumer<String> visitor) {
    visitor.accept("storage.memory.writes", writeCount);
    visitor.accept("storage.memory.written_bytes", writtenBytes);
    visitor.accept("storage.memory.reads", readCount);
    visitor.accept("storage.memory.read_bytes", readBytes);
    visitor.accept("storage.memory.segments_prepared", medium.preparedCount());
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    count = 0;
    if (!named) {
      medium.discardAll();
    }
    medium.release();
  }
}
