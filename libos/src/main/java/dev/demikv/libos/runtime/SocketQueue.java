package dev.demikv.libos.runtime;

import dev.demikv.libos.api.ConnectionInfo;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.Shutdown;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.device.Transport;
import dev.demikv.libos.lang.Nullable;

/// A socket of the network backend.
final class SocketQueue extends IoQueue {
  private final Transport transport;
  private final int sid;
  private final SocketType type;

  SocketQueue(EventLoop loop, int qd, Transport transport, int sid, SocketType type) {
    super(loop, qd);
    this.transport = transport;
    this.sid = sid;
    this.type = type;
  }

  @Override
  String kind() {
    return type == SocketType.STREAM ? "stream socket" : "datagram socket";
  }

  @Override
  boolean takesEmpty() {
    return type == SocketType.DATAGRAM;
  }

  @Override
  int push(ScatterGatherArray sga, @Nullable Endpoint to, long qtoken) {
    return transport.push(sid, sga, to, qtoken);
  }

  @Override
  int pop(int bytesMax, long qtoken) {
    return transport.pop(sid, bytesMax, qtoken);
  }

  @Override
  int accept(long qtoken) {
    return transport.accept(sid, qtoken);
  }

  @Override
  int connect(Endpoint remote, long qtoken) {
    return transport.connect(sid, remote, qtoken);
  }

  @Override
  int cancel(long qtoken) {
    return transport.cancel(sid, qtoken);
  }

  @Override
  void close() {
    transport.close(sid);
  }

  @Override
  void bind(Endpoint local) {
    transport.bind(sid, local);
  }

  @Override
  void listen(int backlog) {
    transport.listen(sid, backlog);
  }

  @Override
  void shutdown(Shutdown how) {
    transport.shutdown(sid, how);
  }

  @Override
  Endpoint getsockname() {
    return transport.getsockname(sid);
  }

  @Override
  Endpoint getpeername() {
    return transport.getpeername(sid);
  }

  @Override
  void setsockopt(SocketOption option, int value) {
    transport.setsockopt(sid, option, value);
  }

  @Override
  int getsockopt(SocketOption option) {
    return transport.getsockopt(sid, option);
  }

  @Override
  int connectionInfo(ConnectionInfo into) {
    return transport.connectionInfo(sid, into);
  }
}
