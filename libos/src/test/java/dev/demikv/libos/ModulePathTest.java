package dev.demikv.libos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A program that is a module uses libos on the module path, and has native access for libos alone.
///
/// The programs are the examples, moved into a package of the module `demo`.
final class ModulePathTest {
  private static final Path EXAMPLES = Path.of("examples").toAbsolutePath();

  @TempDir Path folder;

  private Path libos;
  private Path demo;

  @BeforeEach
  void makeFolders() throws URISyntaxException {
    libos = Path.of(LibOses.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    demo = folder.resolve("demo");
  }

  /// Compiles a class of the module `demo`.
  ///
  /// @return what the compiler says; empty when it is content
  private String compile(String name, String source) throws IOException {
    Path sources = Files.createDirectories(folder.resolve("source/demo"));
    Path moduleInfo = folder.resolve("source/module-info.java");
    Files.writeString(moduleInfo, "module demo { requires dev.demikv.libos; }\n");
    Path file = sources.resolve(name + ".java");
    Files.writeString(file, "package demo;\n" + source);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    List<String> options =
        List.of("--module-path", libos.toString(), "-d", demo.toString(), "-proc:none");
    boolean compiled =
        compiler
            .getTask(
                messages,
                null,
                null,
                options,
                null,
                compiler
                    .getStandardFileManager(null, null, StandardCharsets.UTF_8)
                    .getJavaFileObjects(moduleInfo, file))
            .call();
    assertThat(compiled).as(messages.toString()).isEqualTo(messages.toString().isEmpty());
    return messages.toString();
  }

  private Process start(String example, String... args) throws IOException {
    assertThat(compile(example, Files.readString(EXAMPLES.resolve(example + ".java")))).isEmpty();
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--module-path", libos + File.pathSeparator + demo));
    command.add("--enable-native-access=dev.demikv.libos");
    command.add("--illegal-native-access=deny");
    command.addAll(List.of("-ea", "--module", "demo/demo." + example));
    command.addAll(List.of(args));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  @Test
  void kernelSocketsServeAProgramOnTheModulePath() throws Exception {
    Process process = start("Echo", "127.0.0.1:0");
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String ready = out.readLine();
      assertThat(ready).startsWith("ready ");
      int port = Integer.parseInt(ready.substring(ready.lastIndexOf(':') + 1));
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        byte[] message = "hello, module".getBytes(StandardCharsets.US_ASCII);
        socket.getOutputStream().write(message);
        assertThat(socket.getInputStream().readNBytes(message.length)).isEqualTo(message);
      }
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void fileLogServesAProgramOnTheModulePath() throws Exception {
    Process process = start("DurableLog", folder.resolve("log").toString(), "one", "two");
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(out).isZero();
    assertThat(out).contains("durable at ", ": one", ": two");
  }

  @Test
  void internalsAreOutOfReach() throws IOException {
    assertThat(compile("Nosy", "class Nosy { int pid = dev.demikv.libos.ffi.LibC.getpid(); }\n"))
        .contains("package dev.demikv.libos.ffi is not visible");
  }
}
