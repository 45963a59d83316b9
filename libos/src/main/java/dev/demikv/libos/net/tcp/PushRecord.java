package dev.demikv.libos.net.tcp;

import dev.demikv.libos.lang.Nullable;

/// A push that waits for its completion. Pooled.
final class PushRecord {
  long qtoken;

  /// Sequence number behind its last byte.
  int end;

  int bytes;
  @Nullable PushRecord next;
}
