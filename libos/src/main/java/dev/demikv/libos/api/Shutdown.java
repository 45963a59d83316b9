package dev.demikv.libos.api;

/// What [LibOs#shutdown] ends, shutdown(2).
public enum Shutdown {
  /// No more pops: pending ones complete as end of stream.
  READ,
  /// Half-close: what was pushed is sent, then the peer reads end of stream. Pops go on.
  WRITE,
  /// Both.
  BOTH
}
