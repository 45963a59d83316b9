package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.resp.CommandArgs;
import java.util.EnumSet;
import java.util.Set;

/// INFO: sections of lines `name:value`.
final class InfoCommand {
  private InfoCommand() {}

  static void info(CommandContext c) {
    InfoWriter out = new InfoWriter();
    for (InfoSection section : sections(c.args())) {
      out.section(section.title());
      own(c, section, out);
      c.server().info(section, out);
    }
    c.reply().verbatim("txt", out.text());
  }

  private static Set<InfoSection> sections(CommandArgs args) {
    EnumSet<InfoSection> sections = EnumSet.noneOf(InfoSection.class);
    for (InfoSection section : InfoSection.values()) {
      boolean wanted = args.count() == 1 && section.byDefault();
      for (int i = 1; i < args.count(); i++) {
        wanted |= args.is(i, "everything") || args.is(i, section.argument());
        wanted |= args.is(i, "all") && section != InfoSection.MODULES;
        wanted |= args.is(i, "default") && section.byDefault();
      }
      if (wanted) {
        sections.add(section);
      }
    }
    return sections;
  }

  /// The lines that the commands know themselves.
  private static void own(CommandContext c, InfoSection section, InfoWriter out) {
    Engine engine = c.engine();
    Statistics statistics = c.statistics();
    switch (section) {
      case SERVER -> {
        out.field("redis_version", CommandTable.REDIS_VERSION);
        out.field("redis_mode", "standalone");
      }
      case MEMORY -> {
        out.field("used_memory", engine.usedBytes());
        out.field("maxmemory", engine.limitBytes());
        out.field("maxmemory_policy", "noeviction");
        out.field("mem_allocator", engine.name());
        engine.counters((name, value) -> out.field("engine_" + name.replace('.', '_'), value));
      }
      case STATS -> {
        out.field("total_commands_processed", statistics.commands());
        out.field("expired_keys", statistics.expired());
        out.field("evicted_keys", 0);
        out.field("keyspace_hits", statistics.hits());
        out.field("keyspace_misses", statistics.misses());
      }
      case COMMANDSTATS -> commandStatistics(c, out);
      case CLUSTER -> out.field("cluster_enabled", 0);
      case KEYSPACE -> {
        for (int db = 0; db < engine.databases(); db++) {
          if (engine.size(db) > 0) {
            out.field(
                "db" + db,
                "keys=" + engine.size(db) + ",expires=" + engine.expiring(db) + ",avg_ttl=0");
          }
        }
      }
      case CLIENTS, CONNECTIONS, PERSISTENCE, REPLICATION, CPU, MODULES, ERRORSTATS -> {
        // The server's alone.
      }
    }
  }

  private static void commandStatistics(CommandContext c, InfoWriter out) {
    Statistics statistics = c.statistics();
    for (CommandSpec spec : c.table().all()) {
      long calls = statistics.calls(spec);
      long rejections = statistics.rejections(spec);
      if (calls + rejections > 0) {
        out.field(
            "cmdstat_" + spec.name(),
            "calls="
                + calls
                + ",rejected_calls="
                + rejections
                + ",failed_calls="
                + statistics.failures(spec));
      }
    }
  }
}
