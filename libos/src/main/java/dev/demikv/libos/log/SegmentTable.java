package dev.demikv.libos.log;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.LogDevice;
import java.util.function.ObjLongConsumer;

/// Which segments are in use, which are prepared and wait, which are not there.
///
/// ```
///   ABSENT ──prepare──▶ PREPARING ──▶ SPARE ──take──▶ OWNED
///     ▲                   │ error      │  ▲             │ release
///     │◀──ENOSPC──────────┤            │  └─────────────┘
///     │                   └─▶ BAD      │ more than wanted
///     └────────── DISCARDING ◀─────────┘
/// ```
final class SegmentTable {
  private static final byte ABSENT = 0;
  private static final byte PREPARING = 1;
  private static final byte SPARE = 2;
  private static final byte OWNED = 3;
  private static final byte DISCARDING = 4;
  private static final byte BAD = 5;

  /// After the device had no space for a segment, so long until it is asked again.
  private static final long NO_SPACE_RETRY_NANOS = 100_000_000;

  private final LogDevice device;
  private final byte[] states;
  private final int[] counts = new int[BAD + 1];
  private int cursor = 1;
  private boolean noSpace;
  private long noSpaceSinceNanos;
  private long nowNanos;
  private long preparedCount;
  private long discardedCount;
  private long noSpaceCount;

  /// Segment 0 is the superblock's, all others are free.
  SegmentTable(LogDevice device) {
    this.device = device;
    this.states = new byte[device.geometry().segmentCount()];
    counts[ABSENT] = states.length;
    set(0, OWNED);
    for (int i = 1; i < states.length; i++) {
      if (device.isPrepared(i)) {
        set(i, SPARE);
      }
    }
  }

  private void set(int segment, byte state) {
    counts[states[segment]]--;
    states[segment] = state;
    counts[state]++;
  }

  /// Notes that a log owns a segment.
  void own(int segment) {
    set(segment, OWNED);
  }

  /// Takes a prepared segment.
  ///
  /// @return its number, or -1 when there is none
  int take() {
    if (counts[SPARE] == 0) {
      return -1;
    }
    int segment = next(SPARE);
    set(segment, OWNED);
    return segment;
  }

  /// Gives back a segment that holds nothing any more.
  void release(int segment) {
    assert states[segment] == OWNED : segment;
    set(segment, SPARE);
    noSpace = false;
  }

  /// Starts to prepare or to discard segments, so that as many are spare as are wanted.
  ///
  /// @return operations started
  int maintain(int sparesWanted, long now) {
    nowNanos = now;
    int started = 0;
    if (noSpace && now - noSpaceSinceNanos > NO_SPACE_RETRY_NANOS) {
      noSpace = false;
    }
    while (!noSpace && counts[ABSENT] > 0 && counts[SPARE] + counts[PREPARING] < sparesWanted) {
      int segment = next(ABSENT);
      if (device.prepare(segment, LogIo.tag(LogIo.PREPARE, segment)) != 0) {
        break; // The queue is full: the next turn will do.
      }
      set(segment, PREPARING);
      started++;
    }
    while (counts[SPARE] > sparesWanted) {
      int segment = next(SPARE);
      if (device.discard(segment, LogIo.tag(LogIo.DISCARD, segment)) != 0) {
        break;
      }
      set(segment, DISCARDING);
      started++;
    }
    return started;
  }

  void prepared(int segment, int result) {
    assert states[segment] == PREPARING : segment;
    if (result >= 0) {
      set(segment, SPARE);
      preparedCount++;
    } else if (result == -Errno.ENOSPC) {
      set(segment, ABSENT);
      noSpace = true;
      noSpaceSinceNanos = nowNanos;
      noSpaceCount++;
    } else {
      set(segment, BAD);
    }
  }

  void discarded(int segment, int result) {
    assert states[segment] == DISCARDING : segment;
    set(segment, result >= 0 ? ABSENT : BAD);
    discardedCount++;
  }

  /// Whether a segment is there or may be had, now or when what is in flight is done.
  boolean mayGetOne() {
    return counts[SPARE] + counts[PREPARING] + counts[DISCARDING] > 0
        || counts[ABSENT] > 0 && !noSpace;
  }

  boolean hasSpare() {
    return counts[SPARE] > 0;
  }

  void counters(ObjLongConsumer<String> visitor) {
    visitor.accept("log.segments.owned", counts[OWNED]);
    visitor.accept("log.segments.spare", counts[SPARE]);
    visitor.accept("log.segments.absent", counts[ABSENT]);
    visitor.accept("log.segments.bad", counts[BAD]);
    visitor.accept("log.segments.prepared", preparedCount);
    visitor.accept("log.segments.discarded", discardedCount);
    visitor.accept("log.segments.no-space", noSpaceCount);
  }

  /// The next segment in this state, in turn, so that all wear alike. There must be one.
  private int next(byte state) {
    while (states[cursor] != state) {
      cursor = cursor + 1 == states.length ? 1 : cursor + 1;
    }
    int found = cursor;
    cursor = cursor + 1 == states.length ? 1 : cursor + 1;
    return found;
  }
}
