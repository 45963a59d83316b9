package dev.demikv.libos.net.arp;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.net.DropReason;
import dev.demikv.libos.net.LinkOutput;
import dev.demikv.libos.net.StackCounters;
import dev.demikv.libos.net.TokenBucket;
import dev.demikv.libos.net.arp.Neighbor.State;
import java.util.random.RandomGenerator;

/// The neighbours of both families: hardware addresses by network address, and the packets that
/// wait for one.
///
/// ```
///             output            3 requests unanswered
///   NEW ────────────▶ INCOMPLETE ───────────▶ FAILED ──3 s──▶ (free)
///                        │ answer               ▲
///                        ▼                      │ 3 probes unanswered
///        ┌────────── REACHABLE ──30 s──▶ STALE ─┴─▶ PROBE (on use)
///        └──── answer ◀────────────────────────────┘
/// ```
///
/// As good as an answer is the word of a transport protocol, [Neighbor#confirm]: an entry with busy
/// connections stays REACHABLE without being asked for.
///
/// Bounded: entries, packets that wait per neighbour and in all, requests per second. A full table
/// gives up the entry that was used least recently, failed and unconfirmed ones first. RFC 4861
/// §7.3 for both families, which for ARP is RFC 1122 §2.3.2; the state DELAY is left out: a stale
/// neighbour is probed when it is used.
public final class NeighborCache {
  /// Sends a request for one family.
  @FunctionalInterface
  public interface Solicitor {
    /// Asks for a neighbour's hardware address.
    ///
    /// @param unicast whether to ask the address that is known, rather than everybody
    void solicit(Neighbor neighbor, boolean unicast, long nowNanos);
  }

  /// Is told that packets were given up for a neighbour that does not answer.
  @FunctionalInterface
  public interface FailureListener {
    /// A packet that will not be sent. The listener borrows it.
    void undeliverable(TxFrame frame, int etherType, long nowNanos);
  }

  /// RFC 4861 §10: MAX_MULTICAST_SOLICIT and MAX_UNICAST_SOLICIT.
  static final int ATTEMPTS_MAX = 3;

  /// RFC 4861 §10: RETRANS_TIMER; RFC 1122 §2.3.2.1: at most one ARP request per second.
  static final long RETRANSMIT_NANOS = 1_000_000_000L;

  /// RFC 4861 §10: REACHABLE_TIME, spread by a half (§6.3.2).
  static final long REACHABLE_NANOS = 30_000_000_000L;

  /// How long a failure is remembered.
  static final long FAILED_NANOS = 3_000_000_000L;

  /// A confirmed address is not replaced sooner by somebody who was not asked.
  static final long LOCK_NANOS = 1_000_000_000L;

  /// Packets that wait for one neighbour.
  static final int WAITING_PER_NEIGHBOR_MAX = 64;

  /// Packets that wait for any.
  static final int WAITING_MAX = 512;

  private static final int SOLICITATIONS_PER_SECOND = 1_000;
  private static final int SOLICITATIONS_BURST = 200;
  private static final long LIMITED_RETRY_NANOS = 10_000_000;

  private final LinkOutput link;
  private final StackCounters counters;
  private final RandomGenerator random;
  private final Neighbor[] entries;
  private final @Nullable Neighbor[] buckets;
  private final long hashKey;
  private final TokenBucket solicitations;
  private @Nullable WaitingPacket freeWaiting;
  private @Nullable Solicitor arp;
  private @Nullable Solicitor discovery;
  private @Nullable FailureListener failures;
  private int usedCount;
  private long nextNanos = Long.MAX_VALUE;

  /// @param entryCount most neighbours
  public NeighborCache(
      LinkOutput link,
      StackCounters counters,
      RandomGenerator random,
      int entryCount,
      long nowNanos) {
    this.link = link;
    this.counters = counters;
    this.random = random;
    this.entries = new Neighbor[entryCount];
    this.buckets = new Neighbor[Integer.highestOneBit(Math.max(entryCount, 2) * 2 - 1)];
    this.hashKey = random.nextLong();
    this.solicitations = new TokenBucket(SOLICITATIONS_PER_SECOND, SOLICITATIONS_BURST, nowNanos);
    for (int i = 0; i < entryCount; i++) {
      entries[i] = new Neighbor();
    }
    for (int i = 0; i < WAITING_MAX; i++) {
      WaitingPacket packet = new WaitingPacket();
      packet.next = freeWaiting;
      freeWaiting = packet;
    }
  }

  /// Sets who asks, and who is told of failures. Before anything else.
  public void start(Solicitor newArp, Solicitor newDiscovery, FailureListener newFailures) {
    arp = newArp;
    discovery = newDiscovery;
    failures = newFailures;
  }

  /// Enters a neighbour that is always right.
  public void addStatic(boolean ipv6, long high, long low, long mac, long nowNanos) {
    Neighbor entry = claim(ipv6, high, low, nowNanos);
    if (entry == null) {
      throw new IllegalArgumentException(
          "there are more static entries than network.neighbors-max has room for");
    }
    entry.state = State.STATIC;
    entry.mac = mac;
  }

  /// The entry of a neighbour; `null` when there is none.
  public @Nullable Neighbor find(boolean ipv6, long high, long low) {
    for (Neighbor n = buckets[bucket(high, low)]; n != null; n = n.nextInBucket) {
      if (n.low == low && n.high == high && n.ipv6 == ipv6) {
        return n;
      }
    }
    return null;
  }

  /// The entry of a neighbour, made when there is none; `null` when every entry is static.
  public @Nullable Neighbor findOrClaim(boolean ipv6, long high, long low, long nowNanos) {
    Neighbor found = find(ipv6, high, low);
    return found != null ? found : claim(ipv6, high, low, nowNanos);
  }

  /// Entries in use.
  public int count() {
    return usedCount;
  }

  // Sending.

  /// Sends a packet to a neighbour, or lets it wait for its hardware address. Takes over one
  /// reference on the buffer of each part.
  ///
  /// @return 0; -EAGAIN when the queue or the device is full; -EHOSTUNREACH when the neighbour did
  ///   not answer a short time ago
  public int output(Neighbor neighbor, TxFrame frame, int etherType, long nowNanos) {
    neighbor.usedNanos = nowNanos;
    return switch (neighbor.state) {
      case REACHABLE, PROBE, STATIC -> link.transmit(frame, neighbor.mac, etherType);
      case STALE -> {
        neighbor.state = State.PROBE;
        neighbor.attempts = 0;
        int result = link.transmit(frame, neighbor.mac, etherType);
        ask(neighbor, nowNanos);
        yield result;
      }
      case FREE, NEW -> {
        assert neighbor.state == State.NEW : "a neighbour that was released";
        neighbor.state = State.INCOMPLETE;
        neighbor.attempts = 0;
        int result = enqueue(neighbor, frame, etherType);
        ask(neighbor, nowNanos);
        yield result;
      }
      case INCOMPLETE -> enqueue(neighbor, frame, etherType);
      case FAILED -> {
        counters.drop(DropReason.NEIGHBOR_FAILED);
        frame.releaseParts();
        yield -Errno.EHOSTUNREACH;
      }
    };
  }

  private int enqueue(Neighbor neighbor, TxFrame frame, int etherType) {
    WaitingPacket packet = freeWaiting;
    if (packet == null || neighbor.waitingCount == WAITING_PER_NEIGHBOR_MAX) {
      counters.drop(DropReason.NEIGHBOR_QUEUE_FULL);
      frame.releaseParts();
      return -Errno.EAGAIN;
    }
    freeWaiting = packet.next;
    packet.next = null;
    packet.set(frame, etherType);
    WaitingPacket last = neighbor.lastWaiting;
    if (last == null) {
      neighbor.firstWaiting = packet;
    } else {
      last.next = packet;
    }
    neighbor.lastWaiting = packet;
    neighbor.waitingCount++;
    return 0;
  }

  private void ask(Neighbor neighbor, long nowNanos) {
    if (!solicitations.take(nowNanos)) {
      setDeadline(neighbor, nowNanos + LIMITED_RETRY_NANOS);
      return;
    }
    neighbor.attempts++;
    setDeadline(neighbor, nowNanos + RETRANSMIT_NANOS);
    counters.solicitations++;
    Solicitor solicitor = neighbor.ipv6 ? discovery : arp;
    if (solicitor != null) {
      solicitor.solicit(neighbor, neighbor.state == State.PROBE, nowNanos);
    }
  }

  private void setDeadline(Neighbor neighbor, long deadlineNanos) {
    neighbor.deadlineNanos = deadlineNanos;
    nextNanos = nextNanos == Long.MAX_VALUE ? deadlineNanos : earlier(nextNanos, deadlineNanos);
  }

  private static long earlier(long a, long b) {
    return a - b < 0 ? a : b;
  }

  // What is heard.

  /// A neighbour answered our request.
  ///
  /// @param override whether the answer may replace another hardware address (RFC 4861 §7.2.5;
  ///   always so for ARP)
  public void answered(
      boolean ipv6, long high, long low, long mac, boolean override, long nowNanos) {
    Neighbor entry = find(ipv6, high, low);
    if (entry == null) {
      counters.drop(DropReason.ARP_UNSOLICITED);
    } else if (entry.state == State.STATIC) {
      if (entry.mac != mac) {
        counters.drop(DropReason.NEIGHBOR_LOCKED);
      }
    } else if (entry.isUsable() && entry.mac != mac && !override) {
      // RFC 4861 §7.2.5: the address stays, but doubt is raised.
      if (entry.state == State.REACHABLE) {
        stale(entry, nowNanos);
      }
    } else {
      boolean asked = entry.state == State.INCOMPLETE || entry.state == State.PROBE;
      if (!asked && entry.mac != mac && nowNanos - entry.confirmedNanos < LOCK_NANOS) {
        counters.drop(DropReason.NEIGHBOR_LOCKED);
        return;
      }
      entry.mac = mac;
      entry.confirmedNanos = nowNanos;
      reachable(entry, nowNanos);
      sendWaiting(entry);
    }
  }

  /// A neighbour told its hardware address without being asked: an entry is made or changed, and
  /// checked when it is used.
  ///
  /// @param create whether to make an entry: only for those who want something of us
  public void heard(boolean ipv6, long high, long low, long mac, boolean create, long nowNanos) {
    Neighbor entry = find(ipv6, high, low);
    if (entry == null && create) {
      entry = claim(ipv6, high, low, nowNanos);
    }
    if (entry == null) {
      counters.drop(DropReason.ARP_UNSOLICITED);
      return;
    }
    switch (entry.state) {
      case STATIC -> {
        if (entry.mac != mac) {
          counters.drop(DropReason.NEIGHBOR_LOCKED);
        }
      }
      case REACHABLE, STALE, PROBE -> {
        if (entry.mac != mac) {
          if (nowNanos - entry.confirmedNanos < LOCK_NANOS) {
            counters.drop(DropReason.NEIGHBOR_LOCKED);
            return;
          }
          entry.mac = mac;
          stale(entry, nowNanos);
        }
      }
      case FREE, NEW, INCOMPLETE, FAILED -> {
        entry.mac = mac;
        stale(entry, nowNanos);
        sendWaiting(entry);
      }
    }
  }

  private void reachable(Neighbor entry, long nowNanos) {
    entry.state = State.REACHABLE;
    entry.attempts = 0;
    setDeadline(entry, nowNanos + REACHABLE_NANOS / 2 + random.nextLong(REACHABLE_NANOS));
  }

  private static void stale(Neighbor entry, long nowNanos) {
    entry.state = State.STALE;
    entry.attempts = 0;
    entry.confirmedNanos = nowNanos;
    entry.deadlineNanos = Long.MAX_VALUE;
  }

  private void sendWaiting(Neighbor entry) {
    for (WaitingPacket p = takeWaiting(entry); p != null; p = takeWaiting(entry)) {
      link.transmit(p.frame, entry.mac, p.etherType);
      giveBack(p);
    }
  }

  private @Nullable WaitingPacket takeWaiting(Neighbor entry) {
    WaitingPacket first = entry.firstWaiting;
    if (first != null) {
      entry.firstWaiting = first.next;
      entry.lastWaiting = first.next == null ? null : entry.lastWaiting;
      entry.waitingCount--;
    }
    return first;
  }

  private void giveBack(WaitingPacket packet) {
    packet.frame.clear();
    packet.next = freeWaiting;
    freeWaiting = packet;
  }

  // Time.

  /// When [#advance] has something to do; [Long#MAX_VALUE] if nothing.
  public long nextTimerNanos() {
    return nextNanos;
  }

  /// Repeats requests and ends what nobody answered. O(entries), when a timer is due.
  public void advance(long nowNanos) {
    if (nextNanos == Long.MAX_VALUE || nowNanos - nextNanos < 0) {
      return;
    }
    nextNanos = Long.MAX_VALUE;
    for (Neighbor entry : entries) {
      if (isTimed(entry)) {
        if (nowNanos - entry.deadlineNanos >= 0) {
          expire(entry, nowNanos);
        } else {
          setDeadline(entry, entry.deadlineNanos);
        }
      }
    }
  }

  private static boolean isTimed(Neighbor entry) {
    return switch (entry.state) {
      case INCOMPLETE, REACHABLE, PROBE, FAILED -> true;
      case FREE, NEW, STALE, STATIC -> false;
    };
  }

  private void expire(Neighbor entry, long nowNanos) {
    switch (entry.state) {
      case REACHABLE -> {
        if (nowNanos - entry.progressNanos < REACHABLE_NANOS / 2) {
          reachable(entry, nowNanos);
        } else {
          entry.state = State.STALE;
          entry.attempts = 0;
        }
      }
      case INCOMPLETE, PROBE -> {
        if (entry.state == State.PROBE
            && entry.progressNanos - (entry.deadlineNanos - RETRANSMIT_NANOS) > 0) {
          reachable(entry, nowNanos);
        } else if (entry.attempts < ATTEMPTS_MAX) {
          ask(entry, nowNanos);
        } else {
          entry.state = State.FAILED;
          setDeadline(entry, nowNanos + FAILED_NANOS);
          giveUpWaiting(entry, failures, nowNanos);
        }
      }
      case FAILED -> release(entry);
      case FREE, NEW, STALE, STATIC -> {}
    }
  }

  /// @param listener who is told: nobody where a transport protocol may be in the middle of sending
  private void giveUpWaiting(Neighbor entry, @Nullable FailureListener listener, long nowNanos) {
    for (WaitingPacket p = takeWaiting(entry); p != null; p = takeWaiting(entry)) {
      counters.drop(DropReason.NEIGHBOR_FAILED);
      if (listener != null) {
        listener.undeliverable(p.frame, p.etherType, nowNanos);
      }
      p.frame.releaseParts();
      giveBack(p);
    }
  }

  /// Drops every packet that waits.
  public void close() {
    for (Neighbor entry : entries) {
      for (WaitingPacket p = takeWaiting(entry); p != null; p = takeWaiting(entry)) {
        p.frame.releaseParts();
        giveBack(p);
      }
    }
  }

  // The table.

  private int bucket(long high, long low) {
    long z = (high * 0x9e37_79b9_7f4a_7c15L + low ^ hashKey) * 0xbf58_476d_1ce4_e5b9L;
    return (int) (z >>> 40) & buckets.length - 1;
  }

  private @Nullable Neighbor claim(boolean ipv6, long high, long low, long nowNanos) {
    Neighbor entry = leastUseful();
    if (entry == null) {
      return null;
    }
    if (entry.state != State.FREE) {
      counters.neighborEvictions++;
      giveUpWaiting(entry, null, nowNanos);
      release(entry);
    }
    entry.state = State.NEW;
    entry.ipv6 = ipv6;
    entry.high = high;
    entry.low = low;
    entry.mac = 0;
    entry.attempts = 0;
    entry.usedNanos = nowNanos;
    entry.confirmedNanos = nowNanos - LOCK_NANOS;
    entry.progressNanos = nowNanos - REACHABLE_NANOS;
    entry.generation++;
    int bucket = bucket(high, low);
    entry.nextInBucket = buckets[bucket];
    buckets[bucket] = entry;
    usedCount++;
    return entry;
  }

  /// A free entry, or the one to give up: failed ones, then those that never answered, then the
  /// least recently used.
  private @Nullable Neighbor leastUseful() {
    Neighbor best = null;
    int bestRank = Integer.MAX_VALUE;
    for (Neighbor entry : entries) {
      int rank =
          switch (entry.state) {
            case FREE -> 0;
            case NEW -> 1;
            case FAILED -> 2;
            case INCOMPLETE -> 3;
            case STALE -> 4;
            case REACHABLE, PROBE -> 5;
            case STATIC -> Integer.MAX_VALUE;
          };
      if (rank == 0) {
        return entry;
      }
      if (rank < bestRank
          || best != null && rank == bestRank && entry.usedNanos - best.usedNanos < 0) {
        best = entry;
        bestRank = rank;
      }
    }
    return best;
  }

  private void release(Neighbor entry) {
    int bucket = bucket(entry.high, entry.low);
    Neighbor before = null;
    for (Neighbor n = buckets[bucket]; n != null; n = n.nextInBucket) {
      if (n == entry) {
        if (before == null) {
          buckets[bucket] = n.nextInBucket;
        } else {
          before.nextInBucket = n.nextInBucket;
        }
        usedCount--;
        break;
      }
      before = n;
    }
    entry.nextInBucket = null;
    entry.state = State.FREE;
    entry.generation++;
  }
}
