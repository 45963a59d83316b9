package dev.demikv.libos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the start scripts share (`bin/jdk25.sh`), on a project of one module whose `mvn` writes a
/// jar in place, as Maven does.
class BuildScriptTest {
  @TempDir Path root;
  private Path source;
  private Path mavenJar;

  @BeforeEach
  void project() throws Exception {
    Files.createDirectories(root.resolve("libos/bin"));
    Files.copy(Path.of("bin/jdk25.sh"), root.resolve("libos/bin/jdk25.sh"));
    source = root.resolve("app/src/main/App");
    Files.createDirectories(source.getParent());
    Files.writeString(source, "one");
    mavenJar = root.resolve("app/target/app-1.jar");
    maven(
        "mkdir -p app/target/lib; cat app/src/main/App >app/target/app-1.jar; echo x"
            + " >app/target/lib/x.jar");
  }

  @Test
  void aBuildLeavesAloneWhatIsRunning() throws Exception {
    Path running = build();
    assertThat(running).hasContent("one");
    assertThat(running.resolveSibling("x.jar")).exists();

    Files.writeString(mavenJar, "by somebody's mvn verify");
    assertThat(running).hasContent("one");
    assertThat(build()).as("nothing changed").isEqualTo(running);

    change("two");
    try (var open = Files.newInputStream(running)) {
      Path next = build();
      assertThat(next).isNotEqualTo(running).hasContent("two");
      assertThat(open.readAllBytes()).asString().isEqualTo("one");
      assertThat(running.getParent()).as("kept no longer than needed").doesNotExist();
    }
  }

  @Test
  void aFailedBuildSaysWhyAndLeavesTheLastOne() throws Exception {
    Path running = build();
    maven("echo cannot find symbol; exit 1");
    change("two");
    Result failed = bash("demikv_build app libos");
    assertThat(failed.status).isEqualTo(69);
    assertThat(failed.output).contains("cannot find symbol", "the build of app failed");
    assertThat(running).hasContent("one");
  }

  private Path build() throws Exception {
    Result result = bash("demikv_build app libos && demikv_class_path app");
    assertThat(result.status).as(result.output).isZero();
    String classPath = result.output.lines().reduce((line, last) -> last).orElseThrow();
    return Path.of(classPath.substring(0, classPath.indexOf(':')));
  }

  private void change(String content) throws IOException {
    Files.writeString(source, content);
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(1)));
  }

  private void maven(String script) throws IOException {
    Path mvn = root.resolve("path/mvn");
    Files.createDirectories(mvn.getParent());
    Files.writeString(mvn, "#!/bin/sh\n" + script + "\n");
    assertThat(mvn.toFile().setExecutable(true)).isTrue();
  }

  private record Result(int status, String output) {}

  private Result bash(String command) throws Exception {
    Path output = root.resolve("output");
    var builder = new ProcessBuilder("bash", "-c", ". libos/bin/jdk25.sh; " + command);
    builder.directory(root.toFile()).redirectErrorStream(true).redirectOutput(output.toFile());
    builder
        .environment()
        .merge("PATH", root.resolve("path").toString(), (old, mine) -> mine + ":" + old);
    Process process = builder.start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Result(process.exitValue(), Files.readString(output));
  }
}
