package dev.demikv.libos.net.tcp;

import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.net.PacketOutput;
import dev.demikv.libos.net.PathCache;
import java.util.random.RandomGenerator;

/// What the parts of one [Tcp] share: limits, pools, tables, counters, and the two lists of
/// connections that have something to do.
final class TcpShared {
  final TcpConfig config;
  final PacketOutput output;
  final BufferPools buffers;
  final SgaPool sgas;
  final TcpUser user;

  final Pool<SentSegment> segments;
  final Pool<SendChunk> sendChunks;
  final Pool<PushRecord> pushes;
  final ReassemblerList reassemblers;
  final ReceiveMemory receiveMemory;

  final ConnectionTable connections;
  final IsnGenerator isns;
  final TcpTimers timers;
  final SegmentWriter writer;
  final TcpReceiver receiver;
  final TcpSender sender;
  final LossRecovery recovery;
  final TimeWaitTable timeWaits;
  final SynQueue synQueue;
  final Lifecycle lifecycle;
  final PathCache paths;

  /// Present time: that of the call under way.
  long nowNanos;

  private final long[] counters = new long[TcpCounter.values().length];

  /// Connections that [TcpSender#flush] has to look at, oldest first.
  private @Nullable TcpConnection dirtyHead;

  private @Nullable TcpConnection dirtyTail;
  private int dirtyCount;

  TcpShared(
      TcpConfig config,
      PacketOutput output,
      BufferPools buffers,
      SgaPool sgas,
      RandomGenerator random,
      TcpUser user,
      long nowNanos) {
    this.config = config;
    this.output = output;
    this.buffers = buffers;
    this.sgas = sgas;
    this.user = user;
    this.nowNanos = nowNanos;
    int timerCount = config.connectionsMax() * TcpTimers.KINDS + 1 + config.synQueueMax();
    timers = new TcpTimers(timerCount, nowNanos);
    segments = new Pool<>(config.segmentsMax(), SentSegment::new);
    sendChunks = new Pool<>(config.chunksMax(), SendChunk::new);
    pushes = new Pool<>(config.chunksMax(), PushRecord::new);
    reassemblers = new ReassemblerList(config.connectionsMax());
    receiveMemory = new ReceiveMemory(config.chunksMax(), config.receiveMemoryBytesMax());
    connections = new ConnectionTable(config.connectionsMax(), random);
    // The connection table's secret serves here too.
    paths = new PathCache(output, connections.hash(0, 0, 0, 0, 0, 0));
    isns = new IsnGenerator(random);
    int connectionTimers = config.connectionsMax() * TcpTimers.KINDS;
    timeWaits = new TimeWaitTable(this, random, connectionTimers);
    synQueue = new SynQueue(this, random, paths, connectionTimers + 1);
    writer = new SegmentWriter(this);
    receiver = new TcpReceiver(this);
    sender = new TcpSender(this);
    recovery = new LossRecovery(this);
    lifecycle = new Lifecycle(this);
  }

  void count(TcpCounter counter) {
    counters[counter.ordinal()]++;
  }

  void count(TcpCounter counter, long n) {
    counters[counter.ordinal()] += n;
  }

  long counter(TcpCounter counter) {
    return counters[counter.ordinal()];
  }

  /// Has the next flush look at a connection.
  void markDirty(TcpConnection c) {
    if (c.isDirty) {
      return;
    }
    c.isDirty = true;
    c.dirtyNext = null;
    if (dirtyTail == null) {
      dirtyHead = c;
    } else {
      dirtyTail.dirtyNext = c;
    }
    dirtyTail = c;
    dirtyCount++;
  }

  int dirtyCount() {
    return dirtyCount;
  }

  /// The connection that was marked first, off the list now; `null` when none is marked.
  @Nullable
  TcpConnection takeDirty() {
    TcpConnection c = dirtyHead;
    if (c == null) {
      return null;
    }
    dirtyHead = c.dirtyNext;
    if (dirtyHead == null) {
      dirtyTail = null;
    }
    c.dirtyNext = null;
    c.isDirty = false;
    dirtyCount--;
    return c;
  }

  void armTimer(TcpConnection c, int kind, long deadlineNanos) {
    timers.arm(c.slot * TcpTimers.KINDS + kind, deadlineNanos);
  }

  void cancelTimer(TcpConnection c, int kind) {
    timers.cancel(c.slot * TcpTimers.KINDS + kind);
  }

  boolean isTimerArmed(TcpConnection c, int kind) {
    return timers.isArmed(c.slot * TcpTimers.KINDS + kind);
  }
}
