package dev.demikv.libos.runtime;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.ConnectionInfo;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.LibOsReport;
import dev.demikv.libos.api.Mailbox;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.PushCompletion;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaFunction;
import dev.demikv.libos.api.SgaPredicate;
import dev.demikv.libos.api.Shutdown;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.device.Transport;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.log.LogStore;
import dev.demikv.libos.memory.BufferPool;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A LibOs on given backends.
public final class LibOsRuntime implements LibOs {
  private static final int QUEUE_ELEMENTS_MAX = 1 << 20;

  private final LibOsParts parts;
  private final EventLoop loop;
  private final QTokenTable tokens;
  private final QueueTable queues;
  private boolean closed;

  /// Puts a LibOs together and starts its transport.
  public LibOsRuntime(LibOsParts parts) {
    this.parts = parts;
    this.loop = new EventLoop(parts);
    this.tokens = loop.tokens;
    this.queues = loop.queues;
  }

  // ---- sockets -------------------------------------------------------------------------------

  @Override
  public int socket(SocketType type, AddressFamily family) {
    Transport transport = parts.transport();
    if (transport == null) {
      throw new LibOsException(
          "socket", Errno.ENETDOWN, "This LibOs was opened without a network backend");
    }
    int qd = reserve("socket");
    try {
      int sid = transport.socket(type, family);
      queues.put(qd, new SocketQueue(loop, qd, transport, sid, type));
      return qd;
    } catch (RuntimeException e) {
      queues.release(qd);
      throw e;
    }
  }

  @Override
  public void bind(int qd, Endpoint local) {
    control(qd, "bind " + local).bind(local);
  }

  @Override
  public void listen(int qd, int backlog) {
    if (backlog < 1) {
      throw new LibOsException("listen", Errno.EINVAL, "A backlog is at least 1");
    }
    control(qd, "listen").listen(backlog);
  }

  @Override
  public void shutdown(int qd, Shutdown how) {
    control(qd, "shutdown").shutdown(how);
  }

  @Override
  public Endpoint getsockname(int qd) {
    return control(qd, "getsockname").getsockname();
  }

  @Override
  public Endpoint getpeername(int qd) {
    return control(qd, "getpeername").getpeername();
  }

  @Override
  public void setsockopt(int qd, SocketOption option, int value) {
    // No text is put together here: servers change PUSH_QUIET on their data path.
    IoQueue queue = control(qd, "setsockopt");
    if (option == SocketOption.PUSH_QUIET) {
      if (value != 0 && value != 1) {
        throw new LibOsException("setsockopt " + option, Errno.EINVAL, "It is 0 or 1");
      }
      queue.setQuiet(value == 1);
    } else {
      queue.setsockopt(option, value);
    }
  }

  @Override
  public int getsockopt(int qd, SocketOption option) {
    IoQueue queue = control(qd, "getsockopt " + option);
    if (option == SocketOption.PUSH_QUIET) {
      return queue.quiet() ? 1 : 0;
    }
    if (option == SocketOption.PUSH_COMPLETION && queue instanceof StorageQueue) {
      return PushCompletion.DURABLE.level();
    }
    return queue.getsockopt(option);
  }

  @Override
  public int connectionInfo(int qd, ConnectionInfo into) {
    IoQueue queue = queues.get(qd);
    return queue == null ? -Errno.EBADF : queue.connectionInfo(into);
  }

  @Override
  public void close(int qd) {
    loop.closeQueue(control(qd, "close"));
  }

  // ---- data path -----------------------------------------------------------------------------

  @Override
  public long accept(int qd) {
    IoQueue queue = queues.get(qd);
    long qtoken = begin(queue, qd, Opcode.ACCEPT);
    return qtoken < 0 || queue == null ? qtoken : started(qtoken, queue.accept(qtoken));
  }

  @Override
  public long connect(int qd, Endpoint remote) {
    IoQueue queue = queues.get(qd);
    long qtoken = begin(queue, qd, Opcode.CONNECT);
    return qtoken < 0 || queue == null ? qtoken : started(qtoken, queue.connect(remote, qtoken));
  }

  @Override
  public long push(int qd, ScatterGatherArray sga) {
    return pushAny(qd, sga, null);
  }

  @Override
  public long pushTo(int qd, ScatterGatherArray sga, Endpoint to) {
    return pushAny(qd, sga, to);
  }

  private long pushAny(int qd, ScatterGatherArray sga, @Nullable Endpoint to) {
    IoQueue queue = queues.get(qd);
    if (queue != null && sga.totalBytes() == 0 && !queue.takesEmpty()) {
      return -Errno.EINVAL;
    }
    long qtoken = begin(queue, qd, Opcode.PUSH);
    if (qtoken < 0 || queue == null) {
      return qtoken;
    }
    sga.hold();
    tokens.holdSga(qtoken, sga);
    if (queue.quiet()) {
      tokens.setQuiet(qtoken);
    }
    int code = queue.push(sga, to, qtoken);
    if (code < 0) {
      tokens.abandon(qtoken);
      sga.drop();
      return code;
    }
    return qtoken;
  }

  @Override
  public long pop(int qd, int bytesMax) {
    if (bytesMax < 1) {
      return -Errno.EINVAL;
    }
    IoQueue queue = queues.get(qd);
    long qtoken = begin(queue, qd, Opcode.POP);
    return qtoken < 0 || queue == null ? qtoken : started(qtoken, queue.pop(bytesMax, qtoken));
  }

  @Override
  public long truncate(int qd, long position) {
    IoQueue queue = queues.get(qd);
    long qtoken = begin(queue, qd, Opcode.TRUNCATE);
    return qtoken < 0 || queue == null ? qtoken : started(qtoken, queue.truncate(position, qtoken));
  }

  private long begin(@Nullable IoQueue queue, int qd, Opcode opcode) {
    if (queue == null) {
      return -Errno.EBADF;
    }
    if (queue.takenBy != null) {
      return -Errno.EBUSY;
    }
    return tokens.begin(qd, opcode);
  }

  private long started(long qtoken, int code) {
    if (code < 0) {
      tokens.abandon(qtoken);
      return code;
    }
    return qtoken;
  }

  // ---- waiting -------------------------------------------------------------------------------

  @Override
  public int wait(long qtoken, long timeoutNanos, QResult result) {
    if (!tokens.isKnown(qtoken)) {
      return -Errno.EINVAL;
    }
    if (!tokens.isDone(qtoken)) {
      long deadline = deadline(timeoutNanos);
      while (true) {
        loop.turn(remaining(timeoutNanos, deadline));
        if (tokens.isDone(qtoken)) {
          break;
        }
        int code = interrupted(timeoutNanos, deadline);
        if (code != 0) {
          return code;
        }
      }
    }
    tokens.deliver(qtoken, result);
    return 0;
  }

  @Override
  public int waitAny(long[] qtokens, int count, long timeoutNanos, QResult result) {
    int done = -1;
    for (int i = 0; i < count; i++) {
      if (!tokens.isKnown(qtokens[i])) {
        return -Errno.EINVAL;
      }
      if (tokens.isDone(qtokens[i])
          && (done < 0 || tokens.sequenceOf(qtokens[i]) < tokens.sequenceOf(qtokens[done]))) {
        done = i;
      }
    }
    if (count < 1) {
      return -Errno.EINVAL;
    }
    if (done < 0) {
      markAll(qtokens, count);
      long deadline = deadline(timeoutNanos);
      while (true) {
        loop.turn(remaining(timeoutNanos, deadline));
        long first = tokens.firstMarked();
        if (first != 0) {
          done = tokens.markOf(first);
          break;
        }
        int code = interrupted(timeoutNanos, deadline);
        if (code != 0) {
          unmarkAll(qtokens, count);
          return code;
        }
      }
      unmarkAll(qtokens, count);
    }
    tokens.deliver(qtokens[done], result);
    return done;
  }

  @Override
  public int waitAll(long[] qtokens, int count, long timeoutNanos, QResult[] results) {
    int missing = 0;
    for (int i = 0; i < count; i++) {
      if (!tokens.isKnown(qtokens[i])) {
        return -Errno.EINVAL;
      }
      missing += tokens.isDone(qtokens[i]) ? 0 : 1;
    }
    if (missing > 0) {
      markAll(qtokens, count);
      long deadline = deadline(timeoutNanos);
      while (true) {
        loop.turn(remaining(timeoutNanos, deadline));
        if (tokens.markedDone() >= missing) {
          break;
        }
        int code = interrupted(timeoutNanos, deadline);
        if (code != 0) {
          unmarkAll(qtokens, count);
          return code;
        }
      }
      unmarkAll(qtokens, count);
    }
    for (int i = 0; i < count; i++) {
      if (!tokens.isKnown(qtokens[i])) {
        return -Errno.EINVAL; // The same token twice.
      }
      tokens.deliver(qtokens[i], results[i]);
    }
    return 0;
  }

  private void markAll(long[] qtokens, int count) {
    tokens.resetMarked();
    for (int i = 0; i < count; i++) {
      tokens.mark(qtokens[i], i);
    }
  }

  private void unmarkAll(long[] qtokens, int count) {
    for (int i = 0; i < count; i++) {
      tokens.unmark(qtokens[i]);
    }
  }

  @Override
  public int waitNext(QResult[] results, long timeoutNanos) {
    // What is ready is delivered after a turn that does not sleep, so that devices are served also
    // when an application never lets the completions run out.
    if (tokens.readyCount() > 0) {
      if (tokens.readyCount() < results.length) {
        loop.turn(0);
      } else if (++deliveredWithoutTurn >= DELIVERIES_WITHOUT_TURN_MAX) {
        deliveredWithoutTurn = 0;
        loop.turn(0);
      }
    } else {
      long deadline = deadline(timeoutNanos);
      do {
        loop.turn(remaining(timeoutNanos, deadline));
      } while (tokens.readyCount() == 0 && interrupted(timeoutNanos, deadline) == 0);
    }
    int n = 0;
    while (n < results.length && tokens.deliverNext(results[n])) {
      n++;
    }
    return n;
  }

  private static final int DELIVERIES_WITHOUT_TURN_MAX = 4;
  private int deliveredWithoutTurn;

  private long deadline(long timeoutNanos) {
    return timeoutNanos <= 0 ? 0 : loop.readClock() + timeoutNanos;
  }

  private long remaining(long timeoutNanos, long deadline) {
    return timeoutNanos <= 0 ? timeoutNanos : Math.max(0, deadline - loop.nowNanos());
  }

  /// Why a wait must end without its completion; 0 to go on.
  private int interrupted(long timeoutNanos, long deadline) {
    if (loop.takeWake()) {
      return -Errno.EINTR;
    }
    if (timeoutNanos == 0 || timeoutNanos > 0 && loop.nowNanos() - deadline >= 0) {
      return -Errno.ETIMEDOUT;
    }
    return 0;
  }

  @Override
  public int cancel(long qtoken) {
    if (!tokens.isKnown(qtoken)) {
      return -Errno.EINVAL;
    }
    if (tokens.isDone(qtoken)) {
      return -Errno.EALREADY;
    }
    IoQueue queue = queues.get(tokens.queueOf(qtoken));
    return queue == null ? -Errno.EALREADY : queue.cancel(qtoken);
  }

  @Override
  public void wake() {
    loop.requestWake();
  }

  // ---- memory --------------------------------------------------------------------------------

  @Override
  public @Nullable ScatterGatherArray sgaAlloc(int lengthBytes) {
    return parts.sgas().allocate(lengthBytes);
  }

  @Override
  public @Nullable ScatterGatherArray sgaAlloc() {
    return parts.sgas().takeEmpty();
  }

  // ---- storage -------------------------------------------------------------------------------

  @Override
  public int open(String name) {
    LogStore store = loop.store();
    if (store == null) {
      throw new LibOsException(
          "open " + name, Errno.ENODEV, "This LibOs was opened without a storage backend");
    }
    int qd = reserve("open " + name);
    try {
      queues.put(qd, new StorageQueue(loop, qd, store, store.openLog(name)));
      return qd;
    } catch (RuntimeException e) {
      queues.release(qd);
      throw e;
    }
  }

  @Override
  public void seek(int qd, long position) {
    storage(qd, "seek").seek(position);
  }

  @Override
  public long logHead(int qd) {
    return storage(qd, "logHead").head();
  }

  @Override
  public long logTail(int qd) {
    return storage(qd, "logTail").tail();
  }

  private StorageQueue storage(int qd, String operation) {
    if (control(qd, operation) instanceof StorageQueue queue) {
      return queue;
    }
    throw new LibOsException(operation, Errno.EOPNOTSUPP, "qd " + qd + " is not a storage queue");
  }

  // ---- memory queues and the algebra -----------------------------------------------------------

  @Override
  public int queue(int elementsMax) {
    checkRange("queue", "elementsMax", elementsMax, 1, QUEUE_ELEMENTS_MAX);
    int qd = reserve("queue");
    queues.put(qd, new MemoryQueue(loop, qd, elementsMax));
    return qd;
  }

  @Override
  public int timer(long firstNanos, long periodNanos) {
    if (firstNanos < 0 || periodNanos < 0) {
      throw new LibOsException("timer", Errno.EINVAL, "Times are not negative");
    }
    int qd = reserve("timer");
    int timer = loop.reserveTimer();
    if (timer < 0) {
      queues.release(qd);
      throw new LibOsException(
          "timer", Errno.EMFILE, "There are " + EventLoop.TIMERS_MAX + " timers at most");
    }
    loop.readClock();
    TimerQueue queue = new TimerQueue(loop, qd, timer, firstNanos, periodNanos);
    loop.setTimer(timer, queue);
    queues.put(qd, queue);
    return qd;
  }

  @Override
  public int mailbox(int messageBytesMax, int messagesMax) {
    checkRange("mailbox", "messageBytesMax", messageBytesMax, 1, 1 << 24);
    checkRange("mailbox", "messagesMax", messagesMax, 1, QUEUE_ELEMENTS_MAX);
    int qd = reserve("mailbox");
    MailboxQueue mailbox = new MailboxQueue(loop, qd, messageBytesMax, messagesMax);
    loop.addMailbox(mailbox);
    queues.put(qd, mailbox);
    return qd;
  }

  @Override
  public Mailbox mailboxOf(int qd) {
    if (control(qd, "mailboxOf") instanceof MailboxQueue mailbox) {
      return mailbox;
    }
    throw new LibOsException("mailboxOf", Errno.EOPNOTSUPP, "qd " + qd + " is not a mailbox");
  }

  @Override
  public int merge(int a, int b) {
    if (a == b) {
      throw new LibOsException("merge", Errno.EINVAL, "A queue cannot be merged with itself");
    }
    IoQueue first = control(a, "merge");
    IoQueue second = control(b, "merge");
    int qd = reserve("merge");
    queues.put(qd, new MergeQueue(loop, qd, first, second));
    return qd;
  }

  @Override
  public int filter(int q, SgaPredicate predicate) {
    IoQueue child = control(q, "filter");
    int qd = reserve("filter");
    queues.put(qd, new FilterQueue(loop, qd, child, predicate));
    return qd;
  }

  @Override
  public int map(int q, SgaFunction function) {
    IoQueue child = control(q, "map");
    int qd = reserve("map");
    queues.put(qd, new MapQueue(loop, qd, child, function));
    return qd;
  }

  @Override
  public int sort(int q, Comparator<ScatterGatherArray> order, int elementsMax) {
    checkRange("sort", "elementsMax", elementsMax, 1, QUEUE_ELEMENTS_MAX);
    IoQueue child = control(q, "sort");
    int qd = reserve("sort");
    SortQueue queue = new SortQueue(loop, qd, child, order, elementsMax);
    queues.put(qd, queue);
    queue.match();
    return qd;
  }

  @Override
  public int qconnect(int in, int out) {
    if (in == out) {
      throw new LibOsException("qconnect", Errno.EINVAL, "A queue cannot feed itself");
    }
    IoQueue from = control(in, "qconnect");
    IoQueue to = control(out, "qconnect");
    int qd = reserve("qconnect");
    ConnectQueue queue = new ConnectQueue(loop, qd, from, to);
    queues.put(qd, queue);
    queue.match();
    return qd;
  }

  // ---- the rest ------------------------------------------------------------------------------

  private IoQueue control(int qd, String operation) {
    IoQueue queue = queues.get(qd);
    if (queue == null) {
      throw new LibOsException(operation, Errno.EBADF, "There is no queue " + qd);
    }
    if (queue.takenBy != null) {
      throw new LibOsException(
          operation,
          Errno.EBUSY,
          "Queue " + qd + " belongs to the " + queue.takenBy.kind() + " queue " + queue.takenBy.qd);
    }
    return queue;
  }

  private int reserve(String operation) {
    int qd = queues.reserve();
    if (qd == 0) {
      throw new LibOsException(
          operation,
          Errno.EMFILE,
          "All " + queues.capacity() + " queues are in use: close some or raise queuesMax");
    }
    return qd;
  }

  private static void checkRange(String operation, String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new LibOsException(
          operation, Errno.EINVAL, name + " is " + least + " to " + most + ", not " + value);
    }
  }

  @Override
  public long nowNanos() {
    return loop.nowNanos();
  }

  @Override
  public LibOsReport report() {
    List<Capability> capabilities = new ArrayList<>();
    Map<String, Long> counters = new LinkedHashMap<>();
    counters.put("loop.turns", loop.turnCount());
    counters.put("loop.waits", loop.waitCount());
    counters.put("qtokens.completed", tokens.completedCount());
    counters.put("qtokens.in-use", (long) tokens.inUse());
    counters.put("queues.in-use", (long) queues.inUse());
    counters.put("sgas.in-use", (long) parts.sgas().count() - parts.sgas().freeCount());
    for (int i = 0; i < parts.sgas().buffers().count(); i++) {
      BufferPool pool = parts.sgas().buffers().pool(i);
      String name = "buffers-" + pool.bufferBytes();
      counters.put(name + ".in-use", (long) pool.count() - pool.freeCount());
      counters.put(name + ".exhausted", pool.exhaustedCount());
    }
    Transport transport = parts.transport();
    if (transport != null) {
      capabilities.addAll(transport.capabilities());
      transport.counters((name, value) -> counters.put("network." + name, value));
    }
    if (parts.device() != null) {
      capabilities.addAll(parts.device().capabilities());
    }
    LogStore store = loop.store();
    if (store != null) {
      store.counters((name, value) -> counters.put("storage." + name, value));
    }
    return new LibOsReport(parts.networkName(), parts.storageName(), capabilities, counters);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    for (int qd = 1; qd <= queues.capacity(); qd++) {
      IoQueue queue = queues.get(qd);
      if (queue != null && queue.takenBy == null) {
        loop.closeQueue(queue);
      }
    }
    tokens.dropUndelivered();
    LogStore store = loop.store();
    if (store != null) {
      store.close();
    }
    Transport transport = parts.transport();
    if (transport != null) {
      transport.close();
    }
    parts.waiter().close();
    parts.release().run();
  }
}
