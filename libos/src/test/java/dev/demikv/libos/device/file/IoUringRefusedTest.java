package dev.demikv.libos.device.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.demikv.libos.api.Errno;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Where io_uring is refused, as in most containers, the log is kept by an I/O thread, and the
/// reports say so and why.
final class IoUringRefusedTest {
  @TempDir Path temporary;

  /// What [RefusedIoUring] prints in a JVM of its own, which the filter ends with.
  private List<String> run(int errno) throws IOException, InterruptedException {
    String directRefusal = DirectProbe.directory(temporary);
    assumeTrue(directRefusal.isEmpty(), () -> "no io_uring here anyhow: " + directRefusal);
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-ea",
                "-cp",
                System.getProperty("java.class.path"),
                RefusedIoUring.class.getName(),
                Integer.toString(errno),
                temporary.resolve("log").toString())
            .redirectErrorStream(true)
            .start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assumeTrue(
        process.exitValue() != RefusedIoUring.EXIT_NO_FILTER,
        () -> "a process may not filter its own system calls here: " + out);
    assertThat(process.exitValue()).as(out).isZero();
    return out.lines().toList();
  }

  private static void keepsTheLogByAThread(List<String> out, String why) {
    assertThat(out)
        .anyMatch(line ->
            line.startsWith("doctor: Availability[available=true, ")
                && line.contains("I/O thread: " + why))
        .anyMatch(line -> line.startsWith("doctor: ") && isThreadCapability(line, why))
        .anyMatch(line -> line.startsWith("open: ") && isThreadCapability(line, why))
        .containsSubsequence("appended: 3", "appended: 3", "read: one", "read: two");
  }

  private static boolean isThreadCapability(String line, String why) {
    return line.contains("durable write") && line.contains("one I/O thread") && line.contains(why);
  }

  private static void saysWhatToDoWhenForced(List<String> out, String why) {
    assertThat(out)
        .anyMatch(line ->
            line.startsWith("doctor forced: Availability[available=false, ")
                && line.contains(why)
                && line.contains("Set storage.file.mechanism"))
        .anyMatch(line ->
            line.startsWith("forced: ")
                && line.contains(why)
                && line.contains("storage.file.mechanism=auto"));
  }

  @Test
  void forbiddenByAFilter() throws Exception {
    List<String> out = run(Errno.EPERM);
    String why =
        "io_uring is forbidden by kernel.io_uring_disabled or a container's filter (EPERM)";
    keepsTheLogByAThread(out, why);
    saysWhatToDoWhenForced(out, why);
  }

  @Test
  void hiddenByAFilter() throws Exception {
    List<String> out = run(Errno.ENOSYS);
    String why = "the kernel or a container's filter has no io_uring (ENOSYS)";
    keepsTheLogByAThread(out, why);
    saysWhatToDoWhenForced(out, why);
  }
}
