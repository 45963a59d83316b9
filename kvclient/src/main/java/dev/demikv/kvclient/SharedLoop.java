package dev.demikv.kvclient;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.Mailbox;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.time.SystemClock;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReferenceArray;

/// A thread with one LibOs for blocking clients of many threads: where a device has one address and
/// can be opened only once in a process, as TAP, AF_PACKET and DPDK, which kernel sockets need not.
///
/// ```
///   thread 1: SharedClient ──▶ mailbox ──▶ ┐
///   thread 2: SharedClient ──▶ mailbox ──▶ ├─ one loop: KvClientGroup ──▶ a connection each
///   thread n: SharedClient ◀── unpark ◀─── ┘
/// ```
///
/// An operation costs two changes of thread more than with a [KvClient], and no lock. Bounded: as
/// many clients as was said, each with one command under way. The loop allocates nothing for an
/// operation.
public final class SharedLoop implements AutoCloseable {
  private static final int MAILBOX_POPS = 16;

  private final AtomicReferenceArray<@Nullable Exchange> exchanges;
  private final Thread thread;
  private final CompletableFuture<Mailbox> started = new CompletableFuture<>();
  private volatile @Nullable LibOs wakeable;
  private volatile boolean stopRequested;
  private volatile boolean over;

  private SharedLoop(LibOsConfig config, int clientsMax) {
    ReplyLimits.check("clientsMax", clientsMax, 1, 1 << 16);
    exchanges = new AtomicReferenceArray<>(clientsMax);
    thread = Thread.ofPlatform().daemon().name("kvclient-loop").unstarted(() -> run(config));
  }

  /// Starts the thread and opens the LibOs in it.
  ///
  /// @param config with [#limits], or more
  /// @param clientsMax most clients at a time, 1 to 65,536
  /// @throws dev.demikv.libos.api.LibOsException when the LibOs cannot be opened
  public static SharedLoop open(LibOsConfig config, int clientsMax) {
    SharedLoop loop = new SharedLoop(config, clientsMax);
    loop.thread.start();
    try {
      loop.started.join();
      return loop;
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  /// Tables and pools for so many connections.
  public static LibOsConfig.Limits limits(int clientsMax) {
    LibOsConfig.Limits one = KvClientConfig.LIBOS_LIMITS;
    return new LibOsConfig.Limits(
        one.queuesMax() + 2 * clientsMax,
        one.qtokensMax() + 4 * clientsMax,
        one.sgasMax() + 8 * clientsMax,
        one.smallBuffers() + 8 * clientsMax,
        one.mediumBuffers() + 4 * clientsMax,
        one.largeBuffers());
  }

  /// A client for the calling thread, or one other at a time. Connects, and waits until the server
  /// has greeted.
  ///
  /// @param config [KvClientConfig#libos] is not looked at
  /// @throws KvException when the first attempt fails
  /// @throws IllegalStateException when there are as many clients as may be
  public SharedClient client(KvClientConfig config) {
    for (int i = 0; i < exchanges.length(); i++) {
      Exchange exchange = new Exchange(i, config);
      if (exchanges.compareAndSet(i, null, exchange)) {
        try {
          ask(exchange, Exchange.Request.CONNECT);
        } catch (RuntimeException e) {
          exchanges.set(i, null);
          throw e;
        }
        return new SharedClient(this, exchange);
      }
    }
    throw new IllegalStateException(
        "the loop has " + exchanges.length() + " clients, as many as it may");
  }

  /// Hands a request to the loop and waits for the answer. The client's thread.
  ///
  /// @throws KvException when the loop has ended, or whatever the loop answers instead of an
  ///   outcome
  void ask(Exchange exchange, Exchange.Request request) {
    exchange.ask(request);
    boolean taken = !over && started.join().offer(exchange.message, 0, Integer.BYTES);
    if (!taken || !exchange.await(this)) {
      throw new KvException.ConnectionLost("the shared loop has ended", taken, null);
    }
    RuntimeException failure = exchange.failure;
    if (failure != null) {
      throw failure;
    }
  }

  /// A client is closed: its place is free.
  void release(Exchange exchange) {
    exchanges.set(exchange.index, null);
  }

  /// The thread's, for measurements.
  long threadId() {
    return thread.threadId();
  }

  /// Whether the thread answers no more.
  boolean isOver() {
    return over;
  }

  /// Ends the thread and closes its LibOs, from any other thread. What is under way fails, and may
  /// have been executed. Idempotent.
  @Override
  public void close() {
    stopRequested = true;
    LibOs libos = wakeable;
    if (libos != null) {
      libos.wake();
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- the thread

  private void run(LibOsConfig config) {
    try (LibOs libos = LibOses.open(config)) {
      new Turns(libos, exchanges.length()).run();
    } catch (RuntimeException | Error e) {
      if (!started.completeExceptionally(e)) {
        throw e;
      }
    } finally {
      over = true;
      for (int i = 0; i < exchanges.length(); i++) {
        Exchange exchange = exchanges.get(i);
        if (exchange != null) {
          exchange.wake();
        }
      }
    }
  }

  /// What the thread does, and owns.
  private final class Turns {
    private final LibOs libos;
    private final KvClientGroup group;
    private final int mailboxQd;
    private final QResult[] results = new QResult[64];
    private final Completion[] single = {new Completion()};
    private final Exchange[] connecting;
    private int connectingCount;

    Turns(LibOs libos, int clientsMax) {
      this.libos = libos;
      group = new KvClientGroup(libos, SystemClock.INSTANCE, new SplittableRandom(), clientsMax);
      connecting = new Exchange[clientsMax];
      for (int i = 0; i < results.length; i++) {
        results[i] = new QResult();
      }
      mailboxQd = libos.mailbox(Integer.BYTES, clientsMax);
      for (int i = 0; i < MAILBOX_POPS; i++) {
        libos.pop(mailboxQd);
      }
    }

    void run() {
      wakeable = libos;
      started.complete(libos.mailboxOf(mailboxQd));
      while (!stopRequested) {
        group.advance();
        int count = libos.waitNext(results, group.nanosToNextTimer());
        for (int i = 0; i < count; i++) {
          take(results[i]);
        }
        for (KvClient client = group.next(); client != null; client = group.next()) {
          settle(client);
        }
        if (connectingCount > 0) {
          settleConnecting();
        }
      }
      group.close();
    }

    private void take(QResult result) {
      ScatterGatherArray sga = result.sga;
      if (result.qd != mailboxQd) {
        if (!group.onCompletion(result) && sga != null) {
          libos.sgaFree(sga); // A leftover of a connection that is closed.
        }
        return;
      }
      if (sga == null) {
        return; // The end.
      }
      int index = sga.memory(0).get(JAVA_INT_UNALIGNED, sga.offset(0));
      result.sga = null;
      libos.sgaFree(sga);
      libos.pop(mailboxQd);
      Exchange exchange = exchanges.get(index);
      assert exchange != null : index;
      try {
        take(exchange);
      } catch (RuntimeException e) {
        exchange.failure = e;
        exchange.answer();
      }
    }

    private void take(Exchange exchange) {
      KvClient client = exchange.client;
      switch (exchange.request) {
        case CONNECT -> {
          KvClient added = group.add(exchange.config, exchange.index);
          exchange.client = added;
          connecting[connectingCount++] = exchange;
          added.beginConnecting();
        }
        case EXECUTE -> {
          Command command = exchange.command;
          if (client == null || command == null) {
            throw new IllegalStateException("nothing to execute");
          }
          if (client.submit(command, exchange.timeoutNanos) < 0) {
            throw client.tooLarge(command);
          }
        }
        case CLOSE -> {
          if (client != null) {
            client.close();
          }
          exchange.answer();
        }
      }
    }

    private void settle(KvClient client) {
      while (client.poll(single, 0) > 0) {
        Exchange exchange = exchanges.get(client.tag());
        assert exchange != null : client.tag();
        exchange.outcome.copyFrom(single[0]);
        exchange.answer();
      }
    }

    /// Clients that stand, or could not be connected.
    private void settleConnecting() {
      int left = 0;
      for (int i = 0; i < connectingCount; i++) {
        Exchange exchange = connecting[i];
        KvClient client = exchange.client;
        if (client != null && client.isConnected()) {
          exchange.answer();
        } else if (client != null && client.failedAttemptCount() > 0) {
          exchange.failure = client.lastFailure();
          client.close();
          exchange.answer();
        } else {
          connecting[left++] = exchange;
        }
      }
      connectingCount = left;
    }
  }
}
