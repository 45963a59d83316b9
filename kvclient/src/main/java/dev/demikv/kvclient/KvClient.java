package dev.demikv.kvclient;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.time.Clock;
import dev.demikv.libos.time.SystemClock;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/// One connection to a server, for one thread, in three styles:
///
/// - **blocking**: [#execute], [#get], [#set], …: one command, one reply;
/// - **pipelined**: [#pipeline]: many commands, one flush, replies in order;
/// - **completions**: [#submit] and [#poll]: commands under way while other work is done, without
///   allocation.
///
/// A client owns a LibOs ([#open]) or lives in the loop of one that others use too ([#on]). In a
/// shared loop the blocking styles wait for their own tokens only; whoever calls [LibOs#waitNext]
/// there hands each result to [#onCompletion], and calls [#poll] with a time-out of 0 once per
/// turn, at the latest after [#nanosToNextTimer]. For many clients in one loop there is
/// [KvClientGroup].
///
/// **Order.** Commands are executed in the order they were submitted. The blocking styles may be
/// used only while no submitted command is outstanding.
///
/// **Failures.** A lost connection is made again when there is a command to send. A command that
/// was not sent waits for it; one that may have been sent fails, and says whether its outcome is
/// unknown. A blocking call repeats read-only commands, and those that were certainly not executed
/// ([KvClientConfig#readRetriesMax] times), and nothing else.
///
/// **Threads.** A client belongs to the thread that made it. For more threads make more clients: a
/// connection each is what one loop per core wants, and there is no lock to share. Where a device
/// can be opened only once, the threads of a process share its loop: [SharedLoop].
public final class KvClient extends BlockingClient {
  private static final int RESULTS = 16;

  /// After so long without a reply, a blocking call first looks whether the connection still is.
  private static final long IDLE_NANOS = 10_000_000;

  /// Fields of the group that the client is in.
  int groupIndex;

  boolean touched;
  boolean ready;

  private final KvClientConfig config;
  private final LibOs libos;
  private final boolean ownsLibOs;
  private final @Nullable KvClientGroup group;
  private final int tag;
  private final Clock clock;
  private final Connection connection;
  private final QResult[] results = new QResult[RESULTS];
  private final Completion[] single = {new Completion()};
  private final long[] waitTokens = new long[4];
  private int idleQd;
  private long idleToken;
  private long commandTimeoutNanos;
  private boolean closed;

  private KvClient(
      LibOs libos,
      boolean ownsLibOs,
      @Nullable KvClientGroup group,
      int tag,
      KvClientConfig config,
      Clock clock,
      RandomGenerator random) {
    this.config = config;
    this.libos = libos;
    this.ownsLibOs = ownsLibOs;
    this.group = group;
    this.tag = tag;
    this.clock = clock;
    this.commandTimeoutNanos = config.commandTimeoutNanos();
    this.connection =
        new Connection(
            libos,
            config,
            Addresses.of(config.host(), config.port()),
            new Backoff(config.reconnect(), random));
    for (int i = 0; i < RESULTS; i++) {
      results[i] = new QResult();
    }
  }

  /// Opens a LibOs, connects, and waits until the server has greeted.
  ///
  /// @throws KvException when the first attempt fails
  /// @throws dev.demikv.libos.api.LibOsException when the LibOs cannot be opened
  public static KvClient open(KvClientConfig config) {
    KvClient client = openLazily(config, SystemClock.INSTANCE, new SplittableRandom());
    try {
      client.connect();
    } catch (KvException e) {
      client.close();
      throw e;
    }
    return client;
  }

  /// Opens a LibOs with given time and randomness; connects with the first command.
  ///
  /// @param random for the jitter of reconnection
  public static KvClient openLazily(KvClientConfig config, Clock clock, RandomGenerator random) {
    LibOs libos = LibOses.open(config.libos(), clock, random);
    try {
      return new KvClient(libos, true, null, 0, config, clock, random);
    } catch (RuntimeException e) {
      libos.close();
      throw e;
    }
  }

  /// A client in the loop of a LibOs that the caller keeps; connects with the first command.
  ///
  /// @param libos stays open when the client is closed; must outlive it
  /// @param config [KvClientConfig#libos] is not looked at
  /// @param clock the clock of that LibOs
  /// @param random for the jitter of reconnection
  public static KvClient on(
      LibOs libos, KvClientConfig config, Clock clock, RandomGenerator random) {
    return new KvClient(libos, false, null, 0, config, clock, random);
  }

  /// A client of a group.
  static KvClient in(
      KvClientGroup group,
      int tag,
      LibOs libos,
      KvClientConfig config,
      Clock clock,
      RandomGenerator random) {
    return new KvClient(libos, false, group, tag, config, clock, random);
  }

  /// Connects, unless connected, and waits until the server has greeted.
  ///
  /// @throws KvException when the attempt fails; a later command tries again
  public void connect() {
    checkOpen();
    long now = clock.nanoTime();
    long failures = connection.failedAttemptCount();
    connection.connectNow(now);
    while (connection.state() != Connection.State.READY) {
      if (connection.failedAttemptCount() != failures) {
        throw lastFailure();
      }
      connection.advance(now);
      turn(Math.max(0, connection.nanosToNextTimer(now)));
      now = clock.nanoTime();
    }
  }

  /// The number that it was added to its [KvClientGroup] with; 0 without a group.
  public int tag() {
    return tag;
  }

  /// Whether the server has greeted and the connection is not known to be lost.
  public boolean isConnected() {
    return connection.state() == Connection.State.READY;
  }

  /// The protocol version of the connection: 2 or 3.
  public int protocolVersion() {
    return connection.protocolVersion();
  }

  /// Changes the time-out of the commands that follow.
  ///
  /// @param nanos > 0
  public void setCommandTimeoutNanos(long nanos) {
    ReplyLimits.check("commandTimeoutNanos", nanos, 1, KvClientConfig.NANOS_MAX);
    commandTimeoutNanos = nanos;
  }

  // ---- blocking

  /// SELECT, remembered for connections to come.
  public void select(int database) {
    ReplyLimits.check("database", database, 0, Integer.MAX_VALUE);
    execute(scratch.reset("SELECT").arg(database));
    connection.setDatabase(database);
  }

  /// Notes the database that a SELECT of the caller's own chose, for connections to come.
  public void rememberDatabase(int database) {
    ReplyLimits.check("database", database, 0, Integer.MAX_VALUE);
    connection.setDatabase(database);
  }

  /// The database that the next connection selects.
  public int database() {
    return connection.database();
  }

  @Override
  long begin() {
    checkOpen();
    if (connection.outstandingCount() > 0) {
      throw new IllegalStateException(
          "submitted commands are outstanding; poll them before a blocking call");
    }
    long begun = clock.nanoTime();
    if (connection.idleNanos(begun) >= IDLE_NANOS) {
      // The server may have hung up meanwhile: better to see it before a command is on its way.
      turn(0);
      connection.collect(single, begun);
    }
    return begun;
  }

  @Override
  Completion attempt(Command command, long nowNanos, long timeoutNanos) {
    if (connection.submit(command, nowNanos, timeoutNanos) < 0) {
      throw tooLarge(command);
    }
    return awaitOne();
  }

  @Override
  long nowNanos() {
    return clock.nanoTime();
  }

  @Override
  long timeoutNanos() {
    return commandTimeoutNanos;
  }

  @Override
  int readRetriesMax() {
    return config.readRetriesMax();
  }

  private Completion awaitOne() {
    while (poll(single, Long.MAX_VALUE) == 0) {
      checkOpen();
    }
    return single[0];
  }

  KvException tooLarge(Command command) {
    return new KvException.LimitExceeded(
        "a command of "
            + command.encodedLength()
            + " bytes exceeds requestBytesMax = "
            + config.requestBytesMax(),
        false);
  }

  // ---- pipelined

  /// A pipeline of this client.
  ///
  /// @param commandsMax most commands between two flushes, ≥ 1
  public Pipeline pipeline(int commandsMax) {
    return new Pipeline(this, commandsMax);
  }

  // ---- completions

  /// Takes a command in; it is sent with the next [#poll]. The command is copied and may be used
  /// again at once.
  ///
  /// @return its id, > 0; -EAGAIN (too many in flight, or too many bytes wait: poll first);
  ///   -EMSGSIZE (longer than [KvClientConfig#requestBytesMax])
  public long submit(Command command) {
    return submit(command, commandTimeoutNanos);
  }

  /// As [#submit(Command)], with a time-out of its own.
  long submit(Command command, long timeoutNanos) {
    checkOpen();
    if (group != null) {
      group.touch(this);
    }
    return connection.submit(command, clock.nanoTime(), timeoutNanos);
  }

  /// Commands whose outcome was not delivered.
  public int outstandingCount() {
    return connection.outstandingCount();
  }

  /// Sends what was submitted and delivers outcomes: replies in the order of their commands,
  /// time-outs when they happen. The completions of the last call are overwritten.
  ///
  /// In a shared loop a time-out of 0 does not run the loop.
  ///
  /// @param into filled from index 0
  /// @param timeoutNanos how long to wait for the first outcome; 0 does not wait
  /// @return how many were delivered; 0 after the time-out, or when nothing is outstanding
  public int poll(Completion[] into, long timeoutNanos) {
    checkOpen();
    long now = clock.nanoTime();
    long begun = now;
    boolean turned = timeoutNanos == 0 && !ownsLibOs;
    if (group != null) {
      group.touch(this); // It may have to try again, or to wait for a time.
    }
    for (; ; ) {
      connection.advance(now);
      int count = connection.collect(into, now);
      if (count > 0) {
        return count;
      }
      long left = timeoutNanos - (now - begun);
      if (connection.outstandingCount() == 0 && timeoutNanos != 0 || left <= 0 && turned) {
        return 0;
      }
      turn(Math.max(0, Math.min(left, connection.nanosToNextTimer(now))));
      turned = true;
      now = clock.nanoTime();
    }
  }

  /// Takes a completion of a shared loop, and its array, when it belongs to this client.
  ///
  /// @return false when it belongs to somebody else
  public boolean onCompletion(QResult result) {
    return onCompletion(result, clock.nanoTime());
  }

  boolean onCompletion(QResult result, long nowNanos) {
    return connection.onCompletion(result, nowNanos);
  }

  /// Begins to connect; [#isConnected] or [#failedAttemptCount] will tell.
  void beginConnecting() {
    if (group != null) {
      group.touch(this);
    }
    connection.connectNow(clock.nanoTime());
  }

  long failedAttemptCount() {
    return connection.failedAttemptCount();
  }

  /// Whether there are outcomes that no completion told of.
  boolean hasFailures() {
    return connection.hasFailures();
  }

  /// Does what is due, for a group.
  void advance(long nowNanos) {
    connection.advance(nowNanos);
  }

  /// How long a shared loop may sleep before it calls [#poll] without a completion;
  /// [Long#MAX_VALUE] when there is nothing to wait for but completions.
  public long nanosToNextTimer() {
    return nanosToNextTimer(clock.nanoTime());
  }

  long nanosToNextTimer(long nowNanos) {
    return Math.max(0, connection.nanosToNextTimer(nowNanos));
  }

  // ---- the loop

  /// One wait: sleeps at most so long, and takes what completed.
  private void turn(long timeoutNanos) {
    long sleep = Math.min(timeoutNanos, KvClientConfig.NANOS_MAX);
    if (ownsLibOs) {
      int count = libos.waitNext(results, sleep);
      long now = clock.nanoTime();
      for (int i = 0; i < count; i++) {
        boolean ours = connection.onCompletion(results[i], now);
        assert ours || results[i].sga == null : "a completion of nobody";
      }
      return;
    }
    int count = connection.tokens(waitTokens);
    if (count == 0) {
      waitTokens[count++] = idleToken();
    }
    int index = libos.waitAny(waitTokens, count, sleep, results[0]);
    if (index >= 0) {
      connection.onCompletion(results[0], clock.nanoTime());
    } else if (index != -Errno.ETIMEDOUT && index != -Errno.EINTR) {
      throw new IllegalStateException(
          "waiting for own tokens: " + Errno.describe(-index) + "; was a completion kept back?");
    }
  }

  /// A token that never completes, to sleep on when there is nothing else.
  private long idleToken() {
    if (idleToken == 0) {
      idleQd = libos.queue(1);
      idleToken = libos.pop(idleQd);
    }
    return idleToken;
  }

  KvException lastFailure() {
    KvException failure = connection.lastFailure();
    return failure != null ? failure : new KvException.ConnectionLost("not connected", false, null);
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the client is closed");
    }
  }

  /// Closes the connection, and the LibOs when it is the client's own. Outstanding commands are
  /// given up: those that were sent may be executed. Idempotent.
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (ownsLibOs) {
      libos.close();
      return;
    }
    connection.close();
    if (group != null) {
      group.remove(this);
    }
    if (idleQd != 0) {
      libos.close(idleQd);
      libos.wait(idleToken, 0, results[0]);
    }
  }

  void takeBackUnsent(KvException cause) {
    connection.takeBackUnsent(cause);
  }

  KvClientConfig config() {
    return config;
  }

  /// The addresses that will be tried, in this order.
  public Endpoint[] addresses() {
    return connection.addresses();
  }
}
