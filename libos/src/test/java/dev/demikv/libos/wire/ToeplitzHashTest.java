package dev.demikv.libos.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/// The vectors of Microsoft's "Verifying the RSS Hash Calculation".
final class ToeplitzHashTest {
  private static final byte[] KEY =
      HexFormat.of()
          .parseHex(
              "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa");

  private final ToeplitzHash hash = new ToeplitzHash(KEY);

  private int ipv4(int a, int b, int c, int d, int port, int e, int f, int g, int h, int to) {
    return hash.ofPorts(false, 0, address(a, b, c, d), 0, address(e, f, g, h), port, to);
  }

  private static long address(int a, int b, int c, int d) {
    return (long) a << 24 | b << 16 | c << 8 | d;
  }

  @Test
  void ipv4WithPorts() {
    assertThat(ipv4(66, 9, 149, 187, 2794, 161, 142, 100, 80, 1766)).isEqualTo(0x51ccc178);
    assertThat(ipv4(199, 92, 111, 2, 14230, 65, 69, 140, 83, 4739)).isEqualTo(0xc626b0ea);
    assertThat(ipv4(24, 19, 198, 95, 12898, 12, 22, 207, 184, 38024)).isEqualTo(0x5c2b394a);
    assertThat(ipv4(38, 27, 205, 30, 48228, 209, 142, 163, 6, 2217)).isEqualTo(0xafc7327f);
    assertThat(ipv4(153, 39, 163, 191, 44251, 202, 188, 127, 2, 1303)).isEqualTo(0x10e828a2);
  }

  @Test
  void ipv6WithPorts() {
    long high = 0x3ffe_2501_0200_1fffL;
    assertThat(hash.ofPorts(true, high, 7, 0x3ffe_2501_0200_0003L, 1, 2794, 1766))
        .isEqualTo(0x40207d3d);
  }

  @Test
  void aShortKeyIsRefused() {
    assertThatThrownBy(() -> new ToeplitzHash(new byte[39]))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
