package dev.demikv.kvserver.server;

import dev.demikv.kvserver.config.ConfigKeys;
import dev.demikv.kvserver.config.ServerConfig;
import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.LibOsReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What the server says of itself when it starts: backends and their mechanisms, engine,
/// durability, limits, and what was configured.
final class Banner {
  private Banner() {}

  static List<String> lines(String version, ServerConfig config, LibOsReport report) {
    List<String> lines = new ArrayList<>();
    lines.add(
        version
            + " on Java "
            + Runtime.version()
            + ", network "
            + report.network()
            + ", storage "
            + report.storage()
            + ", engine "
            + config.text(ConfigKeys.ENGINE)
            + ", durability "
            + config.text(ConfigKeys.DURABILITY));
    for (Capability capability : report.capabilities()) {
      lines.add(
          String.format(
              Locale.ROOT,
              "  %-24s %-8s %s",
              capability.function(),
              capability.performer().name().toLowerCase(Locale.ROOT),
              capability.detail()));
    }
    lines.add(
        "  limits: clients "
            + config.text(ConfigKeys.CLIENTS)
            + ", memory "
            + config.text(ConfigKeys.MEMORY_LIMIT)
            + ", bulk "
            + config.text(ConfigKeys.BULK)
            + ", query buffer "
            + config.text(ConfigKeys.QUERY_BUFFER)
            + ", output buffer "
            + config.text(ConfigKeys.OUTPUT_BUFFER)
            + ", buffers of all clients "
            + config.text(ConfigKeys.CLIENT_MEMORY));
    for (String change : config.changes()) {
      lines.add("  " + change);
    }
    return lines;
  }
}
