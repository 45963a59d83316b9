package dev.demikv.kvserver;

import dev.demikv.kvserver.config.ConfigDocument;
import dev.demikv.kvserver.config.ConfigException;
import dev.demikv.kvserver.config.ConfigKeys;
import dev.demikv.kvserver.config.ConfigReader;
import dev.demikv.kvserver.config.ServerConfig;
import dev.demikv.kvserver.persist.DataException;
import dev.demikv.kvserver.server.Server;
import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.time.SystemClock;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The command `kvserver`.
///
/// Exit codes: 0 ended as asked to, 1 the data or a device is not usable, 2 wrong arguments or
/// configuration, 3 the log failed, 4 the end took too long, 5 the snapshot at the end failed, 70
/// an error in the server.
@Command(
    name = "kvserver",
    mixinStandardHelpOptions = true,
    version = Main.VERSION,
    description = "A durable, Redis-compatible key-value server on a library OS.",
    footer = {
      "",
      "Every key can be set in the configuration file (HOCON) and by --set;",
      "--help-config prints all keys with their defaults, as a file to start from.",
      "",
      "Exit codes: 0 ended as asked to; 1 data or device not usable;",
      "2 wrong arguments or configuration; 3 the log failed; 4 the end took too long;",
      "5 its snapshot failed; 70 an error in the server."
    })
public final class Main implements Callable<Integer> {
  static final String VERSION = "kvserver 0.1.0";

  private static final int EXIT_UNUSABLE = 1;
  private static final int EXIT_USAGE = 2;
  private static final int EXIT_BROKEN = 70; // EX_SOFTWARE

  @Parameters(
      arity = "0..1",
      paramLabel = "CONFIG",
      description = "Configuration file; without one every key has its default.")
  private @Nullable Path file;

  @Option(
      names = "--set",
      paramLabel = "key=value",
      description = "Sets a key, over the file. May be given several times.")
  private List<String> settings = List.of();

  @Option(names = "--doctor", description = "Prints which backends can be used here, and ends.")
  private boolean doctor;

  @Option(names = "--json", description = "With --doctor: as JSON.")
  private boolean json;

  @Option(names = "--help-config", description = "Prints all keys with their defaults, and ends.")
  private boolean helpConfig;

  private final PrintStream out;

  private Main(PrintStream out) {
    this.out = out;
  }

  /// Starts the server, or prints what was asked for.
  public static void main(String[] arguments) {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    int code = new CommandLine(new Main(out)).execute(arguments);
    Runtime.getRuntime().halt(code);
  }

  @Override
  public Integer call() {
    ConfigKeys keys = new ConfigKeys(LibOses.options());
    if (helpConfig) {
      out.print(ConfigDocument.file(keys));
      return 0;
    }
    ServerConfig config;
    try {
      config = ConfigReader.read(keys, file, settings);
    } catch (ConfigException e) {
      return complain(e.getMessage(), EXIT_USAGE);
    }
    if (doctor) {
      Doctor report = new Doctor(LibOses.providers(), config.backendOptions());
      out.print(json ? report.json() : report.text());
      return 0;
    }
    Logging.configure(config);
    config.onChange(key -> Logging.setLevel(config.text(ConfigKeys.LOG_LEVEL)));
    Logger log = LoggerFactory.getLogger(Main.class);
    Server opened;
    try {
      opened = Server.open(config, SystemClock.INSTANCE, RandomGenerator.getDefault());
    } catch (DataException | LibOsException e) {
      log.debug("Cannot start", e);
      return complain(e.getMessage(), EXIT_UNUSABLE);
    } catch (IllegalArgumentException e) {
      log.debug("Cannot start", e);
      return complain(e.getMessage(), EXIT_USAGE);
    }
    try {
      return serve(opened, config, log);
    } catch (RuntimeException | Error e) {
      log.error("The server ends because of an error in it; please report this", e);
      return EXIT_BROKEN;
    }
  }

  private int serve(Server opened, ServerConfig config, Logger log) {
    try (Server server = opened) {
      Thread loop = Thread.currentThread();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server, loop, config), "end"));
      for (String line : server.banner(VERSION)) {
        log.info(line);
      }
      if (!server.metricsAddress().isEmpty()) {
        log.info("Metrics at http://{}/metrics", server.metricsAddress());
      }
      out.println("ready " + server.addressText());
      int code = server.run();
      log.info("Ended");
      return code;
    }
  }

  /// Runs when the process gets SIGTERM or SIGINT: asks the loop to end and waits for it. The main
  /// thread then ends the process with the server's exit code, where a hook that returned would end
  /// it with that of the signal; a loop that takes too long is cut off.
  private static void stop(Server server, Thread loop, ServerConfig config) {
    server.stop();
    long nanos = config.nanos(ConfigKeys.SHUTDOWN_TIMEOUT) + TimeUnit.SECONDS.toNanos(5);
    try {
      loop.join(Duration.ofNanos(nanos));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(Server.EXIT_TIMEOUT);
  }

  private static int complain(@Nullable String message, int code) {
    System.err.println("kvserver: " + message);
    return code;
  }
}
