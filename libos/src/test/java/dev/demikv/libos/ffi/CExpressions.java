package dev.demikv.libos.ffi;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// What the C compiler makes of expressions over headers.
final class CExpressions {
  private CExpressions() {}

  /// Compiles and runs a program that prints integer expressions. Skips the test where there is no
  /// compiler.
  ///
  /// @param directory where it may write
  /// @param flags of the compiler, as `-I/usr/include/dpdk`
  static Map<String, Long> values(
      Path directory, List<String> flags, List<String> headers, Iterable<String> expressions)
      throws IOException, InterruptedException {
    StringBuilder program = new StringBuilder("#define _GNU_SOURCE\n");
    headers.forEach(header -> program.append("#include <").append(header).append(">\n"));
    program.append("int main(void) {\n");
    for (String expression : expressions) {
      // Through int where it is one, so that EPOLLET (1U << 31) has Java's sign.
      String cast = expression.contains("(") ? "(long)" : "(long)(int)";
      program.append("printf(\"%s|%ld\\n\", \"" + expression + "\", " + cast);
      program.append("(" + expression + "));\n");
    }
    program.append("return 0; }\n");
    Path source = directory.resolve("layout.c");
    Path binary = directory.resolve("layout");
    Files.writeString(source, program);
    assumeTrue(canRun("cc", "--version"), "no C compiler 'cc' here");
    List<String> command = new ArrayList<>(List.of("cc"));
    command.addAll(flags);
    command.addAll(List.of("-o", binary.toString(), source.toString()));
    List<String> output = new ArrayList<>();
    int compiled = run(command, output);
    assertThat(compiled).as(String.join("\n", output)).isZero();
    output.clear();
    assertThat(run(List.of(binary.toString()), output)).isZero();
    Map<String, Long> values = new LinkedHashMap<>();
    for (String line : output) {
      int bar = line.lastIndexOf('|');
      values.put(line.substring(0, bar), Long.parseLong(line.substring(bar + 1)));
    }
    return values;
  }

  /// Whether a command is there and succeeds.
  static boolean canRun(String... command) throws InterruptedException {
    try {
      return run(List.of(command), new ArrayList<>()) == 0;
    } catch (IOException e) {
      return false;
    }
  }

  /// Runs a command to its end.
  ///
  /// @param output its lines are added here
  static int run(List<String> command, List<String> output)
      throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    new String(process.getInputStream().readAllBytes(), UTF_8).lines().forEach(output::add);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("ends").isTrue();
    return process.exitValue();
  }
}
