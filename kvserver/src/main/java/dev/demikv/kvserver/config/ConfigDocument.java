package dev.demikv.kvserver.config;

import java.util.ArrayList;
import java.util.List;

/// The table of keys as text for people.
public final class ConfigDocument {
  private static final int COLUMNS = 100;

  private ConfigDocument() {}

  /// The commented configuration file: every key with its default, as in configs/kvserver.conf.
  public static String file(ConfigKeys keys) {
    StringBuilder out = new StringBuilder();
    out.append("# Configuration of kvserver, with every key at its default.\n");
    out.append("# Made by `kvserver --help-config`; a test holds the two together.\n");
    out.append("# HOCON: values that contain ':' stand in quotes. Bytes: 4096, 64KiB, 1GiB.");
    out.append(" Times: 50us, 10ms, 2s.\n");
    out.append("# Any key can also be given on the command line: kvserver --set key=value\n");
    for (ConfigKey key : keys.all()) {
      out.append('\n');
      for (String line : wrap(key.text(), COLUMNS - 2)) {
        out.append("# ").append(line).append('\n');
      }
      String range = key.range();
      if (!range.isEmpty() || key.live()) {
        out.append("# (").append(range);
        out.append(range.isEmpty() || !key.live() ? "" : "; ");
        out.append(key.live() ? "CONFIG SET can change it" : "").append(")\n");
      }
      out.append(key.name()).append(" = ").append(quoted(key.defaultValue())).append('\n');
    }
    return out.toString();
  }

  private static String quoted(String value) {
    return value.matches("[A-Za-z0-9._/-]+") ? value : '"' + value + '"';
  }

  private static List<String> wrap(String text, int columns) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ", -1)) {
      if (line.length() > 0 && line.length() + 1 + word.length() > columns) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.length() > 0 ? " " : "").append(word);
    }
    lines.add(line.toString());
    return lines;
  }
}
