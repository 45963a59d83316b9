package dev.demikv.libos.config;

import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Settings of a backend, by full name, with typed and checked access. Immutable.
///
/// Units: bytes as `4096`, `64k`, `64KiB`, `1m`, `1GiB` (powers of 1024); times as `50us`, `10ms`,
/// `2s`, `100ns`; booleans as `true`, `false`.
public final class Options {
  private static final Pattern BYTES = Pattern.compile("(\\d+)\\s*([kKmMgGtT]?)(?:i?[bB])?");
  private static final Pattern TIME = Pattern.compile("(\\d+)\\s*(ns|us|ms|s|m)");

  private final Map<String, String> values;

  private Options(Map<String, String> values) {
    this.values = new TreeMap<>(values);
  }

  /// Options from a map, which is copied.
  public static Options of(Map<String, String> values) {
    return new Options(values);
  }

  /// No options: every default.
  public static Options empty() {
    return new Options(Map.of());
  }

  /// Names and values, in order of name.
  public Map<String, String> asMap() {
    return Map.copyOf(values);
  }

  /// Whether a value is set.
  public boolean has(String key) {
    return values.containsKey(key);
  }

  /// These options with one more or another value.
  public Options with(String key, String value) {
    Map<String, String> copy = new TreeMap<>(values);
    copy.put(key, value);
    return new Options(copy);
  }

  /// A text.
  public String text(String key, String defaultValue) {
    String value = values.get(key);
    return value == null ? defaultValue : value;
  }

  /// A whole number within a range.
  ///
  /// @throws IllegalArgumentException naming the key, the value and the range
  public long integer(String key, long defaultValue, long least, long most) {
    String value = values.get(key);
    if (value == null) {
      return defaultValue;
    }
    try {
      return inRange(key, value, Long.parseLong(value.trim()), least, most, "");
    } catch (NumberFormatException e) {
      throw bad(key, value, "is not a whole number");
    }
  }

  /// A number of bytes within a range.
  public long bytes(String key, long defaultValue, long least, long most) {
    String value = values.get(key);
    if (value == null) {
      return defaultValue;
    }
    return inRange(key, value, parseBytes(key, value), least, most, " bytes");
  }

  /// A time in nanoseconds within a range.
  public long nanos(String key, long defaultValue, long least, long most) {
    String value = values.get(key);
    if (value == null) {
      return defaultValue;
    }
    return inRange(key, value, parseNanos(key, value), least, most, " ns");
  }

  /// A boolean.
  public boolean flag(String key, boolean defaultValue) {
    String value = values.get(key);
    if (value == null) {
      return defaultValue;
    }
    return switch (value.trim()) {
      case "true", "yes", "on", "1" -> true;
      case "false", "no", "off", "0" -> false;
      default -> throw bad(key, value, "is not true or false");
    };
  }

  /// Parses a number of bytes, as `64KiB`.
  ///
  /// @throws IllegalArgumentException naming the key and the value
  public static long parseBytes(String key, String value) {
    Matcher m = BYTES.matcher(value.trim());
    if (!m.matches()) {
      throw bad(key, value, "is not a number of bytes, as 4096, 64KiB or 1GiB");
    }
    int shift =
        switch (m.group(2)) {
          case "k", "K" -> 10;
          case "m", "M" -> 20;
          case "g", "G" -> 30;
          case "t", "T" -> 40;
          default -> 0;
        };
    return scaled(key, value, m.group(1), 1L << shift);
  }

  /// Parses a time, as `50us`, to nanoseconds.
  ///
  /// @throws IllegalArgumentException naming the key and the value
  public static long parseNanos(String key, String value) {
    if (value.trim().equals("0")) {
      return 0;
    }
    Matcher m = TIME.matcher(value.trim());
    if (!m.matches()) {
      throw bad(key, value, "is not a time, as 50us, 10ms or 2s");
    }
    long unit =
        switch (m.group(2)) {
          case "ns" -> 1L;
          case "us" -> 1_000L;
          case "ms" -> 1_000_000L;
          case "s" -> 1_000_000_000L;
          default -> 60_000_000_000L;
        };
    return scaled(key, value, m.group(1), unit);
  }

  private static long scaled(String key, String value, String digits, long unit) {
    try {
      return Math.multiplyExact(Long.parseLong(digits), unit);
    } catch (ArithmeticException | NumberFormatException e) {
      throw bad(key, value, "is too large");
    }
  }

  private static long inRange(
      String key, String value, long number, long least, long most, String unit) {
    if (number < least || number > most) {
      throw bad(key, value, "is not within " + least + " to " + most + unit);
    }
    return number;
  }

  private static IllegalArgumentException bad(String key, String value, String why) {
    return new IllegalArgumentException("option " + key + ": '" + value + "' " + why);
  }
}
