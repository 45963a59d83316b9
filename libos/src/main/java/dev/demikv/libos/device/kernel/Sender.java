package dev.demikv.libos.device.kernel;

import static dev.demikv.libos.ffi.LibCConstants.MSG_NOSIGNAL;
import static dev.demikv.libos.ffi.LibCConstants.SHUT_WR;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.device.kernel.KernelSocket.State;
import dev.demikv.libos.ffi.LibCSocket;
import dev.demikv.libos.ffi.struct.Iovec;
import dev.demikv.libos.ffi.struct.Msghdr;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Turns pushes into sends: one system call per [#serve], straight from the pushed buffers.
final class Sender {
  /// Most segments of one sendmsg.
  private static final int IOVECS_MAX = 64;

  private final KernelState shared;
  private final SocketAddress peer;
  private final MemorySegment iovecs;
  private final MemorySegment message;

  /// Bytes that the last [#gather] found.
  private long gatheredBytes;

  Sender(KernelState shared, Arena arena) {
    this.shared = shared;
    peer = new SocketAddress(arena);
    iovecs = arena.allocate((long) IOVECS_MAX * Iovec.BYTES, 8);
    message = arena.allocate(Msghdr.BYTES, 8);
  }

  /// Sends what waits on a dirty socket, which the caller took off the dirty list; puts it back
  /// there when more can be done.
  void serve(KernelSocket socket) {
    if (!socket.writable || socket.outbound.isEmpty()) {
      return;
    }
    if (socket.isStream()) {
      sendStream(socket);
    } else {
      sendDatagram(socket);
    }
    if (socket.state != State.FREE) {
      shared.updateDirty(socket);
    }
  }

  private void sendStream(KernelSocket socket) {
    int row = socket.outbound.head();
    ScatterGatherArray sga = shared.operations.sga(row);
    long n;
    shared.counters.sendCalls++;
    if (socket.outbound.count() == 1 && sga.segmentCount() == 1) {
      int sent = shared.operations.bytesSent(row);
      gatheredBytes = (long) sga.length(0) - sent;
      n =
          LibCSocket.send(
              shared.calls, socket.fd, sga.address(0) + sent, gatheredBytes, MSG_NOSIGNAL);
    } else {
      int count = gather(socket);
      Msghdr.setName(message, 0, 0);
      Msghdr.setIov(message, iovecs.address(), count);
      n = LibCSocket.sendmsg(shared.calls, socket.fd, message.address(), MSG_NOSIGNAL);
    }
    if (n < 0) {
      if (!isRetry(socket, (int) -n)) {
        streamFailed(socket, (int) -n);
      }
      return;
    }
    if (n < gatheredBytes) {
      // epoll(7): the buffer is full; room for more is a new event.
      socket.writable = false;
      shared.counters.sendPartial++;
    }
    shared.counters.sendBytes += n;
    advance(socket, n);
    if (socket.writeShut && socket.outbound.isEmpty() && socket.state == State.CONNECTED) {
      LibCSocket.shutdown(shared.calls, socket.fd, SHUT_WR);
    }
  }

  /// Lists the unsent segments of the pending pushes, oldest first.
  ///
  /// @return how many
  private int gather(KernelSocket socket) {
    int count = 0;
    gatheredBytes = 0;
    int row = socket.outbound.head();
    while (row != OperationTable.NONE && count < IOVECS_MAX) {
      ScatterGatherArray sga = shared.operations.sga(row);
      int skip = shared.operations.bytesSent(row);
      for (int i = 0; i < sga.segmentCount() && count < IOVECS_MAX; i++) {
        int length = sga.length(i);
        if (skip >= length) {
          skip -= length;
          continue;
        }
        Iovec.set(iovecs, count, sga.address(i) + skip, length - skip);
        gatheredBytes += length - skip;
        count++;
        skip = 0;
      }
      row = shared.operations.next(row);
    }
    return count;
  }

  /// Completes the pushes that `n` bytes cover.
  private void advance(KernelSocket socket, long n) {
    long left = n;
    while (left > 0 && !socket.outbound.isEmpty()) {
      int row = socket.outbound.head();
      int total = shared.operations.sga(row).totalBytes();
      int unsent = total - shared.operations.bytesSent(row);
      if (left < unsent) {
        shared.operations.addBytesSent(row, (int) left);
        socket.outboundBytes -= left;
        return;
      }
      left -= unsent;
      socket.outboundBytes -= unsent;
      complete(socket, total);
    }
  }

  private void sendDatagram(KernelSocket socket) {
    int row = socket.outbound.head();
    ScatterGatherArray sga = shared.operations.sga(row);
    Endpoint remote = shared.operations.remote(row);
    shared.counters.sendCalls++;
    long n = send(socket, sga, remote);
    if (n < 0 && isRetry(socket, (int) -n)) {
      return;
    }
    if (n < 0) {
      shared.counters.error((int) -n);
    } else {
      shared.counters.sendBytes += n;
    }
    socket.outboundBytes -= sga.totalBytes();
    complete(socket, (int) n);
  }

  private long send(KernelSocket socket, ScatterGatherArray sga, @Nullable Endpoint remote) {
    int nameLength = 0;
    if (remote != null) {
      nameLength = peer.set(remote, socket.family);
    }
    long name = remote == null ? 0 : peer.pointer();
    if (sga.segmentCount() == 1) {
      long from = sga.address(0);
      int length = sga.length(0);
      return LibCSocket.sendto(
          shared.calls, socket.fd, from, length, MSG_NOSIGNAL, name, nameLength);
    }
    Msghdr.setName(message, name, nameLength);
    Msghdr.setIov(message, iovecs.address(), gatherDatagram(sga));
    return LibCSocket.sendmsg(shared.calls, socket.fd, message.address(), MSG_NOSIGNAL);
  }

  private int gatherDatagram(ScatterGatherArray sga) {
    int count = sga.segmentCount();
    for (int i = 0; i < count; i++) {
      Iovec.set(iovecs, i, sga.address(i), sga.length(i));
    }
    return count;
  }

  /// Completes the oldest push.
  private void complete(KernelSocket socket, int result) {
    long qtoken = shared.operations.qtoken(socket.outbound.head());
    socket.outbound.removeHead(shared.operations);
    shared.sink().pushed(qtoken, result);
  }

  /// The peer is gone. What it sent before can still be popped; then pops fail as well.
  private void streamFailed(KernelSocket socket, int errno) {
    if (socket.ended) {
      shared.fail(socket, errno);
      return;
    }
    shared.counters.error(errno);
    socket.error = errno;
    shared.failOutbound(socket, errno);
    socket.readable = true;
    socket.drain = true;
    shared.updateReady(socket);
  }

  private boolean isRetry(KernelSocket socket, int errno) {
    if (errno == Errno.EAGAIN) {
      shared.counters.sendAgain++;
      socket.writable = false;
      return true;
    }
    return errno == Errno.EINTR;
  }
}
