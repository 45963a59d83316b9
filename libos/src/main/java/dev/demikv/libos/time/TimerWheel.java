package dev.demikv.libos.time;

import java.util.Arrays;
import java.util.function.IntConsumer;

/// A hierarchical timing wheel: a fixed number of timers, started and stopped in O(1).
///
/// Four levels of 256 slots over ticks of a chosen length. A timer is a small number, the caller's
/// index into tables of its own. A timer fires at or after its deadline, late by less than one tick
/// when [#advance] is called in time, and never early. Nothing is allocated after construction.
///
/// Source: Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987, scheme 7.
public final class TimerWheel {
  private static final int LEVELS = 4;
  private static final int SLOT_BITS = 8;
  private static final int SLOTS = 1 << SLOT_BITS;
  private static final int NONE = -1;

  private final long tickNanos;
  private final long originNanos;
  private final int[] heads = new int[LEVELS * SLOTS];
  private final long[] occupied = new long[LEVELS * SLOTS / Long.SIZE];
  private final int[] next;
  private final int[] previous;
  private final int[] slotOf;
  private final long[] deadlineTick;
  private long currentTick;

  /// Before this, no tick is over: spares the division of most calls.
  private long nextTickNanos;

  private int armedCount;

  /// @param capacity timers, numbered 0 to capacity - 1
  /// @param tickNanos length of a tick, > 0
  /// @param nowNanos present time
  public TimerWheel(int capacity, long tickNanos, long nowNanos) {
    if (capacity <= 0 || tickNanos <= 0) {
      throw new IllegalArgumentException(capacity + " timers, tick of " + tickNanos + " ns");
    }
    this.tickNanos = tickNanos;
    this.originNanos = nowNanos;
    this.nextTickNanos = nowNanos + tickNanos;
    this.next = new int[capacity];
    this.previous = new int[capacity];
    this.slotOf = new int[capacity];
    this.deadlineTick = new long[capacity];
    Arrays.fill(heads, NONE);
    Arrays.fill(slotOf, NONE);
  }

  /// Starts or restarts a timer.
  ///
  /// @param deadlineNanos when it fires; in the past, at the next [#advance]
  public void arm(int timer, long deadlineNanos) {
    disarm(timer);
    long since = deadlineNanos - originNanos;
    // Rounded up: a timer never fires early.
    long tick = since <= 0 ? 0 : (since - 1) / tickNanos + 1;
    deadlineTick[timer] = Math.max(tick, currentTick + 1);
    link(timer);
    armedCount++;
  }

  /// Stops a timer; nothing happens if it is not armed.
  public void disarm(int timer) {
    if (slotOf[timer] != NONE) {
      unlink(timer);
      armedCount--;
    }
  }

  /// Whether a timer is armed.
  public boolean isArmed(int timer) {
    return slotOf[timer] != NONE;
  }

  /// Timers armed.
  public int armedCount() {
    return armedCount;
  }

  /// A time not later than that of the next timer to fire, for the loop to sleep until;
  /// [Long#MAX_VALUE] when none is armed. For timers far away it is the time at which the wheel
  /// must be turned on. O(slots / 64).
  public long nextNanos() {
    if (armedCount == 0) {
      return Long.MAX_VALUE;
    }
    long best = Long.MAX_VALUE;
    for (int level = 0; level < LEVELS; level++) {
      int shift = level * SLOT_BITS;
      long position = currentTick >>> shift;
      int distance = nextOccupied(level, (int) (position + 1) & (SLOTS - 1));
      if (distance >= 0) {
        best = Math.min(best, (position + 1 + distance) << shift);
      }
    }
    return originNanos + best * tickNanos;
  }

  /// Fires every timer whose time has come, in order of their ticks. A fired timer is disarmed
  /// before the call and may be armed again within it.
  ///
  /// @return how many fired
  public int advance(long nowNanos, IntConsumer fire) {
    if (nowNanos - nextTickNanos < 0) {
      return 0;
    }
    long target = (nowNanos - originNanos) / tickNanos;
    nextTickNanos = originNanos + (target + 1) * tickNanos;
    if (armedCount == 0) {
      currentTick = Math.max(currentTick, target);
      return 0;
    }
    int fired = 0;
    while (currentTick < target) {
      long step = nextTick(target);
      currentTick = step;
      for (int level = LEVELS - 1; level > 0; level--) {
        if ((currentTick & ((1L << level * SLOT_BITS) - 1)) == 0) {
          cascade(level);
        }
      }
      int slot = (int) currentTick & (SLOTS - 1);
      for (int timer = heads[slot]; timer != NONE; timer = heads[slot]) {
        unlink(timer);
        armedCount--;
        fired++;
        fire.accept(timer);
        assert slotOf[timer] != slot : "armed for a tick that has passed";
      }
    }
    return fired;
  }

  /// The next tick at which something may have to be done, at most `target`.
  private long nextTick(long target) {
    long boundary = (currentTick | SLOTS - 1) + 1;
    int distance = nextOccupied(0, (int) (currentTick + 1) & (SLOTS - 1));
    long next = distance < 0 ? boundary : Math.min(boundary, currentTick + 1 + distance);
    if (armedCount == 0) {
      return target;
    }
    return Math.min(next, target);
  }

  private void cascade(int level) {
    int slot = level * SLOTS + (int) (currentTick >>> level * SLOT_BITS & (SLOTS - 1));
    int timer = heads[slot];
    heads[slot] = NONE;
    occupied[slot >>> 6] &= ~(1L << slot);
    while (timer != NONE) {
      int following = next[timer];
      link(timer);
      timer = following;
    }
  }

  /// Distance from a slot of a level to the first occupied one at or after it, around the wheel; -1
  /// if the level is empty.
  private int nextOccupied(int level, int from) {
    int words = SLOTS / Long.SIZE;
    int base = level * words;
    for (int i = 0; i <= words; i++) {
      int word = ((from >>> 6) + i) % words;
      long bits = occupied[base + word];
      if (i == 0) {
        bits &= -1L << from;
      } else if (i == words) {
        bits &= ~(-1L << from);
      }
      if (bits != 0) {
        int slot = word * Long.SIZE + Long.numberOfTrailingZeros(bits);
        return slot - from & SLOTS - 1;
      }
    }
    return -1;
  }

  private void link(int timer) {
    long ticks = Math.max(deadlineTick[timer] - currentTick, 0);
    int level = 0;
    while (level < LEVELS - 1 && ticks >= 1L << (level + 1) * SLOT_BITS) {
      level++;
    }
    long tick = deadlineTick[timer];
    if (ticks >= 1L << LEVELS * SLOT_BITS) {
      // Beyond the horizon: parked in the farthest slot and linked again from there.
      tick = currentTick + (1L << LEVELS * SLOT_BITS) - (1L << (LEVELS - 1) * SLOT_BITS);
    }
    int slot = level * SLOTS + (int) (tick >>> level * SLOT_BITS & (SLOTS - 1));
    int head = heads[slot];
    next[timer] = head;
    previous[timer] = NONE;
    if (head != NONE) {
      previous[head] = timer;
    }
    heads[slot] = timer;
    slotOf[timer] = slot;
    occupied[slot >>> 6] |= 1L << slot;
  }

  private void unlink(int timer) {
    int slot = slotOf[timer];
    int before = previous[timer];
    int after = next[timer];
    if (before == NONE) {
      heads[slot] = after;
      if (after == NONE) {
        occupied[slot >>> 6] &= ~(1L << slot);
      }
    } else {
      next[before] = after;
    }
    if (after != NONE) {
      previous[after] = before;
    }
    slotOf[timer] = NONE;
  }
}
