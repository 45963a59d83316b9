package dev.demikv.kvserver.server;

import dev.demikv.kvserver.metrics.Histogram;
import dev.demikv.libos.api.QResult;

/// Where batches become agreed: proposed in order, they come back committed in the same order, and
/// only then are they applied and answered.
///
/// On one server ([StorageCommitLog]) committed means: on stable storage. A replicated log puts the
/// agreement of a majority in this place and nothing else changes.
interface CommitLog {
  /// Takes what comes of proposals. Called from within [#onCompletion] and [#turn].
  interface Listener {
    /// The oldest batch proposed and not yet reported is committed: apply it.
    void committed(WriteBatch batch);

    /// Nothing proposed from the oldest on can be said to be committed or not; there will be no
    /// further commits.
    ///
    /// @param errno positive
    void failed(int errno);
  }

  /// Proposes a sealed batch; it must stay as it is until it is reported.
  ///
  /// @return false when there is no room now: propose it again later, before any other
  boolean propose(WriteBatch batch);

  /// Goes on with proposals that could not be handed to the devices at once. Once per turn.
  void turn();

  /// Takes a completion of the library OS, if it is the log's.
  boolean onCompletion(QResult result);

  /// Whether nothing but another [#turn] after a while will make it go on.
  boolean needsRetry();

  /// Position in the log of the last committed batch: what lies before it is not needed to go on
  /// from there.
  long committedPosition();

  /// Bytes that the log takes now.
  long logBytes();

  /// Batches proposed and not yet reported.
  int inFlight();

  /// Times from proposals to commits, to the length of a turn.
  Histogram commitTimes();

  /// Whether it failed for good.
  boolean hasFailed();

  /// Whether the newest proposal waits for room on the device, which only cutting the log off, or a
  /// larger device, can make.
  boolean isFull();

  /// Takes back the newest proposal, which waits for room: it will not be committed.
  void withdraw();
}
