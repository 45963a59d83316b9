package dev.demikv.libos.net.tcp;

import static java.util.Objects.requireNonNull;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.net.NetworkPath;

/// A passive open whose SYN-ACK is not acknowledged: SYN-RECEIVED without a connection object. An
/// entry of the [SynQueue], or what a SYN cookie tells. Pooled.
final class HalfOpen {
  /// Place in the queue; its timer.
  final int index;

  @Nullable NetworkPath path;
  @Nullable TcpListener listener;
  int localPort;
  int remotePort;
  int hash;
  int irs;
  int iss;

  /// 0 when the SYN did not say.
  int peerMss;

  /// The peer's; -1 when it does not scale.
  int sndShift;

  boolean sackOk;
  boolean timestampsOk;
  int tsRecent;
  int tsOffset;
  long sentNanos;
  int retransmissions;
  @Nullable HalfOpen chain;

  HalfOpen(int index) {
    this.index = index;
  }

  NetworkPath path() {
    return requireNonNull(path, "entry lies in its pool");
  }

  TcpListener listener() {
    return requireNonNull(listener, "entry lies in its pool");
  }
}
