package dev.demikv.libos.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.device.LogDeviceGeometry;
import dev.demikv.libos.device.sim.SimDisk.PowerLoss;
import dev.demikv.libos.device.sim.SimDiskFaults.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Damage of what was acknowledged is an error that names the place, whatever became of the bytes.
final class LogDamageTest {
  private static final int RECORDS = 60;
  private static final long SEGMENT_1 = StoreHarness.SEGMENT;

  private StoreHarness harness = new StoreHarness(1);
  private final List<Long> positions = new ArrayList<>();

  @AfterEach
  void close() {
    harness.close();
    harness.assertNoLeaks();
  }

  /// Sixty acknowledged records, each in its own group, and no clean end.
  private void fill() {
    int log = harness.open().openLog("a");
    for (int i = 0; i < RECORDS; i++) {
      append(log, i);
    }
    harness.powerLoss(PowerLoss.DROP);
  }

  private void append(int log, int i) {
    byte[] record = LogCrashTest.payload(i, 100 + i * 311 % 9_000);
    positions.add(harness.await(harness.appendPatiently(log, record)).position());
  }

  /// What recovery and reading bring: the number of records, all as they were written, or -1 for
  /// EBADMSG.
  private int recover() {
    try {
      int log = harness.open().openLog("a");
      List<byte[]> records = harness.readAll(log);
      for (int i = 0; i < records.size(); i++) {
        byte[] expected = LogCrashTest.payload(i, 100 + i * 311 % 9_000);
        assertThat(Arrays.equals(records.get(i), expected)).as("record %d", i).isTrue();
      }
      return records.size();
    } catch (LibOsException e) {
      assertThat(e.errno()).isEqualTo(Errno.EBADMSG);
      assertThat(e).hasMessageContaining("log 'a', segment ").hasMessageContaining("offset");
      return -1;
    }
  }

  @Test
  void aFlippedBitInTheMiddleNamesItsPlace() {
    fill();
    long place = positions.get(10);
    harness.disk.flipBit(SEGMENT_1 + place + 40, 3);
    assertThatThrownBy(() -> harness.open().openLog("a"))
        .isInstanceOf(LibOsException.class)
        .hasMessageContaining("EBADMSG")
        .hasMessageContaining("log 'a', segment 1 (generation 1), offset " + place)
        .hasMessageContaining("CRC32C")
        .hasMessageContaining("proves that everything before position");
  }

  @Test
  void damageIsNotHealedByOpeningAgain() {
    fill();
    harness.disk.flipBit(SEGMENT_1 + positions.get(10) + 40, 3);
    assertThat(recover()).isEqualTo(-1);
    harness.powerLoss(PowerLoss.DROP);
    assertThat(recover()).isEqualTo(-1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void noDamageIsSilent(int seed) {
    fill();
    SplittableRandom random = new SplittableRandom(seed);
    int victim = random.nextInt(RECORDS - 1);
    long block = positions.get(victim) / StoreHarness.BLOCK * StoreHarness.BLOCK;
    long end = positions.get(victim + 1) / StoreHarness.BLOCK * StoreHarness.BLOCK;
    switch (random.nextInt(3)) {
      case 0 -> harness.disk.flipBit(SEGMENT_1 + random.nextLong(block, end), random.nextInt(8));
      case 1 -> harness.disk.corrupt(SEGMENT_1 + block, StoreHarness.BLOCK);
      default -> {
        long last = end - StoreHarness.BLOCK;
        byte[] old = harness.disk.stableBytes(SEGMENT_1 + last, StoreHarness.BLOCK);
        for (int i = 0; i < old.length; i++) {
          for (int bit = 0; bit < 8; bit++) {
            if ((old[i] >> bit & 1) != 0) {
              harness.disk.flipBit(SEGMENT_1 + last + i, bit);
            }
          }
        }
      }
    }
    // A flipped bit between the last record of a group and the end of its block matters to nobody.
    assertThat(recover()).as("seed %d", seed).isIn(-1, RECORDS);
  }

  @Test
  void damageOfTheLastGroupCannotBeToldFromATornWrite() {
    fill();
    harness.disk.flipBit(SEGMENT_1 + positions.get(RECORDS - 1) + 40, 0);
    assertThat(recover()).isEqualTo(RECORDS - 1);
  }

  @Test
  void damageOfTheLastGroupIsFoundAfterACleanEnd() {
    int log = harness.open().openLog("a");
    for (int i = 0; i < 3; i++) {
      append(log, i);
    }
    harness.closeStore();
    harness.disk.flipBit(SEGMENT_1 + positions.get(2) + 40, 0);
    assertThat(recover()).isEqualTo(-1);
  }

  @Test
  void damageOfWhatARecoveryFoundIsFound() {
    fill();
    assertThat(recover()).isEqualTo(RECORDS);
    harness.powerLoss(PowerLoss.DROP);
    harness.disk.flipBit(SEGMENT_1 + positions.get(RECORDS - 1) + 40, 0);
    assertThat(recover()).isEqualTo(-1);
  }

  @Test
  void aLostWriteIsFound() {
    int log = harness.open().openLog("a");
    append(log, 0);
    harness.settle();
    harness.disk.faults().lostWrites(1);
    append(log, 1);
    harness.disk.faults().none();
    append(log, 2);
    append(log, 3);
    harness.powerLoss(PowerLoss.DROP);
    assertThatThrownBy(() -> harness.open().openLog("a"))
        .hasMessageContaining("EBADMSG")
        .hasMessageContaining("zeros");
  }

  @Test
  void aLostWriteInARecycledSegmentIsFound() {
    int log = harness.open().openLog("a");
    byte[] record = new byte[50_000];
    long position = 0;
    for (int i = 0; i < 100; i++) { // Every segment is used several times.
      position = harness.await(harness.appendPatiently(log, record)).position();
      long token = harness.token();
      assertThat(harness.store().truncate(log, position, token)).isZero();
      harness.await(token);
    }
    harness.settle();
    harness.disk.faults().lostWrites(1);
    harness.await(harness.appendPatiently(log, record));
    harness.disk.faults().none();
    harness.await(harness.appendPatiently(log, record));
    harness.await(harness.appendPatiently(log, record));
    harness.powerLoss(PowerLoss.DROP);
    assertThatThrownBy(() -> harness.open().openLog("a")).hasMessageContaining("EBADMSG");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6})
  void aMisdirectedWriteIsFound(int seed) {
    harness.close();
    harness = new StoreHarness(seed);
    int log = harness.open().openLog("a");
    for (int i = 0; i < 20; i++) {
      append(log, i);
    }
    harness.settle();
    harness.disk.faults().misdirectedWrites(1);
    append(log, 20);
    harness.disk.faults().none();
    for (int i = 21; i < 24; i++) {
      append(log, i);
    }
    harness.powerLoss(PowerLoss.DROP);
    assertThat(recover()).as("24 if it went where it belongs by chance").isIn(-1, 24);
  }

  @Test
  void oldDataBehindACutDoesNotComeBackToLife() {
    ImageDevice device = new ImageDevice(StoreHarness.GEOMETRY);
    int log = harness.open(device).openLog("a");
    append(log, 0);
    long next = harness.store().tail(log);
    for (int i = 1; i < 3; i++) { // Two groups in flight: the first is torn, the second is whole.
      harness.append(log, new byte[411]);
      harness.store().flush(harness.world.nanoTime());
    }
    int block = (int) (SEGMENT_1 + next);
    Arrays.fill(device.image, block + 100, block + 300, (byte) 7);

    device = new ImageDevice(StoreHarness.GEOMETRY, device.image, device.prepared);
    log = harness.open(device).openLog("a");
    assertThat(harness.readAll(log)).as("cut at the torn group").hasSize(1);
    append(log, 1);
    assertThat(harness.store().tail(log)).as("up to the whole one").isEqualTo(next + 4096);

    device = new ImageDevice(StoreHarness.GEOMETRY, device.image, device.prepared);
    log = harness.open(device).openLog("a");
    assertThat(harness.readAll(log)).hasSize(2);
  }

  @Test
  void aGroupThatWasCutOffIsNotTakenForItsSuccessor() {
    ImageDevice device = new ImageDevice(StoreHarness.GEOMETRY);
    int log = harness.open(device).openLog("a");
    append(log, 0);
    append(log, 1);
    int block = (int) (SEGMENT_1 + positions.get(1)) / StoreHarness.BLOCK * StoreHarness.BLOCK;
    byte[] old = Arrays.copyOfRange(device.image, block, block + StoreHarness.BLOCK);
    Arrays.fill(device.image, block, block + StoreHarness.BLOCK, (byte) 0);

    device = new ImageDevice(StoreHarness.GEOMETRY, device.image, device.prepared);
    log = harness.open(device).openLog("a");
    assertThat(harness.readAll(log)).hasSize(1);
    append(log, 1);
    device = new ImageDevice(StoreHarness.GEOMETRY, device.image, device.prepared);
    log = harness.open(device).openLog("a");
    append(log, 2);

    System.arraycopy(old, 0, device.image, block, StoreHarness.BLOCK);
    ImageDevice reverted = new ImageDevice(StoreHarness.GEOMETRY, device.image, device.prepared);
    assertThatThrownBy(() -> harness.open(reverted).openLog("a"))
        .hasMessageContaining("EBADMSG")
        .hasMessageContaining("does not follow the one before it");
  }

  @Test
  void verifyingOnlyTheTailFindsDamageWhenItIsRead() {
    harness.close();
    harness =
        new StoreHarness(
            1,
            StoreHarness.GEOMETRY,
            StoreHarness.OPTIONS.with("storage.log.verify-on-open", "tail"));
    fill();
    assertThat(recover()).isEqualTo(RECORDS);
    harness.closeStore();
    harness.disk.flipBit(SEGMENT_1 + positions.get(10) + 40, 3);
    int log = harness.open().openLog("a");
    for (int i = 0; i < 10; i++) {
      assertThat(harness.read(log)).isNotNull();
    }
    for (int i = 0; i < 2; i++) {
      long token = harness.token();
      assertThat(harness.store().read(log, 1 << 20, token)).isZero();
      assertThat(harness.await(token).result()).isEqualTo(-Errno.EBADMSG);
      assertThat(harness.await(token).position()).isEqualTo(positions.get(10));
      assertThat(harness.store().damage(log))
          .contains("log 'a', segment 1 (generation 1), offset " + positions.get(10));
    }
    harness.store().seek(log, positions.get(11));
    assertThat(harness.read(log)).isNotNull();
  }

  @Test
  void aReadThatFailsCanBeTriedAgain() {
    fill();
    int log = harness.open().openLog("a");
    harness.disk.faults().failNext(Kind.READ, 1, Errno.EIO);
    long token = harness.token();
    assertThat(harness.store().read(log, 1 << 20, token)).isZero();
    assertThat(harness.await(token).result()).isEqualTo(-Errno.EIO);
    harness.disk.faults().readBitFlips(1);
    long flipped = harness.token();
    assertThat(harness.store().read(log, 1 << 20, flipped)).isZero();
    harness.await(flipped);
    harness.disk.faults().none();
    harness.store().seek(log, harness.store().head(log));
    assertThat(harness.readAll(log)).hasSize(RECORDS);
  }

  @Test
  void eitherSuperblockMayBeDamagedAndIsMadeAnew() {
    fill();
    long second = Superblock.slotPosition(StoreHarness.GEOMETRY, 1);
    for (int i = 0; i < 4; i++) {
      harness.disk.corrupt(i % 2 == 0 ? 0 : second, 100);
      assertThat(recover()).as("copy %d", i % 2).isEqualTo(RECORDS);
      harness.powerLoss(PowerLoss.DROP);
    }
    harness.disk.corrupt(0, 100);
    harness.disk.corrupt(second, 100);
    assertThatThrownBy(() -> harness.open())
        .isInstanceOf(LibOsException.class)
        .hasMessageContaining("EBADMSG")
        .hasMessageContaining("superblock");
  }

  @Test
  void aSuperblockThatCannotBeReadIsDamaged() {
    fill();
    harness.disk.faults().failNext(Kind.READ, 1, Errno.EIO);
    assertThat(recover()).isEqualTo(RECORDS);
  }

  @Test
  void aStoreOfAnotherGeometryIsRefused() {
    LogDeviceGeometry small = new LogDeviceGeometry(512, 64 << 10, 8, 64 << 10, 8, 0);
    LogDeviceGeometry other = new LogDeviceGeometry(4096, 64 << 10, 8, 64 << 10, 8, 0);
    ImageDevice device = new ImageDevice(small);
    harness.open(device).openLog("a");
    harness.closeStore();
    assertThatThrownBy(() -> harness.open(new ImageDevice(other, device.image, device.prepared)))
        .isInstanceOf(LibOsException.class)
        .hasMessageContaining("EINVAL")
        .hasMessageContaining("blocks of 512 B");
  }
}
