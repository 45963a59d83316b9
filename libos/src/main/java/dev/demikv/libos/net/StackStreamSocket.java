package dev.demikv.libos.net;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.ConnectionInfo;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.PushCompletion;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.Shutdown;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.device.PendingOperations;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.net.tcp.TcpConfig;
import dev.demikv.libos.net.tcp.TcpConnection;
import dev.demikv.libos.net.tcp.TcpListener;

/// A stream socket over TCP: new, bound, listening, connecting, connected or failed.
final class StackStreamSocket extends StackSocket {
  private static final PushCompletion[] LEVELS = PushCompletion.values();
  private static final SocketOption[] OPTIONS = SocketOption.values();

  private final PendingOperations accepts = new PendingOperations(StackSocket.PENDING_MAX);
  private final StackName name = new StackName();
  private final Endpoint from = new Endpoint();

  // The name from bind to listen or connect. Port 0: not bound.
  private boolean boundIpv6;
  private long boundHigh;
  private long boundLow;
  private int boundPort;

  private @Nullable TcpListener listener;
  private @Nullable TcpConnection connection;
  private long connectQtoken;
  private boolean established;
  private int error;

  StackStreamSocket(StackTransport transport, int sid, boolean ipv6) {
    super(transport, sid, ipv6);
    TcpConfig config = transport.tcpConfig();
    setDefault(SocketOption.NODELAY, config.nodelay() ? 1 : 0);
    setDefault(SocketOption.REUSEADDR, 1);
    setDefault(SocketOption.SEND_BUFFER_BYTES, config.sendBufferBytes());
    setDefault(SocketOption.RECEIVE_BUFFER_BYTES, config.receiveBufferBytes());
    setDefault(SocketOption.KEEPALIVE_IDLE_SECONDS, config.keepaliveIdleSeconds());
    setDefault(SocketOption.KEEPALIVE_INTERVAL_SECONDS, config.keepaliveIntervalSeconds());
    setDefault(SocketOption.KEEPALIVE_COUNT, config.keepaliveCount());
  }

  // Options.

  @Override
  boolean hasOption(SocketOption option) {
    return switch (option) {
      case REUSEPORT -> false;
      case V6ONLY -> ipv6;
      case NODELAY,
          KEEPALIVE,
          KEEPALIVE_IDLE_SECONDS,
          KEEPALIVE_INTERVAL_SECONDS,
          KEEPALIVE_COUNT,
          REUSEADDR,
          SEND_BUFFER_BYTES,
          RECEIVE_BUFFER_BYTES,
          LINGER_SECONDS,
          PUSH_COMPLETION,
          PUSH_QUIET ->
          true;
    };
  }

  private static boolean isOfTcp(SocketOption option) {
    return switch (option) {
      case NODELAY,
          KEEPALIVE,
          KEEPALIVE_IDLE_SECONDS,
          KEEPALIVE_INTERVAL_SECONDS,
          KEEPALIVE_COUNT,
          SEND_BUFFER_BYTES,
          RECEIVE_BUFFER_BYTES,
          LINGER_SECONDS ->
          true;
      case REUSEADDR, REUSEPORT, V6ONLY, PUSH_COMPLETION, PUSH_QUIET -> false;
    };
  }

  @Override
  int apply(SocketOption option, int value) {
    if (option == SocketOption.V6ONLY && (boundPort != 0 || listener != null)) {
      return -Errno.EINVAL;
    }
    if (!isOfTcp(option)) {
      return 0;
    }
    TcpListener l = listener;
    TcpConnection c = connection;
    return l != null ? l.setOption(option, value) : c != null ? c.setOption(option, value) : 0;
  }

  /// Hands on what was set before there was somebody to hand it to.
  private void applyChosen() {
    for (SocketOption option : OPTIONS) {
      if (isChosen(option) && isOfTcp(option)) {
        apply(option, option(option));
      }
    }
  }

  // Names.

  @Override
  void bind(Endpoint local) {
    String operation = "bind " + local;
    name.set(local);
    if (boundPort != 0 || listener != null || connection != null) {
      throw new LibOsException(operation, Errno.EINVAL, "The socket is bound already.");
    }
    if (!isOfFamily(name) || ipv6 && local.family() == AddressFamily.INET) {
      throw new LibOsException(operation, Errno.EAFNOSUPPORT, "The socket is of the other family.");
    }
    if (!name.isAny() && !transport.stack().routes().isLocal(name.ipv6, name.high, name.low)) {
      throw new LibOsException(
          operation,
          Errno.EADDRNOTAVAIL,
          "It is not an address of this stack, see network.address.");
    }
    if (!transport.share().mayUse(name.port)) {
      throw new LibOsException(
          operation,
          Errno.EADDRNOTAVAIL,
          "The port belongs to another LibOs on this device: choose one below 49152, or 0.");
    }
    int port = name.port == 0 ? transport.freeStreamPort(this, name) : name.port;
    if (port == 0 || transport.isStreamPortTaken(this, name, port)) {
      throw new LibOsException(operation, Errno.EADDRINUSE, "Choose another port, or 0.");
    }
    boundIpv6 = name.ipv6;
    boundHigh = name.high;
    boundLow = name.low;
    boundPort = port;
    transport.streamBound(this);
  }

  /// Whether it has a port that another socket of that name could not have too.
  boolean conflicts(StackStreamSocket other, StackName otherName, int port) {
    if (boundPort != port) {
      return false;
    }
    boolean any = (boundHigh | boundLow) == 0;
    if (!any && !otherName.isAny()) {
      return boundIpv6 == otherName.ipv6
          && boundLow == otherName.low
          && boundHigh == otherName.high;
    }
    boolean takes4 = any ? takesIpv4() : !boundIpv6;
    boolean takes6 = any ? ipv6 : boundIpv6;
    boolean otherTakes4 = otherName.isAny() ? other.takesIpv4() : !otherName.ipv6;
    boolean otherTakes6 = otherName.isAny() ? other.ipv6 : otherName.ipv6;
    return takes4 && otherTakes4 || takes6 && otherTakes6;
  }

  private boolean takesIpv4() {
    return !ipv6 || option(SocketOption.V6ONLY) == 0;
  }

  @Override
  Endpoint localName() {
    TcpConnection c = connection;
    if (c != null) {
      return name(new Endpoint(), c.isIpv6(), c.localHigh(), c.localLow(), c.localPort());
    }
    return (boundHigh | boundLow) == 0
        ? anyName(boundPort)
        : name(new Endpoint(), boundIpv6, boundHigh, boundLow, boundPort);
  }

  @Override
  Endpoint remoteName() {
    TcpConnection c = connection;
    if (c == null || !established) {
      throw new LibOsException("getpeername", Errno.ENOTCONN, "The socket is not connected.");
    }
    return name(new Endpoint(), c.isIpv6(), c.remoteHigh(), c.remoteLow(), c.remotePort());
  }

  // Listening.

  void listen(int backlog) {
    TcpListener old = listener;
    if (backlog < 1 || connection != null || error != 0) {
      throw new LibOsException(
          "listen", Errno.EINVAL, "The backlog is at least 1, and the socket not connected.");
    }
    if (old != null) {
      old.setBacklog(backlog);
      return;
    }
    if (boundPort == 0) {
      bind(anyName(0));
    }
    TcpListener made =
        transport
            .tcp()
            .listen(
                (boundHigh | boundLow) == 0 ? ipv6 : boundIpv6,
                takesIpv4(),
                boundHigh,
                boundLow,
                boundPort,
                backlog);
    if (made == null) {
      throw new LibOsException(
          "listen",
          -transport.tcp().failure(),
          "Choose another port, or raise network.tcp.listeners-max.");
    }
    made.setAttachment(sid);
    listener = made;
    applyChosen();
  }

  int accept(long qtoken) {
    if (listener == null) {
      return -Errno.EINVAL;
    }
    if (!accepts.add(qtoken, 0)) {
      return -Errno.EAGAIN;
    }
    progressAccepts();
    return 0;
  }

  /// Pairs accepts with connections that wait.
  void progressAccepts() {
    TcpListener l = listener;
    while (l != null && !accepts.isEmpty() && l.waitingCount() > 0) {
      if (transport.isFull()) {
        // The connection stays where it is, for an accept when a socket was closed.
        transport.sink().accepted(accepts.removeHead(), -Errno.EMFILE, null);
        continue;
      }
      TcpConnection taken = transport.tcp().accept(l);
      if (taken == null) {
        return;
      }
      StackStreamSocket socket = transport.newStream(ipv6);
      socket.inheritOptions(this);
      socket.adopt(taken);
      name(from, taken.isIpv6(), taken.remoteHigh(), taken.remoteLow(), taken.remotePort());
      transport.sink().accepted(accepts.removeHead(), socket.sid, from);
    }
  }

  private void adopt(TcpConnection taken) {
    connection = taken;
    established = true;
    taken.setAttachment(sid);
  }

  // Connecting.

  @Override
  int connect(Endpoint remote, long qtoken) {
    if (error != 0) {
      return -error;
    }
    if (listener != null) {
      return -Errno.EOPNOTSUPP;
    }
    if (connection != null) {
      return established ? -Errno.EISCONN : -Errno.EALREADY;
    }
    name.set(remote).resolveAny();
    if (!isOfFamily(name)) {
      return -Errno.EAFNOSUPPORT;
    }
    if (remote.port() == 0) {
      return -Errno.EINVAL;
    }
    if (boundPort != 0 && isShared(boundPort)) {
      return -Errno.EADDRNOTAVAIL; // The replies could come to another LibOs.
    }
    boolean wildcard = (boundHigh | boundLow) == 0;
    if (!wildcard && boundIpv6 != name.ipv6) {
      return -Errno.ENETUNREACH;
    }
    TcpConnection made =
        transport
            .tcp()
            .connect(name.ipv6, boundHigh, boundLow, boundPort, name.high, name.low, name.port);
    if (made == null) {
      return transport.tcp().failure();
    }
    made.setAttachment(sid);
    connection = made;
    connectQtoken = qtoken;
    applyChosen();
    return 0;
  }

  private boolean isShared(int port) {
    return transport.share().queues() > 1 && transport.share().owner(port) < 0;
  }

  /// The handshake is over.
  void connected(int result) {
    long qtoken = connectQtoken;
    connectQtoken = 0;
    if (result == 0) {
      established = true;
    } else {
      failConnect(-result);
    }
    if (qtoken != 0) {
      transport.sink().connected(qtoken, result);
    }
  }

  private void failConnect(int errno) {
    TcpConnection c = connection;
    connection = null;
    error = errno;
    if (c != null) {
      c.abort();
    }
  }

  // Data.

  @Override
  int push(ScatterGatherArray sga, @Nullable Endpoint to, long qtoken) {
    TcpConnection c = connection;
    if (c == null || !established) {
      return error != 0 ? -error : -Errno.ENOTCONN;
    }
    if (to != null) {
      return -Errno.EISCONN;
    }
    return c.push(sga, qtoken, LEVELS[option(SocketOption.PUSH_COMPLETION)]);
  }

  @Override
  int pop(int bytesMax, long qtoken) {
    if (connection == null || !established) {
      return error != 0 ? -error : -Errno.ENOTCONN;
    }
    if (!pops.add(qtoken, bytesMax)) {
      return -Errno.EAGAIN;
    }
    progress();
    return 0;
  }

  @Override
  void progress() {
    TcpConnection c = connection;
    while (c != null && established && !pops.isEmpty()) {
      ScatterGatherArray sga = c.pop(pops.headBytesMax());
      int result = c.popResult();
      if (sga == null && result == -Errno.EAGAIN) {
        return;
      }
      if (sga == null && result == -Errno.ENOBUFS) {
        transport.starve(this);
        return;
      }
      transport.sink().popped(pops.removeHead(), result, sga, null);
    }
  }

  @Override
  int cancel(long qtoken) {
    if (qtoken == connectQtoken) {
      connected(-Errno.ECANCELED);
      return 0;
    }
    if (accepts.remove(qtoken)) {
      transport.sink().accepted(qtoken, -Errno.ECANCELED, null);
      return 0;
    }
    if (pops.remove(qtoken)) {
      transport.sink().popped(qtoken, -Errno.ECANCELED, null, null);
      return 0;
    }
    TcpConnection c = connection;
    return c == null ? -Errno.EALREADY : c.cancelPush(qtoken);
  }

  int connectionInfo(ConnectionInfo into) {
    TcpConnection c = connection;
    if (c == null) {
      return -Errno.ENOTCONN;
    }
    c.statistics(into);
    return 0;
  }

  @Override
  void shutdown(Shutdown how) {
    TcpConnection c = connection;
    if (c == null || !established) {
      throw new LibOsException("shutdown", Errno.ENOTCONN, "The socket is not connected.");
    }
    if (how != Shutdown.READ) {
      c.shutdownWrite();
    }
    if (how != Shutdown.WRITE) {
      c.shutdownRead();
      progress();
    }
  }

  @Override
  void close() {
    cancelPops();
    while (!accepts.isEmpty()) {
      transport.sink().accepted(accepts.removeHead(), -Errno.ECANCELED, null);
    }
    if (connectQtoken != 0) {
      connected(-Errno.ECANCELED);
    }
    transport.streamUnbound(this);
    TcpListener l = listener;
    listener = null;
    if (l != null) {
      l.close();
    }
    TcpConnection c = connection;
    connection = null;
    if (c != null) {
      c.close();
    }
  }
}
