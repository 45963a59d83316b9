package dev.demikv.libos.net.pkt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The syntax of the scripts: what is wrong is named with its line.
final class ScriptParserTest {
  private static final List<String> HEAD =
      List.of("# A title.", "# rfc: 9293 3.5; 7323", "# oracle: linux");
  private static final int MUTATIONS = 20_000;
  private static final String PIECES = " +-@~*<>:.,=/#()0179SFRPUEWackwinms\t\u00e9";

  private static Script parse(String... lines) {
    List<String> all = new ArrayList<>(HEAD);
    all.addAll(List.of(lines));
    return ScriptParser.parse("a", all, name -> name.equals("one") ? List.of("+0 listen") : null);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "+5 quiet | a time other than 0 has a unit",
        "5ms quiet | not a time: 5ms",
        "+5ms~3 quiet | not a time",
        "* quiet | only an expected segment has any time",
        "+0 | a line is a time, then what happens",
        "+0 sing | 'sing' is not known",
        "+0 push | it is: push N [acked] [-> ERRNO]",
        "+0 push many | it is: push N",
        "+0 < X 0 | 'X' is not a flag",
        "+0 < S | a segment is flags, a sequence number",
        "+0 < S zero | not a sequence number: zero",
        "+0 < . 5:1 ack 1 | not a range of sequence numbers: 5:1",
        "+0 < . 1:2:3 ack 1 | not a range of sequence numbers",
        "+0 < . 1 | 'ack' and the flag '.' go together",
        "+0 < S 1 ack 1 | 'ack' and the flag '.' go together",
        "+0 < . 1 ack | 'ack' without a number",
        "+0 < . * ack 1 | not a sequence number: *",
        "+0 > . 1 ack last | not a acknowledgement: last",
        "+0 < . 1 ack 1 wim 5 | 'wim' is not known here",
        "+0 < S 0 <mss 1460 | options do not end with '>'",
        "+0 < S 0 <mss> | 'mss' has one value",
        "+0 < S 0 <nop 1> | 'nop' has no value",
        "+0 < S 0 <TS val 1> | timestamps are 'TS val N ecr N'",
        "+0 < . 1 ack 1 <sack 5> | not a SACK block: 5",
        "+0 < . 1 ack 1 <...> | not an option: ...",
        "+0 < S 0 <raw 0z> | not a hexadecimal digit",
        "+0 < S 0 <kind 5> | 'kind N' is for expected segments",
        "+0 < icmp weird seq 1 | No enum constant",
        "+0 < icmp port-unreachable | it is: icmp KIND [mtu N] seq N",
        "include two | nothing to include: two",
        "# config: sack | not NAME=VALUE: sack",
        "# config: sack=maybe | not a value: maybe",
        "# rfc: 9293,3 | not 'NUMBER SECTION': 9293,3",
        "# oracle: no | oracle: linux, or no (reason)",
        "# family: ipx | family: ipv4 or ipv6",
      })
  void badSyntaxIsNamedWithItsLine(String line, String reason) {
    assertThatThrownBy(() -> parse("+0 listen", line))
        .isInstanceOf(ScriptSyntaxException.class)
        .hasMessageStartingWith("a.pkt:5: ")
        .hasMessageContaining(reason);
  }

  @Test
  void aScriptNeedsItsHead() {
    assertThatThrownBy(() -> ScriptParser.parse("a", List.of("+0 listen"), _ -> null))
        .hasMessage(
            "a.pkt:1: a script begins with a title, '# rfc: …' and '# oracle: linux | no"
                + " (reason)'");
  }

  @Test
  void aConfigurationIsChecked() {
    assertThatThrownBy(() -> parse("# config: fish=1"))
        .hasMessage("a.pkt:1: TcpConfig has no fish");
    assertThatThrownBy(() -> parse("# config: connectionsMax=0"))
        .hasMessageContaining("connections: 0 is not within");
    assertThat(parse("# config: delayedAckNanos=7ms sack=false").config())
        .matches(config -> config.delayedAckNanos() == 7_000_000 && !config.sack());
  }

  @Test
  void whatIsReadIsWrittenTheSame() {
    Stream.of(
            "+0 < S 0 win 65535 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>",
            "+5ms~2ms > P. 1:101 ack 5 win >=10 <sack 1:5 9:12,...>",
            "@2s > R. =0 ack * <kind 30>",
            "* >/2 FP. * ack 1",
            "+1500us < . -5:5 ack 1 win 1 urg 9 doff 4 <TS val 1 ecr last-5,raw 1e04aabb,eol>",
            "+0 < icmp frag-needed mtu 1000 seq 1",
            "+0 push/3 100 acked -> EPIPE",
            "+0 stat cwndBytes >= 5")
        .forEach(line -> {
          String written = parse(line).statements().getFirst().toString();
          assertThat(parse(written).statements().getFirst().toString()).isEqualTo(written);
          assertThat(written.replace(" win 65535", "")).isEqualTo(line.replace(" win 65535", ""));
        });
  }

  @Test
  void includedLinesKeepTheirPlace() {
    Script script = parse("include one", "+0 quiet  # why");
    assertThat(script.statements().getFirst().file()).isEqualTo("include/one.pkt");
    assertThat(script.statements().getLast().line()).isEqualTo(5);
    assertThat(script.statements().getLast().comment()).isEqualTo("why");
    assertThat(script.clauses())
        .containsExactly(new Script.Clause(9293, "3.5"), new Script.Clause(7323, ""));
  }

  @Test
  void anyTextIsAScriptOrNamedAsNone() {
    SplittableRandom random = new SplittableRandom(42);
    List<String> names = ScriptLibrary.names();
    for (int i = 0; i < MUTATIONS; i++) {
      String name = names.get(random.nextInt(names.size()));
      List<String> lines = new ArrayList<>(ScriptLibrary.lines(name));
      for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
        mutate(lines, random);
      }
      try {
        ScriptParser.parse(name, lines, ScriptLibrary::included);
      } catch (ScriptSyntaxException e) {
        assertThat(e.getMessage()).matches("(?s)[\\w/-]+\\.pkt:\\d+: .+");
      } catch (RuntimeException e) {
        throw new AssertionError("script:\n" + String.join("\n", lines), e);
      }
    }
  }

  private static void mutate(List<String> lines, SplittableRandom random) {
    int at = random.nextInt(lines.size());
    String line = lines.get(at);
    int from = random.nextInt(line.length() + 1);
    int to = Math.min(line.length(), from + random.nextInt(4));
    StringBuilder piece = new StringBuilder();
    for (int i = random.nextInt(4); i > 0; i--) {
      piece.append(PIECES.charAt(random.nextInt(PIECES.length())));
    }
    if (random.nextInt(8) == 0) {
      piece.append(random.nextLong());
    }
    lines.set(at, line.substring(0, from) + piece + line.substring(to));
  }
}
