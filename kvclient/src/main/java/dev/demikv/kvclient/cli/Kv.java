package dev.demikv.kvclient.cli;

import dev.demikv.kvclient.KvClient;
import dev.demikv.kvclient.KvClientConfig;
import dev.demikv.kvclient.KvException;
import dev.demikv.kvclient.LibOsSettings;
import dev.demikv.kvclient.ReconnectPolicy;
import dev.demikv.kvclient.ReplyLimits;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.lang.Nullable;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The command `kv`.
@Command(
    name = "kv",
    sortOptions = false,
    description = {
      "Sends a command to a key-value server (RESP) and prints the reply.",
      "Without COMMAND, reads commands from standard input, one a line."
    },
    footer = {
      "",
      "Exit code: 0 success, 1 error reply, 2 wrong usage, 3 no connection or no reply.",
      "The password may be given in the environment variable REDISCLI_AUTH."
    })
public final class Kv implements Callable<Integer> {
  /// An error reply.
  static final int EXIT_ERROR_REPLY = 1;

  /// The command line or a setting is wrong.
  static final int EXIT_USAGE = 2;

  /// No connection, or no reply.
  static final int EXIT_NO_REPLY = 3;

  private static final int BYTES_MAX = 1 << 30;

  @Option(
      names = {"-h", "--host"},
      paramLabel = "HOST",
      description = "Name, IPv4 or IPv6 address (default: ${DEFAULT-VALUE}).")
  private String host = "127.0.0.1";

  @Option(
      names = {"-p", "--port"},
      paramLabel = "PORT",
      description = "Port (default: ${DEFAULT-VALUE}).")
  private int port = 6379;

  @Option(
      names = {"-a", "--pass"},
      paramLabel = "PASSWORD",
      description = "Password for AUTH.")
  private @Nullable String password;

  @Option(names = "--user", paramLabel = "USER", description = "User for AUTH.")
  private @Nullable String user;

  @Option(names = "-n", paramLabel = "DB", description = "Database number.")
  private int database;

  @Option(names = "-2", description = "Speak RESP2 (default, except with --json).")
  private boolean resp2;

  @Option(names = "-3", description = "Speak RESP3.")
  private boolean resp3;

  @Option(names = "-x", description = "Read the last argument from standard input.")
  private boolean lastArgumentFromInput;

  @Option(names = "--raw", description = "Print bare replies (default when not on a terminal).")
  private boolean raw;

  @Option(names = "--no-raw", description = "Print for people (default on a terminal).")
  private boolean notRaw;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Option(
      names = {"-t", "--timeout"},
      paramLabel = "TIME",
      description = "Time-out to connect and for a reply, as 500ms (default: ${DEFAULT-VALUE}).")
  private String timeout = "30s";

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = {
        "Setting of the library OS: network.backend, storage.backend, poll.spin,",
        "or an option of a backend. May be repeated."
      })
  private Map<String, String> settings = new LinkedHashMap<>();

  @SuppressWarnings("UnusedVariable") // picocli prints the help when it sees the option.
  @Option(names = "--help", usageHelp = true, description = "Print this help.")
  private boolean help;

  @Parameters(paramLabel = "COMMAND [ARG...]", arity = "0..*", hideParamSyntax = true)
  private List<String> words = new ArrayList<>();

  private final Terminal terminal;

  Kv(Terminal terminal) {
    this.terminal = terminal;
  }

  /// Runs a command line; the process ends with its exit code.
  ///
  /// The start script tells in the system properties `demikv.stdin.tty` and `demikv.stdout.tty`
  /// whether these are terminals.
  public static void main(String[] arguments) {
    Terminal terminal =
        new Terminal(
            new FileInputStream(FileDescriptor.in),
            new PrintStream(new FileOutputStream(FileDescriptor.out), false),
            new PrintStream(new FileOutputStream(FileDescriptor.err), true),
            Boolean.getBoolean("demikv.stdin.tty"),
            Boolean.getBoolean("demikv.stdout.tty"));
    int code = run(terminal, arguments);
    terminal.out().flush();
    // Halting skips nothing of ours: there are no threads, and the LibOs is closed.
    Runtime.getRuntime().halt(code);
  }

  /// Runs a command line.
  ///
  /// @return its exit code
  static int run(Terminal terminal, String... arguments) {
    CommandLine commandLine = new CommandLine(new Kv(terminal));
    commandLine.setStopAtPositional(true);
    commandLine.setExpandAtFiles(false);
    commandLine.setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8));
    commandLine.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8));
    return commandLine.execute(arguments);
  }

  @Override
  public Integer call() {
    KvClientConfig config;
    List<byte[]> command;
    try {
      config = config();
      command = command();
    } catch (IllegalArgumentException e) {
      return complain(EXIT_USAGE, e.getMessage());
    } catch (IOException e) {
      return complain(EXIT_USAGE, "standard input: " + e.getMessage());
    }
    try (KvClient client = KvClient.open(config)) {
      Shell shell = new Shell(client, terminal, format(), prompt(config));
      return command.isEmpty() ? shell.readCommands() : shell.execute(command);
    } catch (IllegalArgumentException | LibOsException e) {
      return complain(EXIT_USAGE, e.getMessage());
    } catch (KvException.ServerError e) {
      return complain(EXIT_ERROR_REPLY, e.getMessage());
    } catch (KvException e) {
      return complain(EXIT_NO_REPLY, e.getMessage());
    } catch (UncheckedIOException e) {
      return complain(EXIT_USAGE, e.getMessage());
    }
  }

  private int complain(int code, @Nullable String message) {
    terminal.out().flush();
    terminal.err().println("kv: " + message);
    return code;
  }

  private KvClientConfig config() {
    long nanos = Options.parseNanos("--timeout", unitless(timeout) ? timeout + "s" : timeout);
    LibOsConfig libos =
        LibOsSettings.apply(LibOsConfig.kernel().withLimits(KvClientConfig.LIBOS_LIMITS), settings);
    String secret = password == null ? System.getenv("REDISCLI_AUTH") : password;
    boolean three = resp3 || json && !resp2;
    return KvClientConfig.of(host, port)
        .withCredentials(user, secret)
        .withDatabase(database)
        .withProtocol(three ? KvClientConfig.Protocol.RESP3 : KvClientConfig.Protocol.RESP2)
        .withConnectTimeoutNanos(nanos)
        .withCommandTimeoutNanos(nanos)
        .withReconnect(ReconnectPolicy.ONCE)
        .withReadRetriesMax(0)
        .withRequestBytesMax(BYTES_MAX)
        .withReplyLimits(new ReplyLimits(128, BYTES_MAX - 1, 1 << 20, BYTES_MAX, BYTES_MAX))
        .withLibOs(libos);
  }

  private static boolean unitless(String text) {
    return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  private List<byte[]> command() throws IOException {
    List<byte[]> command = new ArrayList<>();
    for (String word : words) {
      command.add(word.getBytes(StandardCharsets.UTF_8));
    }
    if (lastArgumentFromInput) {
      if (command.isEmpty()) {
        throw new IllegalArgumentException("-x needs a COMMAND");
      }
      command.add(terminal.in().readAllBytes());
    }
    return command;
  }

  private ReplyFormat format() {
    if (json) {
      return ReplyFormat.JSON;
    }
    return raw || !notRaw && !terminal.outputIsTty() ? ReplyFormat.RAW : ReplyFormat.STANDARD;
  }

  private static String prompt(KvClientConfig config) {
    String name = config.host().indexOf(':') >= 0 ? "[" + config.host() + "]" : config.host();
    return name + ":" + config.port();
  }
}
