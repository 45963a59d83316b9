package dev.demikv.libos.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.net.Rfc;
import dev.demikv.libos.wire.Ipv6Extensions.End;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

@Rfc(number = 8200, section = "4")
final class Ipv6ExtensionsTest {
  private static final String UDP = "0035 0fa0 0008 0000";
  private final Ipv6Extensions extensions = new Ipv6Extensions();

  private End walk(int first, String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
    return extensions.walk(MemorySegment.ofArray(bytes), 0, bytes.length, first);
  }

  @Test
  void withoutExtensionsTheWalkEndsWhereItBegins() {
    assertThat(walk(17, UDP)).isEqualTo(End.PAYLOAD);
    assertThat(extensions.protocol()).isEqualTo(17);
    assertThat(extensions.offset()).isZero();
  }

  @Test
  void optionsThatSayNothingArePassed() {
    assertThat(walk(0, "3c00 0104 00000000" + "1100 0104 00000000" + UDP)).isEqualTo(End.PAYLOAD);
    assertThat(extensions.protocol()).isEqualTo(17);
    assertThat(extensions.offset()).isEqualTo(16);
  }

  @Test
  @Rfc(number = 8200, section = "4.2")
  void theHighestBitsOfAnUnknownOptionSayWhatToDo() {
    assertThat(walk(60, "1100 1e04 00000000" + UDP)).isEqualTo(End.PAYLOAD);
    assertThat(walk(60, "1100 5e04 00000000" + UDP)).isEqualTo(End.DISCARD);
    assertThat(walk(60, "1100 9e04 00000000" + UDP)).isEqualTo(End.PARAMETER_PROBLEM);
    assertThat(extensions.pointer()).isEqualTo(2);
    assertThat(extensions.code()).isEqualTo(2);
  }

  @Test
  @Rfc(number = 5095, section = "3")
  void aRoutingHeaderThatIsNotUsedUpIsRefused() {
    assertThat(walk(43, "1100 0000 00000000" + UDP)).isEqualTo(End.PAYLOAD);
    assertThat(walk(43, "1100 0001 00000000" + UDP)).isEqualTo(End.PARAMETER_PROBLEM);
    assertThat(extensions.pointer()).isEqualTo(2);
  }

  @Test
  void hopByHopOptionsComeFirstOrNotAtAll() {
    assertThat(walk(60, "0000 0104 00000000" + "1100 0104 00000000" + UDP)).isEqualTo(End.BAD);
  }

  @Test
  void aHeaderMustLieWithinThePacket() {
    assertThat(walk(0, "1101 0104 00000000")).isEqualTo(End.BAD);
    assertThat(walk(0, "1100 01")).isEqualTo(End.BAD);
    assertThat(walk(0, "1100 0106 00000000" + UDP)).as("an option beyond").isEqualTo(End.BAD);
    assertThat(walk(44, "1100 0000")).isEqualTo(End.BAD);
  }

  @Test
  @Rfc(number = 8504, section = "5.3")
  void headersAndOptionsAreLimitedInNumber() {
    assertThat(walk(60, "3c00 0104 00000000".repeat(8) + "1100 0104 00000000" + UDP))
        .isEqualTo(End.BAD);
    assertThat(walk(0, "1102" + "0100".repeat(11) + UDP)).isEqualTo(End.PAYLOAD);
    assertThat(walk(0, "1104" + "0100".repeat(19) + UDP)).isEqualTo(End.BAD);
  }

  @Test
  void aFragmentHeaderEndsTheWalk() {
    assertThat(walk(0, "2c00 0104 00000000" + "1100 0001 00000007" + UDP)).isEqualTo(End.FRAGMENT);
    assertThat(extensions.offset()).isEqualTo(8);
  }

  @Test
  void noNextHeaderIsNothing() {
    assertThat(walk(59, "")).isEqualTo(End.NOTHING);
  }
}
