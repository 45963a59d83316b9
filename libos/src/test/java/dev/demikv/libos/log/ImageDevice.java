package dev.demikv.libos.log;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.LogDevice;
import dev.demikv.libos.device.LogDeviceGeometry;
import dev.demikv.libos.device.LogDeviceSink;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.MemorySource;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.List;
import java.util.function.ObjLongConsumer;

/// A log device that is an array of bytes: what recovery is fuzzed on, and fast and free of
/// allocation. Everything completes at the next poll, in order.
final class ImageDevice implements LogDevice {
  final byte[] image;
  final BitSet prepared;
  private final LogDeviceGeometry geometry;
  private final long[] userData;
  private final int[] results;
  private int head;
  private int count;
  private long bytesRead;

  ImageDevice(LogDeviceGeometry geometry) {
    this(geometry, new byte[(int) geometry.capacityBytes()], new BitSet());
  }

  /// A device on a copy of an image.
  ImageDevice(LogDeviceGeometry geometry, byte[] image, BitSet prepared) {
    this.geometry = geometry;
    this.image = image.clone();
    this.prepared = (BitSet) prepared.clone();
    this.userData = new long[geometry.queueDepth()];
    this.results = new int[geometry.queueDepth()];
  }

  long bytesRead() {
    return bytesRead;
  }

  private int done(long data, int result) {
    if (count == userData.length) {
      return -Errno.EAGAIN;
    }
    int slot = (head + count++) % userData.length;
    userData[slot] = data;
    results[slot] = result;
    return 0;
  }

  @Override
  public LogDeviceGeometry geometry() {
    return geometry;
  }

  @Override
  public List<Capability> capabilities() {
    return List.of();
  }

  @Override
  public @Nullable MemorySource memorySource() {
    return null;
  }

  @Override
  public boolean isPrepared(int segment) {
    return prepared.get(segment);
  }

  @Override
  public int prepare(int segment, long data) {
    prepared.set(segment);
    return done(data, 0);
  }

  @Override
  public int discard(int segment, long data) {
    prepared.clear(segment);
    return done(data, 0);
  }

  @Override
  public int write(
      long position, MemorySegment memory, long offset, int length, boolean durable, long data) {
    check(position, length);
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offset, image, (int) position, length);
    return done(data, length);
  }

  @Override
  public int read(long position, MemorySegment memory, long offset, int length, long data) {
    check(position, length);
    if (!prepared.get((int) (position / geometry.segmentBytes()))) {
      return done(data, -Errno.ENODATA);
    }
    bytesRead += length;
    MemorySegment.copy(image, (int) position, memory, ValueLayout.JAVA_BYTE, offset, length);
    return done(data, length);
  }

  private void check(long position, int length) {
    if (position % geometry.blockBytes() != 0
        || length % geometry.blockBytes() != 0
        || length <= 0
        || length > geometry.transferBytesMax()
        || position < 0
        || position % geometry.segmentBytes() + length > geometry.segmentBytes()
        || position + length > image.length) {
      throw new IllegalArgumentException("transfer of " + length + " B at " + position);
    }
  }

  @Override
  public int flush(long data) {
    return done(data, 0);
  }

  @Override
  public void submit() {}

  @Override
  public int poll(LogDeviceSink sink) {
    int reported = 0;
    while (count > 0) {
      int slot = head;
      head = (head + 1) % userData.length;
      count--;
      reported++;
      sink.completed(userData[slot], results[slot]);
    }
    return reported;
  }

  @Override
  public int inFlight() {
    return count;
  }

  @Override
  public int readinessFd() {
    return -1;
  }

  @Override
  public void await(long timeoutNanos) {}

  @Override
  public void counters(ObjLongConsumer<String> visitor) {}

  @Override
  public void close() {}
}
