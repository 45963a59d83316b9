package dev.demikv.kvserver.server;

import dev.demikv.kvserver.command.CommandDispatcher;
import dev.demikv.kvserver.command.CommandSpec;
import dev.demikv.kvserver.command.CommandTable;
import dev.demikv.kvserver.command.Statistics;
import dev.demikv.kvserver.config.ConfigKeys;
import dev.demikv.kvserver.config.ServerConfig;
import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.metrics.MetricFamily;
import dev.demikv.kvserver.metrics.MetricsSample;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.LibOsReport;
import dev.demikv.libos.api.TcpState;
import dev.demikv.libos.lang.Nullable;

/// The server as metrics: the numbers of INFO under the names of Prometheus. Called in the loop's
/// thread; the number of series does not depend on clients or keys.
final class ServerMetrics {
  private static final String DROPS = "network.net.drop.";
  private static final String ERRORS = "network.kernel.errors.";
  private static final String XSTATS = "network.dpdk.xstat.";
  private static final String BUFFERS = "buffers-";

  private final ServerConfig config;
  private final Clients clients;
  private final ClientMemory memory;
  private final Engine engine;
  private final LibOs libos;
  private final CommandDispatcher dispatcher;
  private final CommandRunner runner;
  private final @Nullable Persistence persistence;
  private final @Nullable WritePath writes;

  ServerMetrics(
      ServerConfig config,
      Clients clients,
      ClientMemory memory,
      Engine engine,
      LibOs libos,
      CommandDispatcher dispatcher,
      CommandRunner runner,
      @Nullable Persistence persistence,
      @Nullable WritePath writes) {
    this.config = config;
    this.clients = clients;
    this.memory = memory;
    this.engine = engine;
    this.libos = libos;
    this.dispatcher = dispatcher;
    this.runner = runner;
    this.persistence = persistence;
    this.writes = writes;
  }

  /// Adds everything.
  ///
  /// @param totals of the connections
  void fill(MetricsSample out, ConnectionTotals totals) {
    LibOsReport report = libos.report();
    out.info(
        "demikv",
        "What the server is.",
        "redis_version",
        CommandTable.REDIS_VERSION,
        "java_version",
        Runtime.version().toString(),
        "engine",
        config.text(ConfigKeys.ENGINE),
        "durability",
        config.text(ConfigKeys.DURABILITY),
        "network",
        report.network(),
        "storage",
        report.storage());
    clients(out);
    commands(out);
    keyspace(out);
    persistence(out);
    connections(out, totals);
    report.counters().forEach((name, value) -> libos(out, name, value));
  }

  private void clients(MetricsSample out) {
    out.gauge("demikv_clients_connected", "Clients connected.", clients.count());
    out.gauge("demikv_clients_max", "Most clients, limits.clients.", clients.capacity());
    out.counter("demikv_clients_accepted", "Clients taken in.", clients.acceptedConnections);
    out.counter(
        "demikv_clients_rejected",
        "Clients turned away because there were as many as may be.",
        clients.rejectedConnections);
    out.counters("demikv_clients_disconnected", "Clients that were closed, by limit.")
        .add(clients.queryLimitDisconnects, "limit", "query-buffer")
        .add(clients.outputLimitDisconnects, "limit", "output-buffer")
        .add(clients.outputStallDisconnects, "limit", "output-stall");
    out.counter("demikv_protocol_errors", "What was no command.", clients.protocolErrors);
    out.counter("demikv_client_received_bytes", "Bytes from clients.", clients.bytesReceived);
    out.gauge(
        "demikv_client_memory_used_bytes",
        "Memory of half-received commands and unread replies.",
        memory.usedBytes());
    out.gauge(
        "demikv_client_memory_limit_bytes",
        "Its limit, limits.client-memory.",
        memory.budgetBytes());
  }

  private void commands(MetricsSample out) {
    Statistics statistics = dispatcher.statistics();
    out.counter("demikv_commands_processed", "Commands executed.", statistics.commands());
    MetricFamily calls = out.counters("demikv_command_calls", "Commands executed, by command.");
    MetricFamily rejections =
        out.counters("demikv_command_rejections", "Commands refused before they were executed.");
    MetricFamily failures =
        out.counters("demikv_command_failures", "Commands executed and answered with an error.");
    for (CommandSpec spec : dispatcher.table().all()) {
      if (statistics.calls(spec) + statistics.rejections(spec) > 0) {
        calls.add(statistics.calls(spec), "command", spec.name());
        rejections.add(statistics.rejections(spec), "command", spec.name());
        failures.add(statistics.failures(spec), "command", spec.name());
      }
    }
  }

  private void keyspace(MetricsSample out) {
    Statistics statistics = dispatcher.statistics();
    out.counter("demikv_keyspace_hits", "Keys that reads found.", statistics.hits());
    out.counter("demikv_keyspace_misses", "Keys that reads did not find.", statistics.misses());
    out.counter(
        "demikv_expired_keys", "Keys removed because their time had come.", statistics.expired());
    MetricFamily keys = out.gauges("demikv_keys", "Keys by database; empty ones are left out.");
    MetricFamily expiring = out.gauges("demikv_keys_expiring", "Keys that will expire.");
    for (int db = 0; db < engine.databases(); db++) {
      if (engine.size(db) > 0) {
        keys.add(engine.size(db), "db", Integer.toString(db));
        expiring.add(engine.expiring(db), "db", Integer.toString(db));
      }
    }
    out.gauge("demikv_memory_used_bytes", "Memory of keys and values.", engine.usedBytes());
    out.gauge("demikv_memory_limit_bytes", "Its limit, memory.limit.", engine.limitBytes());
    engine.counters((name, value) -> {
      String metric = "demikv_engine_" + words(name);
      String help = "Counter " + name + " of the engine.";
      if (name.equals("refused_writes")) {
        out.counter(metric, help, value);
      } else {
        out.gauge(metric, help, value);
      }
    });
  }

  private void persistence(MetricsSample out) {
    Persistence p = persistence;
    if (p == null) {
      return;
    }
    out.gauge(
        "demikv_writes_since_snapshot",
        "Writes since the last snapshot.",
        runner.writesDone() - p.savedWrites());
    out.gauge("demikv_snapshot_in_progress", "1 while a snapshot is written.", p.isBusy() ? 1 : 0);
    out.gauge(
        "demikv_snapshot_last_timestamp_seconds",
        "When the last snapshot was complete, since the Unix epoch; 0 if never.",
        p.lastSaveMillis() / 1e3);
    out.gauge(
        "demikv_snapshot_last_duration_seconds", "Time it took.", p.lastDurationNanos() / 1e9);
    out.gauge("demikv_snapshot_last_ok", "1 if it succeeded.", p.lastSaveOk() ? 1 : 0);
    out.counter("demikv_snapshots", "Snapshots completed.", p.snapshots());
    out.counter("demikv_snapshot_failures", "Snapshots given up.", p.failures());
    WritePath w = writes;
    if (w == null) {
      return;
    }
    out.gauge("demikv_log_size_bytes", "Log that a restart would read.", p.logBytes());
    out.gauge("demikv_log_failed", "1 when the log failed for good.", w.log().hasFailed() ? 1 : 0);
    out.gauge("demikv_log_batches_in_flight", "Batches on their way.", w.log().inFlight());
    out.gauge("demikv_log_last_sequence", "Number of the last batch.", w.lastSequence());
    out.histogram(
        "demikv_log_commit_seconds",
        "Time from a batch's proposal until it was on stable storage, to a turn of the loop.",
        w.log().commitTimes());
  }

  private static void connections(MetricsSample out, ConnectionTotals totals) {
    MetricFamily states =
        out.gauges("demikv_connections", "Open connections by state of the transport.");
    for (TcpState state : TcpState.values()) {
      if (totals.known > 0) {
        states.add(totals.in(state), "state", state.text());
      }
    }
    out.gaugeHistogram(
        "demikv_connection_srtt_seconds",
        "Smoothed round-trip times of the open connections.",
        totals.srtt);
    String open = " by the connections that are open now.";
    out.gauge(
        "demikv_connection_retransmissions", "Segments sent again" + open, totals.retransmissions);
    out.gauge("demikv_connection_timeouts", "Retransmission timeouts" + open, totals.timeouts);
    out.gauge("demikv_connection_dsacks", "D-SACKs got" + open, totals.dsacks);
    out.gauge(
        "demikv_connection_out_of_order", "Segments got out of order" + open, totals.outOfOrder);
    out.gauge("demikv_connection_flight_bytes", "Bytes in flight.", totals.flightBytes);
    out.gauge("demikv_connection_unsent_bytes", "Bytes not yet sent.", totals.unsentBytes);
    out.gauge(
        "demikv_connection_receive_queue_bytes",
        "Bytes received and not yet popped.",
        totals.receiveQueueBytes);
  }

  /// A counter of the library OS. Where a name has a part that is a value, that becomes a label.
  private static void libos(MetricsSample out, String name, long value) {
    if (name.startsWith(DROPS)) {
      out.counters("demikv_network_drops", "Packets dropped, by reason.")
          .add(value, "reason", name.substring(DROPS.length()));
    } else if (name.startsWith(ERRORS)) {
      out.counters("demikv_network_errors", "Errors of kernel sockets, by errno.")
          .add(value, "errno", name.substring(ERRORS.length()));
    } else if (name.startsWith(XSTATS)) {
      out.unknowns("demikv_network_xstat", "Extended statistics of the DPDK port.")
          .add(value, "name", name.substring(XSTATS.length()));
    } else if (name.startsWith(BUFFERS) && name.indexOf('.') > 0) {
      int dot = name.indexOf('.');
      String metric = "demikv_libos_buffers_" + words(name.substring(dot + 1));
      String bytes = name.substring(BUFFERS.length(), dot);
      kind(out, name, metric, "Buffers of the library OS, by their bytes.")
          .add(value, "bytes", bytes);
    } else {
      String help = "Counter " + name + " of the library OS.";
      kind(out, name, "demikv_libos_" + words(name), help).add(value);
    }
  }

  private static MetricFamily kind(MetricsSample out, String name, String metric, String help) {
    return LibOsReport.isGauge(name) ? out.gauges(metric, help) : out.counters(metric, help);
  }

  private static String words(String name) {
    return name.replace('.', '_').replace('-', '_');
  }
}
