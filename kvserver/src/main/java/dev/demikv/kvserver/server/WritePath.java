package dev.demikv.kvserver.server;

import dev.demikv.kvserver.command.CommandFlag;
import dev.demikv.kvserver.command.CommandSpec;
import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.persist.BatchRecord;
import dev.demikv.kvserver.persist.CommandCodec;
import dev.demikv.kvserver.resp.CommandArgs;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.lang.Nullable;

/// Writes on their way through the log: gathered into a batch per turn, proposed, applied when
/// committed, in order.
///
/// ```
///   free ─► open (this turn's) ─► sealed ─► proposed ─► committed: applied ─► free
///                                 └──────── pending, in order ──────┘
/// ```
///
/// A batch of deferred reads alone is not proposed; it only waits for those before it. All batches
/// are made at the start; when none is free, writers wait.
final class WritePath implements CommitLog.Listener {
  /// The command is in a batch.
  static final int ACCEPTED = 0;

  /// No batch is free: stop, and try this command again when one is.
  static final int FULL = 1;

  /// The command cannot be taken: [#refusal] says why.
  static final int REFUSED = 2;

  private static final int DENYOOM = CommandFlag.DENYOOM.bit();
  private static final String FULL_TEXT =
      "MISCONF The storage is full: this write was not executed. Enlarge it (storage.*.capacity)"
          + " and restart, or delete other files on its disk.";
  private static final String OOM = "OOM command not allowed when used memory > 'maxmemory'.";

  private final Engine engine;
  private final ClientMemory memory;
  private final BatchApplier applier;
  private final GrowthEstimate growth;
  private final CommitLog log;

  private final WriteBatch[] free;
  private int freeCount;
  private @Nullable WriteBatch open;
  private final @Nullable WriteBatch[] pending;
  private int pendingHead;
  private int pendingCount;
  private int proposedCount;

  private long lastSequence;
  private long pendingBytes;
  private int failure;
  private String refusal = "";

  /// What is done with a batch.
  interface BatchApplier {
    /// Executes the commands in order and writes the replies.
    void apply(WriteBatch batch);

    /// The log failed: answers the commands without executing the writes.
    void abandon(WriteBatch batch, String error);

    /// A batch became free.
    void batchFreed();

    /// The log failed for good.
    void logFailed(int errno);
  }

  /// Makes the log, which needs this to report to.
  @FunctionalInterface
  interface LogMaker {
    CommitLog make(CommitLog.Listener listener);
  }

  /// @param batches batches in all
  /// @param lastSequence number of the last batch in the log
  WritePath(
      LibOs libos,
      Engine engine,
      ClientMemory memory,
      BatchApplier applier,
      GrowthEstimate growth,
      int batches,
      long lastSequence,
      LogMaker maker) {
    this.engine = engine;
    this.memory = memory;
    this.applier = applier;
    this.growth = growth;
    this.lastSequence = lastSequence;
    this.free = new WriteBatch[batches];
    this.pending = new WriteBatch[batches];
    for (int i = 0; i < batches; i++) {
      free[i] = makeBatch(libos, memory);
    }
    freeCount = batches;
    log = maker.make(this);
  }

  private static WriteBatch makeBatch(LibOs libos, ClientMemory memory) {
    ScatterGatherArray array = libos.sgaAlloc(BatchRecord.RECORD_BYTES_MAX);
    ClientMemory.Block local = memory.take(WriteBatch.LOCAL_BYTES);
    if (array == null || array.segmentCount() != 1 || local == null) {
      throw new IllegalStateException(
          "memory.buffers.large or limits.client-memory is too small for log.batches-in-flight");
    }
    // The reference of the array stays with the batch for the life of the process.
    return new WriteBatch(array.buffer(0), local);
  }

  /// Takes a write command into the batch of this turn.
  ///
  /// @return ACCEPTED, FULL or REFUSED
  int write(Connection client, CommandSpec spec, CommandArgs args) {
    if (failure != 0) {
      refusal = failureText();
      return REFUSED;
    }
    long bytes = CommandCodec.encodedBytes(args);
    if ((spec.flagBits() & DENYOOM) != 0) {
      long needed = engine.usedBytes() + pendingBytes + bytes;
      if (needed > engine.limitBytes() || needed + growth.bytes(spec, args) > engine.limitBytes()) {
        refusal = OOM;
        return REFUSED;
      }
    }
    int db = client.session().db();
    if (bytes > BatchRecord.PAYLOAD_BYTES_MAX) {
      return longWrite(client, spec, db, args, bytes);
    }
    WriteBatch batch = openBatch();
    if (batch != null && !batch.addWrite(client, spec, db, CommandCodec.COMMAND, args)) {
      seal();
      batch = openBatch();
      if (batch != null && !batch.addWrite(client, spec, db, CommandCodec.COMMAND, args)) {
        throw new IllegalStateException("a command of " + bytes + " B in an empty batch");
      }
    }
    if (batch == null) {
      return FULL;
    }
    pendingBytes += bytes;
    client.pendingCommands++;
    return ACCEPTED;
  }

  private int longWrite(Connection client, CommandSpec spec, int db, CommandArgs args, long bytes) {
    seal();
    WriteBatch batch = openBatch();
    if (batch == null) {
      return FULL;
    }
    ClientMemory.Block block = memory.take(bytes);
    if (block == null) {
      refusal = "ERR not enough memory for this command now (limits.client-memory)";
      return REFUSED;
    }
    batch.addLongWrite(block, client, spec, db, args);
    pendingBytes += bytes;
    client.pendingCommands++;
    seal();
    return ACCEPTED;
  }

  /// Defers a read until the writes of its client are applied.
  ///
  /// @return ACCEPTED or FULL
  int defer(Connection client, CommandSpec spec, CommandArgs args) {
    if (CommandCodec.encodedBytes(args) > WriteBatch.LOCAL_BYTES) {
      return FULL;
    }
    WriteBatch batch = openBatch();
    if (batch != null && !batch.addLocal(client, spec, client.session().db(), args)) {
      seal();
      batch = openBatch();
      if (batch != null && !batch.addLocal(client, spec, client.session().db(), args)) {
        throw new IllegalStateException("a read in an empty batch");
      }
    }
    if (batch == null) {
      return FULL;
    }
    client.pendingCommands++;
    return ACCEPTED;
  }

  /// Proposes to remove keys whose time has come; whether it has is judged when it is applied.
  ///
  /// @return whether it was taken
  boolean expire(int db, CommandArgs keys) {
    WriteBatch batch = failure == 0 ? openBatch() : null;
    return batch != null && batch.addWrite(null, null, db, CommandCodec.EXPIRE, keys);
  }

  private @Nullable WriteBatch openBatch() {
    WriteBatch batch = open;
    if (batch == null && freeCount > 0) {
      batch = free[--freeCount];
      open = batch;
    }
    return batch;
  }

  private void seal() {
    WriteBatch batch = open;
    if (batch != null && batch.count() > 0) {
      open = null;
      pending[slot(pendingCount)] = batch;
      pendingCount++;
    }
  }

  /// Ends the batch of this turn and hands to the log what it takes.
  ///
  /// @param nowMillis the time of the turn, which becomes that of the batches
  void endTurn(long nowMillis) {
    seal();
    if (failure == 0) {
      log.turn();
    }
    while (failure == 0 && proposedCount < pendingCount) {
      WriteBatch batch = at(proposedCount);
      if (batch.writes() > 0) {
        batch.seal(lastSequence + 1, nowMillis);
        if (!log.propose(batch)) {
          break;
        }
        lastSequence++;
        if (failure != 0) {
          return; // Failed within the call: nothing is pending any more.
        }
      }
      proposedCount++;
    }
    applyReadsAtHead();
  }

  /// Whether writes wait for room on the device, and all before them are applied.
  boolean isFull() {
    return log.isFull() && log.inFlight() == 1 && proposedCount == 1;
  }

  /// Answers the writes that wait for room with an error: they are not executed. Only when
  /// [#isFull].
  void refuseForRoom() {
    log.withdraw();
    lastSequence--;
    proposedCount = 0;
    seal();
    while (pendingCount > 0) {
      WriteBatch batch = removeHead();
      applier.abandon(batch, FULL_TEXT);
      recycle(batch);
    }
  }

  @Override
  public void committed(WriteBatch batch) {
    assert pendingCount > 0 && at(0) == batch : batch.sequence();
    applyHead();
    applyReadsAtHead();
  }

  private void applyReadsAtHead() {
    while (proposedCount > 0 && at(0).writes() == 0) {
      applyHead();
    }
  }

  private void applyHead() {
    WriteBatch batch = removeHead();
    proposedCount--;
    applier.apply(batch);
    recycle(batch);
  }

  @Override
  public void failed(int errno) {
    failure = errno;
    applier.logFailed(errno);
    seal();
    while (pendingCount > 0) {
      WriteBatch batch = removeHead();
      applier.abandon(batch, failureText());
      recycle(batch);
    }
    proposedCount = 0;
  }

  private String failureText() {
    return "MISCONF The log failed with "
        + Errno.describe(failure)
        + ". This write is not acknowledged; the server takes no further writes and will end. See"
        + " its log.";
  }

  private void recycle(WriteBatch batch) {
    pendingBytes -= Math.min(pendingBytes, batch.bytes());
    ClientMemory.Block block = batch.clear();
    if (block != null) {
      memory.give(block);
    }
    free[freeCount++] = batch;
    if (pendingCount == 0 && open == null) {
      pendingBytes = 0;
    }
    applier.batchFreed();
  }

  /// Why the last command was refused, as an error reply without its `-`.
  String refusal() {
    return refusal;
  }

  /// Whether nothing but another turn after a while will make it go on.
  boolean needsRetry() {
    return failure == 0 && (log.needsRetry() || proposedCount < pendingCount) && log.inFlight() < 2;
  }

  /// Batches that are not yet applied.
  int pendingBatches() {
    return pendingCount + (open == null ? 0 : 1);
  }

  /// Number of the last batch proposed.
  long lastSequence() {
    return lastSequence;
  }

  /// Number of the last batch applied.
  long appliedSequence() {
    return lastSequence - log.inFlight();
  }

  /// The log.
  CommitLog log() {
    return log;
  }

  private WriteBatch removeHead() {
    WriteBatch batch = at(0);
    pending[pendingHead] = null;
    pendingHead = pendingHead + 1 == pending.length ? 0 : pendingHead + 1;
    pendingCount--;
    return batch;
  }

  private WriteBatch at(int index) {
    WriteBatch batch = pending[slot(index)];
    if (batch == null) {
      throw new IllegalStateException("no batch " + index + " of " + pendingCount);
    }
    return batch;
  }

  private int slot(int index) {
    int at = pendingHead + index;
    return at >= pending.length ? at - pending.length : at;
  }
}
