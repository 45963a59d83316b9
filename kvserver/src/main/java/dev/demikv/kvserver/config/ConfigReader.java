package dev.demikv.kvserver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import dev.demikv.libos.lang.Nullable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Reads a configuration: defaults, then a file in HOCON, then `key=value` words, each over the one
/// before.
public final class ConfigReader {
  private ConfigReader() {}

  /// Reads and checks.
  ///
  /// @param file a HOCON file, or `null`
  /// @param settings words `key=value`
  /// @throws ConfigException naming file, line and key, and saying what to do
  public static ServerConfig read(ConfigKeys keys, @Nullable Path file, List<String> settings) {
    ServerConfig config = new ServerConfig(keys);
    if (file != null) {
      readFile(config, file);
    }
    for (String setting : settings) {
      int equals = setting.indexOf('=');
      if (equals < 1) {
        throw new ConfigException(
            "--set " + setting + ": write --set key=value, as --set durability=memory.");
      }
      String key = setting.substring(0, equals).strip();
      config.set(key, setting.substring(equals + 1).strip(), "--set");
    }
    return config.check();
  }

  private static void readFile(ServerConfig config, Path file) {
    if (!Files.isReadable(file)) {
      throw new ConfigException(
          file + ": cannot be read. Give the path of a configuration file, or none at all.");
    }
    Config parsed;
    try {
      parsed =
          ConfigFactory.parseFile(
                  file.toFile(), ConfigParseOptions.defaults().setAllowMissing(false))
              .resolve();
    } catch (com.typesafe.config.ConfigException e) {
      throw new ConfigException(
          e.getMessage()
              + ". The file is HOCON: key = value, with \"quotes\" around values that contain"
              + " ':'.");
    }
    for (Map.Entry<String, ConfigValue> entry : parsed.entrySet()) {
      String name = String.join(".", ConfigUtil.splitPath(entry.getKey()));
      ConfigValue value = entry.getValue();
      String where = file + ": " + value.origin().lineNumber();
      config.set(name, text(value.unwrapped(), where, name), where);
    }
  }

  private static String text(Object value, String where, String name) {
    if (value instanceof List<?> list) {
      List<String> words = new ArrayList<>();
      for (Object word : list) {
        words.add(text(word, where, name));
      }
      return String.join(",", words);
    }
    if (value instanceof Map<?, ?>) {
      throw new ConfigException(where + ": " + name + ": write a value, not a block.");
    }
    return value.toString();
  }
}
