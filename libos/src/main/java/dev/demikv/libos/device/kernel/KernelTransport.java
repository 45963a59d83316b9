package dev.demikv.libos.device.kernel;

import static dev.demikv.libos.ffi.LibCConstants.AF_INET;
import static dev.demikv.libos.ffi.LibCConstants.AF_INET6;
import static dev.demikv.libos.ffi.LibCConstants.EPOLLERR;
import static dev.demikv.libos.ffi.LibCConstants.EPOLLHUP;
import static dev.demikv.libos.ffi.LibCConstants.EPOLLIN;
import static dev.demikv.libos.ffi.LibCConstants.EPOLLOUT;
import static dev.demikv.libos.ffi.LibCConstants.EPOLLPRI;
import static dev.demikv.libos.ffi.LibCConstants.EPOLLRDHUP;
import static dev.demikv.libos.ffi.LibCConstants.SHUT_RD;
import static dev.demikv.libos.ffi.LibCConstants.SHUT_WR;
import static dev.demikv.libos.ffi.LibCConstants.SOCK_CLOEXEC;
import static dev.demikv.libos.ffi.LibCConstants.SOCK_DGRAM;
import static dev.demikv.libos.ffi.LibCConstants.SOCK_NONBLOCK;
import static dev.demikv.libos.ffi.LibCConstants.SOCK_STREAM;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.ConnectionInfo;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.api.Shutdown;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.device.Transport;
import dev.demikv.libos.device.TransportSink;
import dev.demikv.libos.device.Waiter;
import dev.demikv.libos.device.kernel.KernelSocket.State;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.LibCSocket;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.MemorySource;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.function.ObjLongConsumer;

/// Kernel sockets. See the package for how it works.
///
/// Belongs to the thread that made it. Calls never block, except [#close(int)] of a socket with
/// LINGER_SECONDS > 0 (socket(7)).
final class KernelTransport implements Transport {
  /// Most sockets served by one poll or flush; the others are next in the following turn.
  private static final int SERVES_MAX = 512;

  /// RFC 768 and RFC 8200: what fits one datagram; IPv4 leaves 20 bytes less.
  private static final int DATAGRAM_BYTES_MAX = 65_527;

  private static final int DATAGRAM_BYTES_MAX_IPV4 = 65_507;

  private final Arena arena = Arena.ofConfined();
  private final KernelState shared;
  private final EpollWaiter waiter;
  private final Receiver receiver;
  private final Sender sender;
  private final SocketAddress address;
  private final TcpInfoReader tcpInfo;
  private boolean closed;

  /// @throws LibOsException EMFILE, ENFILE, ENOMEM
  KernelTransport(KernelOptions options) {
    shared = new KernelState(options, new CallState(arena), arena);
    try {
      waiter = new EpollWaiter(shared, arena);
    } catch (LibOsException e) {
      arena.close();
      throw e;
    }
    receiver = new Receiver(shared, waiter, arena);
    sender = new Sender(shared, arena);
    address = new SocketAddress(arena);
    tcpInfo = new TcpInfoReader(shared.calls, shared.socketOptions, arena);
  }

  @Override
  public List<Capability> capabilities() {
    return KernelTransportProvider.capabilities(waiter.hasNanosecondTimeouts());
  }

  @Override
  public @Nullable MemorySource memorySource() {
    return null;
  }

  @Override
  public void start(TransportSink sink, SgaPool sgas) {
    shared.start(sink, sgas);
  }

  @Override
  public Waiter waiter() {
    return waiter;
  }

  @Override
  public int socket(SocketType type, AddressFamily family) {
    String operation = "socket " + type + " " + family;
    KernelSocket socket = shared.sockets.take();
    if (socket == null) {
      throw new LibOsException(
          operation,
          Errno.EMFILE,
          "All " + shared.sockets.capacity() + " sockets of network.kernel.sockets-max are open.");
    }
    int domain = family == AddressFamily.INET6 ? AF_INET6 : AF_INET;
    int kind = type == SocketType.STREAM ? SOCK_STREAM : SOCK_DGRAM;
    int fd = LibCSocket.socket(shared.calls, domain, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      shared.sockets.release(socket);
      throw failed(operation, fd);
    }
    socket.opened(fd, type, family, State.OPEN);
    int rc = 0;
    if (type == SocketType.STREAM) {
      // Connections that a listener accepts inherit both.
      shared.socketOptions.set(fd, SocketOption.NODELAY, 1);
      shared.socketOptions.set(fd, SocketOption.REUSEADDR, 1);
    } else {
      rc = waiter.addSocket(socket);
    }
    if (family == AddressFamily.INET6) {
      // Dual-stack whatever net.ipv6.bindv6only says.
      shared.socketOptions.set(fd, SocketOption.V6ONLY, 0);
    }
    if (rc < 0) {
      LibC.close(shared.calls, fd);
      shared.sockets.release(socket);
      throw failed(operation, rc);
    }
    return socket.sid;
  }

  @Override
  public void bind(int sid, Endpoint local) {
    KernelSocket socket = require(sid, "bind");
    int length = address.set(local, socket.family);
    int rc =
        length == 0
            ? -Errno.EAFNOSUPPORT
            : LibCSocket.bind(shared.calls, socket.fd, address.pointer(), length);
    if (rc < 0) {
      throw failed("bind " + local, rc);
    }
  }

  @Override
  public void listen(int sid, int backlog) {
    KernelSocket socket = require(sid, "listen");
    int rc =
        !socket.isStream()
            ? -Errno.EOPNOTSUPP
            : switch (socket.state) {
              case OPEN -> LibCSocket.listen(shared.calls, socket.fd, backlog);
              case LISTENING -> LibCSocket.listen(shared.calls, socket.fd, backlog);
              case FREE, CONNECTING, CONNECTED, FAILED -> -Errno.EINVAL;
            };
    if (rc >= 0 && socket.state == State.OPEN) {
      socket.state = State.LISTENING;
      rc = waiter.addSocket(socket);
    }
    if (rc < 0) {
      throw failed("listen", rc);
    }
  }

  @Override
  public int accept(int sid, long qtoken) {
    KernelSocket socket = shared.sockets.get(sid);
    if (socket == null) {
      return -Errno.EBADF;
    }
    if (socket.state != State.LISTENING) {
      return socket.isStream() ? -Errno.EINVAL : -Errno.EOPNOTSUPP;
    }
    return startInbound(socket, qtoken, 0);
  }

  private int startInbound(KernelSocket socket, long qtoken, int bytesMax) {
    int row = shared.operations.takeInbound(qtoken, bytesMax);
    if (row == OperationTable.NONE) {
      return -Errno.EAGAIN;
    }
    socket.inbound.add(shared.operations, row);
    shared.updateReady(socket);
    return 0;
  }

  @Override
  public int connect(int sid, Endpoint remote, long qtoken) {
    KernelSocket socket = shared.sockets.get(sid);
    if (socket == null) {
      return -Errno.EBADF;
    }
    int refused =
        switch (socket.state) {
          case OPEN -> 0;
          case CONNECTED -> socket.isStream() ? -Errno.EISCONN : 0;
          case CONNECTING -> -Errno.EALREADY;
          case LISTENING, FREE -> -Errno.EOPNOTSUPP;
          case FAILED -> -socket.error;
        };
    int length = address.set(remote, socket.family);
    if (refused < 0 || length == 0) {
      return refused < 0 ? refused : -Errno.EAFNOSUPPORT;
    }
    shared.counters.connects++;
    int rc = LibCSocket.connect(shared.calls, socket.fd, address.pointer(), length);
    if (!socket.isStream()) {
      if (rc == 0) {
        socket.state = State.CONNECTED;
      }
      shared.sink().connected(qtoken, rc);
      return 0;
    }
    // Registered only now: epoll reports a stream without a connection as hung up.
    int added = rc == 0 || rc == -Errno.EINPROGRESS ? waiter.addSocket(socket) : 0;
    socket.connectToken = qtoken;
    socket.state = State.CONNECTING;
    if (rc != -Errno.EINPROGRESS || added < 0) {
      decideConnect(socket, added < 0 ? -added : -rc);
    }
    return 0;
  }

  /// @param errno positive, or 0 when the connection is there
  private void decideConnect(KernelSocket socket, int errno) {
    long qtoken = socket.connectToken;
    socket.connectToken = 0;
    if (errno == 0) {
      socket.state = State.CONNECTED;
      socket.writable = true;
    } else {
      socket.state = State.FAILED;
      socket.error = errno;
      shared.counters.error(errno);
    }
    shared.sink().connected(qtoken, -errno);
  }

  @Override
  public int push(int sid, ScatterGatherArray sga, @Nullable Endpoint to, long qtoken) {
    KernelSocket socket = shared.sockets.get(sid);
    int refused = socket == null ? -Errno.EBADF : refusedPush(socket, sga, to);
    if (socket == null || refused < 0) {
      return refused;
    }
    int row = shared.operations.takeOutbound(qtoken, sga, to);
    if (row == OperationTable.NONE) {
      return -Errno.EAGAIN;
    }
    socket.outboundBytes += sga.totalBytes();
    socket.outbound.add(shared.operations, row);
    shared.updateDirty(socket);
    return 0;
  }

  private int refusedPush(KernelSocket socket, ScatterGatherArray sga, @Nullable Endpoint to) {
    int bytes = sga.totalBytes();
    if (socket.error != 0) {
      return -socket.error;
    }
    if (socket.isStream()) {
      if (socket.state != State.CONNECTED) {
        return -Errno.ENOTCONN;
      }
      if (socket.writeShut) {
        return -Errno.EPIPE;
      }
      if (bytes == 0 || to != null) {
        return to != null ? -Errno.EISCONN : -Errno.EINVAL;
      }
    } else if (to == null) {
      if (socket.state != State.CONNECTED) {
        return -Errno.EDESTADDRREQ;
      }
    } else if (to.family() == AddressFamily.INET6 && socket.family == AddressFamily.INET) {
      return -Errno.EAFNOSUPPORT;
    }
    if (!socket.isStream() && bytes > datagramBytesMax(socket)) {
      return -Errno.EMSGSIZE;
    }
    boolean full =
        socket.outbound.count() >= shared.options.sendQueueArrays()
            || (socket.outboundBytes > 0
                && socket.outboundBytes + bytes > shared.options.sendQueueBytes());
    return full ? -Errno.EAGAIN : 0;
  }

  private static int datagramBytesMax(KernelSocket socket) {
    return socket.family == AddressFamily.INET ? DATAGRAM_BYTES_MAX_IPV4 : DATAGRAM_BYTES_MAX;
  }

  @Override
  public int pop(int sid, int bytesMax, long qtoken) {
    KernelSocket socket = shared.sockets.get(sid);
    if (socket == null) {
      return -Errno.EBADF;
    }
    if (bytesMax <= 0) {
      return -Errno.EINVAL;
    }
    if (socket.state == State.FAILED) {
      return -socket.error;
    }
    if (socket.isStream() && socket.state != State.CONNECTED) {
      return -Errno.ENOTCONN;
    }
    if (socket.ended) {
      shared.sink().popped(qtoken, 0, null, null);
      return 0;
    }
    return startInbound(socket, qtoken, bytesMax);
  }

  @Override
  public int cancel(int sid, long qtoken) {
    KernelSocket socket = shared.sockets.get(sid);
    if (socket == null) {
      return -Errno.EBADF;
    }
    if (socket.connectToken == qtoken && qtoken != 0) {
      decideConnect(socket, Errno.ECANCELED);
      return 0;
    }
    int row = socket.inbound.find(shared.operations, qtoken);
    if (row != OperationTable.NONE) {
      cancelInbound(socket, row, qtoken);
      return 0;
    }
    row = socket.outbound.find(shared.operations, qtoken);
    // Bytes of a stream that are with the kernel already cannot be taken back.
    if (row == OperationTable.NONE || shared.operations.bytesSent(row) > 0) {
      return -Errno.EALREADY;
    }
    socket.outboundBytes -= shared.operations.sga(row).totalBytes();
    socket.outbound.remove(shared.operations, row);
    if (socket.outbound.isEmpty()) {
      shared.dirty.remove(sid);
      finishShutdown(socket);
    }
    shared.sink().pushed(qtoken, -Errno.ECANCELED);
    return 0;
  }

  private void cancelInbound(KernelSocket socket, int row, long qtoken) {
    socket.inbound.remove(shared.operations, row);
    if (socket.inbound.isEmpty()) {
      shared.ready.remove(socket.sid);
      shared.starved.remove(socket.sid);
    }
    if (socket.state == State.LISTENING) {
      shared.sink().accepted(qtoken, -Errno.ECANCELED, null);
    } else {
      shared.sink().popped(qtoken, -Errno.ECANCELED, null, null);
    }
  }

  @Override
  public void shutdown(int sid, Shutdown how) {
    KernelSocket socket = require(sid, "shutdown");
    if (socket.state != State.CONNECTED || !socket.isStream()) {
      throw failed("shutdown", socket.error != 0 ? -socket.error : -Errno.ENOTCONN);
    }
    if (how != Shutdown.READ && !socket.writeShut) {
      socket.writeShut = true;
      finishShutdown(socket);
    }
    if (how != Shutdown.WRITE && !socket.ended) {
      socket.ended = true;
      LibCSocket.shutdown(shared.calls, socket.fd, SHUT_RD);
      shared.completeInbound(socket, 0);
    }
  }

  /// Tells the peer that nothing more comes, unless pushes still wait: then the last of them does.
  private void finishShutdown(KernelSocket socket) {
    if (socket.writeShut && socket.outbound.isEmpty()) {
      LibCSocket.shutdown(shared.calls, socket.fd, SHUT_WR);
    }
  }

  @Override
  public void close(int sid) {
    KernelSocket socket = require(sid, "close");
    // What was pushed in this turn goes out before the end of the stream, as far as the kernel
    // takes it.
    while (socket.writable && !socket.outbound.isEmpty()) {
      shared.dirty.remove(sid);
      sender.serve(socket);
    }
    if (socket.connectToken != 0) {
      decideConnect(socket, Errno.ECANCELED);
    }
    shared.failOutbound(socket, Errno.ECANCELED);
    shared.completeInbound(socket, -Errno.ECANCELED);
    shared.dirty.remove(sid);
    shared.ready.remove(sid);
    shared.starved.remove(sid);
    shared.paused.remove(sid);
    LibC.close(shared.calls, socket.fd);
    shared.sockets.release(socket);
    receiver.resumePausedNow();
  }

  @Override
  public Endpoint getsockname(int sid) {
    KernelSocket socket = require(sid, "getsockname");
    int rc =
        LibCSocket.getsockname(
            shared.calls, socket.fd, address.pointer(), address.lengthPointerForResult());
    return endpointOf(rc, "getsockname");
  }

  @Override
  public Endpoint getpeername(int sid) {
    KernelSocket socket = require(sid, "getpeername");
    int rc =
        LibCSocket.getpeername(
            shared.calls, socket.fd, address.pointer(), address.lengthPointerForResult());
    return endpointOf(rc, "getpeername");
  }

  private Endpoint endpointOf(int rc, String operation) {
    if (rc < 0) {
      throw failed(operation, rc);
    }
    Endpoint endpoint = new Endpoint();
    address.get(endpoint);
    return endpoint;
  }

  @Override
  public void setsockopt(int sid, SocketOption option, int value) {
    int rc = shared.socketOptions.set(require(sid, "setsockopt").fd, option, value);
    if (rc < 0) {
      throw failed("setsockopt " + option + " = " + value, rc);
    }
  }

  @Override
  public int getsockopt(int sid, SocketOption option) {
    int rc = shared.socketOptions.get(require(sid, "getsockopt").fd, option);
    if (rc < 0) {
      throw failed("getsockopt " + option, rc);
    }
    return shared.socketOptions.valueRead();
  }

  @Override
  public int connectionInfo(int sid, ConnectionInfo into) {
    KernelSocket socket = shared.sockets.get(sid);
    if (socket == null) {
      return -Errno.EBADF;
    }
    if (!socket.isStream()) {
      return -Errno.EOPNOTSUPP;
    }
    return switch (socket.state) {
      case FREE, OPEN, LISTENING -> -Errno.ENOTCONN;
      case CONNECTING, CONNECTED, FAILED -> tcpInfo.read(socket.fd, socket.outboundBytes, into);
    };
  }

  @Override
  public int flush(long nowNanos) {
    int work = 0;
    while (work < SERVES_MAX && !shared.dirty.isEmpty()) {
      KernelSocket socket = shared.sockets.get(shared.dirty.removeFirst());
      if (socket != null) {
        sender.serve(socket);
      }
      work++;
    }
    return work;
  }

  @Override
  public int poll(long nowNanos) {
    int work = takeEvents();
    receiver.resumePaused(nowNanos);
    receiver.feedStarved();
    for (int i = 0; i < SERVES_MAX && !shared.ready.isEmpty(); i++) {
      KernelSocket socket = shared.sockets.get(shared.ready.removeFirst());
      if (socket != null) {
        receiver.serve(socket, nowNanos);
      }
      work++;
    }
    return work;
  }

  /// Notes what the waiter gathered.
  private int takeEvents() {
    int count = waiter.eventCount();
    int work = 0;
    for (int i = 0; i < count; i++) {
      long data = waiter.data(i);
      if (data < 0) {
        continue; // A wake, or a descriptor that somebody else polls.
      }
      KernelSocket socket = shared.sockets.ofEvent(data);
      if (socket == null) {
        shared.counters.staleEvents++;
      } else {
        onEvents(socket, waiter.events(i));
        work++;
      }
    }
    waiter.consumed();
    return work;
  }

  private void onEvents(KernelSocket socket, int events) {
    if (socket.state == State.CONNECTING) {
      if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) {
        return;
      }
      decideConnect(socket, shared.socketOptions.takeError(socket.fd));
    }
    if ((events & EPOLLOUT) != 0) {
      socket.writable = true;
      shared.updateDirty(socket);
    }
    int ending = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI);
    if (ending != 0) {
      socket.drain = true;
    }
    if (ending != 0 || (events & EPOLLIN) != 0) {
      socket.readable = true;
      shared.updateReady(socket);
    }
  }

  @Override
  public long nextTimerNanos() {
    return receiver.resumeNanos();
  }

  @Override
  public void counters(ObjLongConsumer<String> visitor) {
    shared.counters.report(visitor);
    visitor.accept("kernel.wakes", waiter.wakeWrites());
    visitor.accept("kernel.sockets", shared.sockets.inUse());
    visitor.accept("kernel.operations", shared.operations.inUse());
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    for (int sid = 0; sid < shared.sockets.capacity(); sid++) {
      if (shared.sockets.get(sid) != null) {
        close(sid);
      }
    }
    waiter.close();
    arena.close();
  }

  private KernelSocket require(int sid, String operation) {
    KernelSocket socket = shared.sockets.get(sid);
    if (socket == null) {
      throw failed(operation + " of socket " + sid, -Errno.EBADF);
    }
    return socket;
  }

  private static LibOsException failed(String operation, int result) {
    String advice =
        switch (-result) {
          case Errno.EADDRINUSE ->
              "Another socket has this address: choose another port, or port 0 for any.";
          case Errno.EADDRNOTAVAIL -> "No interface of this machine has this address.";
          case Errno.EACCES ->
              "Ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE.";
          case Errno.EMFILE, Errno.ENFILE -> "Raise the limit of open files (ulimit -n).";
          case Errno.EAFNOSUPPORT ->
              "The machine has no such protocol family, or the address is of another one.";
          default -> "";
        };
    return new LibOsException(operation, -result, advice);
  }
}
