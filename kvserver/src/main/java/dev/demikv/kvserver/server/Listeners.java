package dev.demikv.kvserver.server;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.SocketType;
import java.util.ArrayList;
import java.util.List;

/// The sockets that new clients come in by.
final class Listeners {
  private final LibOs libos;
  private final int[] qds;
  private final Endpoint[] addresses;

  /// Binds and listens.
  ///
  /// @throws dev.demikv.libos.api.LibOsException an address is in use, or not of this machine
  Listeners(LibOs libos, List<Endpoint> endpoints, int backlog) {
    this.libos = libos;
    this.qds = new int[endpoints.size()];
    this.addresses = new Endpoint[endpoints.size()];
    for (int i = 0; i < qds.length; i++) {
      Endpoint endpoint = endpoints.get(i);
      qds[i] = libos.socket(SocketType.STREAM, endpoint.family());
      libos.bind(qds[i], endpoint);
      libos.listen(qds[i], backlog);
      addresses[i] = libos.getsockname(qds[i]).copy();
    }
  }

  /// Starts to accept on all.
  void start() {
    for (int qd : qds) {
      accept(qd);
    }
  }

  /// Accepts the next client of a listener.
  void accept(int qd) {
    long qtoken = libos.accept(qd);
    if (qtoken < 0) {
      throw new IllegalStateException("accept on " + qd + " gives " + qtoken);
    }
  }

  /// Takes no more clients.
  void close() {
    for (int i = 0; i < qds.length; i++) {
      if (qds[i] != 0) {
        libos.close(qds[i]);
        qds[i] = 0;
      }
    }
  }

  /// Whether it is the descriptor of a listener that is open.
  boolean has(int qd) {
    for (int own : qds) {
      if (own == qd) {
        return true;
      }
    }
    return false;
  }

  /// The addresses as they are bound, ports filled in.
  List<Endpoint> addresses() {
    List<Endpoint> copies = new ArrayList<>();
    for (Endpoint address : addresses) {
      copies.add(address.copy());
    }
    return copies;
  }
}
