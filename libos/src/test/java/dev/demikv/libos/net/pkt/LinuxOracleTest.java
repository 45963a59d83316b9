package dev.demikv.libos.net.pkt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Plays the packet scripts that a kernel can play against the TCP of Linux, behind a TAP device in
/// a network namespace of its own: what we think of TCP is checked by another implementation.
///
/// It runs in real time, so a script that fails is given another chance, alone. Needs root and
/// /dev/net/tun. One script: `mvn -pl libos test -Dtest=LinuxOracleTest -Dgroups=slow
/// -Dpkt=close/simultaneous`.
final class LinuxOracleTest {
  private static final int TOGETHER = 6;
  private static final int CHANCES = 4;
  private static final Path DIFFERENCES =
      Path.of("src/test/resources/dev/demikv/libos/net/pkt/LINUX-DIFFERENCES.md");

  @TestFactory
  @Tag("slow")
  Stream<DynamicTest> theKernelDoesTheSame() {
    String reason = TapNamespace.unavailability();
    List<Script> scripts =
        ScriptLibrary.selected().stream().filter(script -> script.notOnLinux().isEmpty()).toList();
    if (!reason.isEmpty()) {
      return Stream.of(
          DynamicTest.dynamicTest(
              "the kernel behind a TAP device",
              () -> assumeTrue(false, "no oracle on this machine: " + reason)));
    }
    List<CompletableFuture<Throwable>> firstChances = new ArrayList<>();
    ExecutorService executor = Executors.newFixedThreadPool(TOGETHER);
    for (Script script : scripts) {
      firstChances.add(CompletableFuture.supplyAsync(() -> play(script), executor));
    }
    executor.shutdown();
    List<DynamicTest> tests = new ArrayList<>();
    for (int i = 0; i < scripts.size(); i++) {
      Script script = scripts.get(i);
      CompletableFuture<Throwable> firstChance = firstChances.get(i);
      tests.add(
          DynamicTest.dynamicTest(
              script.name() + ": " + script.title(),
              () -> {
                Throwable failure = firstChance.join();
                CompletableFuture.allOf(firstChances.toArray(CompletableFuture[]::new)).join();
                for (int chance = 1; chance < CHANCES && failure != null; chance++) {
                  failure = play(script);
                }
                if (failure != null) {
                  throw failure;
                }
              }));
    }
    return tests.stream();
  }

  /// Plays it on a thread of its own, whose network ends with it.
  private static Throwable play(Script script) {
    Throwable[] failure = {null};
    Thread thread =
        Thread.ofPlatform()
            .name(script.name())
            .start(() -> {
              try {
                ScriptRunner.play(script, LinuxHost::new);
              } catch (RuntimeException | AssertionError e) {
                failure[0] = e;
              }
            });
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return failure[0];
  }

  /// Where our TCP and Linux differ is written in the scripts, and listed in one file. After a
  /// change: `mvn -pl libos test -Dtest=LinuxOracleTest -Dpkt.write=true`.
  @Test
  void everyDifferenceIsListedAndJustified() throws IOException {
    String expected = differences();
    if (Boolean.getBoolean("pkt.write")) {
      Files.writeString(DIFFERENCES, expected);
    }
    assertThat(Files.readString(DIFFERENCES)).isEqualTo(expected);
  }

  private static String differences() {
    StringBuilder differences = new StringBuilder();
    StringBuilder notPlayed = new StringBuilder();
    for (String name : ScriptLibrary.names()) {
      Script script = ScriptLibrary.read(name);
      if (!script.notOnLinux().isEmpty()) {
        notPlayed.append("| ").append(name).append(" | ").append(script.notOnLinux());
        notPlayed.append(" |\n");
        continue;
      }
      boolean justified = false;
      for (Statement statement : script.statements()) {
        if (statement.only() == null) {
          continue;
        }
        if (!justified) {
          assertThat(statement.comment())
              .as("%s:%s: the reason for the difference", statement.file(), statement.line())
              .isNotEmpty();
          differences
              .append("\n`")
              .append(name)
              .append("`: ")
              .append(script.title())
              .append("\n\n");
          justified = true;
        }
        if (!statement.comment().isEmpty()) {
          differences.append("- ").append(statement.comment()).append('\n');
        }
        differences.append("  - ").append(statement.only()).append(": `");
        differences.append(statement).append("`\n");
      }
    }
    return """
    # Our TCP beside that of Linux

    Made from the packet scripts by `LinuxOracleTest`. Every script that is not in the second list \
    is played against both; the lines below are where they differ, each with the reason.

    ## Differences
    """
        + differences
        + """

        ## Not played on Linux

        | script | reason |
        |---|---|
        """
        + notPlayed;
  }
}
