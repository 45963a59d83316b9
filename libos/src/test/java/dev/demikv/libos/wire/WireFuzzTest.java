package dev.demikv.libos.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The parsers that walk over bytes of a peer: whatever these are, no exception, and an end within
/// the bytes. To look for new inputs: `JAZZER_FUZZ=1 mvn -pl libos test -Dtest=WireFuzzTest
/// -Djazzer.hooks=true`.
final class WireFuzzTest {
  @FuzzTest(maxDuration = "1m")
  void walksEndWithinTheBytes(byte[] input) {
    if (input.length > 0) {
      walk(input, input[0] & 0xff);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void walksOverNoiseEndWithinTheBytes(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] headers = {0, 43, 44, 51, 59, 60, 17};
    for (int i = 0; i < 20_000; i++) {
      byte[] noise = new byte[random.nextInt(100)];
      for (int k = 0; k < noise.length; k++) {
        noise[k] = (byte) (random.nextBoolean() ? headers[random.nextInt(7)] : random.nextInt(8));
      }
      walk(noise, headers[random.nextInt(7)]);
    }
  }

  private static void walk(byte[] input, int first) {
    MemorySegment memory = MemorySegment.ofArray(input);
    Ipv6Extensions extensions = new Ipv6Extensions();
    Ipv6Extensions.End end = extensions.walk(memory, 0, input.length, first);
    if (end == Ipv6Extensions.End.PAYLOAD) {
      assertThat(extensions.offset()).isBetween(0, input.length);
    }
    if (end == Ipv6Extensions.End.PARAMETER_PROBLEM) {
      assertThat(extensions.pointer()).isBetween(0, input.length - 1);
      assertThat(extensions.isSilentForMulticast(memory)).isIn(true, false);
    }
    assertThat(NdpOptions.linkAddress(memory, 0, input.length, first & 3))
        .isGreaterThanOrEqualTo(NdpOptions.MALFORMED);
    assertThat(InternetChecksum.fold(InternetChecksum.sum(memory, 0, input.length)))
        .isBetween(0, 0xffff);
  }
}
