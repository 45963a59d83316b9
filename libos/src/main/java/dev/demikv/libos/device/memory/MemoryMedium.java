package dev.demikv.libos.device.memory;

import dev.demikv.libos.device.LogDeviceGeometry;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/// The segments of a [MemoryLogDevice]. Belongs to whoever has it open.
///
/// A prepared segment has native memory of its own, which a discard frees.
final class MemoryMedium {
  private final LogDeviceGeometry geometry;
  private final @Nullable Arena[] arenas;
  private final @Nullable MemorySegment[] segments;
  private final AtomicBoolean open = new AtomicBoolean();

  MemoryMedium(LogDeviceGeometry geometry) {
    this.geometry = geometry;
    this.arenas = new Arena[geometry.segmentCount()];
    this.segments = new MemorySegment[geometry.segmentCount()];
  }

  LogDeviceGeometry geometry() {
    return geometry;
  }

  /// Takes it, unless somebody has it. Any thread.
  boolean acquire() {
    return open.compareAndSet(false, true);
  }

  /// Gives it back. What was written is seen by the next who takes it.
  void release() {
    open.set(false);
  }

  /// The memory of a segment, or `null` when it is not prepared.
  @Nullable
  MemorySegment segment(int index) {
    return segments[index];
  }

  /// Gives a segment memory.
  ///
  /// @return false when there is none
  @SuppressWarnings("MustBeClosedChecker") // Closed by discard.
  boolean prepare(int index) {
    if (segments[index] != null) {
      return true;
    }
    Arena arena = Arena.ofShared(); // The next opening may be of another thread.
    try {
      segments[index] = arena.allocate(geometry.segmentBytes(), geometry.blockBytes());
    } catch (OutOfMemoryError e) {
      arena.close();
      return false;
    }
    arenas[index] = arena;
    return true;
  }

  /// Frees the memory of a segment.
  void discard(int index) {
    Arena arena = arenas[index];
    arenas[index] = null;
    segments[index] = null;
    if (arena != null) {
      arena.close();
    }
  }

  /// Frees everything.
  void discardAll() {
    for (int i = 0; i < segments.length; i++) {
      discard(i);
    }
  }

  int preparedCount() {
    int count = 0;
    for (MemorySegment segment : segments) {
      count += segment == null ? 0 : 1;
    }
    return count;
  }
}
