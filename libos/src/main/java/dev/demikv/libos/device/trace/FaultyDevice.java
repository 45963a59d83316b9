package dev.demikv.libos.device.trace;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Capability.Performer;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.time.Clock;
import java.lang.foreign.MemorySegment;
import java.util.function.ObjLongConsumer;
import java.util.random.RandomGenerator;

/// Makes a device worse, both ways: frames are lost, come twice, late, in another order, or with a
/// bit flipped, as the seed draws.
///
/// Frames that are delayed wait in queues of fixed size, copied on the way out; what does not fit
/// is lost, and counted. Frames without a transport checksum are not corrupted, because nobody
/// could find it out (CHECKSUM_PARTIAL in, a requested checksum out).
final class FaultyDevice extends WrappedDevice {
  private static final int QUEUE_FRAMES = 4_096;

  private final FaultSpec rx;
  private final FaultSpec tx;
  private final Clock clock;
  private final RandomGenerator random;
  private final DelayQueue rxQueue = new DelayQueue(QUEUE_FRAMES);
  private final DelayQueue txQueue = new DelayQueue(QUEUE_FRAMES);
  private final TxFrame delayed = new TxFrame();
  private final FrameSink arriving = this::arrive;
  private final Counters counted = new Counters();
  private @Nullable FrameSink sink;
  private long nowNanos;
  private int deliveredCount;

  /// What was done to frames. A struct.
  private static final class Counters {
    long rxLost;
    long rxDuplicated;
    long rxCorrupted;
    long rxReordered;
    long rxOverflow;
    long txLost;
    long txDuplicated;
    long txCorrupted;
    long txReordered;
    long txOverflow;
  }

  /// Takes over the device.
  FaultyDevice(NetDevice inner, FaultSpec.Pair faults, Clock clock, RandomGenerator random) {
    super(inner);
    this.rx = faults.rx();
    this.tx = faults.tx();
    this.clock = clock;
    this.random = random;
  }

  @Override
  Capability capability() {
    return new Capability("faults", Performer.LIBRARY, "in: " + rx + ", out: " + tx);
  }

  // In.

  @Override
  public int receive(FrameSink newSink, int framesMax) {
    sink = newSink;
    nowNanos = clock.nanoTime();
    deliveredCount = 0;
    while (deliveredCount < framesMax && rxQueue.isDue(nowNanos)) {
      Buffer buffer = rxQueue.buffer();
      int offset = rxQueue.offset();
      int length = rxQueue.length();
      int checksum = rxQueue.number1();
      rxQueue.remove();
      deliver(buffer, offset, length, checksum);
    }
    if (deliveredCount < framesMax) {
      inner.receive(arriving, framesMax - deliveredCount);
    }
    return deliveredCount;
  }

  private void arrive(Buffer buffer, int offset, int length, int checksum) {
    if (happens(rx.loss())) {
      counted.rxLost++;
      buffer.release();
      return;
    }
    int known = checksum;
    if (happens(rx.corrupt()) && checksum != FrameSink.CHECKSUM_PARTIAL && length > 0) {
      counted.rxCorrupted++;
      flipBit(buffer.segment(), offset, length);
      known = FrameSink.CHECKSUM_UNKNOWN;
    }
    boolean twice = happens(rx.duplicate());
    Buffer copy = twice ? takeFrame(length) : null;
    if (copy != null) {
      counted.rxDuplicated++;
      MemorySegment.copy(buffer.segment(), offset, copy.segment(), 0, length);
    }
    boolean late = happens(rx.reorder());
    counted.rxReordered += late ? 1 : 0;
    long delayNanos = delayNanos(rx, late);
    if (delayNanos == 0) {
      deliver(buffer, offset, length, known);
    } else {
      queueIn(delayNanos, buffer, offset, length, known);
    }
    if (copy != null) {
      // With the next call at the soonest, so that this one hands over no more than it may.
      queueIn(delayNanos(rx, false), copy, 0, length, known);
    }
  }

  private void queueIn(long delayNanos, Buffer buffer, int offset, int length, int checksum) {
    if (!rxQueue.add(nowNanos + delayNanos, buffer, offset, length, checksum, 0)) {
      counted.rxOverflow++;
      buffer.release();
    }
  }

  private void deliver(Buffer buffer, int offset, int length, int checksum) {
    FrameSink outer = sink;
    if (outer == null) {
      throw new IllegalStateException("a frame outside of receive");
    }
    deliveredCount++;
    outer.frame(buffer, offset, length, checksum);
  }

  // Out.

  @Override
  public int transmit(TxFrame frame) {
    if (frame.totalBytes() > info().frameBytesMax() || frame.partCount() > info().partsMax()) {
      return -Errno.EMSGSIZE;
    }
    if (happens(tx.loss())) {
      counted.txLost++;
      frame.releaseParts();
      return 0;
    }
    boolean late = happens(tx.reorder());
    boolean corrupted = happens(tx.corrupt()) && !frame.wantsChecksum();
    boolean twice = happens(tx.duplicate());
    long delayNanos = delayNanos(tx, late);
    if (delayNanos == 0 && !corrupted && !twice) {
      return inner.transmit(frame);
    }
    nowNanos = clock.nanoTime();
    counted.txReordered += late ? 1 : 0;
    counted.txDuplicated += twice ? 1 : 0;
    passOut(frame, delayNanos, corrupted);
    if (twice) {
      passOut(frame, delayNanos(tx, false), false);
    }
    frame.releaseParts();
    sendDue();
    return 0;
  }

  /// Puts a copy of a frame into the queue.
  private void passOut(TxFrame frame, long delayNanos, boolean corrupted) {
    int length = frame.totalBytes();
    Buffer copy = takeFrame(length);
    if (copy == null) {
      counted.txOverflow++;
      return;
    }
    int at = 0;
    for (int i = 0; i < frame.partCount(); i++) {
      MemorySegment.copy(
          frame.buffer(i).segment(), frame.offset(i), copy.segment(), at, frame.length(i));
      at += frame.length(i);
    }
    if (corrupted) {
      counted.txCorrupted++;
      flipBit(copy.segment(), 0, length);
    }
    int start = frame.checksumStart();
    if (!txQueue.add(nowNanos + delayNanos, copy, 0, length, start, frame.checksumOffset())) {
      counted.txOverflow++;
      copy.release();
    }
  }

  @Override
  public int flush() {
    if (txQueue.count() > 0) {
      nowNanos = clock.nanoTime();
      sendDue();
    }
    return inner.flush();
  }

  private void sendDue() {
    int left = QUEUE_FRAMES;
    while (left-- > 0 && txQueue.isDue(nowNanos)) {
      Buffer buffer = txQueue.buffer();
      delayed.clear();
      delayed.add(buffer, txQueue.offset(), txQueue.length());
      if (txQueue.number1() >= 0) {
        delayed.requestChecksum(txQueue.number1(), txQueue.number2());
      }
      int code = inner.transmit(delayed);
      if (code == -Errno.EAGAIN) {
        return; // It stays the first, until there is room.
      }
      txQueue.remove();
      if (code < 0) {
        counted.txOverflow++;
        buffer.release();
      }
    }
  }

  // Both.

  /// When a delayed frame is due.
  @Override
  public long nextTimerNanos() {
    long own = Math.min(rxQueue.nextNanos(), txQueue.nextNanos());
    return Math.min(own, inner.nextTimerNanos());
  }

  private long delayNanos(FaultSpec spec, boolean late) {
    long delayNanos = spec.delayNanos() + (late ? spec.reorderNanos() : 0);
    return spec.jitterNanos() == 0
        ? delayNanos
        : delayNanos + random.nextLong(spec.jitterNanos() + 1);
  }

  private void flipBit(MemorySegment memory, int offset, int length) {
    int bit = random.nextInt(length * Byte.SIZE);
    long at = (long) offset + (bit >>> 3);
    memory.set(JAVA_BYTE, at, (byte) (memory.get(JAVA_BYTE, at) ^ 1 << (bit & 7)));
  }

  private boolean happens(double probability) {
    return probability > 0 && random.nextDouble() < probability;
  }

  @Override
  public void counters(ObjLongConsumer<String> visitor) {
    inner.counters(visitor);
    visitor.accept("faults.rx-lost", counted.rxLost);
    visitor.accept("faults.rx-duplicated", counted.rxDuplicated);
    visitor.accept("faults.rx-corrupted", counted.rxCorrupted);
    visitor.accept("faults.rx-reordered", counted.rxReordered);
    visitor.accept("faults.rx-overflow", counted.rxOverflow);
    visitor.accept("faults.tx-lost", counted.txLost);
    visitor.accept("faults.tx-duplicated", counted.txDuplicated);
    visitor.accept("faults.tx-corrupted", counted.txCorrupted);
    visitor.accept("faults.tx-reordered", counted.txReordered);
    visitor.accept("faults.tx-overflow", counted.txOverflow);
  }

  @Override
  public void close() {
    rxQueue.clear();
    txQueue.clear();
    super.close();
  }
}
