package dev.demikv.libos.net.pkt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/// The runner finds what is not as the script says, and shows it in the script's own words.
final class ScriptRunnerTest {
  private static final List<String> HEAD =
      List.of("# A title.", "# rfc: 9293 3.5", "# oracle: no (not a script)");
  private static final List<String> HANDSHAKE =
      List.of("+0 listen", "+0 < S 0 win 65535 <mss 1000>", "+0 > S. 0 ack 1 <mss 1460>");

  private static List<String> play(String... lines) {
    List<String> all = new java.util.ArrayList<>(HEAD);
    all.addAll(HANDSHAKE);
    all.addAll(List.of(lines));
    Script script = ScriptParser.parse("test/script", all, ScriptLibrary::included);
    return ScriptRunner.play(script, StackHost::new);
  }

  private static void assertFails(String message, String... lines) {
    assertThatThrownBy(() -> play(lines))
        .isInstanceOf(ScriptFailure.class)
        .hasMessageContaining(message);
  }

  @Test
  void aFailureNamesLineDifferenceAndTrace() {
    assertThatThrownBy(
            () -> play("+10ms < . 1 ack 1 win 500", "+0 accept", "+0 push 10", "+0 > . 1:12 ack 1"))
        .hasMessageStartingWith("test/script.pkt:10: the difference is: length\n")
        .hasMessageContaining("  expected: +0 > . 1:12 ack 1\n")
        .hasMessageContaining("  actual:   +0.0ms > P. 1:11 ack 1 win 65535\n")
        .hasMessageContaining("trace of test/script (ours):\n")
        .hasMessageContaining("10.000 ms < . 1 ack 1 win 500\n")
        .hasMessageContaining("10.000 ms - push 10\n");
  }

  @Test
  void aTraceHasEverything() {
    assertThat(play("+10ms < . 1 ack 1 win 500", "+0 accept").stream().map(String::strip))
        .containsExactly(
            "0.000 ms - listen",
            "0.000 ms < S 0 win 65535 <mss 1000>",
            "0.000 ms > S. 0 ack 1 win 65535 <mss 1460>",
            "10.000 ms < . 1 ack 1 win 500",
            "10.000 ms - accept");
  }

  @Test
  void aSegmentThatNobodyExpectsFails() {
    assertFails("unexpected, before: the script ends", "+0 < . 1 ack 9 win 500");
    assertFails("unexpected, before: +0 accept none", "+0 < . 1 ack 9 win 500", "+0 accept none");
    assertFails("unexpected, before: +1500ms quiet", "+1500ms quiet");
  }

  @Test
  void aSegmentThatDoesNotComeFails() {
    assertFails("nothing was sent until       50.000 ms", "+0~48ms > . 1 ack 1");
  }

  @Test
  void aSegmentThatComesAtAnotherTimeFails() {
    assertFails("too early", "+1200ms~100ms > S. 0 ack 1 <mss 1460>");
    assertFails("nothing was sent until", "+800ms~100ms > S. 0 ack 1 <mss 1460>");
  }

  @Test
  void everyFieldIsCompared() {
    assertFails("the difference is: flags", "+1s > S 0 <mss 1460>");
    assertFails("the difference is: sequence number", "+1s > S. 1 ack 1 <mss 1460>");
    assertFails("the difference is: length", "+1s > S. 0:1 ack 1 <mss 1460>");
    assertFails("the difference is: acknowledgement", "+1s > S. 0 ack 2 <mss 1460>");
    assertFails("the difference is: window", "+1s > S. 0 ack 1 win 5 <mss 1460>");
    assertFails("the difference is: window", "+1s > S. 0 ack 1 win <=5 <mss 1460>");
    assertFails("the difference is: option mss 1", "+1s > S. 0 ack 1 <mss 1>");
    assertFails("the difference is: option mss 1460", "+1s > S. 0 ack 1");
    assertFails("the difference is: option sackOK", "+1s > S. 0 ack 1 <sackOK,...>");
    assertFails("the difference is: flow", "+1s >/2 S. 0 ack 1 <mss 1460>");
  }

  @Test
  void callsAreChecked() {
    assertFails("no connection waits", "+0 accept");
    assertFails("the script has no open connection", "+0 push 1");
    assertFails("counter", "+0 counter SEGMENTS_IN == 7");
    assertFails("state: expected ESTABLISHED, is CLOSED", "+0 state ESTABLISHED");
    assertFails("popped 0 bytes, then EAGAIN", "+0 < . 1 ack 1 win 9", "+0 accept", "+0 pop 1");
  }

  @Test
  void linesOfTheOtherHostAreSkipped() {
    assertThat(play("linux: +0 accept", "ours: +0 accept none")).hasSize(4);
  }
}
