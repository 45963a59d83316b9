package dev.demikv.libos.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.net.Rfc;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class InternetChecksumTest {
  private static final long SEED = 1071;

  private static MemorySegment bytes(String hex) {
    return MemorySegment.ofArray(HexFormat.of().parseHex(hex.replace(" ", "")));
  }

  @Test
  @Rfc(number = 1071, section = "3")
  void theExampleOfTheRfcSumsToDdf2() {
    MemorySegment memory = bytes("0001 f203 f4f5 f6f7");
    assertThat(InternetChecksum.fold(InternetChecksum.sum(memory, 0, 8))).isEqualTo(0xddf2);
    assertThat(InternetChecksum.finish(InternetChecksum.sum(memory, 0, 8))).isEqualTo(0x220d);
  }

  @Test
  @Rfc(number = 1624, section = "4")
  void anUpdateGivesTheExampleOfTheRfc() {
    assertThat(InternetChecksum.update(0xdd2f, 0x5555, 0x3285)).isEqualTo(0x0000);
  }

  @Test
  @Rfc(number = 1624, section = "3")
  void anUpdateGivesWhatAWholeSumGives() {
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < 2_000; i++) {
      byte[] content = new byte[2 * random.nextInt(2, 50)];
      random.nextBytes(content);
      MemorySegment memory = MemorySegment.ofArray(content);
      int before = InternetChecksum.finish(InternetChecksum.sum(memory, 0, content.length));
      int at = 2 * random.nextInt(content.length / 2);
      int old = NetworkOrder.u16(memory, at);
      int changed = random.nextInt(1, 65_536);
      NetworkOrder.setU16(memory, at, changed);
      int after = InternetChecksum.finish(InternetChecksum.sum(memory, 0, content.length));
      assertThat(InternetChecksum.update(before, old, changed))
          .as("seed %d", SEED)
          .isEqualTo(after);
    }
  }

  @Test
  void everyLengthAndAlignmentGivesThePlainSum() {
    SplittableRandom random = new SplittableRandom(SEED);
    byte[] content = new byte[800];
    random.nextBytes(content);
    MemorySegment memory = MemorySegment.ofArray(content);
    for (int offset = 0; offset < 9; offset++) {
      for (int length = 0; length < 700; length++) {
        assertThat(InternetChecksum.fold(InternetChecksum.sum(memory, offset, length)))
            .as("offset %d, length %d", offset, length)
            .isEqualTo(plain(content, offset, length));
      }
    }
  }

  @Test
  void allOnesDoNotOverflow() {
    byte[] content = new byte[65_535];
    java.util.Arrays.fill(content, (byte) 0xff);
    MemorySegment memory = MemorySegment.ofArray(content);
    assertThat(InternetChecksum.fold(InternetChecksum.sum(memory, 0, content.length)))
        .isEqualTo(plain(content, 0, content.length));
  }

  @Test
  @Rfc(number = 1071, section = "2")
  void partsOfOddLengthsAddUpToTheWhole() {
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < 2_000; i++) {
      byte[] content = new byte[random.nextInt(1, 300)];
      random.nextBytes(content);
      MemorySegment memory = MemorySegment.ofArray(content);
      long sum = 0;
      int at = 0;
      while (at < content.length) {
        int length = random.nextInt(content.length - at + 1);
        sum = InternetChecksum.append(sum, at, InternetChecksum.sum(memory, at, length));
        at += length;
      }
      assertThat(InternetChecksum.fold(sum))
          .as("seed %d", SEED)
          .isEqualTo(plain(content, 0, content.length));
    }
  }

  private static int plain(byte[] content, int offset, int length) {
    int sum = 0;
    for (int i = 0; i < length; i++) {
      int value = content[offset + i] & 0xff;
      sum += i % 2 == 0 ? value << 8 : value;
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return sum;
  }
}
