package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.demikv.libos.device.FrameSink;
import java.util.Arrays;

/// Coverage-guided frames into the network layer.
///
/// An input is a list of frames: a byte that says what to do, two bytes of length, the frame. The
/// hardware address is put in, and checksums can be repaired, so that the fuzzer reaches what
/// stands behind them. In the build it runs the inputs kept beside it. To look for new ones:
/// `JAZZER_FUZZ=1 mvn -pl libos test -Dtest=NetStackFuzzTest -Djazzer.hooks=true`.
final class NetStackFuzzTest {
  private static final int FRAMES_MAX = 64;

  @FuzzTest(maxDuration = "1m")
  void anyFramesDoNoHarm(byte[] input) {
    try (StackHarness host = new StackHarness().settled()) {
      StackHarness.Receiver receiver = host.bound(7000);
      int at = 0;
      for (int i = 0; i < FRAMES_MAX && input.length - at >= 3; i++) {
        int action = input[at];
        int length = ((input[at + 1] & 0x7) << 8 | input[at + 2] & 0xff) % 1_515;
        at += 3;
        byte[] frame = Arrays.copyOfRange(input, at, Math.min(input.length, at + length));
        at += frame.length;
        if ((action & 1) == 0 && frame.length >= 6) {
          System.arraycopy(new byte[] {2, 0, 0, 0, 0, 1}, 0, frame, 0, 6);
        }
        if ((action & 2) == 0) {
          FrameMutations.repaired(frame);
        }
        host.arrive(
            frame, (action & 4) == 0 ? FrameSink.CHECKSUM_UNKNOWN : FrameSink.CHECKSUM_GOOD);
        if ((action & 8) != 0) {
          host.pass(StackHarness.SECOND * (action >>> 4 & 7));
        }
        host.takeSent();
      }
      assertThat(host.buffersOut()).isLessThan(300);
      host.udp.close(receiver.socket);
    }
  }
}
