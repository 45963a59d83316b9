package dev.demikv.libos.log;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.BitSet;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeAll;

/// Coverage-guided edits of a sound device image: recovery ends with a store that works or with an
/// exception of the documented kind.
///
/// An input is a list of edits of eight bytes: what to do, where, and what to write. Checksums can
/// be repaired by an edit, so that the fuzzer reaches what stands behind them. In the build it runs
/// the inputs kept beside it. To look for new ones: `JAZZER_FUZZ=1 mvn -pl libos test
/// -Dtest=LogRecoveryFuzzTest -Djazzer.hooks=true`.
final class LogRecoveryFuzzTest {
  private static final int EDIT_BYTES = 8;
  private static final int EDITS_MAX = 64;

  @BeforeAll
  static void makeImage() {
    LogImageFuzzTest.makeImage();
  }

  @FuzzTest(maxDuration = "1m")
  void anyEditsAreRecoveredOrRefused(byte[] input) {
    byte[] image = LogImageFuzzTest.sound.image.clone();
    BitSet prepared = (BitSet) LogImageFuzzTest.sound.prepared.clone();
    int edits = Math.min(EDITS_MAX, input.length / EDIT_BYTES);
    for (int i = 0; i < edits; i++) {
      edit(image, prepared, input, i * EDIT_BYTES);
    }
    LogImageFuzzTest.run(image, prepared);
  }

  private static void edit(byte[] image, BitSet prepared, byte[] input, int at) {
    int where = Math.floorMod(word(input, at + 1), image.length);
    int block = where / 512 * 512;
    switch (input[at] & 7) {
      case 0, 1 -> image[where] = input[at + 7];
      case 2 -> {
        for (int i = 0; i < 4; i++) {
          image[(where / 4 * 4) + i] = input[at + 4 + i];
        }
      }
      case 3 ->
          System.arraycopy(
              image,
              Math.floorMod(word(input, at + 4), image.length / 512) * 512,
              image,
              block,
              512);
      case 4 -> prepared.flip(Math.floorMod(where, LogImageFuzzTest.GEOMETRY.segmentCount()));
      case 5 -> java.util.Arrays.fill(image, block, block + 512, input[at + 7]);
      case 6 -> repairGroup(image, block);
      default -> repairSuperblocks(image);
    }
  }

  private static int word(byte[] input, int at) {
    return input[at] << 24
        | (input[at + 1] & 255) << 16
        | (input[at + 2] & 255) << 8
        | input[at + 3] & 255;
  }

  private static int intAt(byte[] image, int at) {
    return Integer.reverseBytes(word(image, at));
  }

  private static void putInt(byte[] image, int at, int value) {
    for (int i = 0; i < 4; i++) {
      image[at + i] = (byte) (value >>> 8 * i);
    }
  }

  private static void repairGroup(byte[] image, int block) {
    CRC32C crc = new CRC32C();
    crc.update(image, block + LogFormat.FRAME_LENGTH, 28 + LogFormat.GROUP_PAYLOAD_BYTES);
    int low = intAt(image, LogFormat.SUPER_DEVICE_ID);
    int high = intAt(image, LogFormat.SUPER_DEVICE_ID + 4);
    putInt(image, block + LogFormat.FRAME_CRC, (int) crc.getValue() ^ low ^ high);
  }

  private static void repairSuperblocks(byte[] image) {
    for (int copy = 0; copy < 2; copy++) {
      int at = (int) Superblock.slotPosition(LogImageFuzzTest.GEOMETRY, copy);
      int length = intAt(image, at + LogFormat.SUPER_LENGTH);
      if (length > 8 && length < 8192) {
        CRC32C crc = new CRC32C();
        crc.update(image, at + LogFormat.SUPER_LENGTH, length - LogFormat.SUPER_LENGTH);
        putInt(image, at + LogFormat.SUPER_CRC, (int) crc.getValue());
      }
    }
  }
}
