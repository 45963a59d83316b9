package dev.demikv.libos.net;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.Shutdown;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.net.udp.UdpSocket;
import dev.demikv.libos.net.udp.UdpUser;

/// A datagram socket over UDP. A push is done when its frame is the device's.
final class StackDatagramSocket extends StackSocket implements UdpUser {
  private final UdpSocket socket;
  private final StackName name = new StackName();
  private final Endpoint from = new Endpoint();
  private int error;

  StackDatagramSocket(StackTransport transport, int sid, boolean ipv6) {
    super(transport, sid, ipv6);
    this.socket = transport.udp().open(ipv6, this);
    setDefault(SocketOption.RECEIVE_BUFFER_BYTES, transport.config().datagramBytes());
    setDefault(SocketOption.SEND_BUFFER_BYTES, transport.config().datagramBytes());
  }

  @Override
  boolean hasOption(SocketOption option) {
    return switch (option) {
      case REUSEADDR, SEND_BUFFER_BYTES, RECEIVE_BUFFER_BYTES, PUSH_COMPLETION, PUSH_QUIET -> true;
      case V6ONLY -> ipv6;
      case NODELAY,
          KEEPALIVE,
          KEEPALIVE_IDLE_SECONDS,
          KEEPALIVE_INTERVAL_SECONDS,
          KEEPALIVE_COUNT,
          LINGER_SECONDS,
          REUSEPORT ->
          false;
    };
  }

  @Override
  int apply(SocketOption option, int value) {
    if (option == SocketOption.RECEIVE_BUFFER_BYTES) {
      socket.setBytesMax(value);
    } else if (option == SocketOption.V6ONLY) {
      if (socket.isBound()) {
        return -Errno.EINVAL;
      }
      transport.udp().setV6Only(socket, value != 0);
    }
    return 0;
  }

  @Override
  void bind(Endpoint local) {
    name.set(local);
    if (socket.isBound()) {
      throw new LibOsException("bind " + local, Errno.EINVAL, "The socket is bound already.");
    }
    if (!isOfFamily(name) || ipv6 && local.family() == AddressFamily.INET) {
      throw new LibOsException(
          "bind " + local, Errno.EAFNOSUPPORT, "The socket is of the other family.");
    }
    int result = transport.udp().bind(socket, name);
    if (result < 0) {
      throw new LibOsException(
          "bind " + local,
          -result,
          result == -Errno.EADDRNOTAVAIL
              ? "It is not an address of this stack, see network.address."
              : "Choose another port, or 0.");
    }
  }

  @Override
  Endpoint localName() {
    return socket.localName();
  }

  @Override
  Endpoint remoteName() {
    if (!socket.isConnected()) {
      throw new LibOsException("getpeername", Errno.ENOTCONN, "The socket is not connected.");
    }
    return socket.remoteName();
  }

  @Override
  int connect(Endpoint remote, long qtoken) {
    name.set(remote).resolveAny();
    int code =
        remote.port() == 0
            ? -Errno.EINVAL
            : isOfFamily(name) ? transport.udp().connect(socket, name) : -Errno.EAFNOSUPPORT;
    transport.sink().connected(qtoken, code);
    return 0;
  }

  @Override
  int push(ScatterGatherArray sga, @Nullable Endpoint to, long qtoken) {
    StackName destination = null;
    if (to != null) {
      destination = name.set(to).resolveAny();
      if (!isOfFamily(destination)) {
        return -Errno.EAFNOSUPPORT;
      }
    }
    int result = transport.udp().push(socket, sga, destination, transport.nowNanos());
    if (result >= 0) {
      transport.sink().pushed(qtoken, result);
      return 0;
    }
    return result;
  }

  @Override
  int pop(int bytesMax, long qtoken) {
    if (!pops.add(qtoken, bytesMax)) {
      return -Errno.EAGAIN;
    }
    progress();
    return 0;
  }

  @Override
  int cancel(long qtoken) {
    if (pops.remove(qtoken)) {
      transport.sink().popped(qtoken, -Errno.ECANCELED, null, null);
      return 0;
    }
    return -Errno.EALREADY;
  }

  @Override
  void shutdown(Shutdown how) {
    throw new LibOsException("shutdown", Errno.ENOTCONN, "A datagram socket has no ends.");
  }

  // From UDP.

  @Override
  public boolean isPopWaiting() {
    return !pops.isEmpty() && !starved;
  }

  @Override
  public void arrived() {
    progress();
  }

  @Override
  public void failed(int errno) {
    error = errno;
    progress();
  }

  @Override
  void progress() {
    while (!pops.isEmpty()) {
      if (error != 0) {
        int told = error;
        error = 0;
        transport.sink().popped(pops.removeHead(), -told, null, null);
        continue;
      }
      if (socket.count() == 0) {
        return;
      }
      int length = socket.length();
      if (length > pops.headBytesMax()) {
        // The rest of a datagram is never popped later: it is lost, and that is told.
        socket.remove().release();
        transport.sink().popped(pops.removeHead(), -Errno.EMSGSIZE, null, null);
        continue;
      }
      ScatterGatherArray sga = transport.sgas().takeEmpty();
      if (sga == null) {
        transport.starve(this);
        return;
      }
      socket.sourceTo(from);
      int offset = socket.offset();
      sga.add(socket.remove(), offset, length);
      transport.sink().popped(pops.removeHead(), length, sga, from);
    }
  }

  @Override
  void close() {
    cancelPops();
    transport.udp().close(socket);
  }
}
