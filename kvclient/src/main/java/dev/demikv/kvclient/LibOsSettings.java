package dev.demikv.kvclient;

import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import java.util.Map;

/// Turns `key=value` settings into a [LibOsConfig], with the names that the server's configuration
/// has: `network.backend`, `storage.backend`, `poll.spin`. Every other key is an option of a
/// backend, which checks it when the LibOs is opened.
public final class LibOsSettings {
  private LibOsSettings() {}

  /// A configuration with one more setting.
  ///
  /// @throws IllegalArgumentException naming the key, when its value cannot be
  public static LibOsConfig apply(LibOsConfig config, String key, String value) {
    return switch (key) {
      case "network.backend" -> config.withNetwork(value);
      case "storage.backend" -> config.withStorage(value);
      case "poll.spin" -> config.withIdle(new LibOsConfig.Idle(spinNanos(key, value)));
      default -> config.withOption(key, value);
    };
  }

  /// A configuration with several more settings.
  public static LibOsConfig apply(LibOsConfig config, Map<String, String> settings) {
    LibOsConfig result = config;
    for (Map.Entry<String, String> setting : settings.entrySet()) {
      result = apply(result, setting.getKey(), setting.getValue());
    }
    return result;
  }

  private static long spinNanos(String key, String value) {
    return value.equals("always") ? Long.MAX_VALUE : Options.parseNanos(key, value);
  }
}
