package dev.demikv.kvserver.config;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.lang.Nullable;
import java.util.List;

/// A documented key of the configuration.
///
/// @param name full name, words separated by dots
/// @param kind how its value is written
/// @param defaultValue as it would be written
/// @param least smallest value of a number, in its kind's unit (bytes, nanoseconds)
/// @param most largest value of a number
/// @param choices the words of a [Kind#CHOICE]; otherwise empty
/// @param live whether CONFIG SET may change it while the server runs
/// @param redisName name by which CONFIG knows it too, as `maxclients`; empty for none
/// @param text what it does, for people
public record ConfigKey(
    String name,
    Kind kind,
    String defaultValue,
    long least,
    long most,
    List<String> choices,
    boolean live,
    String redisName,
    String text) {

  /// How a value is written.
  public enum Kind {
    /// Any text.
    TEXT("text"),
    /// One of some words.
    CHOICE("choice"),
    /// A whole number.
    INTEGER("number"),
    /// A number of bytes, as `64KiB`.
    BYTES("bytes"),
    /// A time, as `10ms`; where it makes sense also `always`.
    TIME("time"),
    /// `true` or `false`.
    FLAG("true or false"),
    /// An address with a port, or nothing.
    ENDPOINT("address"),
    /// Addresses with ports.
    ENDPOINTS("addresses");

    private final String title;

    Kind(String title) {
      this.title = title;
    }

    /// The kind in a word, for people.
    public String title() {
      return title;
    }
  }

  /// The word of a time without end.
  static final String ALWAYS = "always";

  static ConfigKey text(String name, String defaultValue, String text) {
    return new ConfigKey(name, Kind.TEXT, defaultValue, 0, 0, List.of(), false, "", text);
  }

  static ConfigKey choice(String name, String text, String... choices) {
    return new ConfigKey(name, Kind.CHOICE, choices[0], 0, 0, List.of(choices), false, "", text);
  }

  static ConfigKey number(
      String name, Kind kind, String defaultValue, long least, long most, String text) {
    return new ConfigKey(name, kind, defaultValue, least, most, List.of(), false, "", text);
  }

  static ConfigKey flag(String name, boolean defaultValue, String text) {
    return new ConfigKey(
        name, Kind.FLAG, Boolean.toString(defaultValue), 0, 1, List.of(), false, "", text);
  }

  /// This key, changeable while the server runs.
  ConfigKey liveKey() {
    return new ConfigKey(name, kind, defaultValue, least, most, choices, true, redisName, text);
  }

  /// This key with the name that Redis's CONFIG has for it.
  ConfigKey asRedis(String redis) {
    return new ConfigKey(name, kind, defaultValue, least, most, choices, live, redis, text);
  }

  /// Checks a value.
  ///
  /// @return what is wrong with it and what to write instead, or `null` when it is right
  public @Nullable String problem(String value) {
    try {
      return switch (kind) {
        case TEXT -> null;
        case CHOICE ->
            choices.contains(value) ? null : "write one of: " + String.join(", ", choices);
        case INTEGER, BYTES, TIME -> {
          number(value);
          yield null;
        }
        case FLAG -> {
          Options.empty().with(name, value).flag(name, false);
          yield null;
        }
        case ENDPOINT -> {
          if (!value.isBlank()) {
            Endpoint.parse(value.trim());
          }
          yield null;
        }
        case ENDPOINTS -> {
          if (words(value).isEmpty()) {
            yield "write at least one address, as 127.0.0.1:6379";
          }
          for (String word : words(value)) {
            Endpoint.parse(word);
          }
          yield null;
        }
      };
    } catch (IllegalArgumentException e) {
      return withoutPrefix(e);
    }
  }

  /// The value of a number, in its unit.
  long number(String value) {
    if (kind == Kind.TIME && most == Long.MAX_VALUE && value.trim().equals(ALWAYS)) {
      return Long.MAX_VALUE;
    }
    Options options = Options.empty().with(name, value);
    try {
      return switch (kind) {
        case INTEGER -> options.integer(name, 0, least, most);
        case BYTES -> options.bytes(name, 0, least, most);
        case TIME -> options.nanos(name, 0, least, most);
        default -> throw new IllegalStateException(name + " is not a number");
      };
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(withoutPrefix(e) + "; write " + range(), e);
    }
  }

  private String withoutPrefix(IllegalArgumentException e) {
    String message = e.getMessage() == null ? "is not valid" : e.getMessage();
    String prefix = "option " + name + ": ";
    return message.startsWith(prefix) ? message.substring(prefix.length()) : message;
  }

  /// The words of a list, separated by commas or spaces.
  static List<String> words(String value) {
    return List.of(value.split("[\\s,]+")).stream().filter(w -> !w.isEmpty()).toList();
  }

  /// What may be written, for people; empty when anything may.
  public String range() {
    return switch (kind) {
      case TEXT -> "";
      case CHOICE -> String.join(" | ", choices);
      case INTEGER -> "a number from " + least + " to " + most;
      case BYTES -> "bytes from " + bytesText(least) + " to " + bytesText(most);
      case TIME ->
          "a time from "
              + timeText(least)
              + " to "
              + (most == Long.MAX_VALUE ? "any, or " + ALWAYS : timeText(most));
      case FLAG -> "true | false";
      case ENDPOINT -> "an address with a port, or empty";
      case ENDPOINTS -> "addresses with ports, separated by commas";
    };
  }

  /// A number of bytes as people write it.
  static String bytesText(long bytes) {
    String[] units = {"", "KiB", "MiB", "GiB", "TiB"};
    int unit = 0;
    long number = bytes;
    while (number != 0 && number % 1024 == 0 && unit < units.length - 1) {
      number /= 1024;
      unit++;
    }
    return number + units[unit];
  }

  /// A time as people write it.
  static String timeText(long nanos) {
    String[] units = {"ns", "us", "ms", "s"};
    int unit = 0;
    long number = nanos;
    while (number != 0 && number % 1000 == 0 && unit < units.length - 1) {
      number /= 1000;
      unit++;
    }
    return number == 0 ? "0" : number + units[unit];
  }
}
