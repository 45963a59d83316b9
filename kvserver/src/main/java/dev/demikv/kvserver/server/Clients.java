package dev.demikv.kvserver.server;

import dev.demikv.kvserver.command.CommandSpec;
import dev.demikv.kvserver.command.Session;
import dev.demikv.kvserver.config.ConfigKeys;
import dev.demikv.kvserver.config.ServerConfig;
import dev.demikv.kvserver.resp.RespLimits;
import dev.demikv.libos.api.ConnectionInfo;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All clients: taken in, read, run, stalled and resumed, answered, closed.
///
/// ```
///   admitted ─► popping ─► commands run ─► replies pushed ─► popping …
///                              │ may not run now
///                              ▼
///                           stalled (nothing is popped) ─► resumable ─► commands run …
///                              └─► waiting (for a batch, or the end of a pause) ─┘
/// ```
final class Clients {
  private static final Logger LOG = LoggerFactory.getLogger(Clients.class);

  private static final long RETRY_NANOS = 1_000_000;
  private static final long STALL_CHECK_NANOS = 250_000_000;
  private static final long STALL_NANOS_SHORT = 1_000_000_000;
  private static final byte[] TOO_MANY_CLIENTS =
      "-ERR max number of clients reached\r\n".getBytes(StandardCharsets.US_ASCII);

  long acceptedConnections;
  long rejectedConnections;
  long outputLimitDisconnects;
  long outputStallDisconnects;
  long queryLimitDisconnects;
  long protocolErrors;
  long bytesReceived;

  private final LibOs libos;
  private final ServerConfig config;
  private final ClientMemory memory;
  private final TurnClock now;
  private final OutputBudget outputBudget;
  private final long outputStallNanos;
  private final ConnectionTable connections;
  private final ConnectionQueue resumable;
  private final ConnectionQueue waiting;
  private final ConnectionQueue unflushed;
  private @Nullable CommandRunner runner;
  private long clientIds;
  private long stallCheckNanos;
  private long pausedUntilMillis;
  private boolean pausedForAll;
  private boolean frozen;

  Clients(LibOs libos, ServerConfig config, ClientMemory memory, TurnClock now) {
    this.libos = libos;
    this.config = config;
    this.memory = memory;
    this.now = now;
    int most = config.integer(ConfigKeys.CLIENTS);
    LibOsConfig.Limits limits = config.libOsConfig().limits();
    outputBudget = new OutputBudget(bufferBytes(limits) / 2);
    outputStallNanos = config.nanos(ConfigKeys.OUTPUT_STALL);
    connections = new ConnectionTable(most, limits.queuesMax(), this::makeConnection);
    resumable = new ConnectionQueue(most);
    waiting = new ConnectionQueue(most);
    unflushed = new ConnectionQueue(most);
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
        this,
        now,
        libos,
        memory,
        outputBudget,
        limits,
        query,
        config.bytes(ConfigKeys.OUTPUT_BUFFER));
  }

  /// Says who runs the commands; before the first client.
  void setRunner(CommandRunner newRunner) {
    runner = newRunner;
  }

  private CommandRunner runner() {
    CommandRunner r = runner;
    if (r == null) {
      throw new IllegalStateException("nobody runs the commands");
    }
    return r;
  }

  /// Takes a new client in, or turns it away when there are as many as may be.
  void admit(int qd, Endpoint remote) {
    Connection client = connections.take();
    if (client == null) {
      rejectedConnections++;
      ScatterGatherArray array = libos.sgaAlloc(TOO_MANY_CLIENTS.length);
      if (array != null) {
        array.copyFrom(0, MemorySegment.ofArray(TOO_MANY_CLIENTS), 0, TOO_MANY_CLIENTS.length);
        libos.push(qd, array);
        libos.sgaFree(array);
      }
      libos.close(qd);
      return;
    }
    acceptedConnections++;
    boolean open = config.text(ConfigKeys.REQUIREPASS).isEmpty();
    client.open(qd, new Session(++clientIds, open), remote, now.nanos());
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
    } catch (LibOsException e) {
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

  /// Takes what a client sent.
  void popped(QResult result) {
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
    client.received(result.result, now.nanos());
    bytesReceived += result.result;
    boolean fits = take(client, array);
    libos.sgaFree(array);
    if (!fits) {
      queryLimitDisconnects++;
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
        int taken = runner().run(client, bytes, offset, (long) offset + length);
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
    int taken = runner().run(client, input.memory(), input.start(), input.end());
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
        outputLimitDisconnects++;
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
    if (most > 0 && client.isOpen() && client.output.stalledNanos(now.nanos()) >= most) {
      outputStallDisconnects++;
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

  /// Goes on with clients whose stall is over. Once per turn.
  void resumeStalled() {
    if (pausedUntilMillis != 0 && now.millis() >= pausedUntilMillis) {
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

  /// A batch became free: those who wait for one go on.
  void batchFreed() {
    if (!waiting.isEmpty() && pausedUntilMillis == 0 && !frozen) {
      releaseWaiting();
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
    return frozen || (pausedUntilMillis != 0 && (pausedForAll || spec.isWrite()));
  }

  /// Runs no more commands.
  void freeze() {
    frozen = true;
  }

  /// Stops executing commands until a time.
  void pause(long untilMillis, boolean writesOnly) {
    pausedUntilMillis = Math.max(pausedUntilMillis, untilMillis);
    pausedForAll |= !writesOnly;
  }

  /// Ends a pause.
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

  /// A client sent what is no command.
  void countProtocolError() {
    protocolErrors++;
  }

  /// Ends a turn: pushes the replies that are left, closes who does not read.
  void endTurn() {
    flushReplies();
    if (outputBudget.reporting() > 0 && now.nanos() - stallCheckNanos >= STALL_CHECK_NANOS) {
      stallCheckNanos = now.nanos();
      connections.forEach(this::closeIfItDoesNotRead);
    }
  }

  /// Takes the completion of a push, if it is a client's.
  boolean onPushed(QResult result) {
    Connection client = connections.find(result.qd);
    if (client == null) {
      return false;
    }
    if (client.output.onPushed(result.qtoken, result.result)) {
      queueFlush(client);
    } else if (client.output.failed()) {
      close(client);
    }
    return true;
  }

  /// Whether the loop must not sleep.
  boolean hasWork() {
    return !resumable.isEmpty();
  }

  /// How long the loop may sleep; [Long#MAX_VALUE]: until something comes.
  long waitNanosMax() {
    long most = outputBudget.reporting() > 0 ? STALL_CHECK_NANOS : Long.MAX_VALUE;
    if (!unflushed.isEmpty()) {
      most = RETRY_NANOS;
    }
    if (pausedUntilMillis > now.millis() && !waiting.isEmpty()) {
      most = Math.min(most, (pausedUntilMillis - now.millis()) * 1_000_000);
    }
    return most;
  }

  /// Address of the server that a client is connected to.
  String localAddress(int qd) {
    return libos.getsockname(qd).toString();
  }

  /// What the transport knows of a connection.
  boolean connectionInfo(int qd, ConnectionInfo into) {
    return libos.connectionInfo(qd, into) == 0;
  }

  /// The client of a descriptor, or `null`.
  @Nullable
  Connection find(int qd) {
    return connections.find(qd);
  }

  /// Highest descriptor that a client can have.
  int qdMax() {
    return connections.qdMax();
  }

  /// Clients now.
  int count() {
    return connections.count();
  }

  /// Most clients.
  int capacity() {
    return connections.capacity();
  }

  /// Visits all clients, oldest first. The visitor may close those it is given.
  void forEach(Consumer<? super Connection> visitor) {
    connections.forEach(visitor);
  }

  /// Closes all clients.
  void closeAll() {
    connections.forEach(this::close);
  }

  /// Zeroes the counters.
  void resetStatistics() {
    acceptedConnections = 0;
    rejectedConnections = 0;
    outputLimitDisconnects = 0;
    outputStallDisconnects = 0;
    queryLimitDisconnects = 0;
    protocolErrors = 0;
    bytesReceived = 0;
  }
}
