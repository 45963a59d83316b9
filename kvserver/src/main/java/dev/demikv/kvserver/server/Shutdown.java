package dev.demikv.kvserver.server;

import dev.demikv.libos.lang.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The end of the server, in bounded time: no more clients, what is under way is answered, a
/// snapshot is written, then the loop stops.
final class Shutdown {
  private static final Logger LOG = LoggerFactory.getLogger(Shutdown.class);

  /// What is done with the data.
  enum Mode {
    /// A snapshot, when there is storage for it and something was written.
    DEFAULT,
    /// A snapshot in any case.
    SAVE,
    /// None.
    NOSAVE
  }

  private enum Phase {
    RUNNING,
    DRAINING,
    SAVING,
    OVER
  }

  private final Server server;
  private final TurnClock now;
  private final long timeoutNanos;
  private Phase phase = Phase.RUNNING;
  private Mode mode = Mode.DEFAULT;
  private long deadlineNanos = Long.MAX_VALUE;
  private long snapshotsBefore;
  private int exitCode = Server.EXIT_OK;

  Shutdown(Server server, TurnClock now, long timeoutNanos) {
    this.server = server;
    this.now = now;
    this.timeoutNanos = timeoutNanos;
  }

  /// Begins to end.
  void begin(Mode newMode, String why) {
    if (phase != Phase.RUNNING) {
      return;
    }
    LOG.info("Ending ({})", why);
    mode = newMode;
    phase = Phase.DRAINING;
    deadlineNanos = Math.min(deadlineNanos, now.nanos() + timeoutNanos);
    server.closeDoors();
  }

  /// Ends at a time, whatever is under way.
  void endAfter(long nanos, int code) {
    deadlineNanos = Math.min(deadlineNanos, nanos);
    exitCode = code;
  }

  /// When [#turn] must look; [Long#MAX_VALUE] if never.
  long nextNanos() {
    return deadlineNanos;
  }

  /// Goes on with ending.
  void turn(long nowNanos) {
    if (phase == Phase.DRAINING && !server.hasPendingWrites()) {
      startSaving();
    }
    if (phase == Phase.SAVING) {
      Persistence p = server.persistence();
      if (p == null || !p.isBusy()) {
        finishSaving(p);
      }
    }
    if (phase != Phase.OVER && nowNanos >= deadlineNanos) {
      if (phase != Phase.RUNNING) {
        LOG.warn("Ending before everything was done: shutdown.timeout is over");
        if (exitCode == Server.EXIT_OK && (phase == Phase.DRAINING || !server.isDurable())) {
          exitCode = Server.EXIT_TIMEOUT; // Otherwise the log has everything.
        }
      }
      phase = Phase.OVER;
    }
  }

  private void startSaving() {
    Persistence p = server.persistence();
    if (p == null || mode == Mode.NOSAVE || exitCode != Server.EXIT_OK) {
      phase = Phase.OVER;
      return;
    }
    if (p.isBusy()) {
      return; // Another one is under way; it is too old.
    }
    if (mode == Mode.DEFAULT && p.savedWrites() == server.writesDone() && !p.isStale()) {
      phase = Phase.OVER;
      return;
    }
    snapshotsBefore = p.snapshots();
    phase = Phase.SAVING;
    p.begin("the server ends", server.writesDone(), now.nanos());
  }

  private void finishSaving(@Nullable Persistence p) {
    if (p != null && p.snapshots() == snapshotsBefore) {
      LOG.error("The snapshot at the end failed; the log, if there is one, has everything");
      exitCode = server.isDurable() ? exitCode : Server.EXIT_SNAPSHOT_FAILED;
    }
    phase = Phase.OVER;
  }

  /// Whether the loop is to stop.
  boolean isOver() {
    return phase == Phase.OVER;
  }

  /// Whether it began.
  boolean isRunning() {
    return phase != Phase.RUNNING;
  }

  /// What the process is to say.
  int exitCode() {
    return exitCode;
  }
}
