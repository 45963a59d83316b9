package dev.demikv.libos.device.kernel;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.device.TransportSink;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.BufferPools;
import java.lang.foreign.Arena;
import java.util.Objects;

/// What the parts of one kernel transport share: tables, lists, and where completions go. A struct,
/// with the rules of who is on which list.
final class KernelState {
  final KernelOptions options;
  final CallState calls;
  final KernelCounters counters = new KernelCounters();
  final SocketTable sockets;
  final OperationTable operations;
  final SocketOptions socketOptions;

  /// Readable, and a pop or accept waits.
  final SocketList ready;

  /// Would be ready, but there was no free buffer or array.
  final SocketList starved;

  /// Writable, and a push waits.
  final SocketList dirty;

  /// Listeners that would be ready, but descriptors or socket ids ran out.
  final SocketList paused;

  private @Nullable TransportSink sink;
  private @Nullable SgaPool sgas;

  KernelState(KernelOptions options, CallState calls, Arena arena) {
    this.options = options;
    this.calls = calls;
    sockets = new SocketTable(options.socketsMax());
    operations = new OperationTable(options.operationsMax());
    socketOptions = new SocketOptions(calls, arena);
    ready = new SocketList(options.socketsMax());
    starved = new SocketList(options.socketsMax());
    dirty = new SocketList(options.socketsMax());
    paused = new SocketList(options.socketsMax());
  }

  void start(TransportSink newSink, SgaPool newSgas) {
    sink = newSink;
    sgas = newSgas;
  }

  TransportSink sink() {
    return Objects.requireNonNull(sink, "start was not called");
  }

  SgaPool sgas() {
    return Objects.requireNonNull(sgas, "start was not called");
  }

  /// Puts a socket on the ready list when it belongs there.
  void updateReady(KernelSocket socket) {
    if (socket.readable
        && !socket.inbound.isEmpty()
        && !starved.contains(socket.sid)
        && !paused.contains(socket.sid)) {
      ready.add(socket.sid);
    }
  }

  /// Puts a socket on the dirty list when it belongs there.
  void updateDirty(KernelSocket socket) {
    if (socket.writable && !socket.outbound.isEmpty()) {
      dirty.add(socket.sid);
    }
  }

  /// Whether [KernelTransport#flush] or [KernelTransport#poll] would find something to do without
  /// another event.
  boolean hasWork() {
    return !ready.isEmpty() || !dirty.isEmpty() || (!starved.isEmpty() && hasMemory());
  }

  /// Whether a starved socket could receive now.
  boolean hasMemory() {
    SgaPool pool = sgas();
    if (pool.freeCount() == 0) {
      return false;
    }
    BufferPools buffers = pool.buffers();
    for (int i = 0; i < buffers.count(); i++) {
      if (buffers.pool(i).freeCount() > 0) {
        return true;
      }
    }
    return false;
  }

  /// Completes every operation that waits to receive or accept.
  ///
  /// @param result 0 for the end of the stream, or `-errno`
  void completeInbound(KernelSocket socket, int result) {
    boolean listener = socket.state == KernelSocket.State.LISTENING;
    ready.remove(socket.sid);
    starved.remove(socket.sid);
    // Not more than there are now: the sink may start new ones.
    for (int left = socket.inbound.count(); left > 0 && !socket.inbound.isEmpty(); left--) {
      long qtoken = operations.qtoken(socket.inbound.head());
      socket.inbound.removeHead(operations);
      if (listener) {
        sink().accepted(qtoken, result, null);
      } else {
        sink().popped(qtoken, result, null, null);
      }
    }
  }

  /// Fails every push that waits.
  void failOutbound(KernelSocket socket, int errno) {
    dirty.remove(socket.sid);
    for (int left = socket.outbound.count(); left > 0 && !socket.outbound.isEmpty(); left--) {
      int row = socket.outbound.head();
      long qtoken = operations.qtoken(row);
      socket.outboundBytes -= operations.sga(row).totalBytes() - operations.bytesSent(row);
      socket.outbound.removeHead(operations);
      sink().pushed(qtoken, -errno);
    }
  }

  /// A stream broke: fails everything that waits, once each; later calls fail with the same error.
  void fail(KernelSocket socket, int errno) {
    assert socket.isStream() : "a datagram socket survives errors";
    assert errno > 0 && errno != Errno.EAGAIN : "errno " + errno;
    counters.error(errno);
    socket.state = KernelSocket.State.FAILED;
    socket.error = errno;
    failOutbound(socket, errno);
    completeInbound(socket, -errno);
  }
}
