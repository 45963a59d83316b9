package dev.demikv.libos.device;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.lang.Nullable;

/// Where a transport reports completions. Implemented by the runtime; allocates nothing. Results
/// are ≥ 0 or `-errno`. A token is reported exactly once. May be called from within any method of
/// the transport, and never runs application code.
public interface TransportSink {
  /// A push is done at its completion level; the transport no longer needs the sga it was given (if
  /// it does, it has taken a hold of its own).
  void pushed(long qtoken, int result);

  /// A pop is done; gives away the sga with its one holder. `remote` is copied.
  void popped(long qtoken, int result, @Nullable ScatterGatherArray sga, @Nullable Endpoint remote);

  /// An accept is done; `result` is the socket id of the new connection or `-errno`. `remote` is
  /// copied.
  void accepted(long qtoken, int result, @Nullable Endpoint remote);

  /// A connect is done.
  void connected(long qtoken, int result);
}
