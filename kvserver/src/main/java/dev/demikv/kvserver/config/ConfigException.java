package dev.demikv.kvserver.config;

/// The configuration is wrong. The message names the key, its value, where it was set, and what to
/// write instead.
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// @param message whole sentences for the user
  public ConfigException(String message) {
    super(message);
  }
}
