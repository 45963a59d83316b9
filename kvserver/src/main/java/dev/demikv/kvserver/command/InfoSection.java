package dev.demikv.kvserver.command;

import java.util.Locale;

/// A section of INFO, in the order in which they are printed.
public enum InfoSection {
  /// Version, process, uptime.
  SERVER("Server", true),
  /// Connections.
  CLIENTS("Clients", true),
  /// What the transport knows of the connections, in sum.
  CONNECTIONS("Connections", false),
  /// Memory of the engine and of the process.
  MEMORY("Memory", true),
  /// Log and snapshots.
  PERSISTENCE("Persistence", true),
  /// Counters.
  STATS("Stats", true),
  /// Role.
  REPLICATION("Replication", true),
  /// Processor time.
  CPU("CPU", true),
  /// Loaded modules: none.
  MODULES("Modules", true),
  /// Calls by command.
  COMMANDSTATS("Commandstats", false),
  /// Errors by code.
  ERRORSTATS("Errorstats", true),
  /// Cluster mode.
  CLUSTER("Cluster", true),
  /// Keys by database.
  KEYSPACE("Keyspace", true);

  private final String title;
  private final boolean byDefault;

  InfoSection(String title, boolean byDefault) {
    this.title = title;
    this.byDefault = byDefault;
  }

  /// Name in the headline.
  public String title() {
    return title;
  }

  /// Name as an argument.
  public String argument() {
    return title.toLowerCase(Locale.ROOT);
  }

  /// Whether INFO without arguments has it.
  boolean byDefault() {
    return byDefault;
  }
}
