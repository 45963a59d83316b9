package dev.demikv.libos.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.LogDeviceGeometry;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Recovery of device images that anybody may have written: an exception of the documented kind or
/// a store that works, within a bounded number of reads.
final class LogImageFuzzTest {
  static final LogDeviceGeometry GEOMETRY =
      new LogDeviceGeometry(512, 16 << 10, 8, 32 << 10, 10, 0);
  private static final Options OPTIONS =
      Options.empty()
          .with("storage.log.staging-bytes", "64KiB")
          .with("storage.log.group-bytes", "4KiB")
          .with("storage.log.io-timeout", "1ms");

  static ImageDevice sound = new ImageDevice(GEOMETRY);

  static LongStream seeds() {
    return LongStream.range(0, 20);
  }

  static LongStream manySeeds() {
    return LongStream.range(100, 1_100);
  }

  /// Two logs, recovered once, truncated, with recycled segments.
  @BeforeAll
  static void makeImage() {
    try (StoreHarness harness = new StoreHarness(1, GEOMETRY, OPTIONS)) {
      for (int life = 0; life < 2; life++) {
        ImageDevice device = new ImageDevice(GEOMETRY, sound.image, sound.prepared);
        LogStore store = harness.open(device);
        int[] logs = {store.openLog("a"), store.openLog("b")};
        for (int i = 0; i < 150; i++) {
          int log = logs[i % 2];
          byte[] record = LogCrashTest.payload(i, 8 + i * 37 % 3_000);
          long position = harness.await(harness.appendPatiently(log, record)).position();
          if (i % 20 < 2) {
            assertThat(store.truncate(log, position, harness.token())).isZero();
          }
        }
        sound = new ImageDevice(GEOMETRY, device.image, device.prepared);
      }
    }
  }

  @Test
  void theImageItselfIsSound() {
    assertThat(run(sound.image, sound.prepared)).isPositive();
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void anyImageIsRecoveredOrRefused(long seed) {
    mutateAndRun(seed);
  }

  @Tag("slow")
  @ParameterizedTest(name = "seed {0}")
  @MethodSource("manySeeds")
  void anyOfManyImagesIsRecoveredOrRefused(long seed) {
    mutateAndRun(seed);
  }

  private static void mutateAndRun(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 50; i++) {
      byte[] image = sound.image.clone();
      BitSet prepared = (BitSet) sound.prepared.clone();
      int mutations = random.nextInt(1, 6);
      for (int k = 0; k < mutations; k++) {
        mutate(random, image, prepared);
      }
      try {
        run(image, prepared);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + seed + ", image " + i + ": " + e, e);
      }
    }
  }

  private static void mutate(SplittableRandom random, byte[] image, BitSet prepared) {
    int block = random.nextInt(image.length / 512) * 512;
    switch (random.nextInt(8)) {
      case 0 -> image[random.nextInt(image.length)] ^= (byte) (1 << random.nextInt(8));
      case 1 -> java.util.Arrays.fill(image, block, block + 512, (byte) 0);
      case 2 -> {
        int other = random.nextInt(image.length / 512) * 512;
        System.arraycopy(image, other, image, block, 512);
      }
      case 3 -> {
        byte[] noise = new byte[512];
        random.nextBytes(noise);
        System.arraycopy(noise, 0, image, block, 512);
      }
      case 4 -> prepared.flip(random.nextInt(GEOMETRY.segmentCount()));
      case 5, 6 -> forgeSuperblock(random, image);
      default -> forgeFrame(random, image);
    }
  }

  /// A superblock with another word, and a checksum that matches.
  private static void forgeSuperblock(SplittableRandom random, byte[] image) {
    ByteBuffer view = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    int word = random.nextInt(2, 128) * 4;
    int value =
        switch (random.nextInt(4)) {
          case 0 -> random.nextInt();
          case 1 -> random.nextInt(-2, 16);
          case 2 -> Integer.MAX_VALUE;
          default -> view.getInt(word) + random.nextInt(-2, 3);
        };
    for (int copy = 0; copy < 2; copy++) {
      int at = (int) Superblock.slotPosition(GEOMETRY, copy);
      view.putInt(at + word, value);
      int length = view.getInt(at + LogFormat.SUPER_LENGTH);
      if (length > 8 && length < 8192) {
        CRC32C crc = new CRC32C();
        crc.update(image, at + LogFormat.SUPER_LENGTH, length - LogFormat.SUPER_LENGTH);
        view.putInt(at + LogFormat.SUPER_CRC, (int) crc.getValue());
      }
    }
  }

  /// A group's header with another field, and a checksum that matches.
  private static void forgeFrame(SplittableRandom random, byte[] image) {
    ByteBuffer view = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    int block = random.nextInt(image.length / 512) * 512;
    while (view.get(block + LogFormat.FRAME_TYPE) != LogFormat.TYPE_GROUP
        || view.getInt(block + LogFormat.FRAME_LENGTH) != LogFormat.GROUP_PAYLOAD_BYTES) {
      block = (block + 512) % image.length;
    }
    long id = view.getLong(LogFormat.SUPER_DEVICE_ID);
    int word = random.nextInt(2, 16) * 4;
    int old = view.getInt(block + word);
    view.putInt(
        block + word, random.nextBoolean() ? random.nextInt() : old + random.nextInt(-513, 514));
    CRC32C crc = new CRC32C();
    crc.update(image, block + LogFormat.FRAME_LENGTH, 28 + LogFormat.GROUP_PAYLOAD_BYTES);
    view.putInt(block + LogFormat.FRAME_CRC, (int) crc.getValue() ^ (int) (id ^ id >>> 32));
  }

  /// Opens, recovers, reads everything and appends.
  ///
  /// @return records read
  static int run(byte[] image, BitSet prepared) {
    int records = 0;
    try (StoreHarness harness = new StoreHarness(1, GEOMETRY, OPTIONS)) {
      ImageDevice device = new ImageDevice(GEOMETRY, image, prepared);
      try {
        LogStore store = harness.open(device);
        for (String name : new String[] {"a", "b", "c"}) {
          try {
            records += readAndAppend(harness, store.openLog(name));
          } catch (LibOsException e) {
            assertThat(e.errno()).isPositive();
          }
        }
      } catch (LibOsException e) {
        assertThat(e.errno()).isPositive();
      }
      assertThat(device.bytesRead()).as("bytes read").isLessThan(60L * image.length);
      return records;
    }
  }

  private static int readAndAppend(StoreHarness harness, int log) {
    int records = 0;
    while (true) {
      long token = harness.token();
      assertThat(harness.store().read(log, 1 << 20, token)).isZero();
      int result = harness.await(token).result();
      if (result <= 0) {
        break;
      }
      records++;
      assertThat(records).as("an end of the log").isLessThan(100_000);
    }
    long token = harness.append(log, new byte[100]);
    if (token > 0) {
      assertThat(harness.await(token).result()).isEqualTo(100);
    }
    return records;
  }
}
