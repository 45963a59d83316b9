package dev.demikv.libos.runtime;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.device.LogDevice;
import dev.demikv.libos.device.Transport;
import dev.demikv.libos.device.TransportSink;
import dev.demikv.libos.device.Waiter;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.log.LogSink;
import dev.demikv.libos.log.LogStore;
import dev.demikv.libos.time.Clock;
import dev.demikv.libos.time.TimerWheel;
import java.util.ArrayList;
import java.util.function.IntConsumer;

/// The loop of one LibOs: it moves the devices on, one bounded turn at a time, and collects their
/// completions.
///
/// A turn: composed queues that were held back → log flush (one group commit) → transport flush →
/// one wait → transport poll → log poll → mailboxes → timers → completions of inner operations. The
/// clock is read once, after the wait.
final class EventLoop implements TransportSink, LogSink {
  /// Timers of one LibOs.
  static final int TIMERS_MAX = 1024;

  private static final long TICK_NANOS = 100_000;

  /// Inner completions handled per turn: composed queues may produce more by handling them.
  private static final int INNER_MAX = 1024;

  final QTokenTable tokens;
  final QueueTable queues;
  final SgaPool sgas;
  final TimerWheel wheel;

  private final Clock clock;
  private final @Nullable Transport transport;
  private final @Nullable LogStore store;
  private final Waiter waiter;
  private final boolean waiterCoversTransport;

  /// Whether the transport learns of events by [Waiter#await] only.
  private final boolean waiterGathers;

  private final long spinNanos;
  private final QResult innerResult = new QResult();
  private final ArrayList<IoQueue> retries = new ArrayList<>();
  private final ArrayList<IoQueue> retrying = new ArrayList<>();
  private final ArrayList<MailboxQueue> mailboxes = new ArrayList<>();
  private final @Nullable TimerQueue[] timers = new TimerQueue[TIMERS_MAX];
  private final int[] freeTimers = new int[TIMERS_MAX];
  private final IntConsumer fireTimer = this::fireTimer;
  private int freeTimerCount = TIMERS_MAX;
  private long nowNanos;
  private long lastWorkNanos;
  private long turnCount;
  private long waitCount;
  private volatile boolean wakeRequested;

  EventLoop(LibOsParts parts) {
    this.tokens = new QTokenTable(parts.config().limits().qtokensMax());
    this.queues = new QueueTable(parts.config().limits().queuesMax());
    this.sgas = parts.sgas();
    this.clock = parts.clock();
    this.transport = parts.transport();
    this.waiter = parts.waiter();
    this.waiterCoversTransport =
        transport != null && (waiter.equals(transport.waiter()) || transport.readinessFd() >= 0);
    this.waiterGathers = transport != null && waiter.equals(transport.waiter());
    this.spinNanos = parts.config().idle().spinNanos();
    this.nowNanos = clock.nanoTime();
    this.lastWorkNanos = nowNanos;
    this.wheel = new TimerWheel(TIMERS_MAX, TICK_NANOS, nowNanos);
    for (int i = 0; i < TIMERS_MAX; i++) {
      freeTimers[i] = TIMERS_MAX - 1 - i;
    }
    LogDevice device = parts.device();
    this.store =
        device == null ? null : LogStore.open(device, sgas, this, clock, parts.config().options());
    if (store != null) {
      int fd = store.readinessFd();
      if (fd >= 0) {
        waiter.watch(fd);
      }
    }
    if (transport != null) {
      transport.start(this, sgas);
      if (transport.waiter() == null && transport.readinessFd() >= 0) {
        waiter.watch(transport.readinessFd());
      }
    }
  }

  /// The logs, or `null` without a storage backend.
  @Nullable
  LogStore store() {
    return store;
  }

  /// Time of this turn.
  long nowNanos() {
    return nowNanos;
  }

  /// Reads the clock, for the beginning of a wait.
  long readClock() {
    nowNanos = clock.nanoTime();
    return nowNanos;
  }

  /// One turn.
  ///
  /// @param timeoutNanos how long it may sleep for want of work; 0 does not sleep, negative sleeps
  ///   without limit
  void turn(long timeoutNanos) {
    turnCount++;
    int readyBefore = tokens.readyCount();
    runRetries();
    int work = runInner();
    LogStore s = store;
    if (s != null) {
      work += s.flush(nowNanos);
    }
    Transport t = transport;
    int flushed = t == null ? 0 : t.flush(nowNanos);
    // What was sent is no reason to look around before a sleep where the waiter watches the
    // transport: that would be a second epoll_wait per request. Completions are.
    boolean settled =
        work == 0
            && (flushed == 0 || waiterCoversTransport)
            && tokens.readyCount() == readyBefore
            && !tokens.hasInner();
    work += flushed;
    if (flushed > 0) {
      lastWorkNanos = nowNanos;
    }
    long wait = settled ? sleepNanos(timeoutNanos) : 0;
    waitCount += wait != 0 ? 1 : 0;
    // All others look at their rings themselves: no system call while spinning. A disk's completion
    // may wait for one.
    if (wait != 0 || waiterGathers || s != null && s.device().inFlight() > 0) {
      waiter.await(wait);
    }
    nowNanos = clock.nanoTime();
    if (t != null) {
      work += t.poll(nowNanos);
    }
    if (s != null) {
      work += s.poll(nowNanos);
    }
    for (int i = 0; i < mailboxes.size(); i++) {
      work += mailboxes.get(i).poll();
    }
    work += wheel.advance(nowNanos, fireTimer);
    work += runInner();
    if (work > 0) {
      lastWorkNanos = nowNanos;
    } else if (wait == 0 && settled && s != null && s.device().inFlight() > 0) {
      yieldToKernel();
    }
  }

  /// While it spins for a disk: the completion may need a kernel thread that is bound to this very
  /// CPU, which would otherwise wait for the end of the loop's time slice.
  @SuppressWarnings("ThreadPriorityCheck") // No hint to other threads of the program is meant.
  private static void yieldToKernel() {
    Thread.yield();
  }

  private long sleepNanos(long timeoutNanos) {
    if (timeoutNanos == 0 || spinNanos > 0 && nowNanos - lastWorkNanos < spinNanos) {
      return 0;
    }
    long limit = timeoutNanos < 0 ? Long.MAX_VALUE : timeoutNanos;
    long next = wheel.nextNanos();
    Transport t = transport;
    if (t != null) {
      next = Math.min(next, t.nextTimerNanos());
      limit = Math.min(limit, t.idleWaitNanosMax());
    }
    if (store != null) {
      limit = Math.min(limit, store.idleWaitNanosMax());
    }
    if (next != Long.MAX_VALUE) {
      limit = Math.min(limit, Math.max(0, next - nowNanos));
    }
    return limit == Long.MAX_VALUE ? -1 : limit;
  }

  private void runRetries() {
    if (retries.isEmpty()) {
      return;
    }
    retrying.addAll(retries);
    retries.clear();
    for (int i = 0; i < retrying.size(); i++) {
      retrying.get(i).retry();
    }
    retrying.clear();
  }

  private int runInner() {
    int done = 0;
    while (done < INNER_MAX) {
      IoQueue queue = tokens.takeInner(innerResult);
      if (queue == null) {
        break;
      }
      done++;
      queue.inner(innerResult);
    }
    return done;
  }

  /// Calls [IoQueue#retry] at the beginning of the next turn.
  void retryLater(IoQueue queue) {
    if (!retries.contains(queue)) {
      retries.add(queue);
    }
  }

  /// Starts a pop on behalf of a composed queue.
  ///
  /// @return token or -errno
  long innerPop(IoQueue child, IoQueue owner) {
    long qtoken = tokens.begin(child.qd, Opcode.POP, owner);
    if (qtoken > 0) {
      int code = child.pop(Integer.MAX_VALUE, qtoken);
      if (code < 0) {
        tokens.abandon(qtoken);
        return code;
      }
    }
    return qtoken;
  }

  /// Starts a push on behalf of a composed queue.
  ///
  /// @return token or -errno
  long innerPush(IoQueue child, ScatterGatherArray sga, @Nullable Endpoint to, IoQueue owner) {
    long qtoken = tokens.begin(child.qd, Opcode.PUSH, owner);
    if (qtoken > 0) {
      sga.hold();
      tokens.holdSga(qtoken, sga);
      int code = child.push(sga, to, qtoken);
      if (code < 0) {
        tokens.abandon(qtoken);
        sga.drop();
        return code;
      }
    }
    return qtoken;
  }

  /// Closes a queue and frees its descriptor.
  void closeQueue(IoQueue queue) {
    queues.release(queue.qd);
    retries.remove(queue);
    queue.close();
  }

  /// Requests that the running or next wait of the application ends. Any thread.
  void requestWake() {
    wakeRequested = true;
    waiter.wake();
  }

  /// Whether a wake was requested; forgets it.
  boolean takeWake() {
    if (!wakeRequested) {
      return false;
    }
    wakeRequested = false;
    return true;
  }

  /// A mailbox has a message. Any thread.
  void wakeForMailbox() {
    waiter.wake();
  }

  void addMailbox(MailboxQueue mailbox) {
    mailboxes.add(mailbox);
  }

  void removeMailbox(MailboxQueue mailbox) {
    mailboxes.remove(mailbox);
  }

  /// A free timer of the wheel, or -1.
  int reserveTimer() {
    return freeTimerCount == 0 ? -1 : freeTimers[--freeTimerCount];
  }

  void setTimer(int timer, TimerQueue queue) {
    timers[timer] = queue;
  }

  void releaseTimer(int timer) {
    wheel.disarm(timer);
    timers[timer] = null;
    freeTimers[freeTimerCount++] = timer;
  }

  private void fireTimer(int timer) {
    TimerQueue queue = timers[timer];
    assert queue != null : "timer " + timer + " fired without a queue";
    queue.fired(nowNanos);
  }

  long turnCount() {
    return turnCount;
  }

  long waitCount() {
    return waitCount;
  }

  @Override
  public void pushed(long qtoken, int result) {
    tokens.completePush(qtoken, result, 0);
  }

  @Override
  public void popped(
      long qtoken, int result, @Nullable ScatterGatherArray sga, @Nullable Endpoint remote) {
    tokens.completePop(qtoken, result, sga, remote, 0);
  }

  @Override
  public void accepted(long qtoken, int result, @Nullable Endpoint remote) {
    int code = result;
    Transport t = transport;
    if (result >= 0 && t != null) {
      int qd = queues.reserve();
      if (qd == 0) {
        t.close(result);
        code = -Errno.EMFILE;
      } else {
        queues.put(qd, new SocketQueue(this, qd, t, result, SocketType.STREAM));
        code = qd;
      }
    }
    tokens.complete(qtoken, code, remote, 0);
  }

  @Override
  public void connected(long qtoken, int result) {
    tokens.complete(qtoken, result, null, 0);
  }

  @Override
  public void pushed(long qtoken, int result, long position) {
    tokens.completePush(qtoken, result, position);
  }

  @Override
  public void popped(long qtoken, int result, @Nullable ScatterGatherArray sga, long position) {
    tokens.completePop(qtoken, result, sga, null, position);
  }

  @Override
  public void truncated(long qtoken, int result, long position) {
    tokens.complete(qtoken, result, null, position);
  }
}
