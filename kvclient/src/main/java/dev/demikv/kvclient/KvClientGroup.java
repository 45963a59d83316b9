package dev.demikv.kvclient;

import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.time.Clock;
import java.util.random.RandomGenerator;

/// Many clients in one loop, in the completion style: a turn costs what happened in it, however
/// many clients there are.
///
/// ```
///   group.advance();                                        // sends what was submitted
///   int count = libos.waitNext(results, group.nanosToNextTimer());
///   for (int i = 0; i < count; i++) {
///     group.onCompletion(results[i]);                       // false: of a queue of the caller's
///   }
///   for (KvClient c = group.next(); c != null; c = group.next()) {
///     int n = c.poll(completions, 0);                       // outcomes; submit the next commands
///   }
/// ```
///
/// Everything that is submitted between two turns goes out in one burst of the device. Belongs to
/// the thread of the LibOs. Allocates nothing but when clients are added.
public final class KvClientGroup implements AutoCloseable {
  private final LibOs libos;
  private final Clock clock;
  private final RandomGenerator random;
  private final KvClient[] clients;
  private final KvClientRing touched;
  private final KvClientRing ready;

  /// Whose queue a descriptor was when last looked: found again without asking all clients.
  private final @Nullable KvClient[] byQd;

  private final int qdMask;
  private int count;
  private long timerNanos;
  private boolean timerArmed;

  /// A group without clients.
  ///
  /// @param libos stays open when the group is closed; must outlive it
  /// @param clock the clock of that LibOs
  /// @param random for the jitter of reconnection
  /// @param clientsMax most clients at a time, 1 to 65,536
  public KvClientGroup(LibOs libos, Clock clock, RandomGenerator random, int clientsMax) {
    ReplyLimits.check("clientsMax", clientsMax, 1, 1 << 16);
    this.libos = libos;
    this.clock = clock;
    this.random = random;
    clients = new KvClient[clientsMax];
    touched = new KvClientRing(clientsMax);
    ready = new KvClientRing(clientsMax);
    byQd = new KvClient[Math.max(64, Integer.highestOneBit(4 * clientsMax))];
    qdMask = byQd.length - 1;
  }

  /// A new client of this group; connects with its first command. The group's until
  /// [KvClient#close].
  ///
  /// @param config [KvClientConfig#libos] is not looked at
  /// @param tag the caller's number of it, [KvClient#tag]
  /// @throws IllegalStateException when there are as many as may be
  public KvClient add(KvClientConfig config, int tag) {
    if (count == clients.length) {
      throw new IllegalStateException("the group has " + count + " clients, as many as it may");
    }
    KvClient client = KvClient.in(this, tag, libos, config, clock, random);
    client.groupIndex = count;
    clients[count++] = client;
    return client;
  }

  /// Clients now.
  public int count() {
    return count;
  }

  /// Sends what was submitted since the last call, connects, expires: once per turn, before the
  /// wait. O(clients with something to do), and O(clients) when a time-out is due.
  public void advance() {
    long now = clock.nanoTime();
    for (int i = touched.count(); i > 0; i--) {
      KvClient client = touched.poll();
      client.touched = false;
      advance(client, now);
    }
    if (timerArmed && now - timerNanos >= 0) {
      timerArmed = false;
      for (int i = 0; i < count; i++) {
        KvClient client = clients[i];
        advance(client, now);
      }
    }
  }

  private void advance(KvClient client, long now) {
    client.advance(now);
    if (client.hasFailures()) {
      markReady(client);
    }
    arm(client, now);
  }

  /// Notes when a client next needs [#advance]. Early is harmless: it is looked at again then.
  private void arm(KvClient client, long now) {
    long left = client.nanosToNextTimer(now);
    if (left < KvClientConfig.NANOS_MAX) {
      long at = now + left;
      if (!timerArmed || at - timerNanos < 0) {
        timerArmed = true;
        timerNanos = at;
      }
    }
  }

  /// How long the loop may sleep after [#advance]; [KvClientConfig]'s longest time-out, 36 years,
  /// when there is nothing to wait for but completions, 0 when [#next] has a client.
  public long nanosToNextTimer() {
    if (ready.count() > 0 || touched.count() > 0) {
      return 0;
    }
    return timerArmed ? Math.max(0, timerNanos - clock.nanoTime()) : KvClientConfig.NANOS_MAX;
  }

  /// Takes a completion of the loop, and its array, when it belongs to a client of this group.
  ///
  /// @return false when it belongs to somebody else
  public boolean onCompletion(QResult result) {
    long now = libos.nowNanos();
    KvClient client = byQd[result.qd & qdMask];
    if (client == null || !client.onCompletion(result, now)) {
      client = find(result, now);
      if (client == null) {
        return false;
      }
      byQd[result.qd & qdMask] = client;
    }
    touch(client);
    markReady(client);
    return true;
  }

  private @Nullable KvClient find(QResult result, long now) {
    for (int i = 0; i < count; i++) {
      if (clients[i].onCompletion(result, now)) {
        return clients[i];
      }
    }
    return null;
  }

  /// The next client that something happened to, or `null`: [KvClient#poll] it until that returns
  /// fewer than it has room for, which may be 0.
  public @Nullable KvClient next() {
    if (ready.count() == 0) {
      return null;
    }
    KvClient client = ready.poll();
    client.ready = false;
    return client;
  }

  /// A client has something for [#advance].
  void touch(KvClient client) {
    if (!client.touched) {
      client.touched = true;
      touched.add(client);
    }
  }

  private void markReady(KvClient client) {
    if (!client.ready) {
      client.ready = true;
      ready.add(client);
    }
  }

  /// A client was closed.
  void remove(KvClient client) {
    int index = client.groupIndex;
    assert clients[index] == client : index;
    KvClient last = clients[--count];
    clients[index] = last;
    last.groupIndex = index;
    for (int i = 0; i < byQd.length; i++) {
      if (byQd[i] == client) {
        byQd[i] = null;
      }
    }
    if (client.touched) {
      touched.remove(client);
    }
    if (client.ready) {
      ready.remove(client);
    }
  }

  /// Closes every client, not the LibOs. Idempotent.
  @Override
  public void close() {
    while (count > 0) {
      clients[count - 1].close();
    }
  }
}
