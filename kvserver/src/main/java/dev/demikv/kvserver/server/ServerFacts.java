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
import dev.demikv.libos.api.TcpState;
import dev.demikv.libos.lang.Nullable;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Map;
import java.util.function.Consumer;

/// What commands ask of the server, and the counters that it keeps.
final class ServerFacts implements ServerInfo {
  private final Server server;
  private final ServerConfig config;
  private final Clients clients;
  private final TurnClock now;
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
      Clients clients,
      ClientMemory memory,
      TurnClock now,
      LibOs libos) {
    this.server = server;
    this.config = config;
    this.clients = clients;
    this.now = now;
    this.memory = memory;
    this.libos = libos;
    this.startMillis = now.millis();
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
    return now.millis() * 1_000;
  }

  @Override
  public void info(InfoSection section, InfoWriter out) {
    switch (section) {
      case SERVER -> serverInfo(out);
      case CLIENTS -> {
        out.field("connected_clients", clients.count());
        out.field("maxclients", clients.capacity());
        out.field("blocked_clients", 0);
      }
      case CONNECTIONS -> connectionsInfo(out);
      case MEMORY -> {
        out.field("client_memory_used", memory.usedBytes());
        out.field("client_memory_limit", memory.budgetBytes());
        Runtime runtime = Runtime.getRuntime();
        out.field("java_heap_used", runtime.totalMemory() - runtime.freeMemory());
        out.field("java_heap_limit", runtime.maxMemory());
      }
      case PERSISTENCE -> persistenceInfo(out);
      case STATS -> {
        out.field("total_connections_received", clients.acceptedConnections);
        out.field("rejected_connections", clients.rejectedConnections);
        out.field("total_net_input_bytes", clients.bytesReceived);
        out.field("client_query_buffer_limit_disconnections", clients.queryLimitDisconnects);
        out.field("client_output_buffer_limit_disconnections", clients.outputLimitDisconnects);
        out.field("client_output_stall_disconnections", clients.outputStallDisconnects);
        out.field("protocol_errors", clients.protocolErrors);
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
    out.field("uptime_in_seconds", (now.millis() - startMillis) / 1_000);
    out.field("uptime_in_days", (now.millis() - startMillis) / 86_400_000);
    out.field("engine", config.text(ConfigKeys.ENGINE));
    out.field("durability", config.text(ConfigKeys.DURABILITY));
    out.field("network_backend", config.text(ConfigKeys.NETWORK_BACKEND));
    out.field("storage_backend", config.storage());
    out.field("java_version", Runtime.version().toString());
    out.field("jvm_uptime_ms", ManagementFactory.getRuntimeMXBean().getUptime());
  }

  private void connectionsInfo(InfoWriter out) {
    ConnectionTotals totals = new ConnectionTotals();
    clients.forEach(totals::add);
    for (TcpState state : TcpState.values()) {
      if (totals.in(state) > 0) {
        out.field("connections_" + state.text().replace('-', '_'), totals.in(state));
      }
    }
    out.field("connection_retransmissions", totals.retransmissions);
    out.field("connection_timeouts", totals.timeouts);
    out.field("connection_dsacks", totals.dsacks);
    out.field("connection_out_of_order", totals.outOfOrder);
    out.field("connection_flight_bytes", totals.flightBytes);
    out.field("connection_unsent_bytes", totals.unsentBytes);
    out.field("connection_receive_queue_bytes", totals.receiveQueueBytes);
    long measured = totals.srtt.count();
    out.field("connection_srtt_count", measured);
    out.field(
        "connection_srtt_avg_usec", measured == 0 ? 0 : totals.srtt.sumNanos() / measured / 1_000);
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
    out.field("snapshot_failures", p.failures());
    out.field("snapshot_last_error", p.lastError());
    WritePath w = parts().writes();
    out.field("aof_enabled", w == null ? 0 : 1);
    if (w != null) {
      out.field("aof_current_size", p.logBytes());
      out.field("aof_last_write_status", w.log().hasFailed() ? "err" : "ok");
      out.field("log_batches_in_flight", w.log().inFlight());
      out.field("log_last_sequence", w.lastSequence());
      out.field("log_commits", w.log().commitTimes().count());
      out.field("log_commit_usec", w.log().commitTimes().sumNanos() / 1_000);
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
  public Map<String, String> config() {
    return config.asMap();
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
    clients.resetStatistics();
  }

  @Override
  public void clients(Consumer<ClientInfo> visitor) {
    clients.forEach(visitor);
  }

  @Override
  public void pause(long untilMillis, boolean writesOnly) {
    clients.pause(untilMillis, writesOnly);
  }

  @Override
  public void unpause() {
    clients.unpause();
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
    return p.begin("BGSAVE", server.writesDone(), now.nanos())
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
    boolean saved = p != null && p.finish(now.millis(), now.nanos() + timeout);
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
