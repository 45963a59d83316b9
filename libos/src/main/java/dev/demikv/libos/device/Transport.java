package dev.demikv.libos.device;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.ConnectionInfo;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.api.Shutdown;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.MemorySource;
import java.util.List;
import java.util.function.ObjLongConsumer;

/// A backend that brings a transport of its own: sockets by number, operations by token.
///
/// Sockets are small numbers `sid` ≥ 0 that the transport gives out and may give out again after
/// [#close(int)]. All calls come from the thread of the LibOs. Control calls throw
/// [dev.demikv.libos.api.LibOsException]; data calls return 0 (the token will be reported to the
/// [TransportSink], perhaps before the call returns) or `-errno` (it will not be).
///
/// The turn of a loop: `flush()` → `waiter().await(t)` → `poll(now)`.
public interface Transport extends AutoCloseable {
  /// Who does what.
  List<Capability> capabilities();

  /// Memory that the device can reach, when it needs its own kind; `null` takes any.
  @Nullable
  MemorySource memorySource();

  /// Begins work. Called once, before everything below.
  ///
  /// @param sink where completions go
  /// @param sgas where popped arrays come from; when it is empty, pops wait (back-pressure)
  void start(TransportSink sink, SgaPool sgas);

  /// The waiter that covers this transport: it does not sleep while [#flush] or [#poll] would find
  /// something to do. `null` when the transport needs polling and the LibOs may sleep on any waiter
  /// only when [#idleWaitNanosMax] allows.
  @Nullable
  Waiter waiter();

  /// How long the loop may sleep on a foreign waiter without missing this transport's events;
  /// [Long#MAX_VALUE] when [#waiter] covers them.
  default long idleWaitNanosMax() {
    return Long.MAX_VALUE;
  }

  /// A descriptor that is readable when [#poll] would find something, for transports without a
  /// [#waiter] of their own; the LibOs's waiter watches it, which then covers this transport. -1
  /// when there is none.
  default int readinessFd() {
    return -1;
  }

  /// See [dev.demikv.libos.api.LibOs#socket(SocketType, AddressFamily)].
  int socket(SocketType type, AddressFamily family);

  /// See [dev.demikv.libos.api.LibOs#bind].
  void bind(int sid, Endpoint local);

  /// See [dev.demikv.libos.api.LibOs#listen].
  void listen(int sid, int backlog);

  /// Starts an accept.
  int accept(int sid, long qtoken);

  /// Starts a connect. `remote` is copied.
  int connect(int sid, Endpoint remote, long qtoken);

  /// Starts a push. The runtime holds the array until the token is reported.
  ///
  /// @param to destination of a datagram, copied; `null` on connected sockets
  int push(int sid, ScatterGatherArray sga, @Nullable Endpoint to, long qtoken);

  /// Starts a pop of at most `bytesMax` bytes.
  int pop(int sid, int bytesMax, long qtoken);

  /// Cancels an operation of this socket: reports it with -ECANCELED and returns 0, or returns
  /// -EALREADY when it is beyond recall.
  int cancel(int sid, long qtoken);

  /// See [dev.demikv.libos.api.LibOs#shutdown].
  void shutdown(int sid, Shutdown how);

  /// Closes a socket. Every pending token of it is reported with -ECANCELED before this returns.
  void close(int sid);

  /// See [dev.demikv.libos.api.LibOs#getsockname].
  Endpoint getsockname(int sid);

  /// See [dev.demikv.libos.api.LibOs#getpeername].
  Endpoint getpeername(int sid);

  /// See [dev.demikv.libos.api.LibOs#setsockopt].
  void setsockopt(int sid, SocketOption option, int value);

  /// See [dev.demikv.libos.api.LibOs#getsockopt].
  int getsockopt(int sid, SocketOption option);

  /// See [dev.demikv.libos.api.LibOs#connectionInfo].
  default int connectionInfo(int sid, ConnectionInfo into) {
    return -Errno.EOPNOTSUPP;
  }

  /// Hands what was pushed in this turn to the device, so that several pushes share one call.
  ///
  /// @return amount of work done
  int flush(long nowNanos);

  /// Makes progress on what the waiter gathered or the device has, bounded per call, fair over the
  /// sockets.
  ///
  /// @return amount of work done; 0 means idle
  int poll(long nowNanos);

  /// When this transport next needs [#poll] for a timer of its own; [Long#MAX_VALUE] if never.
  default long nextTimerNanos() {
    return Long.MAX_VALUE;
  }

  /// Reports counters by name.
  void counters(ObjLongConsumer<String> visitor);

  @Override
  void close();
}
