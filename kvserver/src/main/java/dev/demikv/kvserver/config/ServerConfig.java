package dev.demikv.kvserver.config;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.lang.Nullable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/// A checked set of values for all keys of a table. CONFIG SET changes live ones; one thread.
public final class ServerConfig {
  /// Option of the file backend that follows `data.dir` unless it is set.
  private static final String FILE_PATH = "storage.file.path";

  private final ConfigKeys keys;
  private final Map<String, String> values = new HashMap<>();
  private final Map<String, Boolean> set = new HashMap<>();
  private Consumer<ConfigKey> listener = key -> {};

  /// Every default.
  public ServerConfig(ConfigKeys keys) {
    this.keys = keys;
    for (ConfigKey key : keys.all()) {
      values.put(key.name(), key.defaultValue());
    }
  }

  /// Sets a value.
  ///
  /// @param where where it was written, for the message
  /// @throws ConfigException unknown key or bad value
  public ServerConfig set(String name, String value, String where) {
    ConfigKey key = keys.find(name);
    if (key == null) {
      throw new ConfigException(keys.unknown(name, where));
    }
    String problem = key.problem(value);
    if (problem != null) {
      throw new ConfigException(where + ": " + name + " = " + value + ": " + problem + ".");
    }
    values.put(name, value);
    set.put(name, true);
    return this;
  }

  /// Checks what concerns several keys.
  ///
  /// @throws ConfigException saying which do not go together
  public ServerConfig check() {
    if (fsync() && storage().equals("none")) {
      throw new ConfigException(
          "durability = fsync needs a storage backend, and storage.backend is none. Set"
              + " durability=memory, or storage.backend=file.");
    }
    if (bytes(ConfigKeys.QUERY_BUFFER) < bytes(ConfigKeys.INLINE) + 1024) {
      throw new ConfigException(
          "limits.query-buffer must be larger than limits.inline by at least 1KiB.");
    }
    if (bytes(ConfigKeys.OUTPUT_BUFFER) > bytes(ConfigKeys.CLIENT_MEMORY)) {
      throw new ConfigException(
          "limits.output-buffer must not be larger than limits.client-memory, from which it is"
              + " taken.");
    }
    return this;
  }

  /// The table.
  public ConfigKeys keys() {
    return keys;
  }

  /// A value as it was written.
  public String text(ConfigKey key) {
    return text(key.name());
  }

  private String text(String name) {
    String value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException("no key " + name);
    }
    return value;
  }

  /// Whether a value was set rather than left at its default.
  public boolean isSet(String name) {
    return set.containsKey(name);
  }

  /// A number in its unit: bytes, nanoseconds, or plain.
  public long number(ConfigKey key) {
    return key.number(text(key));
  }

  /// A number of bytes.
  public long bytes(ConfigKey key) {
    return number(key);
  }

  /// A number that fits an int.
  public int integer(ConfigKey key) {
    return Math.toIntExact(number(key));
  }

  /// A time in nanoseconds; [Long#MAX_VALUE] for `always`.
  public long nanos(ConfigKey key) {
    return number(key);
  }

  /// Addresses to listen on.
  public List<Endpoint> listen() {
    return ConfigKey.words(text(ConfigKeys.LISTEN)).stream().map(Endpoint::parse).toList();
  }

  /// Address to serve metrics on; `null` for none.
  public @Nullable Endpoint metricsListen() {
    String text = text(ConfigKeys.METRICS_LISTEN).trim();
    return text.isEmpty() ? null : Endpoint.parse(text);
  }

  /// Whether writes are answered only when on stable storage.
  public boolean fsync() {
    return text(ConfigKeys.DURABILITY).equals("fsync");
  }

  /// Folder of log and snapshots.
  public Path dataDir() {
    return Path.of(text(ConfigKeys.DATA_DIR));
  }

  /// Name of the storage backend, or `none`.
  public String storage() {
    return text(ConfigKeys.STORAGE_BACKEND);
  }

  /// Calls a listener after [#setLive] changed a key.
  public void onChange(Consumer<ConfigKey> newListener) {
    listener = newListener;
  }

  /// Changes a value while the server runs.
  ///
  /// @param name ours or Redis's
  /// @return false when there is no such key, or it cannot change
  /// @throws ConfigException for a bad value
  public boolean setLive(String name, String value) {
    for (ConfigKey key : keys.all()) {
      if (key.live() && isNamed(key, name)) {
        set(key.name(), fromRedis(key, name, value), "CONFIG SET");
        listener.accept(key);
        return true;
      }
    }
    return false;
  }

  private static boolean isNamed(ConfigKey key, String name) {
    return key.name().equals(name) || (!name.isEmpty() && key.redisName().equals(name));
  }

  /// Redis's words for our levels, and its plain numbers, where they differ from ours.
  private static String fromRedis(ConfigKey key, String name, String value) {
    if (key.equals(ConfigKeys.LOG_LEVEL) && name.equals("loglevel")) {
      return switch (value) {
        case "verbose" -> "debug";
        case "notice" -> "info";
        case "warning" -> "warn";
        default -> value;
      };
    }
    return value;
  }

  /// All keys with their values, under our names and under those of Redis, where times are seconds
  /// and sizes are plain bytes. In order of name.
  public Map<String, String> asMap() {
    Map<String, String> all = new TreeMap<>(values);
    for (ConfigKey key : keys.all()) {
      if (!key.redisName().isEmpty()) {
        all.put(key.redisName(), asRedis(key));
      }
    }
    // Tools of Redis ask for these two, to say what they measure.
    all.put("save", "");
    all.put("appendonly", fsync() ? "yes" : "no");
    return all;
  }

  private String asRedis(ConfigKey key) {
    return switch (key.kind()) {
      case INTEGER, BYTES -> Long.toString(number(key));
      case TIME -> Long.toString(number(key) / 1_000_000_000L);
      default -> text(key);
    };
  }

  /// How the library OS is put together.
  public LibOsConfig libOsConfig() {
    int clients = integer(ConfigKeys.CLIENTS);
    int queues = Math.min(1 << 20, clients + 64);
    LibOsConfig.Limits limits =
        new LibOsConfig.Limits(
            queues,
            Math.min(1 << 20, 4 * queues + 1_024),
            Math.min(1 << 20, 2 * queues + 4_096),
            integer(ConfigKeys.SMALL_BUFFERS),
            integer(ConfigKeys.MEDIUM_BUFFERS),
            integer(ConfigKeys.LARGE_BUFFERS));
    return new LibOsConfig(
        text(ConfigKeys.NETWORK_BACKEND),
        storage(),
        backendOptions(),
        limits,
        new LibOsConfig.Idle(nanos(ConfigKeys.POLL_SPIN)));
  }

  /// What was set of the backends' keys, with the folder of the log below `data.dir`.
  public Options backendOptions() {
    Map<String, String> options = new HashMap<>();
    for (ConfigKey key : keys.backendKeys()) {
      if (isSet(key.name()) && !text(key).isEmpty()) {
        options.put(key.name(), text(key));
      }
    }
    if (keys.find(FILE_PATH) != null) {
      options.putIfAbsent(FILE_PATH, dataDir().resolve("log").toString());
    }
    return Options.of(options);
  }

  /// Lines for people: the values that differ from the defaults.
  public List<String> changes() {
    List<String> lines = new ArrayList<>();
    for (ConfigKey key : keys.all()) {
      String value = text(key);
      if (!value.equals(key.defaultValue())) {
        boolean secret = key.equals(ConfigKeys.REQUIREPASS);
        lines.add(String.format(Locale.ROOT, "%s = %s", key.name(), secret ? "(set)" : value));
      }
    }
    return lines;
  }
}
