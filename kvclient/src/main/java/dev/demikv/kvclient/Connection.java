package dev.demikv.kvclient;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.lang.Nullable;

/// The connection to a server as a state machine: completions and time in, pushes and pops out. It
/// never waits; [KvClient] does.
///
/// ```
///   IDLE ──a command──▶ CONNECTING ──▶ GREETING ──▶ READY
///     ▲                     │  ▲          │           │ end of stream, error,
///     │                     │  │ next     │           │ silence, violation
///     │                     ▼  │ address  ▼           ▼
///     └──no commands── BACKOFF ◀──────────┴───────────┘          close() ──▶ CLOSED
/// ```
///
/// What was submitted since the last turn goes in one push. One pop is under way unless more is
/// buffered than one reply may be (back-pressure on the server).
final class Connection {
  enum State {
    IDLE,
    CONNECTING,
    GREETING,
    READY,
    BACKOFF,
    CLOSED
  }

  /// When memory or room in the queue is out and no completion will tell of it: try again then.
  private static final long RETRY_NANOS = 1_000_000;

  private final LibOs libos;
  private final KvClientConfig config;
  private final Endpoint[] addresses;
  private final Backoff backoff;
  private final RequestBuffer requests;
  private final InFlight inFlight;
  private final ReplyBuffer replies = new ReplyBuffer();
  private final ReplyScanner scanner;
  private final Greeting greeting;
  private final Link link;

  private State state = State.IDLE;
  private int addressIndex;
  private boolean ended;
  private String endReason = "";
  private boolean pushBroken;
  private @Nullable KvException lastFailure;
  private long nextId = 1;
  private int pendingCount;
  private int expiredCount;
  private long lastReceiveNanos;
  private long readyNanos;
  private long attemptNanos;
  private long retryNanos;
  private boolean retryArmed;
  private long earliestDeadlineNanos;
  private boolean deadlineArmed;
  private long failedAttemptCount;

  Connection(LibOs libos, KvClientConfig config, Endpoint[] addresses, Backoff backoff) {
    this.libos = libos;
    this.link = new Link(libos);
    this.config = config;
    this.addresses = addresses;
    this.backoff = backoff;
    this.requests = new RequestBuffer(config.requestBytesMax());
    this.inFlight = new InFlight(Integer.highestOneBit(Math.max(1, 2 * config.inFlightMax() - 1)));
    this.scanner = new ReplyScanner(config.replyLimits());
    this.greeting = new Greeting(config);
  }

  State state() {
    return state;
  }

  /// Protocol version agreed on with the server.
  int protocolVersion() {
    return greeting.protocolVersion();
  }

  /// The latest failure of an attempt or a connection.
  @Nullable
  KvException lastFailure() {
    return lastFailure;
  }

  /// Attempts to connect that failed, each over all addresses, since the beginning.
  long failedAttemptCount() {
    return failedAttemptCount;
  }

  /// Time since the latest bytes came on a connection that is ready, otherwise 0.
  long idleNanos(long nowNanos) {
    return state == State.READY ? nowNanos - lastReceiveNanos : 0;
  }

  /// Commands without a delivered outcome.
  int outstandingCount() {
    return inFlight.count();
  }

  /// Whether [#collect] would deliver a failure.
  boolean hasFailures() {
    return expiredCount > 0
        || !inFlight.isEmpty() && inFlight.status(inFlight.head()) == InFlight.FAILED;
  }

  /// The database that the next connection selects.
  void setDatabase(int database) {
    greeting.setDatabase(database);
  }

  int database() {
    return greeting.database();
  }

  /// Where the server is looked for.
  Endpoint[] addresses() {
    return addresses.clone();
  }

  /// Takes a command in.
  ///
  /// @return its id, -EAGAIN (too many in flight or waiting bytes), -EMSGSIZE (never fits)
  long submit(Command command, long nowNanos, long timeoutNanos) {
    int length = command.encodedLength();
    if (length > config.requestBytesMax()) {
      return -Errno.EMSGSIZE;
    }
    long position = requests.tailPosition();
    if (inFlight.isFull() || !requests.append(command)) {
      return -Errno.EAGAIN;
    }
    long id = nextId++;
    long deadline = nowNanos + timeoutNanos;
    inFlight.add(id, nowNanos, deadline, position, length);
    pendingCount++;
    if (!deadlineArmed || deadline - earliestDeadlineNanos < 0) {
      deadlineArmed = true;
      earliestDeadlineNanos = deadline;
    }
    return id;
  }

  /// Takes back what was submitted and not sent, as unreachable.
  void takeBackUnsent(KvException cause) {
    int removedBytes = 0;
    for (long n = inFlight.head(); n != inFlight.tail(); n++) {
      if (inFlight.status(n) == InFlight.PENDING
          && inFlight.startPosition(n) - requests.headPosition() >= 0) {
        inFlight.moveUp(n, removedBytes);
        requests.remove(inFlight.startPosition(n), inFlight.length(n));
        removedBytes += inFlight.length(n);
        pendingCount--;
        inFlight.fail(n, Completion.Status.UNREACHABLE, false, cause);
      }
    }
  }

  /// Does what is due: connects, expires, pushes, pops.
  void advance(long nowNanos) {
    if (deadlineArmed && nowNanos - earliestDeadlineNanos >= 0) {
      expire(nowNanos);
    }
    switch (state) {
      case IDLE -> {
        if (pendingCount > 0) {
          connect(nowNanos);
        }
      }
      case BACKOFF -> {
        if (pendingCount == 0) {
          if (nowNanos - retryNanos >= 0) {
            state = State.IDLE;
          }
        } else if (nowNanos - retryNanos >= 0) {
          connect(nowNanos);
        }
      }
      case CONNECTING, GREETING -> {
        if (nowNanos - attemptNanos >= config.connectTimeoutNanos()) {
          attemptFailed(failure("connect to " + address() + " timed out", null), nowNanos);
        }
      }
      case READY, CLOSED -> {}
    }
    if (state == State.READY || state == State.GREETING) {
      if (!retryArmed || nowNanos - retryNanos >= 0) {
        retryArmed = false;
        pushNext(nowNanos);
        popNext(nowNanos);
      }
    }
  }

  /// Begins to connect although there is no command yet.
  void connectNow(long nowNanos) {
    if (state == State.IDLE || state == State.BACKOFF) {
      connect(nowNanos);
    }
  }

  /// When [#advance] is next needed without a completion, as time left; ≤ 0 when it is due.
  long nanosToNextTimer(long nowNanos) {
    long left = Long.MAX_VALUE;
    if (deadlineArmed) {
      left = earliestDeadlineNanos - nowNanos;
    }
    if (state == State.CONNECTING || state == State.GREETING) {
      left = Math.min(left, attemptNanos + config.connectTimeoutNanos() - nowNanos);
    }
    if (state == State.BACKOFF && pendingCount > 0 || retryArmed) {
      left = Math.min(left, retryNanos - nowNanos);
    }
    return left;
  }

  /// The tokens under way, for a wait on nothing else.
  ///
  /// @param tokens room for three
  int tokens(long[] tokens) {
    return link.tokens(tokens);
  }

  /// Takes a completion, if it belongs to this connection. Takes over its array.
  boolean onCompletion(QResult result, long nowNanos) {
    switch (link.onCompletion(result)) {
      case FOREIGN -> {
        return false;
      }
      case CONNECTED -> connected(result, nowNanos);
      case POPPED -> popped(result, nowNanos);
      case PUSH_FAILED -> pushFailed(result.result);
      case PUSHED, STALE -> {}
    }
    return true;
  }

  /// Delivers outcomes.
  ///
  /// @return how many, from `into[0]`
  int collect(Completion[] into, long nowNanos) {
    int count = expiredCount > 0 ? collectExpired(into) : 0;
    while (count < into.length && !inFlight.isEmpty()) {
      long number = inFlight.head();
      byte status = inFlight.status(number);
      if (status == InFlight.DONE) {
        inFlight.removeHead();
      } else if (status == InFlight.FAILED) {
        into[count++].setFailure(
            inFlight.id(number),
            inFlight.failure(number),
            inFlight.outcomeUnknown(number),
            inFlight.cause(number));
        inFlight.removeHead();
      } else if (nextReply(nowNanos)) {
        assert status != InFlight.EXPIRED : "told before replies are";
        if (status == InFlight.PENDING) {
          pendingCount--;
          into[count++].setReply(inFlight.id(number), replies, scanner);
        }
        consumeReply();
        inFlight.removeHead();
      } else if (inFlight.status(number) == status) {
        return count; // Nothing more to tell yet; otherwise the connection broke just now.
      }
    }
    if (inFlight.isEmpty()) {
      nextReply(nowNanos); // Pushes, the end of the stream, or what nobody asked for.
    }
    return count;
  }

  /// Closes; every command fails.
  void close() {
    lastFailure = failure("the client was closed", null);
    failAll(lastFailure);
    dropQueue();
    state = State.CLOSED;
  }

  // ---- replies

  /// Whether a whole reply to the oldest command lies at the buffer's head. Takes out-of-band
  /// pushes out; ends the connection when it must.
  private boolean nextReply(long nowNanos) {
    if (state != State.READY) {
      return false;
    }
    while (replies.length() > 0) {
      int result = scanner.scan(replies.bytes(), replies.head(), replies.tail());
      if (result == ReplyScanner.MORE) {
        break;
      }
      if (result != ReplyScanner.WHOLE) {
        boolean violation = result == ReplyScanner.VIOLATION;
        broken(scanner.complaint(), violation, nowNanos);
        return false;
      }
      if (scanner.type() != '>') {
        boolean asked =
            !inFlight.isEmpty()
                && requests.headPosition() - inFlight.endPosition(inFlight.head()) >= 0;
        if (!asked) {
          broken("the peer sent a reply that nobody asked for", true, nowNanos);
        }
        return asked;
      }
      consumeReply();
    }
    if (ended) {
      KvException cause = lastFailure;
      lose(pushBroken && cause != null ? cause : failure(endReason, null), nowNanos);
    }
    return false;
  }

  private void consumeReply() {
    replies.consume(scanner.replyLength());
    scanner.reset();
    backoff.succeeded();
  }

  /// The peer broke the protocol or a limit: the oldest command learns it, the others are lost.
  private void broken(String complaint, boolean violation, long nowNanos) {
    KvException cause =
        violation
            ? new KvException.ProtocolViolation(complaint)
            : new KvException.LimitExceeded(complaint, true);
    if (!inFlight.isEmpty() && inFlight.status(inFlight.head()) == InFlight.PENDING) {
      long number = inFlight.head();
      boolean sent = requests.headPosition() - inFlight.endPosition(number) >= 0;
      if (sent) {
        pendingCount--;
        inFlight.fail(
            number,
            violation ? Completion.Status.PROTOCOL_VIOLATION : Completion.Status.LIMIT_EXCEEDED,
            true,
            cause);
      }
    }
    backoff.failed();
    lose(cause, nowNanos);
  }

  private int collectExpired(Completion[] into) {
    int count = 0;
    for (long n = inFlight.head(); n != inFlight.tail() && count < into.length; n++) {
      if (inFlight.status(n) == InFlight.EXPIRED) {
        into[count++].setFailure(inFlight.id(n), Completion.Status.TIMEOUT, true, null);
        inFlight.setStatus(n, InFlight.ABANDONED);
        expiredCount--;
      }
    }
    return count;
  }

  // ---- time-outs

  private void expire(long nowNanos) {
    deadlineArmed = false;
    boolean silent = false;
    int removedBytes = 0;
    for (long n = inFlight.head(); n != inFlight.tail(); n++) {
      if (inFlight.status(n) != InFlight.PENDING) {
        continue;
      }
      boolean unsent = inFlight.startPosition(n) - requests.headPosition() >= 0;
      if (unsent) {
        inFlight.moveUp(n, removedBytes);
      }
      long deadline = inFlight.deadlineNanos(n);
      if (nowNanos - deadline < 0) {
        if (!deadlineArmed || deadline - earliestDeadlineNanos < 0) {
          deadlineArmed = true;
          earliestDeadlineNanos = deadline;
        }
      } else if (unsent) {
        takeBack(n);
        removedBytes += inFlight.length(n);
      } else {
        pendingCount--;
        expiredCount++;
        inFlight.setStatus(n, InFlight.EXPIRED);
        long since = Math.max(0, readyNanos - inFlight.startNanos(n));
        silent |= lastReceiveNanos - inFlight.startNanos(n) - since <= 0;
      }
    }
    if (silent) {
      // Nothing came since the command was sent: the peer is dead or stuck, and so would be
      // whatever is sent behind it.
      backoff.failed();
      lose(failure("the server at " + address() + " has been silent", null), nowNanos);
    }
  }

  /// An unsent command's time is up.
  private void takeBack(long number) {
    requests.remove(inFlight.startPosition(number), inFlight.length(number));
    pendingCount--;
    if (state == State.READY) {
      inFlight.fail(number, Completion.Status.TIMEOUT, false, null);
    } else {
      KvException cause = lastFailure;
      inFlight.fail(
          number,
          Completion.Status.UNREACHABLE,
          false,
          cause != null ? cause : failure("no connection to " + address() + " in time", null));
    }
  }

  // ---- data path

  private void pushNext(long nowNanos) {
    RequestBuffer source = state == State.READY ? requests : greeting.requests();
    if (pushBroken || source.isEmpty() || !link.canPush()) {
      return;
    }
    int result = link.push(source);
    if (result == -Errno.EAGAIN) {
      retryLater(nowNanos);
    } else if (result < 0) {
      pushFailed(result);
    }
  }

  /// What the server said before it hung up is still to be read: the pop tells the end.
  private void pushFailed(int result) {
    pushBroken = true;
    lastFailure = failure("connection to " + address() + " lost: " + describe(result), null);
  }

  private void popNext(long nowNanos) {
    if (ended || replies.length() > config.replyLimits().replyBytesMax()) {
      return;
    }
    int result = link.pop();
    if (result == -Errno.EAGAIN) {
      retryLater(nowNanos);
    } else if (result < 0) {
      ended = true;
      endReason = "connection to " + address() + " lost: " + describe(result);
    }
  }

  private void retryLater(long nowNanos) {
    retryArmed = true;
    retryNanos = nowNanos + RETRY_NANOS;
  }

  private void popped(QResult result, long nowNanos) {
    ScatterGatherArray sga = result.sga;
    if (sga != null) {
      result.sga = null;
      replies.append(sga);
      libos.sgaFree(sga);
      lastReceiveNanos = nowNanos;
    } else {
      ended = true;
      endReason =
          result.result < 0
              ? "connection to " + address() + " lost: " + describe(result.result)
              : "the server at " + address() + " closed the connection";
    }
    if (state == State.GREETING) {
      greet(nowNanos);
    }
  }

  // ---- connecting

  private void connect(long nowNanos) {
    addressIndex = 0;
    attempt(nowNanos);
  }

  private void attempt(long nowNanos) {
    state = State.CONNECTING;
    attemptNanos = nowNanos;
    ended = false;
    pushBroken = false;
    retryArmed = false;
    replies.clear();
    scanner.reset();
    try {
      int result = link.open(address());
      if (result < 0) {
        attemptFailed(failure("connect to " + address() + ": " + describe(result), null), nowNanos);
      }
    } catch (LibOsException e) {
      attemptFailed(failure("connect to " + address() + ": " + e.getMessage(), e), nowNanos);
    }
  }

  private void connected(QResult result, long nowNanos) {
    if (result.result < 0) {
      attemptFailed(
          failure("connect to " + address() + ": " + describe(result.result), null), nowNanos);
      return;
    }
    state = State.GREETING;
    lastReceiveNanos = nowNanos;
    greeting.begin();
    greet(nowNanos);
  }

  /// Takes the greeting's replies, and becomes ready behind the last one.
  private void greet(long nowNanos) {
    while (!greeting.isDone() && replies.length() > 0) {
      int result = scanner.scan(replies.bytes(), replies.head(), replies.tail());
      if (result == ReplyScanner.MORE) {
        break;
      }
      if (result != ReplyScanner.WHOLE) {
        attemptFailed(new KvException.ProtocolViolation(scanner.complaint()), nowNanos);
        return;
      }
      if (scanner.type() != '>') {
        KvException refusal = greeting.onReply(ReplyReader.read(replies.bytes(), replies.head()));
        if (refusal != null) {
          attemptFailed(refusal, nowNanos);
          return;
        }
      }
      replies.consume(scanner.replyLength());
      scanner.reset();
    }
    if (greeting.isDone()) {
      state = State.READY;
      readyNanos = nowNanos;
    } else if (ended) {
      attemptFailed(failure(endReason, null), nowNanos);
    }
  }

  private void attemptFailed(KvException cause, long nowNanos) {
    lastFailure = cause;
    dropQueue();
    if (addressIndex + 1 < addresses.length && !(cause instanceof KvException.ServerError)) {
      addressIndex++;
      attempt(nowNanos);
      return;
    }
    failedAttemptCount++;
    backoff.failed();
    if (backoff.isExhausted() || greeting.isRefused()) {
      failAll(cause);
    }
    backOff(nowNanos);
  }

  private void backOff(long nowNanos) {
    state = State.BACKOFF;
    retryArmed = false;
    retryNanos = nowNanos + backoff.nextDelayNanos();
  }

  // ---- the end of a connection

  /// The connection is gone: what was sent is lost, what was not waits for the next one.
  private void lose(KvException cause, long nowNanos) {
    lastFailure = cause;
    dropQueue();
    for (long n = inFlight.head(); n != inFlight.tail(); n++) {
      byte status = inFlight.status(n);
      if (status == InFlight.FAILED || status == InFlight.DONE) {
        continue;
      }
      long unsentBytes = inFlight.endPosition(n) - requests.headPosition();
      boolean cut = unsentBytes > 0 && unsentBytes < inFlight.length(n);
      if (cut) {
        requests.consume((int) unsentBytes); // A command cut short is not executed.
      }
      if (status == InFlight.ABANDONED) {
        inFlight.setStatus(n, InFlight.DONE);
      } else if (status == InFlight.EXPIRED) {
        expiredCount--;
        inFlight.fail(n, Completion.Status.TIMEOUT, !cut, null);
      } else if (cut || unsentBytes <= 0) {
        pendingCount--;
        inFlight.fail(n, Completion.Status.CONNECTION_LOST, !cut, cause);
      }
    }
    backOff(nowNanos);
  }

  /// Nothing more can be hoped for.
  private void failAll(KvException cause) {
    for (long n = inFlight.head(); n != inFlight.tail(); n++) {
      if (inFlight.status(n) == InFlight.PENDING) {
        boolean sent = inFlight.endPosition(n) - requests.headPosition() <= 0;
        pendingCount--;
        inFlight.fail(
            n,
            sent ? Completion.Status.CONNECTION_LOST : Completion.Status.UNREACHABLE,
            sent,
            cause);
      }
    }
    requests.clear();
  }

  private void dropQueue() {
    replies.clear();
    scanner.reset();
    greeting.requests().clear();
    link.close();
  }

  private Endpoint address() {
    return addresses[addressIndex];
  }

  private static String describe(int result) {
    return Errno.describe(-result);
  }

  private static KvException failure(String message, @Nullable Throwable cause) {
    return new KvException.ConnectionLost(message, false, cause);
  }
}
