package dev.demikv.libos.device.memory;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.PushCompletion;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.device.TransportSink;
import dev.demikv.libos.lang.Nullable;

/// A socket of a [MemoryTransport]: what stream and datagram sockets share.
///
/// An operation is carried out when it is started, if nothing stands before it; otherwise it waits,
/// and [#progress] carries it out after [#changed]. Belongs to the thread of its space.
abstract sealed class MemorySocket permits MemoryStreamSocket, MemoryDatagramSocket {
  private static final int BUFFER_BYTES_MIN = 256;
  private static final int BUFFER_BYTES_MAX = 16 << 20;

  final MemoryTransport transport;
  final MemoryOperations pops = new MemoryOperations();
  private final int sid;
  private final SocketType type;
  private final int[] options = new int[SocketOption.values().length];
  private final Endpoint local = Endpoint.any(AddressFamily.INET, 0);
  private boolean ownsPort;
  private boolean closed;
  private boolean listed;

  MemorySocket(MemoryTransport transport, int sid, SocketType type) {
    this.transport = transport;
    this.sid = sid;
    this.type = type;
    options[SocketOption.NODELAY.ordinal()] = 1;
    options[SocketOption.REUSEADDR.ordinal()] = type == SocketType.STREAM ? 1 : 0;
    options[SocketOption.LINGER_SECONDS.ordinal()] = -1;
    options[SocketOption.SEND_BUFFER_BYTES.ordinal()] = transport.bufferBytes();
    options[SocketOption.RECEIVE_BUFFER_BYTES.ordinal()] = transport.bufferBytes();
  }

  final int sid() {
    return sid;
  }

  final SocketType type() {
    return type;
  }

  final TransportSink sink() {
    return transport.sink();
  }

  final SgaPool sgas() {
    return transport.sgas();
  }

  final boolean isClosed() {
    return closed;
  }

  /// Whether it is in one of its transport's lists; see [MemoryTransport#ready].
  final boolean isListed() {
    return listed;
  }

  final void setListed(boolean newListed) {
    listed = newListed;
  }

  /// Something happened that operations may wait for.
  final void changed() {
    transport.ready(this);
  }

  // Names.

  /// The local endpoint; the wildcard with port 0 before it has one. Not to be changed.
  final Endpoint local() {
    return local;
  }

  final void setLocal(Endpoint newLocal) {
    local.set(newLocal);
  }

  final void bind(Endpoint wanted) {
    if (local.port() != 0) {
      throw new LibOsException("bind " + wanted, Errno.EINVAL, "The socket is bound already.");
    }
    if (wanted.family() != AddressFamily.INET) {
      throw new LibOsException(
          "bind " + wanted, Errno.EAFNOSUPPORT, "The memory network has IPv4 addresses only.");
    }
    if (!MemorySpace.isReachable(wanted)) {
      throw new LibOsException(
          "bind " + wanted, Errno.EADDRNOTAVAIL, "The memory network has 127.0.0.1 only.");
    }
    int port = bindPort(wanted.port());
    if (port < 0) {
      throw new LibOsException("bind " + wanted, -port, "Choose another port, or 0.");
    }
    local.setIpv4(wanted.ipv4Address(), port);
  }

  /// Takes a port, with the wildcard address, unless it has one.
  ///
  /// @return the port, or -EADDRINUSE
  final int bindPort(int wanted) {
    if (local.port() != 0) {
      return local.port();
    }
    int port = transport.space().bind(this, wanted);
    if (port > 0) {
      ownsPort = true;
      local.setIpv4(0, port);
    }
    return port;
  }

  /// The endpoint of the other side.
  abstract Endpoint peerName();

  // Options.

  final int option(SocketOption option) {
    return options[option.ordinal()];
  }

  final void copyOptions(MemorySocket from) {
    System.arraycopy(from.options, 0, options, 0, options.length);
  }

  final void setOption(SocketOption option, int value) {
    boolean known =
        switch (option) {
          case NODELAY,
              KEEPALIVE,
              KEEPALIVE_IDLE_SECONDS,
              KEEPALIVE_INTERVAL_SECONDS,
              KEEPALIVE_COUNT,
              LINGER_SECONDS ->
              type == SocketType.STREAM;
          case V6ONLY, REUSEPORT -> false;
          case REUSEADDR, SEND_BUFFER_BYTES, RECEIVE_BUFFER_BYTES, PUSH_COMPLETION, PUSH_QUIET ->
              true;
        };
    if (!known) {
      throw new LibOsException(
          "setsockopt " + option, Errno.ENOPROTOOPT, "Not an option of this kind of socket.");
    }
    if (option == SocketOption.PUSH_COMPLETION
        && (value == PushCompletion.DURABLE.level()
            || value == PushCompletion.ACKED.level() && type == SocketType.DATAGRAM)) {
      throw new LibOsException(
          "setsockopt " + option, Errno.EOPNOTSUPP, "This socket cannot tell so much.");
    }
    if (option != SocketOption.LINGER_SECONDS && value < 0) {
      throw new LibOsException("setsockopt " + option, Errno.EINVAL, "The value is negative.");
    }
    boolean isBuffer =
        option == SocketOption.SEND_BUFFER_BYTES || option == SocketOption.RECEIVE_BUFFER_BYTES;
    options[option.ordinal()] =
        isBuffer ? Math.clamp(value, BUFFER_BYTES_MIN, BUFFER_BYTES_MAX) : value;
  }

  // Operations; results as in dev.demikv.libos.device.Transport.

  abstract int connect(Endpoint remote, long qtoken);

  abstract int push(ScatterGatherArray sga, @Nullable Endpoint to, long qtoken);

  /// Starts a pop.
  int pop(int bytesMax, long qtoken) {
    boolean first = pops.isEmpty();
    if (!pops.add(qtoken, bytesMax, null)) {
      return -Errno.EAGAIN;
    }
    if (first) {
      progress();
    }
    return 0;
  }

  /// Cancels an operation.
  int cancel(long qtoken) {
    if (pops.remove(qtoken, /* onlyUntouched= */ false)) {
      sink().popped(qtoken, -Errno.ECANCELED, null, null);
      return 0;
    }
    return -Errno.EALREADY;
  }

  /// Carries out what can be.
  abstract void progress();

  /// Answers the oldest pop without an array.
  final void answerPop(int result) {
    sink().popped(pops.remove(), result, null, null);
    transport.worked();
  }

  /// Cancels everything and lets go.
  final void close() {
    closed = true;
    while (!pops.isEmpty()) {
      answerPop(-Errno.ECANCELED);
    }
    release();
    if (ownsPort) {
      transport.space().unbind(this, local.port());
    }
  }

  /// Cancels and frees what the kind of socket has beyond its pops.
  abstract void release();
}
