package dev.demikv.kvserver.server;

import dev.demikv.kvserver.command.CommandDispatcher;
import dev.demikv.kvserver.command.CommandTable;
import dev.demikv.kvserver.config.ConfigKeys;
import dev.demikv.kvserver.config.ServerConfig;
import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.engine.MemoryEngine;
import dev.demikv.kvserver.metrics.MetricsEndpoint;
import dev.demikv.kvserver.persist.DataDirectory;
import dev.demikv.kvserver.persist.Recovery;
import dev.demikv.kvserver.resp.RespWriter;
import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.PageMemory;
import dev.demikv.libos.time.Clock;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The server: one thread, one library OS, one loop.
///
/// ```
///   turn:  completions ─► commands ─► batch ─► log
///                 │           └─► replies ◄── applied batches
///                 └─► snapshots, expiry, housekeeping ─► replies are pushed
/// ```
///
/// Everything belongs to the thread that opened it, but [#stop].
public final class Server implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Server.class);

  private static final int RESULTS = 256;
  private static final long RETRY_NANOS = 1_000_000;
  private static final int HOUSEKEEPING_BUDGET = 50;

  /// Ended as it was asked to.
  public static final int EXIT_OK = 0;

  /// Ended, but not everything was done in time.
  public static final int EXIT_TIMEOUT = 4;

  /// Ended, but the snapshot at the end failed.
  public static final int EXIT_SNAPSHOT_FAILED = 5;

  /// Ended by [#abort].
  static final int EXIT_ABORTED = 6;

  /// Ended because the log failed.
  public static final int EXIT_LOG_FAILED = 3;

  private final ServerConfig config;
  private final Clock clock;
  private final Arena arena = Arena.ofConfined();
  private final @Nullable DataDirectory directory;
  private final LibOs libos;
  private final Engine engine;
  private final TurnClock now = new TurnClock();
  private final ClientMemory memory;
  private final Clients clients;
  private final Listeners listeners;
  private final CommandRunner runner;
  private final @Nullable Persistence persistence;
  private final @Nullable WritePath writes;
  private final ActiveExpiry expiry;
  private final Shutdown shutdown;
  private final ServerFacts facts;
  private final @Nullable MetricsCollector metrics;
  private final @Nullable MetricsEndpoint metricsEndpoint;
  private final QResult[] results = new QResult[RESULTS];

  private boolean housekeepingLeft;
  private volatile boolean stopRequested;
  private volatile boolean aborted;

  /// Opens everything, brings the state back and listens; accepts nobody before [#run].
  ///
  /// @throws dev.demikv.kvserver.persist.DataException the data folder or the data is not usable
  /// @throws dev.demikv.libos.api.LibOsException a backend or an address is not usable
  public static Server open(ServerConfig config, Clock clock, RandomGenerator random) {
    DataDirectory directory =
        config.storage().equals("none")
            ? null
            : DataDirectory.open(config.dataDir(), config.text(ConfigKeys.ENGINE));
    try {
      LibOs libos = LibOses.open(config.libOsConfig(), clock, random);
      try {
        return new Server(config, clock, random, directory, libos);
      } catch (RuntimeException | Error e) {
        libos.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      if (directory != null) {
        directory.close();
      }
      throw e;
    }
  }

  private Server(
      ServerConfig config,
      Clock clock,
      RandomGenerator random,
      @Nullable DataDirectory directory,
      LibOs libos) {
    this.config = config;
    this.clock = clock;
    this.directory = directory;
    this.libos = libos;
    now.set(clock.wallMillis(), libos.nowNanos());
    for (int i = 0; i < RESULTS; i++) {
      results[i] = new QResult();
    }
    memory = new ClientMemory(config.bytes(ConfigKeys.CLIENT_MEMORY));
    clients = new Clients(libos, config, memory, now);
    engine =
        new MemoryEngine(config.integer(ConfigKeys.DATABASES), Long.MAX_VALUE, random.nextLong());
    RespWriter reply = new RespWriter();
    facts = new ServerFacts(this, config, clients, memory, now, libos);
    CommandDispatcher dispatcher =
        new CommandDispatcher(CommandTable.standard(), engine, facts, reply, random::nextLong);
    boolean auth = !config.text(ConfigKeys.REQUIREPASS).isEmpty();
    int perTurn = config.integer(ConfigKeys.COMMANDS_PER_TURN);
    runner = new CommandRunner(dispatcher, reply, engine, clients, now, perTurn, auth);
    clients.setRunner(runner);
    persistence = directory == null ? null : new Persistence(libos, engine, config);
    Recovery.Result found = recover();
    engine.setLimitBytes(config.bytes(ConfigKeys.MEMORY_LIMIT));
    writes = config.fsync() ? writePath(found) : null;
    if (writes != null) {
      runner.setWritePath(writes);
    }
    expiry =
        new ActiveExpiry(
            engine,
            dispatcher.statistics(),
            writes,
            arena,
            config.nanos(ConfigKeys.EXPIRY_INTERVAL));
    expiry.written(now.nanos());
    shutdown = new Shutdown(this, now, config.nanos(ConfigKeys.SHUTDOWN_TIMEOUT));
    listeners = new Listeners(libos, config.listen(), config.integer(ConfigKeys.BACKLOG));
    facts.start(dispatcher, runner, persistence, writes, expiry, listeners);
    Endpoint metricsListen = config.metricsListen();
    metrics = metricsListen == null ? null : collector(dispatcher);
    metricsEndpoint =
        metricsListen == null || metrics == null
            ? null
            : MetricsEndpoint.open(metricsListen, metrics);
  }

  private MetricsCollector collector(CommandDispatcher dispatcher) {
    return new MetricsCollector(
        libos,
        clients,
        new ServerMetrics(
            config, clients, memory, engine, libos, dispatcher, runner, persistence, writes));
  }

  private Recovery.@Nullable Result recover() {
    Persistence p = persistence;
    if (p == null) {
      return null;
    }
    p.configure();
    long begin = clock.nanoTime();
    Recovery.Result found = p.recover(runner::replay);
    LOG.info(
        "Recovered in {} ms: snapshot {} with {} entries, then {} batches with {} commands",
        (clock.nanoTime() - begin) / 1_000_000,
        found.snapshotNumber(),
        found.snapshotEntries(),
        found.batches(),
        found.commands());
    return found;
  }

  private @Nullable WritePath writePath(Recovery.@Nullable Result found) {
    Persistence p = persistence;
    if (p == null || found == null) {
      return null;
    }
    int batches = config.integer(ConfigKeys.BATCHES);
    return new WritePath(
        libos,
        engine,
        memory,
        new Applier(),
        new GrowthEstimate(engine),
        batches,
        found.lastSequence(),
        listener -> new StorageCommitLog(libos, p.commandsQd(), batches, listener));
  }

  /// The addresses that it listens on, ports filled in.
  public List<Endpoint> addresses() {
    return listeners.addresses();
  }

  /// The same as text, separated by spaces.
  public String addressText() {
    return String.join(" ", addresses().stream().map(Endpoint::toString).toList());
  }

  /// What to print at the start.
  ///
  /// @param version of the program
  public List<String> banner(String version) {
    return Banner.lines(version, config, libos.report());
  }

  /// Where metrics are served, as `127.0.0.1:9121`; empty if nowhere.
  public String metricsAddress() {
    MetricsEndpoint endpoint = metricsEndpoint;
    return endpoint == null ? "" : endpoint.address();
  }

  /// Serves until it is stopped, by [#stop], by SHUTDOWN, or because the log failed.
  ///
  /// @return exit code
  public int run() {
    start();
    while (!isOver()) {
      turn(Long.MAX_VALUE);
    }
    return exitCode();
  }

  /// Begins to accept clients. For whoever turns the loop himself, as a simulation does.
  void start() {
    listeners.start();
  }

  /// Whether the loop has come to its end.
  boolean isOver() {
    return aborted || shutdown.isOver();
  }

  /// What [#run] returns.
  int exitCode() {
    return aborted ? EXIT_ABORTED : shutdown.exitCode();
  }

  /// Asks it to end cleanly. Any thread; safe when it has ended.
  public void stop() {
    stopRequested = true;
    libos.wake();
  }

  /// Ends the loop at once: nothing more is answered, no snapshot is written. Any thread. For tests
  /// of what a crash leaves behind.
  void abort() {
    aborted = true;
    libos.wake();
  }

  /// One turn of the loop.
  ///
  /// @param sleepNanosMax how long it may sleep for want of work
  void turn(long sleepNanosMax) {
    int count = libos.waitNext(results, timeoutNanos(sleepNanosMax));
    now.set(clock.wallMillis(), libos.nowNanos());
    long writesBefore = runner.writesDone();
    for (int i = 0; i < count; i++) {
      handle(results[i]);
    }
    clients.resumeStalled();
    if (runner.writesDone() != writesBefore) {
      expiry.written(now.nanos());
    }
    expiry.turn(now.nanos(), now.millis());
    WritePath path = writes;
    if (path != null) {
      path.endTurn(now.millis());
      if (path.isFull()) {
        makeRoom(path);
      }
    }
    Persistence p = persistence;
    if (p != null) {
      p.turn(runner.writesDone(), now.millis(), now.nanos());
    }
    boolean unmapping = memory.unmapSome(2 * PageMemory.HUGE_PAGE_BYTES);
    housekeepingLeft = engine.housekeep(HOUSEKEEPING_BUDGET) || unmapping;
    clients.endTurn();
    MetricsCollector m = metrics;
    if (m != null) {
      m.turn();
    }
    if (stopRequested) {
      stopRequested = false;
      shutdown.begin(Shutdown.Mode.DEFAULT, "signal");
    }
    shutdown.turn(now.nanos());
  }

  /// The device is full: a snapshot lets the log be cut off. Until it is there writers wait; when
  /// there is no hope, they are told.
  private void makeRoom(WritePath path) {
    Persistence p = persistence;
    if (p == null || !p.makeRoom(runner.writesDone(), now.nanos())) {
      path.refuseForRoom();
    }
  }

  /// How long the loop sleeps; negative: until something comes.
  long timeoutNanos(long sleepNanosMax) {
    Persistence p = persistence;
    MetricsCollector m = metrics;
    if (sleepNanosMax == 0
        || (m != null && m.isWorking())
        || clients.hasWork()
        || housekeepingLeft
        || stopRequested
        || (p != null && p.isWorking())) {
      return 0;
    }
    long timeout = Math.min(expiry.nextNanos(), shutdown.nextNanos());
    if (p != null) {
      timeout = Math.min(timeout, p.nextNanos(runner.writesDone()));
    }
    if (timeout != Long.MAX_VALUE) {
      timeout = Math.max(0, timeout - now.nanos());
    }
    WritePath path = writes;
    if ((path != null && path.needsRetry()) || (p != null && p.needsRetry())) {
      timeout = Math.min(timeout, RETRY_NANOS);
    }
    timeout = Math.min(timeout, Math.min(clients.waitNanosMax(), sleepNanosMax));
    return timeout == Long.MAX_VALUE ? -1 : timeout;
  }

  private void handle(QResult result) {
    switch (result.opcode) {
      case POP -> clients.popped(result);
      case PUSH -> pushed(result);
      case ACCEPT -> accepted(result);
      case TRUNCATE -> truncated(result);
      case CONNECT, NONE ->
          throw new IllegalStateException("completion of " + result.opcode + " was not asked for");
    }
  }

  private void truncated(QResult result) {
    Persistence p = persistence;
    if (p != null) {
      p.onCompletion(result, now.millis(), now.nanos());
    }
  }

  private void pushed(QResult result) {
    if (clients.onPushed(result)) {
      return;
    }
    WritePath path = writes;
    if (path != null && path.log().onCompletion(result)) {
      Persistence p = persistence;
      if (p != null && !path.log().hasFailed()) {
        p.applied(path.appliedSequence(), path.log().committedPosition());
      }
      return;
    }
    Persistence p = persistence;
    if (p != null) {
      p.onCompletion(result, now.millis(), now.nanos());
    }
  }

  private void accepted(QResult result) {
    if (!listeners.has(result.qd)) {
      if (result.result > 0) {
        libos.close(result.result);
      }
      return; // The listener is closed: the server is about to end.
    }
    if (result.result < 0) {
      LOG.warn("A client could not be accepted: {}", Errno.describe(result.result));
    } else {
      clients.admit(result.result, result.remote);
    }
    listeners.accept(result.qd);
  }

  /// Takes over keys that CONFIG SET changed.
  void reconfigure() {
    engine.setLimitBytes(config.bytes(ConfigKeys.MEMORY_LIMIT));
    runner.setAuthRequired(!config.text(ConfigKeys.REQUIREPASS).isEmpty());
    expiry.setIntervalNanos(config.nanos(ConfigKeys.EXPIRY_INTERVAL));
    Persistence p = persistence;
    if (p != null) {
      p.configure();
    }
  }

  Shutdown shutdown() {
    return shutdown;
  }

  /// Takes no more clients and runs no more commands, for the end.
  void closeDoors() {
    listeners.close();
    clients.freeze();
  }

  /// Whether writes go through a log.
  boolean isDurable() {
    return writes != null;
  }

  /// Whether writes are on their way through the log.
  boolean hasPendingWrites() {
    WritePath path = writes;
    return path != null && !path.log().hasFailed() && path.pendingBatches() > 0;
  }

  @Nullable
  Persistence persistence() {
    return persistence;
  }

  long writesDone() {
    return runner.writesDone();
  }

  /// Closes clients, logs and devices. What is in flight is lost; what is acknowledged is not.
  @Override
  public void close() {
    MetricsEndpoint endpoint = metricsEndpoint;
    if (endpoint != null) {
      endpoint.close();
    }
    Persistence p = persistence;
    if (p != null) {
      p.close();
    }
    clients.closeAll();
    libos.close();
    engine.close();
    memory.close();
    arena.close();
    if (directory != null) {
      directory.close();
    }
  }

  /// What becomes of batches.
  private final class Applier implements WritePath.BatchApplier {
    @Override
    public void apply(WriteBatch batch) {
      runner.apply(batch);
    }

    @Override
    public void abandon(WriteBatch batch, String error) {
      runner.abandon(batch, error);
    }

    @Override
    public void batchFreed() {
      clients.batchFreed();
    }

    @Override
    public void logFailed(int errno) {
      LOG.error(
          "The log failed: {}. Writes are refused from now on; the server ends in {}. What was"
              + " acknowledged is on stable storage. Check the storage device, then start again.",
          Errno.describe(errno),
          config.text(ConfigKeys.FAILURE_GRACE));
      shutdown.endAfter(now.nanos() + config.nanos(ConfigKeys.FAILURE_GRACE), EXIT_LOG_FAILED);
    }
  }
}
