package dev.demikv.libos.device.memory;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.lang.Nullable;

/// A datagram socket. A push copies into the receiver's queue, or is dropped, before it returns.
final class MemoryDatagramSocket extends MemorySocket {
  private final Endpoint remote = Endpoint.any(AddressFamily.INET, 0);
  private final Endpoint from = Endpoint.loopback(AddressFamily.INET, 0);
  private @Nullable MemoryDatagrams arrived;
  private int error;

  MemoryDatagramSocket(MemoryTransport transport, int sid) {
    super(transport, sid, SocketType.DATAGRAM);
  }

  @Override
  Endpoint peerName() {
    if (remote.port() == 0) {
      throw new LibOsException("getpeername", Errno.ENOTCONN, "The socket is not connected.");
    }
    return remote.copy();
  }

  @Override
  int connect(Endpoint to, long qtoken) {
    int code = check(to);
    if (code == 0 && bindPort(0) < 0) {
      code = -Errno.EADDRINUSE;
    }
    if (code == 0) {
      remote.set(Endpoint.loopback(AddressFamily.INET, to.port()));
    }
    sink().connected(qtoken, code);
    transport.worked();
    return 0;
  }

  private static int check(Endpoint to) {
    if (to.family() != AddressFamily.INET) {
      return -Errno.EAFNOSUPPORT;
    }
    if (to.port() == 0) {
      return -Errno.EINVAL;
    }
    return MemorySpace.isReachable(to) ? 0 : -Errno.ENETUNREACH;
  }

  @Override
  int push(ScatterGatherArray sga, @Nullable Endpoint to, long qtoken) {
    int port = to == null ? remote.port() : to.port();
    int code = to == null ? 0 : check(to);
    if (to == null && port == 0) {
      code = -Errno.EDESTADDRREQ;
    } else if (sga.totalBytes() > MemoryDatagrams.BYTES_MAX) {
      code = -Errno.EMSGSIZE;
    } else if (code == 0 && bindPort(0) < 0) {
      code = -Errno.EADDRINUSE;
    }
    if (code < 0) {
      return code;
    }
    MemorySocket target = transport.space().find(SocketType.DATAGRAM, port);
    if (target instanceof MemoryDatagramSocket receiver) {
      receiver.arrive(sga, local().port());
    } else if (port == remote.port()) {
      // RFC 1122 §4.1.3.3: a connected socket is told that nobody listens.
      error = Errno.ECONNREFUSED;
      changed();
    }
    sink().pushed(qtoken, sga.totalBytes());
    transport.worked();
    return 0;
  }

  private void arrive(ScatterGatherArray sga, int fromPort) {
    if (remote.port() != 0 && remote.port() != fromPort) {
      return; // A connected socket takes from its peer only.
    }
    MemoryDatagrams queue = arrived;
    if (queue == null) {
      queue = new MemoryDatagrams(option(SocketOption.RECEIVE_BUFFER_BYTES));
      arrived = queue;
    }
    if (queue.offer(sga, fromPort)) {
      changed();
    } else {
      transport.dropped();
    }
  }

  @Override
  void progress() {
    MemoryDatagrams queue = arrived;
    while (!pops.isEmpty()) {
      if (error != 0) {
        int told = error;
        error = 0;
        answerPop(-told);
        continue;
      }
      if (queue == null || queue.isEmpty()) {
        return;
      }
      int length = queue.length();
      if (length > pops.bytes()) {
        queue.skip();
        answerPop(-Errno.EMSGSIZE);
        continue;
      }
      ScatterGatherArray sga = sgas().allocate(length);
      if (sga == null) {
        transport.starved(this);
        return;
      }
      from.setIpv4(from.ipv4Address(), queue.fromPort());
      queue.take(sga);
      sink().popped(pops.remove(), length, sga, from);
      transport.worked();
    }
  }

  @Override
  void release() {
    if (arrived != null) {
      arrived.close();
      arrived = null;
    }
  }
}
