package dev.demikv.kvserver.config;

import static dev.demikv.kvserver.config.ConfigKey.Kind.BYTES;
import static dev.demikv.kvserver.config.ConfigKey.Kind.INTEGER;
import static dev.demikv.kvserver.config.ConfigKey.Kind.TIME;

import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.lang.Nullable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The table of configuration keys, from which validation, help, CONFIG and the commented
/// configuration file are made.
public final class ConfigKeys {
  private static final long KIB = 1L << 10;
  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;
  private static final long TIB = 1L << 40;
  private static final long MILLIS = 1_000_000L;
  private static final long SECONDS = 1_000_000_000L;
  private static final long HOURS = 3_600 * SECONDS;

  public static final ConfigKey LISTEN =
      new ConfigKey(
          "listen",
          ConfigKey.Kind.ENDPOINTS,
          "127.0.0.1:6379",
          0,
          0,
          List.of(),
          false,
          "",
          "Addresses to listen on. Port 0 takes any free port. An address that other machines"
              + " reach should go with requirepass.");

  public static final ConfigKey REQUIREPASS =
      ConfigKey.text(
              "requirepass", "", "Password that clients must give with AUTH or HELLO; empty: none.")
          .liveKey()
          .asRedis("requirepass");

  public static final ConfigKey DATABASES =
      ConfigKey.number(
              "databases", INTEGER, "16", 1, 1_024, "Databases that SELECT can choose from.")
          .asRedis("databases");

  public static final ConfigKey DATA_DIR =
      ConfigKey.text(
          "data.dir",
          "data",
          "Folder of log and snapshots, made if absent; relative to where the server is started.");

  public static final ConfigKey DURABILITY =
      ConfigKey.choice(
          "durability",
          "When a write is answered. fsync: when it is on stable storage. memory: at once; what was"
              + " written since the last snapshot (SAVE, BGSAVE, a clean end) is lost by a crash.",
          "fsync",
          "memory");

  public static final ConfigKey ENGINE =
      ConfigKey.choice(
          "engine", "Where keys and values live. memory: off the Java heap.", "memory");

  public static final ConfigKey MEMORY_LIMIT =
      ConfigKey.number(
              "memory.limit",
              BYTES,
              "1GiB",
              MIB,
              16 * TIB,
              "Memory for keys, values and their indexes. Writes that would need more are refused"
                  + " with -OOM; nothing is evicted.")
          .liveKey()
          .asRedis("maxmemory");

  public static final ConfigKey SMALL_BUFFERS =
      ConfigKey.number(
          "memory.buffers.small",
          INTEGER,
          "4096",
          64,
          1 << 22,
          "Network buffers of 2 KiB, allocated at start.");

  public static final ConfigKey MEDIUM_BUFFERS =
      ConfigKey.number(
          "memory.buffers.medium",
          INTEGER,
          "4096",
          64,
          1 << 20,
          "Network buffers of 16 KiB, allocated at start.");

  public static final ConfigKey LARGE_BUFFERS =
      ConfigKey.number(
          "memory.buffers.large",
          INTEGER,
          "256",
          64,
          1 << 16,
          "Network and log buffers of 256 KiB, allocated at start.");

  public static final ConfigKey NETWORK_BACKEND =
      ConfigKey.text(
          "network.backend", "kernel", "Network backend of the library OS; --doctor lists them.");

  public static final ConfigKey STORAGE_BACKEND =
      ConfigKey.text(
          "storage.backend",
          "file",
          "Storage backend of the library OS; --doctor lists them. none: no log and no snapshots,"
              + " with durability = memory only.");

  public static final ConfigKey POLL_SPIN =
      ConfigKey.number(
          "poll.spin",
          TIME,
          "0",
          0,
          Long.MAX_VALUE,
          "How long to poll after the last work before sleeping in the kernel. 0 suits shared"
              + " cores; always never sleeps and wants a core of its own.");

  public static final ConfigKey CLIENTS =
      ConfigKey.number(
              "limits.clients", INTEGER, "10000", 1, 1_000_000, "Clients connected at a time.")
          .asRedis("maxclients");

  public static final ConfigKey BULK =
      ConfigKey.number(
              "limits.bulk",
              BYTES,
              "512MiB",
              KIB,
              512 * MIB,
              "Longest key, value or other argument.")
          .asRedis("proto-max-bulk-len");

  public static final ConfigKey MULTIBULK =
      ConfigKey.number(
          "limits.multibulk", INTEGER, "1048576", 16, 1 << 24, "Most arguments of one command.");

  public static final ConfigKey INLINE =
      ConfigKey.number(
          "limits.inline", BYTES, "64KiB", KIB, 64 * KIB, "Longest command typed as a plain line.");

  public static final ConfigKey QUERY_BUFFER =
      ConfigKey.number(
              "limits.query-buffer",
              BYTES,
              "1GiB",
              64 * KIB,
              GIB,
              "Most bytes of a command that one client has begun to send. A client that needs more"
                  + " is disconnected.")
          .asRedis("client-query-buffer-limit");

  public static final ConfigKey OUTPUT_BUFFER =
      ConfigKey.number(
          "limits.output-buffer",
          BYTES,
          "1GiB",
          64 * KIB,
          TIB,
          "Most bytes of replies that one client has not read yet. A client that lets more pile up"
              + " is disconnected. From 256 KiB on its further commands wait.");

  public static final ConfigKey OUTPUT_STALL =
      ConfigKey.number(
          "limits.output-stall",
          TIME,
          "60s",
          0,
          24 * HOURS,
          "A client that has replies waiting and reads nothing for so long is disconnected; 0:"
              + " never. While network buffers are short, after 1s.");

  public static final ConfigKey CLIENT_MEMORY =
      ConfigKey.number(
              "limits.client-memory",
              BYTES,
              "2GiB",
              64 * MIB,
              TIB,
              "Memory of all clients for half-received commands and unread replies, beyond the"
                  + " buffers allocated at start. The client that needs more is disconnected.")
          .asRedis("maxmemory-clients");

  public static final ConfigKey COMMANDS_PER_TURN =
      ConfigKey.number(
          "limits.commands-per-turn",
          INTEGER,
          "256",
          1,
          1 << 20,
          "Most commands of one client that are run before the other clients' turn comes.");

  public static final ConfigKey BACKLOG =
      ConfigKey.number(
              "limits.backlog",
              INTEGER,
              "511",
              1,
              65_535,
              "Connections that wait to be accepted, per address; the kernel may cap it.")
          .asRedis("tcp-backlog");

  public static final ConfigKey KEEPALIVE =
      ConfigKey.number(
              "limits.keepalive",
              TIME,
              "300s",
              0,
              24 * HOURS,
              "Silence after which a client's machine is probed, so that dead connections end; 0:"
                  + " never.")
          .asRedis("tcp-keepalive");

  public static final ConfigKey BATCHES =
      ConfigKey.number(
          "log.batches-in-flight",
          INTEGER,
          "16",
          1,
          64,
          "Batches of writes, of up to 256 KiB each, that may wait for stable storage at a time."
              + " Further writes wait.");

  public static final ConfigKey FAILURE_GRACE =
      ConfigKey.number(
          "log.failure-grace",
          TIME,
          "10s",
          0,
          24 * HOURS,
          "After the log failed, how long the server goes on answering reads, and writes with"
              + " -MISCONF, before it ends with exit code 3.");

  public static final ConfigKey SNAPSHOT_LOG_BYTES =
      ConfigKey.number(
              "snapshot.log-bytes",
              BYTES,
              "256MiB",
              MIB,
              16 * TIB,
              "Bytes of log that trigger a snapshot, behind which the log is cut off. The storage"
                  + " must have room for two snapshots and this log.")
          .liveKey();

  public static final ConfigKey SNAPSHOT_INTERVAL =
      ConfigKey.number(
              "snapshot.interval",
              TIME,
              "0",
              0,
              10_000 * HOURS,
              "Time between snapshots when something was written; 0: never by time.")
          .liveKey();

  public static final ConfigKey SNAPSHOT_ENTRIES =
      ConfigKey.number(
              "snapshot.entries-per-turn",
              INTEGER,
              "256",
              1,
              1 << 20,
              "Most entries handed to a running snapshot between two looks at the clients: more is"
                  + " faster, fewer keeps latency lower.")
          .liveKey();

  public static final ConfigKey SHUTDOWN_TIMEOUT =
      ConfigKey.number(
              "shutdown.timeout",
              TIME,
              "30s",
              0,
              HOURS,
              "How long a clean end may take to answer what is under way and write its snapshot.")
          .asRedis("shutdown-timeout");

  public static final ConfigKey EXPIRY_INTERVAL =
      ConfigKey.number(
              "expiry.interval",
              TIME,
              "100ms",
              MILLIS,
              HOURS,
              "How often keys whose time has come are looked for. Readers never see them anyway.")
          .liveKey();

  public static final ConfigKey METRICS_LISTEN =
      new ConfigKey(
          "metrics.listen",
          ConfigKey.Kind.ENDPOINT,
          "",
          0,
          0,
          List.of(),
          false,
          "",
          "Address of the kernel's to serve metrics on for Prometheus (GET /metrics), as"
              + " 127.0.0.1:9121; empty: none. There is no password, so other machines should"
              + " not reach it.");

  public static final ConfigKey LOG_FORMAT =
      ConfigKey.choice("log.format", "Form of the messages on standard error.", "text", "json");

  public static final ConfigKey LOG_LEVEL =
      new ConfigKey(
          "log.level",
          ConfigKey.Kind.CHOICE,
          "info",
          0,
          0,
          List.of("error", "warn", "info", "debug", "trace"),
          true,
          "loglevel",
          "Least important messages that are written.");

  /// The server's own keys, in the order in which they are documented.
  static final List<ConfigKey> SERVER =
      List.of(
          LISTEN,
          REQUIREPASS,
          DATABASES,
          DATA_DIR,
          DURABILITY,
          ENGINE,
          MEMORY_LIMIT,
          SMALL_BUFFERS,
          MEDIUM_BUFFERS,
          LARGE_BUFFERS,
          NETWORK_BACKEND,
          STORAGE_BACKEND,
          POLL_SPIN,
          CLIENTS,
          BULK,
          MULTIBULK,
          INLINE,
          QUERY_BUFFER,
          OUTPUT_BUFFER,
          OUTPUT_STALL,
          CLIENT_MEMORY,
          COMMANDS_PER_TURN,
          BACKLOG,
          KEEPALIVE,
          BATCHES,
          FAILURE_GRACE,
          SNAPSHOT_LOG_BYTES,
          SNAPSHOT_INTERVAL,
          SNAPSHOT_ENTRIES,
          SHUTDOWN_TIMEOUT,
          EXPIRY_INTERVAL,
          METRICS_LISTEN,
          LOG_FORMAT,
          LOG_LEVEL);

  private final Map<String, ConfigKey> byName = new LinkedHashMap<>();
  private final List<OptionSpec> backendOptions;

  /// @param backendOptions what the backends of the library OS read, see [OptionSpec]
  public ConfigKeys(List<OptionSpec> backendOptions) {
    this.backendOptions = List.copyOf(backendOptions);
    for (ConfigKey key : SERVER) {
      byName.put(key.name(), key);
    }
    for (OptionSpec option : backendOptions) {
      byName.putIfAbsent(
          option.key(), ConfigKey.text(option.key(), option.defaultValue(), option.description()));
    }
  }

  /// All keys: the server's, then the backends'.
  public List<ConfigKey> all() {
    return List.copyOf(byName.values());
  }

  /// The backends' own keys.
  public List<ConfigKey> backendKeys() {
    return backendOptions.stream().map(OptionSpec::key).distinct().map(this::required).toList();
  }

  /// The key of a name, or `null`.
  public @Nullable ConfigKey find(String name) {
    return byName.get(name);
  }

  private ConfigKey required(String name) {
    ConfigKey key = byName.get(name);
    if (key == null) {
      throw new IllegalArgumentException(name);
    }
    return key;
  }

  /// What to tell a user who wrote a key that is not in the table.
  String unknown(String name, String where) {
    String nearest = "";
    int best = Integer.MAX_VALUE;
    for (String known : byName.keySet()) {
      int distance = editDistance(name, known);
      // The last word alone is a common slip: `clients` for `limits.clients`.
      if (known.endsWith("." + name)) {
        distance = Math.min(distance, 1);
      }
      if (distance < best) {
        best = distance;
        nearest = known;
      }
    }
    String hint = best <= Math.max(3, name.length() / 2) ? " Did you mean '" + nearest + "'?" : "";
    return where + ": unknown key '" + name + "'." + hint + " --help-config lists all keys.";
  }

  /// Levenshtein distance: fewest insertions, deletions and substitutions of a character.
  static int editDistance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    int[] current = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substitution = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(substitution, Math.min(previous[j], current[j - 1]) + 1);
      }
      int[] swap = previous;
      previous = current;
      current = swap;
    }
    return previous[b.length()];
  }
}
