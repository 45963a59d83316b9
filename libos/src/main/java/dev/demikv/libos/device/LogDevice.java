package dev.demikv.libos.device;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.MemorySource;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.ObjLongConsumer;

/// Durable blocks: a linear space of equal segments, read and written in blocks, asynchronously.
///
/// Position = segment × segmentBytes + offset. A transfer lies within one segment, its position and
/// length are multiples of the block, its memory is aligned to the block. Operations may complete
/// in any order; whoever needs an order waits. Submit calls return 0, -EAGAIN (the queue is full:
/// poll, then again), or -EINVAL for a transfer outside these rules.
///
/// A segment must be *prepared* (its blocks allocated, so that writing it needs no metadata) before
/// it is written. Segments that hold nothing are discarded. Blocks of a newly prepared segment hold
/// zeros or data of an earlier use.
public interface LogDevice extends AutoCloseable {
  /// Fixed properties.
  LogDeviceGeometry geometry();

  /// Who does what, with the mechanism chosen.
  List<Capability> capabilities();

  /// Memory that the device can reach, when it needs its own kind; `null` takes any aligned native
  /// memory.
  @Nullable
  MemorySource memorySource();

  /// Whether a segment is prepared. Reading one that is not gives -ENODATA.
  boolean isPrepared(int segment);

  /// Starts preparing a segment. Completes with 0, -ENOSPC, -EIO, …
  int prepare(int segment, long userData);

  /// Starts giving back a segment, which is no longer prepared at once. Completes with 0.
  int discard(int segment, long userData);

  /// Starts a write.
  ///
  /// @param memory where the bytes are; must not change before completion
  /// @param durable completes only when on stable storage (FUA, O_DSYNC); otherwise a later
  ///   [#flush] makes it so
  int write(
      long position, MemorySegment memory, long offset, int length, boolean durable, long userData);

  /// Starts a read. Completes with the length.
  int read(long position, MemorySegment memory, long offset, int length, long userData);

  /// Starts a flush: makes all writes that completed before this call durable.
  int flush(long userData);

  /// Hands what was started in this turn to the device.
  void submit();

  /// Reports completions, bounded per call.
  ///
  /// @return how many
  int poll(LogDeviceSink sink);

  /// Operations started and not yet reported.
  int inFlight();

  /// A descriptor that is readable when there are completions to [#poll], for the loop's waiter; -1
  /// when there is none and the device must be polled.
  int readinessFd();

  /// When polling is the only way: how long the loop may sleep while operations are in flight.
  default long idleWaitNanosMax() {
    return Long.MAX_VALUE;
  }

  /// Blocks until a completion can be polled or the time-out is over. For recovery and close, not
  /// for the loop. Simulated devices advance their clock.
  void await(long timeoutNanos);

  /// Reports counters by name.
  void counters(ObjLongConsumer<String> visitor);

  /// Waits for operations in flight and closes. Does not make unflushed writes durable.
  @Override
  void close();
}
