package dev.demikv.libos.net.pkt;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Plays every packet script against our TCP, in virtual time.
///
/// One script, or those of one folder: `mvn -pl libos test -Dtest=PacketScriptTest
/// -Dpkt=close/simultaneous`.
final class PacketScriptTest {
  private static final String FOLDER = "classpath:/dev/demikv/libos/net/pkt/";

  @TestFactory
  Stream<DynamicTest> everyScriptHolds() {
    List<Script> scripts = ScriptLibrary.selected();
    assertThat(scripts).as("scripts whose name begins with the property pkt").isNotEmpty();
    return scripts.stream()
        .map(script ->
            DynamicTest.dynamicTest(
                script.name() + ": " + script.title(),
                URI.create(FOLDER + script.name() + ".pkt"),
                () -> ScriptRunner.play(script, StackHost::new)));
  }

  @Test
  void scriptsSayWhatTheyShow() {
    for (String name : ScriptLibrary.names()) {
      Script script = ScriptLibrary.read(name);
      assertThat(script.title()).as(name).matches("[A-Z].*\\.").hasSizeLessThan(120);
      assertThat(script.statements()).as(name).hasSizeGreaterThan(1);
    }
  }

  @Test
  void aScriptPlaysTheSameTwice() {
    Script script = ScriptLibrary.read("retransmission/sack-recovery");
    assertThat(ScriptRunner.play(script, StackHost::new))
        .isEqualTo(ScriptRunner.play(script, StackHost::new))
        .hasSizeGreaterThan(20);
  }
}
