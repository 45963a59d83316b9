package dev.demikv.libos.device.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.device.LogDeviceGeometry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SimLogDeviceTest {
  private static final int BLOCK = 4096;
  private static final LogDeviceGeometry GEOMETRY =
      new LogDeviceGeometry(BLOCK, 64 << 10, 16, 64 << 10, 4, 0);

  private final Arena arena = Arena.ofConfined();
  private final SimWorld world = new SimWorld(7);
  private final SimDisk disk = world.disk("d", GEOMETRY);
  private SimLogDevice device = disk.open();

  @AfterEach
  void close() {
    world.close();
    arena.close();
  }

  @Test
  void readsWhatWasWritten() {
    prepare(1);
    assertThat(write(GEOMETRY.segmentBytes(), 'a', 2 * BLOCK, true)).isEqualTo(2 * BLOCK);
    assertThat(read(GEOMETRY.segmentBytes() + BLOCK)).isEqualTo(block('a'));
  }

  @Test
  void refusesTransfersOutsideTheRules() {
    prepare(0);
    MemorySegment memory = arena.allocate(128 << 10, BLOCK);
    assertThat(device.write(100, memory, 0, BLOCK, true, 1)).isEqualTo(-Errno.EINVAL);
    assertThat(device.write(0, memory, 0, 100, true, 1)).isEqualTo(-Errno.EINVAL);
    assertThat(device.write(0, memory, 8, BLOCK, true, 1)).isEqualTo(-Errno.EINVAL);
    assertThat(device.write(60 << 10, memory, 0, 2 * BLOCK, true, 1)).isEqualTo(-Errno.EINVAL);
    assertThat(device.write(0, memory, 0, 128 << 10, true, 1)).isEqualTo(-Errno.EINVAL);
    assertThat(device.write(64 << 10, memory, 0, BLOCK, true, 1))
        .as("a segment that is not prepared")
        .isEqualTo(-Errno.EINVAL);
    assertThat(device.read(4L * (64 << 10), memory, 0, BLOCK, 1)).isEqualTo(-Errno.EINVAL);
    assertThat(device.prepare(4, 1)).isEqualTo(-Errno.EINVAL);
    assertThat(device.inFlight()).isZero();
  }

  @Test
  void readOfAnUnpreparedSegmentIsNoData() {
    MemorySegment memory = arena.allocate(BLOCK, BLOCK);
    device.read(0, memory, 0, BLOCK, 1);
    assertThat(finish()).isEqualTo(-Errno.ENODATA);
  }

  @Test
  void takesNoMoreThanTheQueueDepth() {
    prepare(0);
    MemorySegment memory = arena.allocate(BLOCK, BLOCK);
    for (int i = 0; i < GEOMETRY.queueDepth(); i++) {
      assertThat(device.read(0, memory, 0, BLOCK, i)).isZero();
    }
    assertThat(device.read(0, memory, 0, BLOCK, 99)).isEqualTo(-Errno.EAGAIN);
  }

  @Test
  void completesInAnotherOrderThanStarted() {
    prepare(0);
    MemorySegment memory = arena.allocate(BLOCK, BLOCK);
    List<Long> order = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      device.read(0, memory, 0, BLOCK, i);
    }
    device.submit();
    while (device.inFlight() > 0) {
      device.poll((userData, result) -> order.add(userData));
    }
    assertThat(order).hasSize(10).doesNotHaveDuplicates();
    assertThat(order).isNotEqualTo(order.stream().sorted().toList());
  }

  @Test
  void powerLossDropsWhatWasNotFlushed() {
    prepare(0);
    write(0, 'a', BLOCK, false);
    device.flush(1);
    assertThat(finish()).isZero();
    write(0, 'b', BLOCK, false);
    assertThat(read(0)).as("before the power loss").isEqualTo(block('b'));
    disk.powerLoss(SimDisk.PowerLoss.DROP);
    device = disk.open();
    assertThat(read(0)).isEqualTo(block('a'));
  }

  @Test
  void flushSettlesOnlyWritesCompletedBeforeIt() {
    prepare(0);
    disk.faults().latency(10, 10);
    device.flush(1);
    MemorySegment memory = filled('a', BLOCK);
    device.write(0, memory, 0, BLOCK, false, 2);
    device.submit();
    world.runFor(1_000);
    disk.powerLoss(SimDisk.PowerLoss.DROP);
    device = disk.open();
    assertThat(read(0)).isEqualTo(new byte[BLOCK]);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
  void durableWritesSurviveEveryPowerLoss(long seed) {
    try (SimWorld other = new SimWorld(seed)) {
      SimDisk medium = other.disk("d", GEOMETRY);
      device = medium.open();
      prepare(0);
      write(0, 'a', BLOCK, true);
      write(BLOCK, 'b', BLOCK, false);
      medium.powerLoss();
      device = medium.open();
      assertThat(read(0)).as("seed %d", seed).isEqualTo(block('a'));
    }
  }

  @Test
  void powerLossTearsAndReordersWritesInFlight() {
    Set<String> outcomes = new HashSet<>();
    for (long seed = 0; seed < 200; seed++) {
      try (SimWorld other = new SimWorld(seed)) {
        SimDisk medium = other.disk("d", GEOMETRY);
        device = medium.open();
        prepare(0);
        device.write(0, filled('a', 2 * BLOCK), 0, 2 * BLOCK, true, 1);
        device.submit();
        medium.powerLoss();
        byte[] bytes = medium.stableBytes(0, 2 * BLOCK);
        int first = count(Arrays.copyOf(bytes, BLOCK), 'a');
        int second = count(Arrays.copyOfRange(bytes, BLOCK, 2 * BLOCK), 'a');
        assertThat(first % 512).as("seed %d", seed).isZero();
        outcomes.add(outcome(first) + "+" + outcome(second));
      }
    }
    assertThat(outcomes)
        .contains("none+none", "whole+whole", "whole+none", "none+whole", "torn+none");
  }

  @Test
  void atomicWritesAreWholeOrAbsent() {
    LogDeviceGeometry atomic = new LogDeviceGeometry(BLOCK, 64 << 10, 16, 64 << 10, 4, 2 * BLOCK);
    Set<Integer> counts = new HashSet<>();
    for (long seed = 0; seed < 100; seed++) {
      try (SimWorld other = new SimWorld(seed)) {
        SimDisk medium = other.disk("d", atomic);
        device = medium.open();
        prepare(0);
        device.write(0, filled('a', 2 * BLOCK), 0, 2 * BLOCK, true, 1);
        device.submit();
        medium.powerLoss();
        counts.add(count(medium.stableBytes(0, 2 * BLOCK), 'a'));
      }
    }
    assertThat(counts).containsExactlyInAnyOrder(0, 2 * BLOCK);
  }

  @Test
  void killKeepsWhatCompleted() {
    prepare(0);
    write(0, 'a', BLOCK, false);
    disk.kill();
    device = disk.open();
    assertThat(read(0)).isEqualTo(block('a'));
  }

  @Test
  void aDeadDeviceFailsEverythingAndChangesNothing() {
    prepare(0);
    SimLogDevice dead = device;
    disk.powerLoss(SimDisk.PowerLoss.DROP);
    assertThat(write(0, 'x', BLOCK, true)).isEqualTo(-Errno.EIO);
    device = disk.open();
    assertThat(read(0)).isEqualTo(new byte[BLOCK]);
    dead.close();
    assertThatThrownBy(disk::open).isInstanceOf(LibOsException.class).hasMessageContaining("EBUSY");
  }

  @Test
  void aFailedFlushLosesItsWritesForGood() {
    prepare(0);
    write(0, 'a', BLOCK, false);
    disk.faults().failNext(SimDiskFaults.Kind.FLUSH, 1, Errno.EIO);
    device.flush(1);
    assertThat(finish()).isEqualTo(-Errno.EIO);
    device.flush(2);
    assertThat(finish()).as("the second flush").isZero();
    assertThat(read(0)).isEqualTo(block('a'));
    disk.powerLoss(SimDisk.PowerLoss.DROP);
    device = disk.open();
    assertThat(read(0)).isEqualTo(new byte[BLOCK]);
  }

  @Test
  void aFullDiskPreparesNoMore() {
    prepare(0);
    disk.faults().full(1);
    device.prepare(1, 1);
    assertThat(finish()).isEqualTo(-Errno.ENOSPC);
    device.discard(0, 2);
    assertThat(device.isPrepared(0)).isFalse();
    assertThat(finish()).isZero();
    prepare(1);
  }

  @Test
  void lostAndMisdirectedWritesAreReportedAsDone() {
    prepare(0);
    disk.faults().lostWrites(1);
    assertThat(write(0, 'a', BLOCK, true)).isEqualTo(BLOCK);
    assertThat(read(0)).isEqualTo(new byte[BLOCK]);
    disk.faults().none().misdirectedWrites(1);
    assertThat(write(0, 'b', BLOCK, true)).isEqualTo(BLOCK);
    assertThat(count(disk.stableBytes(0, 64 << 10), 'b')).isEqualTo(BLOCK);
  }

  @Test
  void aFlippedBitIsReadBack() {
    prepare(0);
    write(0, 'a', BLOCK, true);
    disk.flipBit(17, 3);
    byte[] expected = block('a');
    expected[17] ^= 8;
    assertThat(read(0)).isEqualTo(expected);
  }

  @Test
  void findsOutWhoChangesMemoryInFlight() {
    prepare(0);
    MemorySegment memory = filled('a', BLOCK);
    device.write(0, memory, 0, BLOCK, true, 1);
    device.submit();
    memory.set(ValueLayout.JAVA_BYTE, 9, (byte) 'z');
    assertThatThrownBy(() -> world.runFor(1_000_000_000))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("changed before it completed");
  }

  @Test
  void nothingStartsBeforeSubmit() {
    device.prepare(0, 1);
    world.runFor(1_000_000_000);
    assertThat(device.isPrepared(0)).isFalse();
  }

  @Test
  void theSameSeedGivesTheSameRun() {
    assertThat(fingerprint(42)).isEqualTo(fingerprint(42)).isNotEqualTo(fingerprint(43));
  }

  private String fingerprint(long seed) {
    try (SimWorld other = new SimWorld(seed)) {
      device = other.disk("d", GEOMETRY).open();
      StringBuilder order = new StringBuilder();
      for (int i = 0; i < 4; i++) {
        prepare(i);
        order.append(other.nanoTime()).append(' ');
      }
      return order.toString();
    }
  }

  private void prepare(int segment) {
    assertThat(device.prepare(segment, 1)).isZero();
    assertThat(finish()).isZero();
    assertThat(device.isPrepared(segment)).isTrue();
  }

  private int write(long position, char content, int length, boolean durable) {
    assertThat(device.write(position, filled(content, length), 0, length, durable, 1)).isZero();
    return finish();
  }

  private byte[] read(long position) {
    MemorySegment memory = arena.allocate(BLOCK, BLOCK);
    assertThat(device.read(position, memory, 0, BLOCK, 1)).isZero();
    assertThat(finish()).isEqualTo(BLOCK);
    return memory.toArray(ValueLayout.JAVA_BYTE);
  }

  private int finish() {
    int[] last = {Integer.MIN_VALUE};
    device.submit();
    while (device.inFlight() > 0) {
      device.await(-1);
      device.poll((userData, result) -> last[0] = result);
    }
    return last[0];
  }

  private MemorySegment filled(char content, int length) {
    return arena.allocate(length, BLOCK).fill((byte) content);
  }

  private static byte[] block(char content) {
    byte[] bytes = new byte[BLOCK];
    Arrays.fill(bytes, (byte) content);
    return bytes;
  }

  private static int count(byte[] bytes, char content) {
    int count = 0;
    for (byte b : bytes) {
      count += b == content ? 1 : 0;
    }
    return count;
  }

  private static String outcome(int count) {
    return count == 0 ? "none" : count == BLOCK ? "whole" : "torn";
  }
}
