package dev.demikv.libos.device.sim;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.LogDevice;
import dev.demikv.libos.device.LogDeviceGeometry;
import dev.demikv.libos.device.LogDeviceSink;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.MemorySource;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ObjLongConsumer;

/// A log device on a [SimDisk]: one opening of it.
///
/// Operations take a seeded time and complete in any order. Nothing starts before [#submit]. The
/// bytes of a write are looked at twice, when it is started and when it completes: a caller that
/// changes them in between is found out.
///
/// Time passes by the world's events. [#await] runs them; in a world without a simulated network
/// nobody else does, so there each [#poll] that finds nothing runs the next event.
public final class SimLogDevice implements LogDevice {
  private static final int POLL_COUNT_MAX = 64;

  private final SimWorld world;
  private final SimDisk disk;
  private final LogDeviceGeometry geometry;
  private final ArrayDeque<Operation> staged = new ArrayDeque<>();
  private final List<Operation> started = new ArrayList<>();
  private final ArrayDeque<Operation> completed = new ArrayDeque<>();
  private final long[] completedCount = new long[SimDiskFaults.Kind.values().length];
  private long failedCount;
  private boolean dead;
  private boolean closed;

  /// An operation on its way.
  static final class Operation {
    final SimDiskFaults.Kind kind;
    final long position;
    final long userData;
    private @Nullable MemorySegment memory;
    private long offset;
    private int length;
    private boolean durable;
    private byte[] bytes = new byte[0];
    private long flushesUpTo;
    private int result;

    Operation(SimDiskFaults.Kind kind, long position, long userData) {
      this.kind = kind;
      this.position = position;
      this.userData = userData;
    }

    byte[] bytes() {
      return bytes;
    }

    /// The segment to prepare or discard.
    int segment() {
      return (int) position;
    }
  }

  SimLogDevice(SimWorld world, SimDisk disk) {
    this.world = world;
    this.disk = disk;
    this.geometry = disk.geometry();
  }

  /// The medium.
  public SimDisk disk() {
    return disk;
  }

  @Override
  public LogDeviceGeometry geometry() {
    return geometry;
  }

  @Override
  public List<Capability> capabilities() {
    return SimLogDeviceProvider.CAPABILITIES;
  }

  @Override
  public @Nullable MemorySource memorySource() {
    return null;
  }

  @Override
  public boolean isPrepared(int segment) {
    return disk.isPrepared(segment);
  }

  @Override
  public int prepare(int segment, long userData) {
    return stageSegment(SimDiskFaults.Kind.PREPARE, segment, userData);
  }

  @Override
  public int discard(int segment, long userData) {
    int result = stageSegment(SimDiskFaults.Kind.DISCARD, segment, userData);
    if (result == 0 && !dead) {
      disk.discard(segment);
    }
    return result;
  }

  private int stageSegment(SimDiskFaults.Kind kind, int segment, long userData) {
    if (segment < 0 || segment >= geometry.segmentCount()) {
      return -Errno.EINVAL;
    }
    return stage(new Operation(kind, segment, userData));
  }

  @Override
  public int write(
      long position,
      MemorySegment memory,
      long offset,
      int length,
      boolean durable,
      long userData) {
    if (!isTransfer(position, memory, offset, length)
        || !(dead || disk.isPrepared((int) (position / geometry.segmentBytes())))) {
      return -Errno.EINVAL;
    }
    Operation operation = new Operation(SimDiskFaults.Kind.WRITE, position, userData);
    operation.memory = memory;
    operation.offset = offset;
    operation.length = length;
    operation.durable = durable;
    operation.bytes = copy(memory, offset, length);
    return stage(operation);
  }

  @Override
  public int read(long position, MemorySegment memory, long offset, int length, long userData) {
    if (!isTransfer(position, memory, offset, length)) {
      return -Errno.EINVAL;
    }
    Operation operation = new Operation(SimDiskFaults.Kind.READ, position, userData);
    operation.memory = memory;
    operation.offset = offset;
    operation.length = length;
    return stage(operation);
  }

  @Override
  public int flush(long userData) {
    Operation operation = new Operation(SimDiskFaults.Kind.FLUSH, 0, userData);
    operation.flushesUpTo = disk.writesCompleted();
    return stage(operation);
  }

  private boolean isTransfer(long position, MemorySegment memory, long offset, int length) {
    int mask = geometry.blockBytes() - 1;
    return position >= 0
        && length > 0
        && length <= geometry.transferBytesMax()
        && ((position | length) & mask) == 0
        && position / geometry.segmentBytes() < geometry.segmentCount()
        && position % geometry.segmentBytes() + length <= geometry.segmentBytes()
        && memory.isNative()
        && offset >= 0
        && length <= memory.byteSize() - offset
        && (memory.address() + offset & mask) == 0;
  }

  private int stage(Operation operation) {
    if (inFlight() >= geometry.queueDepth()) {
      return -Errno.EAGAIN;
    }
    staged.add(operation);
    return 0;
  }

  @Override
  public void submit() {
    while (!staged.isEmpty()) {
      Operation operation = staged.remove();
      started.add(operation);
      long delayNanos = disk.faults().latencyNanos(disk.random());
      world.schedule(delayNanos, () -> complete(operation));
    }
  }

  private void complete(Operation operation) {
    if (!started.remove(operation)) {
      return; // The device died while the operation was on its way.
    }
    operation.result = dead ? -Errno.EIO : perform(operation);
    completed.add(operation);
  }

  private int perform(Operation operation) {
    int error = disk.faults().error(operation.kind, disk.random());
    return switch (operation.kind) {
      case PREPARE -> error != 0 ? error : disk.prepare(operation.segment());
      case DISCARD -> error;
      case FLUSH -> {
        disk.flush(operation.flushesUpTo, error == 0);
        yield error;
      }
      case READ -> {
        if (error != 0) {
          yield error;
        }
        if (!disk.isPrepared((int) (operation.position / geometry.segmentBytes()))) {
          yield -Errno.ENODATA;
        }
        disk.read(operation.position, memory(operation), operation.offset, operation.length);
        yield operation.length;
      }
      case WRITE -> {
        byte[] now = copy(memory(operation), operation.offset, operation.length);
        if (!Arrays.equals(now, operation.bytes)) {
          throw new IllegalStateException(
              "the memory of a write of %d bytes at %d was changed before it completed (%s)"
                  .formatted(operation.length, operation.position, world));
        }
        if (error != 0) {
          yield error;
        }
        disk.write(operation.position, operation.bytes, operation.durable);
        yield operation.length;
      }
    };
  }

  @Override
  public int poll(LogDeviceSink sink) {
    if (completed.isEmpty() && !started.isEmpty() && !world.hasWaiter()) {
      world.step();
    }
    int count = 0;
    while (count < POLL_COUNT_MAX && !completed.isEmpty()) {
      Operation operation = completed.remove();
      completedCount[operation.kind.ordinal()]++;
      if (operation.result < 0) {
        failedCount++;
      }
      count++;
      sink.completed(operation.userData, operation.result);
    }
    return count;
  }

  @Override
  public int inFlight() {
    return staged.size() + started.size() + completed.size();
  }

  @Override
  public int readinessFd() {
    return -1;
  }

  /// A waiter of the same world ends its sleep at every event; any other must not sleep.
  @Override
  public long idleWaitNanosMax() {
    return inFlight() == 0 || completed.isEmpty() && world.hasWaiter() ? Long.MAX_VALUE : 0;
  }

  @Override
  public void await(long timeoutNanos) {
    long deadlineNanos =
        timeoutNanos < 0 || timeoutNanos > Long.MAX_VALUE - world.nanoTime()
            ? Long.MAX_VALUE
            : world.nanoTime() + timeoutNanos;
    while (completed.isEmpty() && !started.isEmpty() && world.advance(deadlineNanos)) {
      // Each turn runs the events of one instant.
    }
  }

  @Override
  public void counters(ObjLongConsumer<String> visitor) {
    for (SimDiskFaults.Kind kind : SimDiskFaults.Kind.values()) {
      visitor.accept(kind.name().toLowerCase(Locale.ROOT), completedCount[kind.ordinal()]);
    }
    visitor.accept("failed", failedCount);
    visitor.accept("cached-blocks", disk.cachedBlockCount());
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    submit();
    while (!started.isEmpty()) {
      completed.clear();
      await(-1);
    }
    completed.clear();
    disk.closed(this);
  }

  /// The power is gone: everything in flight fails.
  ///
  /// @return what was with the device and not done, in the order it was started
  List<Operation> die() {
    dead = true;
    List<Operation> lost = new ArrayList<>(started);
    started.clear();
    for (Operation operation : lost) {
      operation.result = -Errno.EIO;
      completed.add(operation);
    }
    return lost;
  }

  private static MemorySegment memory(Operation operation) {
    MemorySegment memory = operation.memory;
    if (memory == null) {
      throw new IllegalStateException(operation.kind + " without memory");
    }
    return memory;
  }

  private static byte[] copy(MemorySegment memory, long offset, int length) {
    byte[] bytes = new byte[length];
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offset, bytes, 0, length);
    return bytes;
  }
}
