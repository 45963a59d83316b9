package dev.demikv.libos.device.kernel;

import static dev.demikv.libos.ffi.LibCConstants.MSG_TRUNC;
import static dev.demikv.libos.ffi.LibCConstants.SOCK_CLOEXEC;
import static dev.demikv.libos.ffi.LibCConstants.SOCK_NONBLOCK;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.LibCSocket;
import dev.demikv.libos.ffi.struct.Iovec;
import dev.demikv.libos.ffi.struct.Msghdr;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Turns readiness into pops and accepts: one system call per [#serve].
final class Receiver {
  /// Where a datagram goes at first: most fit one frame.
  private static final int DATAGRAM_BUFFER_BYTES = 2_048;

  /// The rest of the longest datagram there can be.
  private static final int OVERFLOW_BYTES = 65_536;

  /// How long a listener rests after descriptors ran out, unless a socket is closed.
  private static final long ACCEPT_PAUSE_NANOS = 100_000_000;

  private final KernelState shared;
  private final EpollWaiter waiter;
  private final SocketAddress peer;
  private final Endpoint endpoint = new Endpoint();
  private final MemorySegment overflow;
  private final MemorySegment iovecs;
  private final MemorySegment message;
  private long resumeNanos;

  Receiver(KernelState shared, EpollWaiter waiter, Arena arena) {
    this.shared = shared;
    this.waiter = waiter;
    peer = new SocketAddress(arena);
    overflow = arena.allocate(OVERFLOW_BYTES, 8);
    iovecs = arena.allocate(2L * Iovec.BYTES, 8);
    message = arena.allocate(Msghdr.BYTES, 8);
    Iovec.set(iovecs, 1, overflow.address(), OVERFLOW_BYTES);
    Msghdr.setIov(message, iovecs.address(), 2);
  }

  /// Tries to complete the oldest pop or accept of a ready socket, which the caller took off the
  /// ready list; puts it back there when more can be done.
  void serve(KernelSocket socket, long nowNanos) {
    if (!socket.readable || socket.inbound.isEmpty()) {
      return;
    }
    if (socket.state == KernelSocket.State.LISTENING) {
      accept(socket, nowNanos);
    } else if (socket.isStream()) {
      receive(socket);
    } else {
      receiveDatagram(socket);
    }
    if (socket.state != KernelSocket.State.FREE) {
      shared.updateReady(socket);
    }
  }

  private void receive(KernelSocket socket) {
    int bytesMax = shared.operations.bytesMax(socket.inbound.head());
    int wanted = Math.min(bytesMax, shared.options.receiveBytes());
    ScatterGatherArray sga = shared.sgas().takeEmpty();
    Buffer buffer = sga == null ? null : shared.sgas().buffers().take(wanted);
    if (sga == null || buffer == null) {
      starve(socket, sga);
      return;
    }
    int length = Math.min(wanted, buffer.capacityBytes());
    shared.counters.recvCalls++;
    long n = LibCSocket.recv(shared.calls, socket.fd, buffer.address(), length, 0);
    if (n > 0) {
      // epoll(7): a stream that gave less than asked is empty, and new bytes are a new event.
      socket.readable = n == length || socket.drain;
      shared.counters.recvBytes += n;
      sga.add(buffer, 0, (int) n);
      pop(socket, (int) n, sga, null);
      return;
    }
    buffer.release();
    sga.drop();
    if (n == 0) {
      ended(socket);
    } else if (!isRetry(socket, (int) -n)) {
      shared.fail(socket, (int) -n);
    }
  }

  /// The peer sends no more. After a failed push this is what a reset looks like.
  private void ended(KernelSocket socket) {
    if (socket.error != 0) {
      shared.fail(socket, socket.error);
      return;
    }
    socket.ended = true;
    shared.completeInbound(socket, 0);
  }

  private void receiveDatagram(KernelSocket socket) {
    ScatterGatherArray sga = shared.sgas().takeEmpty();
    Buffer buffer = sga == null ? null : shared.sgas().buffers().take(DATAGRAM_BUFFER_BYTES);
    if (sga == null || buffer == null) {
      starve(socket, sga);
      return;
    }
    int first = Math.min(buffer.capacityBytes(), OVERFLOW_BYTES);
    Iovec.set(iovecs, 0, buffer.address(), first);
    Msghdr.setName(message, peer.pointer(), peer.capacityBytes());
    shared.counters.recvCalls++;
    long n = LibCSocket.recvmsg(shared.calls, socket.fd, message.address(), 0);
    if (n < 0) {
      buffer.release();
      sga.drop();
      int errno = (int) -n;
      if (!isRetry(socket, errno)) {
        // What ICMP said about an earlier datagram, as ECONNREFUSED: told once, then it goes on.
        shared.counters.error(errno);
        pop(socket, -errno, null, null);
      }
      return;
    }
    shared.counters.recvBytes += n;
    peer.get(endpoint);
    int length = (int) n;
    sga.add(buffer, 0, Math.min(length, first));
    int result = length;
    if (length > shared.operations.bytesMax(socket.inbound.head())
        || (Msghdr.flags(message) & MSG_TRUNC) != 0) {
      result = -Errno.EMSGSIZE;
    } else if (length > first && !appendOverflow(sga, length - first)) {
      result = -Errno.ENOBUFS;
    }
    if (result < 0) {
      sga.drop();
      shared.counters.error(-result);
      pop(socket, result, null, endpoint);
    } else {
      pop(socket, result, sga, endpoint);
    }
  }

  private boolean appendOverflow(ScatterGatherArray sga, int lengthBytes) {
    int done = 0;
    while (done < lengthBytes) {
      Buffer buffer = shared.sgas().buffers().take(lengthBytes - done);
      if (buffer == null) {
        return false;
      }
      int n = Math.min(buffer.capacityBytes(), lengthBytes - done);
      MemorySegment.copy(overflow, done, buffer.segment(), 0, n);
      if (!sga.add(buffer, 0, n)) {
        buffer.release();
        return false;
      }
      done += n;
    }
    return true;
  }

  private void pop(
      KernelSocket socket,
      int result,
      @Nullable ScatterGatherArray sga,
      @Nullable Endpoint remote) {
    long qtoken = shared.operations.qtoken(socket.inbound.head());
    socket.inbound.removeHead(shared.operations);
    shared.sink().popped(qtoken, result, sga, remote);
  }

  private void starve(KernelSocket socket, @Nullable ScatterGatherArray sga) {
    if (sga != null) {
      sga.drop();
    }
    shared.counters.recvStarved++;
    shared.starved.add(socket.sid);
  }

  /// Gives starved sockets another chance when there is memory again.
  void feedStarved() {
    if (shared.starved.isEmpty() || !shared.hasMemory()) {
      return;
    }
    while (!shared.starved.isEmpty()) {
      shared.ready.add(shared.starved.removeFirst());
    }
  }

  private void accept(KernelSocket listener, long nowNanos) {
    KernelSocket socket = shared.sockets.take();
    if (socket == null) {
      pause(listener, Errno.EMFILE, nowNanos);
      return;
    }
    int fd =
        LibCSocket.accept4(
            shared.calls,
            listener.fd,
            peer.pointer(),
            peer.lengthPointerForResult(),
            SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      shared.sockets.release(socket);
      acceptFailed(listener, -fd, nowNanos);
      return;
    }
    socket.opened(fd, listener.type, listener.family, KernelSocket.State.CONNECTED);
    int rc = waiter.addSocket(socket);
    if (rc < 0) {
      LibC.close(shared.calls, fd);
      shared.sockets.release(socket);
      pause(listener, -rc, nowNanos);
      return;
    }
    shared.counters.accepts++;
    peer.get(endpoint);
    completeAccept(listener, socket.sid, endpoint);
  }

  private void acceptFailed(KernelSocket listener, int errno, long nowNanos) {
    if (isRetry(listener, errno)) {
      return;
    }
    switch (errno) {
      // accept(2): errors of the new connection, which is gone; the next one may be fine.
      case Errno.ECONNABORTED,
          Errno.EPROTO,
          Errno.ENETDOWN,
          Errno.ENOPROTOOPT,
          Errno.EHOSTDOWN,
          Errno.EHOSTUNREACH,
          Errno.EOPNOTSUPP,
          Errno.ENETUNREACH,
          Errno.EPERM ->
          shared.counters.error(errno);
      default -> pause(listener, errno, nowNanos);
    }
  }

  /// Reports why a connection could not be taken and lets the others wait in the kernel's backlog
  /// for a while: the descriptor stays readable, so trying at once would spin.
  private void pause(KernelSocket listener, int errno, long nowNanos) {
    shared.counters.error(errno);
    shared.counters.acceptPauses++;
    if (shared.paused.isEmpty()) {
      resumeNanos = nowNanos + ACCEPT_PAUSE_NANOS;
    }
    shared.paused.add(listener.sid);
    completeAccept(listener, -errno, null);
  }

  private void completeAccept(KernelSocket listener, int result, @Nullable Endpoint remote) {
    long qtoken = shared.operations.qtoken(listener.inbound.head());
    listener.inbound.removeHead(shared.operations);
    shared.sink().accepted(qtoken, result, remote);
  }

  /// Lets paused listeners go on when the pause is over.
  void resumePaused(long nowNanos) {
    if (!shared.paused.isEmpty() && nowNanos - resumeNanos >= 0) {
      resumePausedNow();
    }
  }

  /// Lets paused listeners go on: a descriptor was freed.
  void resumePausedNow() {
    while (!shared.paused.isEmpty()) {
      KernelSocket listener = shared.sockets.get(shared.paused.removeFirst());
      if (listener != null) {
        shared.updateReady(listener);
      }
    }
  }

  /// When the pause is over; [Long#MAX_VALUE] when no listener is paused.
  long resumeNanos() {
    return shared.paused.isEmpty() ? Long.MAX_VALUE : resumeNanos;
  }

  /// Whether the call is to be tried again: at the next event, or at once after a signal.
  private boolean isRetry(KernelSocket socket, int errno) {
    if (errno == Errno.EAGAIN) {
      shared.counters.recvAgain++;
      socket.readable = false;
      socket.drain = false;
      return true;
    }
    return errno == Errno.EINTR;
  }
}
