package dev.demikv.kvserver.server;

import dev.demikv.kvserver.command.ClientInfo;
import dev.demikv.kvserver.command.CommandDispatcher;
import dev.demikv.kvserver.command.InfoSection;
import dev.demikv.kvserver.command.InfoWriter;
import dev.demikv.kvserver.command.ServerInfo;
import dev.demikv.kvserver.config.ConfigException;
import dev.demikv.kvserver.config.ConfigKeys;
import dev.demikv.kvserver.config.ServerConfig;
import dev.demikv.kvserver.engine.Slice;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.lang.Nullable;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/// What commands ask of the server, and the counters that it keeps.
final class ServerFacts implements ServerInfo {
  long acceptedConnections;
  long rejectedConnections;
  long outputLimitDisconnects;
  long outputStallDisconnects;
  long queryLimitDisconnects;
  long protocolErrors;
  long bytesReceived;

  private final Server server;
  private final ServerConfig config;
  private final ConnectionTable connections;
  private final ClientMemory memory;
  private final LibOs libos;
  private final long startMillis;
  private @Nullable Parts parts;

  private record Parts(
      CommandDispatcher dispatcher,
      CommandRunner runner,
      @Nullable Persistence persistence,
      @Nullable WritePath writes,
      ActiveExpiry expiry,
      Listeners listeners) {}

  ServerFacts(
      Server server,
      ServerConfig config,
      ConnectionTable connections,
      ClientMemory memory,
      LibOs libos) {
    this.server = server;
    this.config = config;
    this.connections = connections;
    this.memory = memory;
    this.libos = libos;
    this.startMillis = server.nowMillis();
  }

  /// Makes known what is made later than this.
  void start(
      CommandDispatcher dispatcher,
      CommandRunner runner,
      @Nullable Persistence persistence,
      @Nullable WritePath writes,
      ActiveExpiry expiry,
      Listeners listeners) {
    parts = new Parts(dispatcher, runner, persistence, writes, expiry, listeners);
  }

  private Parts parts() {
    Parts p = parts;
    if (p == null) {
      throw new IllegalStateException("the server has not started");
    }
    return p;
  }

  @Override
  public long nowMicros() {
    return server.nowMillis() * 1_000;
  }

  @Override
  public void info(InfoSection section, InfoWriter out) {
    switch (section) {
      case SERVER -> serverInfo(out);
      case CLIENTS -> {
        out.field("connected_clients", connections.count());
        out.field("maxclients", connections.capacity());
        out.field("blocked_clients", 0);
      }
      case MEMORY -> {
        out.field("client_memory_used", memory.usedBytes());
        out.field("client_memory_limit", memory.budgetBytes());
        Runtime runtime = Runtime.getRuntime();
        out.field("java_heap_used", runtime.totalMemory() - runtime.freeMemory());
        out.field("java_heap_limit", runtime.maxMemory());
      }
      case PERSISTENCE -> persistenceInfo(out);
      case STATS -> {
        out.field("total_connections_received", acceptedConnections);
        out.field("rejected_connections", rejectedConnections);
        out.field("total_net_input_bytes", bytesReceived);
        out.field("client_query_buffer_limit_disconnections", queryLimitDisconnects);
        out.field("client_output_buffer_limit_disconnections", outputLimitDisconnects);
        out.field("client_output_stall_disconnections", outputStallDisconnects);
        out.field("protocol_errors", protocolErrors);
        libos.report().counters().forEach((name, value) -> out.field("libos." + name, value));
      }
      case REPLICATION -> {
        out.field("role", "master");
        out.field("connected_slaves", 0);
      }
      case CPU, MODULES, COMMANDSTATS, ERRORSTATS, KEYSPACE -> {}
      case CLUSTER -> out.field("cluster_enabled", 0);
    }
  }

  private void serverInfo(InfoWriter out) {
    out.field("process_id", ProcessHandle.current().pid());
    out.field("tcp_port", parts().listeners().addresses().get(0).port());
    out.field("uptime_in_seconds", (server.nowMillis() - startMillis) / 1_000);
    out.field("uptime_in_days", (server.nowMillis() - startMillis) / 86_400_000);
    out.field("engine", config.text(ConfigKeys.ENGINE));
    out.field("durability", config.text(ConfigKeys.DURABILITY));
    out.field("network_backend", config.text(ConfigKeys.NETWORK_BACKEND));
    out.field("storage_backend", config.storage());
    out.field("java_version", Runtime.version().toString());
    out.field("jvm_uptime_ms", ManagementFactory.getRuntimeMXBean().getUptime());
  }

  private void persistenceInfo(InfoWriter out) {
    out.field("loading", 0);
    Persistence p = parts().persistence();
    if (p == null) {
      return;
    }
    out.field("rdb_changes_since_last_save", parts().runner().writesDone() - p.savedWrites());
    out.field("rdb_bgsave_in_progress", p.isBusy() ? 1 : 0);
    out.field("rdb_last_save_time", p.lastSaveMillis() / 1_000);
    out.field("rdb_last_bgsave_status", p.lastSaveOk() ? "ok" : "err");
    out.field("rdb_last_bgsave_time_sec", p.lastDurationNanos() / 1_000_000_000L);
    out.field("rdb_saves", p.snapshots());
    WritePath w = parts().writes();
    out.field("aof_enabled", w == null ? 0 : 1);
    if (w != null) {
      out.field("aof_current_size", p.logBytes());
      out.field("aof_last_write_status", w.log().hasFailed() ? "err" : "ok");
      out.field("log_batches_in_flight", w.log().inFlight());
      out.field("log_last_sequence", w.lastSequence());
    }
  }

  @Override
  public boolean authRequired() {
    return !config.text(ConfigKeys.REQUIREPASS).isEmpty();
  }

  @Override
  public boolean authenticate(Slice user, Slice password) {
    byte[] wanted = config.text(ConfigKeys.REQUIREPASS).getBytes(StandardCharsets.UTF_8);
    boolean known = user.toString().equals("default");
    return MessageDigest.isEqual(wanted, password.toByteArray()) && known;
  }

  @Override
  public List<String> configNames() {
    return List.copyOf(config.asMap().keySet());
  }

  @Override
  public @Nullable String config(String name) {
    Map<String, String> all = config.asMap();
    return all.get(name.toLowerCase(Locale.ROOT));
  }

  @Override
  public @Nullable String setConfig(String name, String value) {
    try {
      if (!config.setLive(name, value)) {
        return "can't set immutable config";
      }
    } catch (ConfigException e) {
      return e.getMessage();
    }
    server.reconfigure();
    return null;
  }

  @Override
  public void resetStatistics() {
    acceptedConnections = 0;
    rejectedConnections = 0;
    outputLimitDisconnects = 0;
    outputStallDisconnects = 0;
    queryLimitDisconnects = 0;
    protocolErrors = 0;
    bytesReceived = 0;
  }

  @Override
  public void clients(Consumer<ClientInfo> visitor) {
    connections.forEachInfo(visitor);
  }

  @Override
  public void pause(long untilMillis, boolean writesOnly) {
    server.pause(untilMillis, writesOnly);
  }

  @Override
  public void unpause() {
    server.unpause();
  }

  @Override
  public void setActiveExpiry(boolean on) {
    parts().expiry().setEnabled(on);
  }

  @Override
  public @Nullable String saveInBackground() {
    Persistence p = parts().persistence();
    if (p == null) {
      return "ERR no storage backend is configured";
    }
    if (p.isBusy()) {
      return "ERR Background save already in progress";
    }
    return p.begin("BGSAVE", server.writesDone(), server.nowNanos())
        ? null
        : "ERR the storage does not take a snapshot now, see the server's log";
  }

  @Override
  public @Nullable String saveNow() {
    String refused = saveInBackground();
    if (refused != null) {
      return refused;
    }
    Persistence p = parts().persistence();
    long timeout = config.nanos(ConfigKeys.SHUTDOWN_TIMEOUT);
    boolean saved = p != null && p.finish(server.nowMillis(), server.nowNanos() + timeout);
    return saved ? null : "ERR the snapshot failed or goes on in the background, see the log";
  }

  @Override
  public long lastSaveSeconds() {
    Persistence p = parts().persistence();
    return p == null || p.lastSaveMillis() == 0 ? startMillis / 1_000 : p.lastSaveMillis() / 1_000;
  }

  @Override
  public @Nullable String shutdown(ShutdownMode mode) {
    Shutdown.Mode own =
        switch (mode) {
          case DEFAULT -> Shutdown.Mode.DEFAULT;
          case SAVE -> Shutdown.Mode.SAVE;
          case NOSAVE -> Shutdown.Mode.NOSAVE;
        };
    if (own == Shutdown.Mode.SAVE && parts().persistence() == null) {
      return "ERR no storage backend is configured";
    }
    server.shutdown().begin(own, "SHUTDOWN");
    return null;
  }
}
