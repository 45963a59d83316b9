package dev.demikv.libos.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibCConstants;
import dev.demikv.libos.ffi.LibCFile;
import dev.demikv.libos.ffi.struct.Pollfd;
import dev.demikv.libos.memory.MemorySource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What every log device does. A subclass says how to open one; [#open] again after a close finds
/// the same blocks, where [#keepsDataOverReopen].
///
/// The device should be small: at least four segments of at least four blocks.
public abstract class LogDeviceContract {
  private static final long SEED = 20_251_123L;

  protected Arena arena = Arena.ofShared();
  protected LogDevice device;

  /// Result by user data, of everything completed.
  protected final Map<Long, Integer> completed = new HashMap<>();

  private long lastUserData;

  /// Opens the device, for the first time or again.
  protected abstract LogDevice open() throws Exception;

  /// Whether a closed and opened device has its blocks still.
  protected boolean keepsDataOverReopen() {
    return true;
  }

  @BeforeEach
  protected void openDevice() throws Exception {
    device = open();
  }

  @AfterEach
  protected void closeDevice() {
    device.close();
    arena.close();
  }

  @Test
  void geometryHasRoomForALog() {
    LogDeviceGeometry geometry = device.geometry();
    assertThat(geometry.segmentCount()).isGreaterThanOrEqualTo(4);
    assertThat(geometry.segmentBytes()).isGreaterThanOrEqualTo(4L * geometry.blockBytes());
    assertThat(device.capabilities()).isNotEmpty();
  }

  @Test
  void writtenBlocksAreReadBack() {
    Random random = seeded("writtenBlocksAreReadBack");
    prepare(0);
    prepare(1);
    int block = device.geometry().blockBytes();
    int bytes = transferBytes();
    MemorySegment out = memory(bytes);
    MemorySegment in = memory(bytes);
    long segmentBytes = device.geometry().segmentBytes();
    for (int i = 0; i < 40; i++) {
      int length = block * (1 + random.nextInt(bytes / block));
      long offset = block * (long) random.nextInt((int) ((segmentBytes - length) / block) + 1);
      long position = random.nextInt(2) * segmentBytes + offset;
      fill(out, length, random.nextLong());
      assertThat(write(position, out, length, random.nextBoolean())).isEqualTo(length);
      assertThat(read(position, in, length)).isEqualTo(length);
      assertThat(in.asSlice(0, length).mismatch(out.asSlice(0, length))).isEqualTo(-1);
    }
  }

  @Test
  void transferOutsideTheRulesIsInvalid() {
    prepare(0);
    prepare(1);
    LogDeviceGeometry geometry = device.geometry();
    int block = geometry.blockBytes();
    MemorySegment memory = memory(4 * block);
    long last = geometry.capacityBytes() - block;
    assertInvalid("misaligned position", 1, memory, 0, block);
    assertInvalid("half a block", block / 2, memory, 0, block);
    assertInvalid("misaligned length", 0, memory, 0, block - 1);
    assertInvalid("misaligned memory", 0, memory, 8, block);
    assertInvalid("nothing", 0, memory, 0, 0);
    assertInvalid("negative length", 0, memory, 0, -block);
    assertInvalid("negative position", -block, memory, 0, block);
    assertInvalid("across segments", geometry.segmentBytes() - block, memory, 0, 2 * block);
    assertInvalid("behind the end", geometry.capacityBytes(), memory, 0, block);
    assertInvalid("across the end", last, memory, 0, 2 * block);
    assertInvalid("far behind the end", Long.MAX_VALUE & -block, memory, 0, block);
    assertInvalid("more than the memory", 0, memory, 3L * block, 2 * block);
    assertInvalid("before the memory", 0, memory, -block, block);
    assertInvalid("overflowing offset", 0, memory, Long.MAX_VALUE & -block, block);
    assertInvalid("heap memory", 0, MemorySegment.ofArray(new long[block]), 0, block);
    if (geometry.transferBytesMax() < geometry.segmentBytes()) {
      int tooLong = geometry.transferBytesMax() + block;
      assertInvalid("too long", 0, memory(tooLong), 0, tooLong);
    }
    assertThat(device.inFlight()).isZero();
  }

  private void assertInvalid(
      String what, long position, MemorySegment memory, long offset, int length) {
    assertThat(device.write(position, memory, offset, length, true, 1))
        .as("write: " + what)
        .isEqualTo(-Errno.EINVAL);
    assertThat(device.read(position, memory, offset, length, 1))
        .as("read: " + what)
        .isEqualTo(-Errno.EINVAL);
  }

  @Test
  void segmentOutsideTheDeviceIsInvalid() {
    for (int segment : new int[] {-1, device.geometry().segmentCount(), Integer.MAX_VALUE}) {
      assertThat(device.prepare(segment, 1)).isEqualTo(-Errno.EINVAL);
      assertThat(device.discard(segment, 1)).isEqualTo(-Errno.EINVAL);
    }
  }

  @Test
  void unpreparedSegmentHasNoDataAndTakesNone() {
    MemorySegment memory = memory(device.geometry().blockBytes());
    long position = 2 * device.geometry().segmentBytes();
    assertThat(device.isPrepared(2)).isFalse();
    assertThat(read(position, memory, device.geometry().blockBytes())).isEqualTo(-Errno.ENODATA);
    assertThat(device.write(position, memory, 0, device.geometry().blockBytes(), true, 1))
        .isEqualTo(-Errno.EINVAL);
  }

  @Test
  void segmentIsPreparedWhenPrepareHasCompleted() {
    prepare(3);
    assertThat(device.isPrepared(3)).isTrue();
    assertThat(device.isPrepared(2)).isFalse();
    prepare(3);
    assertThat(device.isPrepared(3)).as("prepared twice").isTrue();
  }

  @Test
  void discardedSegmentIsUnpreparedAtOnce() {
    prepare(0);
    long userData = next();
    assertThat(device.discard(0, userData)).isZero();
    assertThat(device.isPrepared(0)).isFalse();
    assertThat(result(userData)).isZero();
    MemorySegment memory = memory(device.geometry().blockBytes());
    assertThat(read(0, memory, device.geometry().blockBytes())).isEqualTo(-Errno.ENODATA);
  }

  @Test
  void segmentsArePreparedAndDiscardedOverAndOver() {
    int block = device.geometry().blockBytes();
    MemorySegment out = memory(block);
    MemorySegment in = memory(block);
    int segments = device.geometry().segmentCount();
    for (int i = 0; i < 3 * segments; i++) {
      int segment = i % segments;
      prepare(segment);
      long position = segment * device.geometry().segmentBytes();
      fill(out, block, i);
      assertThat(write(position, out, block, true)).isEqualTo(block);
      assertThat(read(position, in, block)).isEqualTo(block);
      assertThat(in.mismatch(out)).isEqualTo(-1);
      if (i >= 2) {
        long userData = next();
        assertThat(device.discard((i - 2) % segments, userData)).isZero();
        assertThat(result(userData)).isZero();
      }
    }
  }

  @Test
  void prepareAfterDiscardInOneTurnGivesAPreparedSegment() {
    prepare(1);
    long discarded = next();
    long prepared = next();
    assertThat(device.discard(1, discarded)).isZero();
    assertThat(device.prepare(1, prepared)).isZero();
    assertThat(result(discarded)).isZero();
    assertThat(result(prepared)).isZero();
    assertThat(device.isPrepared(1)).isTrue();
    MemorySegment memory = memory(device.geometry().blockBytes());
    int block = device.geometry().blockBytes();
    assertThat(write(device.geometry().segmentBytes(), memory, block, true)).isEqualTo(block);
  }

  @Test
  void flushCompletesWithAndWithoutWrites() {
    prepare(0);
    prepare(1);
    assertThat(flush()).isZero();
    int block = device.geometry().blockBytes();
    MemorySegment memory = memory(block);
    assertThat(write(0, memory, block, false)).isEqualTo(block);
    assertThat(write(device.geometry().segmentBytes(), memory, block, false)).isEqualTo(block);
    assertThat(flush()).isZero();
    assertThat(flush()).isZero();
  }

  @Test
  void fullQueueGivesEagainUntilPolled() {
    prepare(0);
    int block = device.geometry().blockBytes();
    int depth = device.geometry().queueDepth();
    MemorySegment memory = memory(block);
    completed.clear();
    for (int i = 0; i < depth; i++) {
      assertThat(device.write(0, memory, 0, block, false, next())).isZero();
    }
    assertThat(device.inFlight()).isEqualTo(depth);
    assertThat(device.write(0, memory, 0, block, false, next())).isEqualTo(-Errno.EAGAIN);
    assertThat(device.read(0, memory, 0, block, next())).isEqualTo(-Errno.EAGAIN);
    assertThat(device.flush(next())).isEqualTo(-Errno.EAGAIN);
    assertThat(device.prepare(1, next())).isEqualTo(-Errno.EAGAIN);
    assertThat(device.discard(1, next())).isEqualTo(-Errno.EAGAIN);
    drain();
    assertThat(completed).hasSize(depth).allSatisfy((u, r) -> assertThat(r).isEqualTo(block));
    assertThat(write(0, memory, block, true)).isEqualTo(block);
  }

  @Test
  void manyOperationsInFlightCompleteOnceEach() {
    Random random = seeded("manyOperationsInFlightCompleteOnceEach");
    prepare(0);
    prepare(1);
    int block = device.geometry().blockBytes();
    long segmentBytes = device.geometry().segmentBytes();
    int blocks = (int) Math.min(64, segmentBytes / block);
    int depth = device.geometry().queueDepth();
    MemorySegment model = memory(2 * blocks * block);
    MemorySegment in = memory(block);
    for (int i = 0; i < 2 * blocks; i++) {
      fill(model.asSlice((long) i * block, block), block, random.nextLong());
    }
    completed.clear();
    int started = 0;
    for (int i = 0; i < 2 * blocks; i++) {
      while (device.inFlight() == depth) {
        turn();
      }
      long position = i % 2 * segmentBytes + (long) (i / 2) * block;
      int result = device.write(position, model, (long) i * block, block, i % 3 == 0, next());
      assertThat(result).isZero();
      started++;
      if (i % 7 == 0 && device.inFlight() < depth) {
        assertThat(device.flush(next())).isZero();
        started++;
      }
      if (random.nextInt(4) == 0) {
        device.submit();
      }
    }
    drain();
    assertThat(completed).hasSize(started).allSatisfy((u, r) -> assertThat(r).isNotNegative());
    for (int i = 0; i < 2 * blocks; i++) {
      long position = i % 2 * segmentBytes + (long) (i / 2) * block;
      assertThat(read(position, in, block)).isEqualTo(block);
      assertThat(in.mismatch(model.asSlice((long) i * block, block))).isEqualTo(-1);
    }
  }

  @Test
  void operationsStartedByACompletionAreCarriedOut() {
    prepare(0);
    int block = device.geometry().blockBytes();
    MemorySegment memory = memory(block);
    int[] left = {50};
    LogDeviceSink chain =
        (userData, result) -> {
          completed.put(userData, result);
          if (left[0]-- > 0) {
            // Some never reach the disk: their segment is not prepared.
            long position = left[0] % 5 == 0 ? 3 * device.geometry().segmentBytes() : 0;
            assertThat(device.read(position, memory, 0, block, next())).isZero();
          }
        };
    completed.clear();
    assertThat(device.read(0, memory, 0, block, next())).isZero();
    while (device.inFlight() > 0) {
      device.submit();
      device.await(-1);
      device.poll(chain);
    }
    assertThat(completed).hasSize(51);
    assertThat(completed.values()).containsOnly(block, -Errno.ENODATA);
  }

  @Test
  void closeWaitsForOperationsInFlight() throws Exception {
    prepare(0);
    int block = device.geometry().blockBytes();
    MemorySegment out = memory(4 * block);
    fill(out, 4 * block, 77);
    for (int i = 0; i < 4; i++) {
      long at = (long) i * block;
      assertThat(device.write(at, out, at, block, true, next())).isZero();
    }
    device.submit();
    device.close();
    if (keepsDataOverReopen()) {
      device = open();
      MemorySegment in = memory(4 * block);
      assertThat(read(0, in, 4 * block)).isEqualTo(4 * block);
      assertThat(in.mismatch(out)).isEqualTo(-1);
    }
  }

  @Test
  void closingTwiceIsHarmless() {
    device.close();
    device.close();
  }

  @Test
  void reopenedDeviceHasItsSegmentsAndBlocks() throws Exception {
    if (!keepsDataOverReopen()) {
      return;
    }
    prepare(0);
    prepare(2);
    prepare(3);
    int block = device.geometry().blockBytes();
    MemorySegment out = memory(block);
    fill(out, block, 4711);
    assertThat(write(2 * device.geometry().segmentBytes(), out, block, true)).isEqualTo(block);
    long userData = next();
    assertThat(device.discard(3, userData)).isZero();
    assertThat(result(userData)).isZero();
    device.close();
    device = open();
    assertThat(device.isPrepared(0)).isTrue();
    assertThat(device.isPrepared(1)).isFalse();
    assertThat(device.isPrepared(2)).isTrue();
    assertThat(device.isPrepared(3)).isFalse();
    MemorySegment in = memory(block);
    assertThat(read(2 * device.geometry().segmentBytes(), in, block)).isEqualTo(block);
    assertThat(in.mismatch(out)).isEqualTo(-1);
  }

  @Test
  void awaitWithoutOperationsReturns() {
    device.await(-1);
    assertThat(device.poll(this::record)).isZero();
  }

  @Test
  void readinessDescriptorAnnouncesEveryCompletion() {
    int fd = device.readinessFd();
    if (fd < 0) {
      assertThat(device.idleWaitNanosMax())
          .as("who has no descriptor limits sleep")
          .isNotNegative();
      return;
    }
    prepare(0);
    int block = device.geometry().blockBytes();
    MemorySegment memory = memory(block);
    long unprepared = 3 * device.geometry().segmentBytes();
    for (int i = 0; i < 100; i++) {
      int started =
          switch (i % 5) {
            case 0 -> device.write(0, memory, 0, block, true, next());
            case 1 -> device.read(0, memory, 0, block, next());
            case 2 -> device.flush(next());
            case 3 -> device.prepare(1, next());
            default -> device.read(unprepared, memory, 0, block, next());
          };
      assertThat(started).isZero();
      device.submit();
      while (device.inFlight() > 0) {
        assertThat(isReadable(fd, 10_000)).as("operation " + i + " is announced").isTrue();
        device.poll(this::record);
      }
    }
    device.poll(this::record);
    assertThat(isReadable(fd, 0)).as("nothing is announced when there is nothing").isFalse();
  }

  private boolean isReadable(int fd, int timeoutMillis) {
    CallState state = new CallState(arena);
    MemorySegment pollfd = arena.allocate(Pollfd.BYTES, Pollfd.BYTES);
    int result;
    do {
      Pollfd.set(pollfd, 0, fd, LibCConstants.POLLIN);
      result = LibCFile.poll(state, pollfd.address(), 1, timeoutMillis);
    } while (result == -Errno.EINTR);
    return result > 0;
  }

  @Test
  void countersHaveNames() {
    Map<String, Long> counters = new HashMap<>();
    device.counters(counters::put);
    assertThat(counters).isNotEmpty();
    assertThat(counters.keySet()).allSatisfy(name -> assertThat(name).startsWith("storage."));
  }

  /// A random source whose seed is printed when the test fails.
  protected static Random seeded(String test) {
    long seed = Long.getLong("seed", SEED);
    System.getLogger(LogDeviceContract.class.getName())
        .log(System.Logger.Level.DEBUG, test + ": -Dseed=" + seed);
    return new Random(seed);
  }

  /// Memory for transfers.
  protected MemorySegment memory(int bytes) {
    MemorySource source = device.memorySource();
    int alignment = device.geometry().blockBytes();
    return source == null
        ? arena.allocate(bytes, alignment)
        : source.allocate(bytes, alignment).segment();
  }

  protected static void fill(MemorySegment memory, int bytes, long seed) {
    Random random = new Random(seed);
    for (long at = 0; at < bytes; at += 8) {
      memory.set(ValueLayout.JAVA_LONG, at, random.nextLong());
    }
  }

  protected void prepare(int segment) {
    long userData = next();
    assertThat(device.prepare(segment, userData)).isZero();
    assertThat(result(userData)).as("prepare " + segment).isZero();
  }

  protected int write(long position, MemorySegment memory, int length, boolean durable) {
    long userData = next();
    assertThat(device.write(position, memory, 0, length, durable, userData)).isZero();
    return result(userData);
  }

  protected int read(long position, MemorySegment memory, int length) {
    long userData = next();
    assertThat(device.read(position, memory, 0, length, userData)).isZero();
    return result(userData);
  }

  protected int flush() {
    long userData = next();
    assertThat(device.flush(userData)).isZero();
    return result(userData);
  }

  protected long next() {
    return ++lastUserData;
  }

  /// Waits for one completion; others are recorded as they come.
  protected int result(long userData) {
    while (!completed.containsKey(userData)) {
      assertThat(device.inFlight()).isPositive();
      turn();
    }
    return completed.get(userData);
  }

  protected void drain() {
    while (device.inFlight() > 0) {
      turn();
    }
  }

  private void turn() {
    device.submit();
    device.await(-1);
    device.poll(this::record);
  }

  protected final void record(long userData, int result) {
    assertThat(completed.put(userData, result)).as("%d completed twice", userData).isNull();
  }

  private int transferBytes() {
    LogDeviceGeometry geometry = device.geometry();
    return (int) Math.min(geometry.transferBytesMax(), geometry.segmentBytes());
  }
}
