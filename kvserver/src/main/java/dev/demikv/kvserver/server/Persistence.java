package dev.demikv.kvserver.server;

import dev.demikv.kvserver.config.ConfigKeys;
import dev.demikv.kvserver.config.ServerConfig;
import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.persist.Recovery;
import dev.demikv.kvserver.persist.SnapshotWriter;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.lang.Nullable;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The three logs of the storage device, and the snapshots: when one is due, step by step while the
/// loop goes on, and what is cut off when it is complete.
///
/// ```
///   idle ─► clearing (the target log is emptied) ─► writing
///        ─► cutting (commands, older snapshot) ─► idle
/// ```
final class Persistence implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Persistence.class);
  private static final String COMMANDS = "commands";
  private static final String SNAPSHOT_A = "snapshot-a";
  private static final String SNAPSHOT_B = "snapshot-b";
  private static final long RETRY_NANOS = 10_000_000_000L;
  private static final long RETRY_NANOS_MAX = 64 * RETRY_NANOS;
  private static final long REST_NANOS = 1_000_000;
  private static final int RESTS_MAX = 1_000;

  private enum Phase {
    IDLE,
    CLEARING,
    WRITING,
    CUTTING
  }

  private final LibOs libos;
  private final Engine engine;
  private final ServerConfig config;
  private final int commandsQd;
  private final int snapshotA;
  private final int snapshotB;
  private final QResult result = new QResult();
  private final StorageRoom room;

  private Phase phase = Phase.IDLE;
  private @Nullable SnapshotWriter writer;
  private int completeQd;
  private int targetQd;
  private long lastNumber;
  private long cutPosition;
  private final long[] cutTokens = new long[2];

  private long lastPosition;
  private long lastSequence;
  private long lastSaveMillis;
  private boolean lastSaveOk = true;
  private String lastError = "";
  private long failures;
  private long retryDelayNanos = RETRY_NANOS;
  private long savedWrites;
  private long savedSequence;
  private long writtenSequence;
  private long startedNanos;
  private long lastEndNanos;
  private long lastDurationNanos;
  private long startedWrites;
  private long snapshots;
  private boolean waitsForDevice;
  private boolean triedForRoom;
  private int rests;
  private long logBytesTrigger;
  private long intervalNanos;

  /// Opens the logs.
  Persistence(LibOs libos, Engine engine, ServerConfig config) {
    this.libos = libos;
    this.engine = engine;
    this.config = config;
    this.commandsQd = libos.open(COMMANDS);
    this.snapshotA = libos.open(SNAPSHOT_A);
    this.snapshotB = libos.open(SNAPSHOT_B);
    this.lastEndNanos = libos.nowNanos();
    this.room = new StorageRoom(libos);
  }

  /// Brings the state back.
  Recovery.Result recover(Recovery.Applier applier) {
    Recovery.Result found =
        new Recovery(libos, engine, applier)
            .run(
                commandsQd,
                COMMANDS,
                List.of(
                    new Recovery.StorageName(snapshotA, SNAPSHOT_A),
                    new Recovery.StorageName(snapshotB, SNAPSHOT_B)));
    lastNumber = found.lastNumber();
    completeQd = found.snapshotQd();
    lastPosition = found.lastPosition();
    lastSequence = found.lastSequence();
    savedSequence = found.lastSequence() - found.batches();
    lastSaveMillis = found.snapshotMillis();
    return found;
  }

  /// The queue of the commands log.
  int commandsQd() {
    return commandsQd;
  }

  /// Notes what the state contains: the number of the last batch applied, and where it lies.
  void applied(long sequence, long position) {
    lastSequence = sequence;
    lastPosition = position;
  }

  /// Whether a snapshot is under way.
  boolean isBusy() {
    return phase != Phase.IDLE;
  }

  /// Whether the loop must not sleep, as a snapshot can go on at once.
  boolean isWorking() {
    return phase == Phase.WRITING && !waitsForDevice;
  }

  /// Whether nothing but another turn after a while will make it go on.
  boolean needsRetry() {
    SnapshotWriter w = writer;
    return phase == Phase.WRITING && waitsForDevice && w != null && w.oldestToken() == 0;
  }

  /// Begins a snapshot.
  ///
  /// @param why for the log
  /// @param writesDone how many writes were executed so far
  /// @return whether it began: not when one is under way, or the device does not take it
  boolean begin(String why, long writesDone, long nowNanos) {
    if (phase != Phase.IDLE) {
      return false;
    }
    targetQd = completeQd == snapshotA ? snapshotB : snapshotA;
    startedNanos = nowNanos;
    startedWrites = writesDone;
    long token = libos.truncate(targetQd, libos.logTail(targetQd));
    if (token < 0) {
      fail((int) -token, false, nowNanos);
      return false;
    }
    cutTokens[0] = token;
    cutTokens[1] = 0;
    phase = Phase.CLEARING;
    LOG.info("Snapshot {} begins: {}", lastNumber + 1, why);
    return true;
  }

  /// Begins a snapshot when one is due, and goes on with one under way.
  void turn(long writesDone, long nowMillis, long nowNanos) {
    if (phase == Phase.WRITING) {
      write(config.integer(ConfigKeys.SNAPSHOT_ENTRIES), nowMillis, nowNanos);
      return;
    }
    if (phase != Phase.IDLE || (!lastSaveOk && nowNanos - lastEndNanos < retryDelayNanos)) {
      return;
    }
    if (room.isShort(logBytes(), engine.usedBytes())) {
      begin("the storage runs short", writesDone, nowNanos);
    } else if (logBytes() >= logBytesTrigger) {
      begin("the log has " + logBytes() + " bytes", writesDone, nowNanos);
    } else if (intervalNanos > 0
        && nowNanos - lastEndNanos >= intervalNanos
        && writesDone != savedWrites) {
      begin("snapshot.interval is over", writesDone, nowNanos);
    }
  }

  /// The log found no room: begins a snapshot, so that it can be cut off.
  ///
  /// @return whether there is hope: a snapshot is under way
  boolean makeRoom(long writesDone, long nowNanos) {
    if (phase != Phase.IDLE) {
      return true;
    }
    boolean hopeful = lastSaveOk && room.isWorthIt(logBytes(), engine.usedBytes());
    if (triedForRoom && !hopeful && nowNanos - lastEndNanos < RETRY_NANOS) {
      return false;
    }
    triedForRoom = true;
    return begin("the storage is full", writesDone, nowNanos);
  }

  /// Reads the keys that may have changed.
  void configure() {
    logBytesTrigger = config.bytes(ConfigKeys.SNAPSHOT_LOG_BYTES);
    intervalNanos = config.nanos(ConfigKeys.SNAPSHOT_INTERVAL);
  }

  /// When [#turn] must look next; [Long#MAX_VALUE] when writes will bring it there anyway.
  long nextNanos(long writesDone) {
    if (phase != Phase.IDLE) {
      return Long.MAX_VALUE;
    }
    boolean byTime = intervalNanos > 0 && writesDone != savedWrites;
    long next = byTime ? lastEndNanos + intervalNanos : Long.MAX_VALUE;
    if (lastSaveOk) {
      return next;
    }
    long retry = lastEndNanos + retryDelayNanos;
    return logBytes() >= logBytesTrigger ? retry : Math.max(next, retry);
  }

  private void write(int entriesMax, long nowMillis, long nowNanos) {
    SnapshotWriter w = writer;
    if (w == null) {
      return;
    }
    switch (w.step(entriesMax)) {
      case WORKING -> waitsForDevice = false;
      case WAITING -> waitsForDevice = true;
      case FAILED -> fail(w.errno(), w.sourceLost(), nowNanos);
      case DONE -> complete(w, nowMillis, nowNanos);
    }
  }

  private void complete(SnapshotWriter w, long nowMillis, long nowNanos) {
    lastNumber = w.number();
    lastSaveMillis = nowMillis;
    lastSaveOk = true;
    lastError = "";
    retryDelayNanos = RETRY_NANOS;
    savedWrites = startedWrites;
    savedSequence = writtenSequence;
    snapshots++;
    lastDurationNanos = nowNanos - startedNanos;
    LOG.info(
        "Snapshot {} complete: {} entries, {} bytes, {} ms",
        w.number(),
        w.entries(),
        w.bytes(),
        lastDurationNanos / 1_000_000);
    w.close();
    writer = null;
    int older = completeQd;
    completeQd = targetQd;
    phase = Phase.CUTTING;
    cutTokens[0] = cut(commandsQd, cutPosition);
    cutTokens[1] = older == 0 ? 0 : cut(older, libos.logTail(older));
    endIfCut(nowNanos);
  }

  /// Cuts a log off. When the device does not take it now, the next snapshot does it.
  private long cut(int qd, long position) {
    if (position <= libos.logHead(qd)) {
      return 0;
    }
    long token = libos.truncate(qd, position);
    if (token < 0) {
      LOG.warn("Log not cut off at {}: {}", position, Errno.describe((int) token));
    }
    return Math.max(0, token);
  }

  /// Gives the snapshot under way up. What was written of it has no footer and never counts; the
  /// complete one before it and the log stay. The next one of its own accord comes after a delay
  /// that doubles from failure to failure.
  ///
  /// @param sourceLost whether the engine could not keep an entry that changed
  private void fail(int errno, boolean sourceLost, long nowNanos) {
    abandon();
    if (failures > 0 && !lastSaveOk) {
      retryDelayNanos = Math.min(2 * retryDelayNanos, RETRY_NANOS_MAX);
    }
    failures++;
    lastSaveOk = false;
    lastEndNanos = nowNanos;
    phase = Phase.IDLE;
    if (sourceLost) {
      lastError =
          "no memory to keep what changed beside it; make memory.limit larger or write less";
    } else if (errno == Errno.ENOSPC) {
      lastError =
          Errno.describe(errno)
              + "; give the storage room for two snapshots and the log (storage.*.capacity)";
    } else {
      lastError = Errno.describe(errno);
    }
    LOG.error(
        "Snapshot {} failed: {}. No write is lost: what is on the device stays valid, and so does"
            + " what is in memory. It is tried again when one is due, in {} s at the earliest, or"
            + " by BGSAVE.",
        lastNumber + 1,
        lastError,
        retryDelayNanos / 1_000_000_000L);
  }

  private void abandon() {
    SnapshotWriter w = writer;
    if (w != null) {
      writer = null;
      w.close();
    }
  }

  /// Takes a completion of the library OS, if it is of a snapshot.
  boolean onCompletion(QResult completion, long nowMillis, long nowNanos) {
    if (completion.opcode == Opcode.TRUNCATE) {
      onTruncated(completion, nowMillis, nowNanos);
      return true;
    }
    if (completion.opcode != Opcode.PUSH
        || (completion.qd != snapshotA && completion.qd != snapshotB)) {
      return false;
    }
    SnapshotWriter w = writer;
    if (w != null) {
      w.onPushed(completion.qtoken, completion.result);
      waitsForDevice = false;
    }
    return true;
  }

  private void onTruncated(QResult completion, long nowMillis, long nowNanos) {
    for (int i = 0; i < cutTokens.length; i++) {
      if (cutTokens[i] == completion.qtoken) {
        cutTokens[i] = 0;
      }
    }
    if (completion.result < 0) {
      LOG.error("Log not cut off: {}", Errno.describe(completion.result));
      if (phase == Phase.CLEARING) {
        fail(-completion.result, false, nowNanos);
      }
    }
    if (phase == Phase.CLEARING) {
      startWriting(nowMillis);
    } else if (phase == Phase.CUTTING) {
      endIfCut(nowNanos);
    }
  }

  private void startWriting(long nowMillis) {
    cutPosition = lastPosition;
    writtenSequence = lastSequence;
    writer =
        new SnapshotWriter(
            libos, targetQd, engine, lastNumber + 1, lastSequence, cutPosition, nowMillis);
    phase = Phase.WRITING;
    waitsForDevice = false;
  }

  private void endIfCut(long nowNanos) {
    if (cutTokens[0] == 0 && cutTokens[1] == 0) {
      phase = Phase.IDLE;
      lastEndNanos = nowNanos;
    }
  }

  /// Brings the snapshot under way to its end before it returns. The loop stands still.
  ///
  /// @param deadlineNanos when to give up
  /// @return whether it is complete
  boolean finish(long nowMillis, long deadlineNanos) {
    long before = snapshots;
    rests = 0;
    while (phase != Phase.IDLE && libos.nowNanos() < deadlineNanos) {
      if (phase == Phase.WRITING) {
        write(Integer.MAX_VALUE, nowMillis, libos.nowNanos());
      }
      long token = tokenToWaitFor();
      if (token != 0) {
        int waited = libos.wait(token, deadlineNanos - libos.nowNanos(), result);
        if (waited == 0) {
          rests = 0;
          onCompletion(result, nowMillis, libos.nowNanos());
        }
      } else if (phase == Phase.WRITING && waitsForDevice && !rest()) {
        return false; // No buffers: the loop has to go on for there to be some.
      }
    }
    return phase == Phase.IDLE && (snapshots > before || lastSaveOk);
  }

  /// Lets the device go on for a moment when nothing will tell that it did, as when it prepares a
  /// segment.
  ///
  /// @return false when that was done so often that it is of no use
  private boolean rest() {
    if (rests++ == RESTS_MAX) {
      return false;
    }
    int qd;
    try {
      qd = libos.timer(REST_NANOS, 0);
    } catch (LibOsException e) {
      return false; // No queue is left for the timer.
    }
    libos.wait(libos.pop(qd), 2 * REST_NANOS, result);
    libos.close(qd);
    return true;
  }

  private long tokenToWaitFor() {
    SnapshotWriter w = writer;
    if (phase == Phase.WRITING && w != null) {
      return waitsForDevice ? w.oldestToken() : 0;
    }
    return cutTokens[0] != 0 ? cutTokens[0] : cutTokens[1];
  }

  /// Bytes of the commands log.
  long logBytes() {
    return libos.logTail(commandsQd) - libos.logHead(commandsQd);
  }

  /// Entries written by the snapshot under way.
  long entriesWritten() {
    SnapshotWriter w = writer;
    return w == null ? 0 : w.entries();
  }

  /// When the last snapshot was complete, in milliseconds since the Unix epoch; 0 if never.
  long lastSaveMillis() {
    return lastSaveMillis;
  }

  /// Whether the last snapshot did not fail.
  boolean lastSaveOk() {
    return lastSaveOk;
  }

  /// Snapshots that failed since the start.
  long failures() {
    return failures;
  }

  /// Why the last snapshot failed and what to do; empty if it did not.
  String lastError() {
    return lastError;
  }

  /// Whether the state on the device is a log that a snapshot could take the place of.
  boolean isStale() {
    return lastSequence > savedSequence;
  }

  /// Writes that were executed before the last complete snapshot began.
  long savedWrites() {
    return savedWrites;
  }

  /// How long the last complete snapshot took.
  long lastDurationNanos() {
    return lastDurationNanos;
  }

  /// Snapshots completed since the start.
  long snapshots() {
    return snapshots;
  }

  @Override
  public void close() {
    abandon();
    phase = Phase.IDLE;
  }
}
