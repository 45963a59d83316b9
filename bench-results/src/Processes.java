import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Programs that a benchmark starts, and stops by their own handles.
final class Processes {
  private static final List<Process> STARTED = new ArrayList<>();
  private static final List<Path> FOLDERS = new ArrayList<>();
  private static final Path ROOT = Path.of(System.getProperty("demikv.root"));

  private Processes() {}

  /// A server under measurement.
  ///
  /// @param gcLog where a JVM writes its collector's log; for a peer a file that is not there
  record Server(Process process, int port, double readySeconds, Path gcLog)
      implements AutoCloseable {
    /// CPU seconds, user and system, so far.
    double cpuSeconds() {
      return process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos() / 1e9;
    }

    @Override
    public void close() {
      stop(process);
    }

    /// Pauses of the collector since the start, of a server of ours.
    GcLog gc() throws IOException {
      return GcLog.read(gcLog);
    }

    /// Heap in use, after a collection (which [#gc] counts from then on).
    double heapMiB() throws Exception {
      String jcmd = Path.of(System.getProperty("demikv.java")).resolveSibling("jcmd").toString();
      need(jcmd, "a full JDK 25");
      output(List.of(jcmd, "" + process.pid(), "GC.run"));
      return gc().liveMiB();
    }

    /// Resident bytes.
    double residentMiB() throws IOException {
      for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
        if (line.startsWith("VmRSS:")) {
          return Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024;
        }
      }
      return Double.NaN;
    }
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /// A new folder on the disk of the project, removed at the end.
  static Path folder() throws IOException {
    Path parent = ROOT.resolve("bench-results/tmp");
    Files.createDirectories(parent);
    Path folder = Files.createTempDirectory(parent, "run");
    FOLDERS.add(folder);
    return folder;
  }

  static void need(String program, String debianPackage) throws Exception {
    if (start(List.of("sh", "-c", "command -v " + program), null).waitFor() != 0) {
      throw new MissingPeerException(program, debianPackage);
    }
  }

  /// Compiles a C program of `src/peers`.
  static Path compiled(String source) throws Exception {
    need("gcc", "gcc libc6-dev");
    Path program = folder().resolve(source.replace(".c", ""));
    Path from = ROOT.resolve("bench-results/src/peers").resolve(source);
    output(List.of("gcc", "-O2", "-Wall", "-o", program.toString(), from.toString()));
    return program;
  }

  /// Starts redis-server with options, on the given CPU or any (-1).
  static Server redis(int cpu, Path folder, String... options) throws Exception {
    need("redis-server", "redis-server");
    int port = freePort();
    List<String> command = pinned(cpu, "redis-server", "--port", "" + port);
    command.addAll(List.of("--bind", "127.0.0.1", "--dir", folder.toString(), "--save", ""));
    command.addAll(List.of(options));
    long begin = System.nanoTime();
    Process process = start(command, folder.resolve("redis.log"));
    awaitPort(process, port);
    return new Server(
        process, port, (System.nanoTime() - begin) / 1e9, folder.resolve("no-gc.log"));
  }

  /// Starts our server with settings, on the given CPU or any (-1).
  static Server kvserver(int cpu, Path folder, String... settings) throws Exception {
    return kvserver(ROOT.resolve("kvserver/bin/kvserver"), cpu, folder, settings);
  }

  /// As above, by another launcher.
  static Server kvserver(Path launcher, int cpu, Path folder, String... settings)
      throws Exception {
    int port = freePort();
    List<String> command = pinned(cpu, launcher.toString());
    command.addAll(List.of("--set", "listen=127.0.0.1:" + port));
    command.addAll(List.of("--set", "data.dir=" + folder));
    for (String setting : settings) {
      command.addAll(List.of("--set", setting));
    }
    long begin = System.nanoTime();
    ProcessBuilder builder = new ProcessBuilder(command);
    Path log = folder.resolveSibling(folder.getFileName() + ".log");
    Path gcLog = folder.resolveSibling(folder.getFileName() + ".gc.log");
    builder.redirectError(log.toFile());
    builder.environment().put("KVSERVER_JAVA_OPTS", GcLog.option(gcLog));
    Process process = builder.start();
    STARTED.add(process);
    FOLDERS.add(log);
    FOLDERS.add(gcLog);
    BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.contains("ready")) {
        return new Server(process, port, (System.nanoTime() - begin) / 1e9, gcLog);
      }
    }
    throw new IOException("kvserver did not start:\n" + Files.readString(log));
  }

  /// Waits until the machine has little else to do, at most a minute: what other programs do in one
  /// round and not in the next is no property of what is measured.
  static void awaitQuiet() throws Exception {
    for (int i = 0; i < 120; i++) {
      long[] before = cpuTicks();
      Thread.sleep(400);
      long[] after = cpuTicks();
      long all = Math.max(1, after[1] - before[1]);
      if ((after[0] - before[0]) * 100 / all < 10) {
        return;
      }
    }
    System.err.println("the machine did not become quiet within a minute: measuring all the same");
  }

  /// Ticks in which some CPU was busy, and all ticks, proc_stat(5).
  private static long[] cpuTicks() throws IOException {
    String[] words = Files.readAllLines(Path.of("/proc/stat")).get(0).trim().split("\\s+");
    long all = 0;
    for (int i = 1; i <= 8; i++) {
      all += Long.parseLong(words[i]);
    }
    return new long[] {all - Long.parseLong(words[4]) - Long.parseLong(words[5]), all};
  }

  static List<String> pinned(int cpu, String... command) {
    List<String> words = new ArrayList<>();
    if (cpu >= 0 && Runtime.getRuntime().availableProcessors() > 1) {
      words.addAll(List.of("taskset", "-c", "" + cpu));
    }
    words.addAll(List.of(command));
    return words;
  }

  static Process start(List<String> command, Path log) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectOutput(log == null ? new File("/dev/null") : log.toFile());
    Process process = builder.start();
    STARTED.add(process);
    return process;
  }

  /// Starts a program and waits until it says `ready`.
  static Process startReady(List<String> command, Path log) throws Exception {
    Process process = start(command, log);
    awaitReady(process, log);
    return process;
  }

  /// Waits until a program says `ready` in its log.
  static void awaitReady(Process process, Path log) throws Exception {
    for (int i = 0; i < 1200 && !Files.readString(log).contains("ready"); i++) {
      if (!process.isAlive()) {
        throw failure(Files.readString(log));
      }
      Thread.sleep(50);
    }
  }

  /// What to throw for a program that ended with this output.
  static Exception failure(String output) {
    return output.contains("no DPDK")
        ? new MissingPeerException("librte_eal.so", "librte-eal23 librte-net-memif23")
        : new IllegalStateException("it ended:\n" + output);
  }

  /// Stops or continues a process: one that spins would keep the CPU from the one that is measured.
  static void pause(Process process, boolean stop) throws Exception {
    output(List.of("kill", stop ? "-STOP" : "-CONT", "" + process.pid()));
  }

  /// Starts a program that is talked to by its standard input and output.
  static Process startTalking(List<String> command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    STARTED.add(process);
    return process;
  }

  /// Runs a command to its end and returns its output.
  static String output(List<String> command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    STARTED.add(process);
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + ":\n" + text);
    }
    STARTED.remove(process);
    return text;
  }

  private static void awaitPort(Process process, int port) throws Exception {
    for (int i = 0; i < 2000 && process.isAlive(); i++) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return;
      } catch (IOException e) {
        Thread.sleep(5);
      }
    }
    throw new IOException("the peer did not open port " + port);
  }

  static void stop(Process process) {
    process.destroy();
    try {
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    STARTED.remove(process);
  }

  static void stopAll() throws IOException {
    for (Process process : List.copyOf(STARTED)) {
      stop(process);
    }
    for (Path folder : FOLDERS) {
      if (Files.exists(folder)) {
        try (Stream<Path> files = Files.walk(folder)) {
          files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        }
      }
    }
    FOLDERS.clear();
  }
}
