package dev.demikv.kvserver.server;

import dev.demikv.kvserver.command.CommandDispatcher;
import dev.demikv.kvserver.command.CommandSpec;
import dev.demikv.kvserver.command.CommandTable;
import dev.demikv.kvserver.command.Session;
import dev.demikv.kvserver.config.ConfigKeys;
import dev.demikv.kvserver.config.ServerConfig;
import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.engine.MemoryEngine;
import dev.demikv.kvserver.persist.DataDirectory;
import dev.demikv.kvserver.persist.Recovery;
import dev.demikv.kvserver.resp.RespLimits;
import dev.demikv.kvserver.resp.RespWriter;
import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.time.Clock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
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
  private static final long STALL_CHECK_NANOS = 250_000_000;
  private static final long STALL_NANOS_SHORT = 1_000_000_000;
  private static final int HOUSEKEEPING_BUDGET = 50;
  private static final byte[] TOO_MANY_CLIENTS =
      "-ERR max number of clients reached\r\n".getBytes(StandardCharsets.US_ASCII);

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
  private final ClientMemory memory;
  private final OutputBudget outputBudget;
  private final long outputStallNanos;
  private final ConnectionTable connections;
  private final ConnectionQueue resumable;
  private final ConnectionQueue waiting;
  private final ConnectionQueue unflushed;
  private final Listeners listeners;
  private final CommandRunner runner;
  private final @Nullable Persistence persistence;
  private final @Nullable WritePath writes;
  private final ActiveExpiry expiry;
  private final Shutdown shutdown;
  private final ServerFacts facts;
  private final QResult[] results = new QResult[RESULTS];

  private long nowMillis;
  private long nowNanos;
  private long stallCheckNanos;
  private long pausedUntilMillis;
  private boolean pausedForAll;
  private boolean housekeepingLeft;
  private long clientIds;
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
    nowMillis = clock.wallMillis();
    nowNanos = libos.nowNanos();
    for (int i = 0; i < RESULTS; i++) {
      results[i] = new QResult();
    }
    int clients = config.integer(ConfigKeys.CLIENTS);
    LibOsConfig.Limits limits = config.libOsConfig().limits();
    memory = new ClientMemory(config.bytes(ConfigKeys.CLIENT_MEMORY));
    outputBudget = new OutputBudget(bufferBytes(limits) / 2);
    outputStallNanos = config.nanos(ConfigKeys.OUTPUT_STALL);
    connections = new ConnectionTable(clients, limits.queuesMax(), this::makeConnection);
    resumable = new ConnectionQueue(clients);
    waiting = new ConnectionQueue(clients);
    unflushed = new ConnectionQueue(clients);
    engine =
        new MemoryEngine(config.integer(ConfigKeys.DATABASES), Long.MAX_VALUE, random.nextLong());
    RespWriter reply = new RespWriter();
    facts = new ServerFacts(this, config, connections, memory, libos);
    CommandDispatcher dispatcher =
        new CommandDispatcher(CommandTable.standard(), engine, facts, reply, random::nextLong);
    boolean auth = !config.text(ConfigKeys.REQUIREPASS).isEmpty();
    int perTurn = config.integer(ConfigKeys.COMMANDS_PER_TURN);
    runner = new CommandRunner(dispatcher, reply, engine, this, perTurn, auth);
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
    expiry.written(nowNanos);
    shutdown = new Shutdown(this, config.nanos(ConfigKeys.SHUTDOWN_TIMEOUT));
    listeners = new Listeners(libos, config.listen(), config.integer(ConfigKeys.BACKLOG));
    facts.start(dispatcher, runner, persistence, writes, expiry, listeners);
  }

  private static long bufferBytes(LibOsConfig.Limits limits) {
    return limits.smallBuffers() * (2L << 10)
        + limits.mediumBuffers() * (16L << 10)
        + limits.largeBuffers() * (256L << 10);
  }

  private Connection makeConnection() {
    long query = config.bytes(ConfigKeys.QUERY_BUFFER);
    RespLimits limits =
        new RespLimits(
            (int) config.bytes(ConfigKeys.BULK),
            config.integer(ConfigKeys.MULTIBULK),
            (int) query,
            (int) config.bytes(ConfigKeys.INLINE));
    return new Connection(
        this, libos, memory, outputBudget, limits, query, config.bytes(ConfigKeys.OUTPUT_BUFFER));
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
    nowMillis = clock.wallMillis();
    nowNanos = libos.nowNanos();
    long writesBefore = runner.writesDone();
    for (int i = 0; i < count; i++) {
      handle(results[i]);
    }
    resumeStalled();
    if (runner.writesDone() != writesBefore) {
      expiry.written(nowNanos);
    }
    expiry.turn(nowNanos, nowMillis);
    WritePath path = writes;
    if (path != null) {
      path.endTurn(nowMillis);
      if (path.isFull()) {
        makeRoom(path);
      }
    }
    Persistence p = persistence;
    if (p != null) {
      p.turn(runner.writesDone(), nowMillis, nowNanos);
    }
    housekeepingLeft = engine.housekeep(HOUSEKEEPING_BUDGET);
    flushReplies();
    if (outputBudget.reporting() > 0 && nowNanos - stallCheckNanos >= STALL_CHECK_NANOS) {
      stallCheckNanos = nowNanos;
      connections.forEach(this::closeIfItDoesNotRead);
    }
    if (stopRequested) {
      stopRequested = false;
      shutdown.begin(Shutdown.Mode.DEFAULT, "signal");
    }
    shutdown.turn(nowNanos);
  }

  /// The device is full: a snapshot lets the log be cut off. Until it is there writers wait; when
  /// there is no hope, they are told.
  private void makeRoom(WritePath path) {
    Persistence p = persistence;
    if (p == null || !p.makeRoom(runner.writesDone(), nowNanos)) {
      path.refuseForRoom();
    }
  }

  /// How long the loop sleeps; negative: until something comes.
  private long timeoutNanos(long sleepNanosMax) {
    Persistence p = persistence;
    if (sleepNanosMax == 0
        || !resumable.isEmpty()
        || housekeepingLeft
        || stopRequested
        || (p != null && p.isWorking())) {
      return 0;
    }
    long timeout = Math.min(expiry.nextNanos(), shutdown.nextNanos());
    if (p != null) {
      timeout = Math.min(timeout, p.nextNanos());
    }
    if (timeout != Long.MAX_VALUE) {
      timeout = Math.max(0, timeout - nowNanos);
    }
    WritePath path = writes;
    if (!unflushed.isEmpty()
        || (path != null && path.needsRetry())
        || (p != null && p.needsRetry())) {
      timeout = Math.min(timeout, RETRY_NANOS);
    }
    if (outputBudget.reporting() > 0) {
      timeout = Math.min(timeout, STALL_CHECK_NANOS);
    }
    if (pausedUntilMillis > nowMillis && !waiting.isEmpty()) {
      timeout = Math.min(timeout, (pausedUntilMillis - nowMillis) * 1_000_000);
    }
    timeout = Math.min(timeout, sleepNanosMax);
    return timeout == Long.MAX_VALUE ? -1 : timeout;
  }

  private void handle(QResult result) {
    switch (result.opcode) {
      case POP -> popped(result);
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
      p.onCompletion(result, nowMillis, nowNanos);
    }
  }

  private void pushed(QResult result) {
    Connection client = connections.find(result.qd);
    if (client != null) {
      if (client.output.onPushed(result.qtoken, result.result)) {
        queueFlush(client);
      } else if (client.output.failed()) {
        close(client);
      }
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
      p.onCompletion(result, nowMillis, nowNanos);
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
      admit(result.result, result.remote);
    }
    listeners.accept(result.qd);
  }

  private void admit(int qd, Endpoint remote) {
    Connection client = connections.take();
    if (client == null) {
      facts.rejectedConnections++;
      ScatterGatherArray array = libos.sgaAlloc(TOO_MANY_CLIENTS.length);
      if (array != null) {
        array.copyFrom(0, MemorySegment.ofArray(TOO_MANY_CLIENTS), 0, TOO_MANY_CLIENTS.length);
        libos.push(qd, array);
        libos.sgaFree(array);
      }
      libos.close(qd);
      return;
    }
    facts.acceptedConnections++;
    boolean open = config.text(ConfigKeys.REQUIREPASS).isEmpty();
    client.open(qd, new Session(++clientIds, open), remote, nowNanos);
    connections.put(client);
    libos.setsockopt(qd, SocketOption.PUSH_QUIET, 1);
    long keepalive = config.nanos(ConfigKeys.KEEPALIVE) / 1_000_000_000L;
    if (keepalive > 0) {
      setKeepalive(qd, (int) keepalive);
    }
    pop(client);
  }

  private void setKeepalive(int qd, int seconds) {
    try {
      libos.setsockopt(qd, SocketOption.KEEPALIVE, 1);
      libos.setsockopt(qd, SocketOption.KEEPALIVE_IDLE_SECONDS, seconds);
      libos.setsockopt(qd, SocketOption.KEEPALIVE_INTERVAL_SECONDS, Math.max(1, seconds / 3));
      libos.setsockopt(qd, SocketOption.KEEPALIVE_COUNT, 3);
    } catch (dev.demikv.libos.api.LibOsException e) {
      LOG.debug("This network backend has no keepalive: {}", e.getMessage());
    }
  }

  private void pop(Connection client) {
    long qtoken = libos.pop(client.qd);
    if (qtoken == -Errno.EAGAIN) {
      client.stalled = true;
      stallForTurn(client);
    } else if (qtoken < 0) {
      close(client);
    } else {
      client.popToken = qtoken;
    }
  }

  private void popped(QResult result) {
    Connection client = connections.find(result.qd);
    ScatterGatherArray array = result.sga;
    if (client == null || client.popToken != result.qtoken) {
      if (array != null) {
        libos.sgaFree(array); // Of a client that was closed meanwhile.
      }
      return;
    }
    client.popToken = 0;
    if (result.result < 0) {
      close(client);
      return;
    }
    if (array == null) {
      client.closing = true; // The client sends no more; what it asked for is still answered.
      settle(client);
      return;
    }
    client.received(nowNanos);
    facts.bytesReceived += result.result;
    boolean fits = take(client, array);
    libos.sgaFree(array);
    if (!fits) {
      facts.queryLimitDisconnects++;
      LOG.warn("Client {} closed: its query buffer is at its limit", client.address());
      close(client);
      return;
    }
    settle(client);
  }

  /// Runs the commands in popped bytes, and keeps what is left of them.
  ///
  /// @return false when there is no room for what is left
  private boolean take(Connection client, ScatterGatherArray array) {
    for (int i = 0; i < array.segmentCount(); i++) {
      MemorySegment bytes = array.memory(i);
      int offset = array.offset(i);
      int length = array.length(i);
      if (client.input.isEmpty() && !client.stalled) {
        int taken = runner.run(client, bytes, offset, (long) offset + length);
        offset += taken;
        length -= taken;
        if (length == 0 || client.closing) {
          continue;
        }
        if (!client.input.append(bytes, offset, length)) {
          return false;
        }
      } else {
        if (!client.input.append(bytes, offset, length)) {
          return false;
        }
        if (!client.stalled) {
          runInput(client);
        }
      }
    }
    return true;
  }

  private void runInput(Connection client) {
    InputBuffer input = client.input;
    int taken = runner.run(client, input.memory(), input.start(), input.end());
    if (client.closing) {
      input.clear();
    } else if (taken > 0) {
      input.consume(taken);
    }
  }

  /// After commands of a client were run: pushes its replies, and asks for more of its bytes.
  private void settle(Connection client) {
    if (!client.isOpen() || !flush(client)) {
      return;
    }
    if (client.popToken == 0 && !client.stalled && !client.closing) {
      pop(client);
    }
  }

  /// Pushes replies.
  ///
  /// @return false when the client was closed
  private boolean flush(Connection client) {
    ReplyOutput output = client.output;
    if (output.isPending()) {
      output.flush();
    }
    if (output.overflowed() || output.failed() || client.session().dropped()) {
      if (output.overflowed()) {
        facts.outputLimitDisconnects++;
        LOG.warn("Client {} closed: its output buffer is at its limit", client.address());
      }
      close(client);
      return false;
    }
    if (output.needsRetry()) {
      queueFlush(client);
    }
    if (client.closing && client.pendingCommands == 0 && !output.isPending()) {
      close(client);
      return false;
    }
    if (client.stalled && client.pendingCommands == 0 && !output.isBackedUp()) {
      queueResume(client);
    }
    return true;
  }

  /// Closes a client that has read nothing of its replies for too long; while buffers are short,
  /// that is soon.
  private void closeIfItDoesNotRead(Connection client) {
    long most = outputBudget.isShort() ? STALL_NANOS_SHORT : outputStallNanos;
    if (most > 0 && client.isOpen() && client.output.stalledNanos(nowNanos) >= most) {
      facts.outputStallDisconnects++;
      LOG.warn("Client {} closed: it does not read its replies", client.address());
      close(client);
    }
  }

  private void flushReplies() {
    for (int i = unflushed.size(); i > 0; i--) {
      Connection client = unflushed.poll();
      if (client != null) {
        client.flushQueued = false;
        if (client.isOpen()) {
          flush(client);
        }
      }
    }
  }

  private void resumeStalled() {
    if (pausedUntilMillis != 0 && nowMillis >= pausedUntilMillis) {
      unpause();
    }
    for (int i = resumable.size(); i > 0; i--) {
      Connection client = resumable.poll();
      if (client == null) {
        continue;
      }
      client.resumeQueued = false;
      if (client.isOpen() && client.stalled && !client.output.isBackedUp()) {
        client.stalled = false;
        if (!client.input.isEmpty()) {
          runInput(client);
        }
        settle(client);
      }
    }
  }

  private void queueFlush(Connection client) {
    if (!client.flushQueued) {
      client.flushQueued = true;
      unflushed.add(client);
    }
  }

  private void queueResume(Connection client) {
    if (!client.resumeQueued && !client.waitQueued) {
      client.resumeQueued = true;
      resumable.add(client);
    }
  }

  private void queueWait(Connection client) {
    client.stalled = true;
    if (!client.waitQueued) {
      client.waitQueued = true;
      waiting.add(client);
    }
  }

  private void releaseWaiting() {
    for (int i = waiting.size(); i > 0; i--) {
      Connection client = waiting.poll();
      if (client != null) {
        client.waitQueued = false;
        if (client.isOpen()) {
          queueResume(client);
        }
      }
    }
  }

  /// Stalls a client until the next turn: it had its share of this one.
  void stallForTurn(Connection client) {
    client.stalled = true;
    queueResume(client);
  }

  /// Stalls a client until a batch is free.
  void stallForBatch(Connection client) {
    queueWait(client);
  }

  /// Stalls a client until the pause is over.
  void stallForPause(Connection client) {
    queueWait(client);
  }

  /// A command that was in a batch is answered.
  void commandDone(Connection client) {
    client.pendingCommands--;
    queueFlush(client);
  }

  /// Whether a command must wait for the end of a pause.
  boolean isPaused(CommandSpec spec) {
    return pausedUntilMillis != 0 && (pausedForAll || spec.isWrite());
  }

  void pause(long untilMillis, boolean writesOnly) {
    pausedUntilMillis = Math.max(pausedUntilMillis, untilMillis);
    pausedForAll |= !writesOnly;
  }

  void unpause() {
    pausedUntilMillis = 0;
    pausedForAll = false;
    releaseWaiting();
  }

  /// Closes a client, after its replies when it has some coming.
  void kill(Connection client) {
    client.closing = true;
    queueFlush(client);
  }

  private void close(Connection client) {
    int qd = client.qd;
    connections.remove(client);
    client.release();
    libos.close(qd);
  }

  void countProtocolError() {
    facts.protocolErrors++;
  }

  /// Time of the turn in milliseconds since the Unix epoch.
  long nowMillis() {
    return nowMillis;
  }

  /// Monotonic time of the turn.
  long nowNanos() {
    return nowNanos;
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

  String localAddress(int qd) {
    return libos.getsockname(qd).toString();
  }

  Shutdown shutdown() {
    return shutdown;
  }

  /// Takes no more clients, for the end.
  void closeListeners() {
    listeners.close();
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
    Persistence p = persistence;
    if (p != null) {
      p.close();
    }
    connections.forEach(this::close);
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
      if (!waiting.isEmpty() && pausedUntilMillis == 0) {
        releaseWaiting();
      }
    }

    @Override
    public void logFailed(int errno) {
      LOG.error(
          "The log failed: {}. Writes are refused from now on; the server ends in {}. What was"
              + " acknowledged is on stable storage. Check the storage device, then start again.",
          Errno.describe(errno),
          config.text(ConfigKeys.FAILURE_GRACE));
      shutdown.endAfter(nowNanos + config.nanos(ConfigKeys.FAILURE_GRACE), EXIT_LOG_FAILED);
    }
  }
}
