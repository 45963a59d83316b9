package dev.demikv.libos.memory;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// A bounded ring of messages: many producers, one consumer, lock-free. How bytes go from the loop
/// of one thread to that of another.
///
/// Each slot has a sequence number: `i` when free for the producer of position i, `i + 1` when it
/// holds that message. A producer claims a position by compare-and-set on the tail, copies its
/// bytes and publishes the slot by a release store; the consumer sees it by an acquire load and
/// frees it by a release store.
///
/// Source: D. Vyukov, bounded MPMC queue, restricted to one consumer.
public final class MpscRing {
  private static final VarHandle SEQUENCE = MethodHandles.arrayElementVarHandle(long[].class);
  private static final VarHandle TAIL;

  static {
    try {
      TAIL = MethodHandles.lookup().findVarHandle(MpscRing.class, "tail", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final MemorySegment memory;
  private final int slotBytes;
  private final int mask;
  private final long[] sequences;
  private final int[] lengths;
  private final int[] tags;

  @SuppressWarnings("unused") // By TAIL.
  private volatile long tail;

  private long head;

  /// An empty ring.
  ///
  /// @param memory at least `slotBytes * slots`
  /// @param slotBytes longest message
  /// @param slots a power of two
  public MpscRing(MemorySegment memory, int slotBytes, int slots) {
    if (Integer.bitCount(slots) != 1 || memory.byteSize() < (long) slotBytes * slots) {
      throw new IllegalArgumentException(slots + " slots of " + slotBytes + " B");
    }
    this.memory = memory;
    this.slotBytes = slotBytes;
    this.mask = slots - 1;
    this.sequences = new long[slots];
    this.lengths = new int[slots];
    this.tags = new int[slots];
    for (int i = 0; i < slots; i++) {
      sequences[i] = i;
    }
  }

  /// Copies a message in; false when full. Any thread.
  ///
  /// @param length 0 to the length of a slot
  /// @param tag a number that goes with it
  public boolean offer(MemorySegment source, long offset, int length, int tag) {
    assert length <= slotBytes;
    long position = (long) TAIL.getOpaque(this);
    while (true) {
      int slot = (int) position & mask;
      long difference = (long) SEQUENCE.getAcquire(sequences, slot) - position;
      if (difference < 0) {
        return false;
      }
      if (difference == 0 && TAIL.compareAndSet(this, position, position + 1)) {
        MemorySegment.copy(source, offset, memory, (long) slot * slotBytes, length);
        lengths[slot] = length;
        tags[slot] = tag;
        SEQUENCE.setRelease(sequences, slot, position + 1);
        return true;
      }
      position = (long) TAIL.getOpaque(this);
    }
  }

  /// Length of the next message, -1 when there is none. The consumer.
  public int peekLength() {
    int slot = (int) head & mask;
    return (long) SEQUENCE.getAcquire(sequences, slot) == head + 1 ? lengths[slot] : -1;
  }

  /// The number that came with the next message. Only after [#peekLength] ≥ 0.
  public int peekTag() {
    return tags[(int) head & mask];
  }

  /// Where the next message starts in [#memory]. Only after [#peekLength] ≥ 0.
  public long peekOffset() {
    return (head & mask) * slotBytes;
  }

  /// The memory of the slots.
  public MemorySegment memory() {
    return memory;
  }

  /// Frees the next message. Only after [#peekLength] ≥ 0.
  public void advance() {
    SEQUENCE.setRelease(sequences, (int) head & mask, head + mask + 1);
    head++;
  }
}
