package dev.demikv.kvserver;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The real server as a process of its own, for tests that kill it.
public final class ServerProcess implements AutoCloseable {
  private final Process process;
  private final Path log;
  private final int port;

  private ServerProcess(Process process, Path log, int port) {
    this.process = process;
    this.log = log;
    this.port = port;
  }

  /// Starts a server on a free port and waits until it is ready.
  ///
  /// @param data its data directory; its log goes beside it
  /// @param settings as `key=value`
  public static ServerProcess start(Path data, String... settings) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-ea", "-Xmx256m"));
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("dev.demikv.kvserver.Main");
    command.addAll(List.of("--set", "listen=127.0.0.1:0", "--set", "data.dir=" + data));
    for (String setting : settings) {
      command.addAll(List.of("--set", setting));
    }
    Path log = data.resolveSibling(data.getFileName() + ".log");
    File logFile = log.toFile();
    Process process =
        new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.appendTo(logFile))
            .start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.contains("ready")) {
        String port = line.substring(line.lastIndexOf(':') + 1).trim();
        return new ServerProcess(process, log, Integer.parseInt(port));
      }
    }
    process.destroyForcibly();
    throw new IOException("the server did not start:\n" + Files.readString(log));
  }

  /// Its port.
  public int port() {
    return port;
  }

  /// Whether it runs.
  public boolean isAlive() {
    return process.isAlive();
  }

  /// What it logged so far.
  public String log() throws IOException {
    return Files.readString(log);
  }

  /// SIGKILL; returns when it is gone.
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /// SIGTERM; returns its exit code.
  public int terminate() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      kill();
      throw new IllegalStateException("the server did not end within a minute of SIGTERM");
    }
    return process.exitValue();
  }

  /// Waits for it to end by itself.
  public int awaitExit(long seconds) throws InterruptedException {
    if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
      kill();
      throw new IllegalStateException("the server did not end within " + seconds + " s");
    }
    return process.exitValue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
