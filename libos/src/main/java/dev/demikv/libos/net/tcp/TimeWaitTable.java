package dev.demikv.libos.net.tcp;

import static dev.demikv.libos.wire.TcpHeader.ACK;
import static java.util.Objects.requireNonNull;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.net.NetworkPath;
import dev.demikv.libos.net.Packet;
import dev.demikv.libos.wire.SequenceNumber;
import java.util.random.RandomGenerator;

/// Connections in TIME-WAIT: what is needed to answer a late segment, and no more.
///
/// All stay for the same time, so they leave in the order in which they came: a list, and one timer
/// for its head. When it is full, the oldest is forgotten.
final class TimeWaitTable {
  /// How far the initial sequence number of the next connection is from the last number of the old
  /// one, at least: more than a window without scaling.
  static final int ISN_DISTANCE = 1 << 16;

  /// How long an entry is kept before [#connect][Tcp#connect] may use its port again.
  private static final long REUSE_NANOS = 1_000_000_000;

  /// An entry. Pooled.
  static final class Entry {
    @Nullable NetworkPath path;
    int localPort;
    int remotePort;
    int hash;
    int sndNxt;
    int rcvNxt;
    int window;
    boolean timestampsOk;
    int tsRecent;
    int tsOffset;
    long sinceNanos;

    /// When a segment without data was last answered.
    long answeredNanos;

    @Nullable Entry chain;
    @Nullable Entry newer;
    @Nullable Entry older;

    NetworkPath path() {
      return requireNonNull(path, "entry lies in its pool");
    }
  }

  private final TcpShared shared;
  private final int timer;
  private final TupleHash hash;
  private final Pool<Entry> pool;
  private final @Nullable Entry[] buckets;
  private final long lifeNanos;
  private @Nullable Entry oldest;
  private @Nullable Entry newest;
  private int count;

  TimeWaitTable(TcpShared shared, RandomGenerator random, int timer) {
    this.shared = shared;
    this.timer = timer;
    int max = shared.config.timeWaitMax();
    hash = new TupleHash(random);
    pool = new Pool<>(max, Entry::new);
    buckets = new @Nullable Entry[Integer.highestOneBit(Math.max(max, 2) - 1) << 1];
    // RFC 9293 §3.6.1: 2 MSL.
    lifeNanos = 2 * shared.config.mslNanos();
  }

  int count() {
    return count;
  }

  /// Takes over the connection's endpoints.
  void add(TcpConnection c) {
    Entry entry = pool.take();
    if (entry == null) {
      Entry first = requireNonNull(oldest, "the pool is empty but the table is too");
      shared.count(TcpCounter.TIME_WAIT_OVERFLOWS);
      remove(first);
      entry = requireNonNull(pool.take(), "just given back");
    }
    NetworkPath path = c.path();
    entry.path = path;
    entry.localPort = c.localPort;
    entry.remotePort = c.remotePort;
    entry.hash =
        hash.of(
            path.localHigh(),
            path.localLow(),
            c.localPort,
            path.remoteHigh(),
            path.remoteLow(),
            c.remotePort);
    entry.sndNxt = c.sndNxt;
    entry.rcvNxt = c.rcvNxt;
    entry.window = Math.max(c.receiveWindow(), 0) >>> c.rcvShift;
    entry.timestampsOk = c.timestampsOk;
    entry.tsRecent = c.tsRecent;
    entry.tsOffset = c.tsOffset;
    entry.answeredNanos = shared.nowNanos - TcpReceiver.CHALLENGE_NANOS;
    int bucket = entry.hash & buckets.length - 1;
    entry.chain = buckets[bucket];
    buckets[bucket] = entry;
    append(entry);
    count++;
  }

  private void append(Entry entry) {
    entry.sinceNanos = shared.nowNanos;
    entry.newer = null;
    entry.older = newest;
    if (newest == null) {
      oldest = entry;
      shared.timers.arm(timer, shared.nowNanos + lifeNanos);
    } else {
      newest.newer = entry;
    }
    newest = entry;
  }

  private void unlink(Entry entry) {
    if (entry.older == null) {
      oldest = entry.newer;
    } else {
      entry.older.newer = entry.newer;
    }
    if (entry.newer == null) {
      newest = entry.older;
    } else {
      entry.newer.older = entry.older;
    }
  }

  void remove(Entry entry) {
    unlink(entry);
    int bucket = entry.hash & buckets.length - 1;
    Entry before = null;
    for (Entry e = buckets[bucket]; e != entry; e = before.chain) {
      before = requireNonNull(e, "not in its chain");
    }
    if (before == null) {
      buckets[bucket] = entry.chain;
    } else {
      before.chain = entry.chain;
    }
    entry.path = null;
    entry.chain = null;
    entry.newer = null;
    entry.older = null;
    count--;
    pool.put(entry);
  }

  /// The entry of these endpoints, or `null`.
  @Nullable
  Entry find(
      long localHigh,
      long localLow,
      int localPort,
      long remoteHigh,
      long remoteLow,
      int remotePort) {
    if (count == 0) {
      return null;
    }
    int code = hash.of(localHigh, localLow, localPort, remoteHigh, remoteLow, remotePort);
    for (Entry e = buckets[code & buckets.length - 1]; e != null; e = e.chain) {
      NetworkPath path = e.path();
      if (e.hash == code
          && e.localPort == localPort
          && e.remotePort == remotePort
          && path.localLow() == localLow
          && path.remoteLow() == remoteLow
          && path.localHigh() == localHigh
          && path.remoteHigh() == remoteHigh) {
        return e;
      }
    }
    return null;
  }

  @Nullable
  Entry find(Packet p, int localPort, int remotePort) {
    return find(
        p.destinationHigh(),
        p.destinationLow(),
        localPort,
        p.sourceHigh(),
        p.sourceLow(),
        remotePort);
  }

  /// Whether a connect may take the endpoints of an entry: RFC 6191 with the roles turned, our
  /// timestamps keep the two apart.
  boolean mayReuse(Entry entry) {
    return entry.timestampsOk && shared.nowNanos - entry.sinceNanos >= REUSE_NANOS;
  }

  /// A segment for an entry: RFC 9293 §3.10.7.4.
  ///
  /// @return whether it is a SYN for which the entry was given up: it goes to the listener
  boolean receive(Entry entry, ReceivedSegment s) {
    if (s.isRst()) {
      // RFC 1337 §3: a RST must not end TIME-WAIT.
      shared.count(TcpCounter.DROP_TIME_WAIT);
      return false;
    }
    if (s.isSyn() && !s.isAck() && isNewer(entry, s)) {
      shared.count(TcpCounter.TIME_WAIT_REUSED);
      remove(entry);
      return true;
    }
    shared.count(TcpCounter.DROP_TIME_WAIT);
    if (s.isFin()) {
      // RFC 9293 §3.10.7.4: the FIN came again, our last ACK was lost; the time starts anew.
      unlink(entry);
      append(entry);
    }
    boolean tooSoon = shared.nowNanos - entry.answeredNanos < TcpReceiver.CHALLENGE_NANOS;
    if (s.length() > 0 || s.sequence != entry.rcvNxt && !tooSoon) {
      // RFC 5961 §7: what could be the answer to an answer is answered at a bounded rate.
      entry.answeredNanos = shared.nowNanos;
      boolean ts = entry.timestampsOk;
      shared.writer.bare(
          entry.path(),
          entry.localPort,
          entry.remotePort,
          entry.sndNxt,
          entry.rcvNxt,
          ACK,
          entry.window,
          ts,
          IsnGenerator.timestampClock(shared.nowNanos) + entry.tsOffset,
          entry.tsRecent);
    }
    return false;
  }

  /// RFC 6191 §2: a SYN that cannot belong to the old connection.
  private static boolean isNewer(Entry entry, ReceivedSegment s) {
    if (entry.timestampsOk && s.options.hasTimestamps) {
      int later = s.options.tsVal - entry.tsRecent;
      return later > 0 || later == 0 && SequenceNumber.after(s.sequence, entry.rcvNxt);
    }
    return SequenceNumber.after(s.sequence, entry.rcvNxt);
  }

  /// The timer fired: forgets those whose time is over.
  void expire() {
    for (Entry e = oldest; e != null; e = oldest) {
      long end = e.sinceNanos + lifeNanos;
      if (end > shared.nowNanos) {
        shared.timers.arm(timer, end);
        return;
      }
      remove(e);
    }
  }

  void clear() {
    for (Entry e = oldest; e != null; e = oldest) {
      remove(e);
    }
  }
}
