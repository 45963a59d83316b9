package dev.demikv.kvserver.server;

import dev.demikv.kvserver.metrics.MetricsSample;
import dev.demikv.kvserver.metrics.MetricsSource;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.lang.Nullable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;

/// Takes samples of the server in its loop, for the threads that serve them.
///
/// ```
///   other threads: take ─► wanted ─► wake ─────────────── wait ◀─┐
///   loop, a turn:          wanted? ─► some clients ─► … ─► the rest, complete
/// ```
///
/// The loop looks at a bounded number of clients per turn and serves them between two such turns.
/// It costs nothing while nobody asks: the loop sleeps, and a turn reads one variable.
final class MetricsCollector implements MetricsSource {
  /// Clients looked at per turn: six system calls each with kernel sockets.
  private static final int CLIENTS_PER_TURN = 64;

  private static final int DESCRIPTORS_PER_TURN = 4_096;

  private final LibOs libos;
  private final Clients clients;
  private final ServerMetrics metrics;
  private final AtomicReference<@Nullable CompletableFuture<MetricsSample>> wanted =
      new AtomicReference<>();

  private @Nullable CompletableFuture<MetricsSample> current;
  private ConnectionTotals totals = new ConnectionTotals();
  private int nextQd;
  private int seen;

  MetricsCollector(LibOs libos, Clients clients, ServerMetrics metrics) {
    this.libos = libos;
    this.clients = clients;
    this.metrics = metrics;
  }

  @Override
  public MetricsSample take(long timeoutNanos) throws TimeoutException, InterruptedException {
    CompletableFuture<MetricsSample> own = new CompletableFuture<>();
    CompletableFuture<MetricsSample> asked = wanted.compareAndExchange(null, own);
    CompletableFuture<MetricsSample> answer = asked == null ? own : asked;
    libos.wake();
    try {
      return answer.get(timeoutNanos, TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw new IllegalStateException("the sample failed", e.getCause());
    }
  }

  /// Whether the loop must not sleep.
  boolean isWorking() {
    return current != null || wanted.get() != null;
  }

  /// Goes on with what is asked for. Once per turn; bounded.
  void turn() {
    CompletableFuture<MetricsSample> asked = current;
    if (asked == null) {
      if (wanted.get() == null) {
        return;
      }
      // Who asks from here on waits for the next sample.
      asked = wanted.getAndSet(null);
      current = asked;
      totals = new ConnectionTotals();
      nextQd = 1;
      seen = 0;
    }
    if (asked != null && lookAtClients()) {
      current = null;
      MetricsSample sample = new MetricsSample();
      metrics.fill(sample, totals);
      asked.complete(sample);
    }
  }

  /// Looks at some clients. Those that come and go meanwhile may be missed.
  ///
  /// @return whether all were seen
  private boolean lookAtClients() {
    int last = clients.qdMax();
    int clientsMax = seen + CLIENTS_PER_TURN;
    for (int i = 0; i < DESCRIPTORS_PER_TURN; i++) {
      if (nextQd > last || seen >= clients.count()) {
        return true;
      }
      if (seen == clientsMax) {
        return false;
      }
      Connection client = clients.find(nextQd++);
      if (client != null) {
        seen++;
        totals.add(client);
      }
    }
    return false;
  }
}
