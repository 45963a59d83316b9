package dev.demikv.libos.api;

import dev.demikv.libos.lang.Nullable;

/// One completion (demi_qresult_t), filled in place by the wait calls. A struct: fields, no
/// behaviour, made once by the application and used again.
public final class QResult {
  /// The token that completed; 0 in an unused result.
  public long qtoken;

  /// The queue the operation was started on.
  public int qd;

  /// The operation.
  public Opcode opcode = Opcode.NONE;

  /// What came of it: `-errno`, or
  /// - PUSH: bytes taken, ≥ 0;
  /// - POP: bytes in [#sga], ≥ 0, where 0 with no array is the end of the stream or log;
  /// - ACCEPT: the `qd` of the new connection;
  /// - CONNECT, TRUNCATE: 0.
  public int result;

  /// POP: the bytes, the application's until [LibOs#sgaFree]. Otherwise `null`.
  public @Nullable ScatterGatherArray sga;

  /// POP on a datagram socket and ACCEPT: the peer. Meaningless otherwise. Filled in place.
  public final Endpoint remote = new Endpoint();

  /// Storage queues: PUSH and POP: position of the record, TRUNCATE: new first position.
  public long position;

  /// An unused result.
  public QResult() {}

  /// Whether the operation failed.
  public boolean failed() {
    return result < 0;
  }

  /// Makes it an unused result again. Does not free [#sga].
  public void clear() {
    qtoken = 0;
    qd = 0;
    opcode = Opcode.NONE;
    result = 0;
    sga = null;
    position = 0;
  }
}
