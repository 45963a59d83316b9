package dev.demikv.libos.device.sim;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketType;
import java.util.ArrayDeque;

/// A datagram socket's queue of what has arrived, and its way out.
final class SimDatagrams {
  /// Longest payload: 65,535 less an IPv4 and a UDP header.
  static final int BYTES_MAX = 65_507;

  /// What a datagram costs of the receive buffer beyond its payload.
  private static final int OVERHEAD_BYTES = 256;

  private final SimWorld world;
  private final SimSocket socket;
  private final ArrayDeque<Datagram> queue = new ArrayDeque<>();
  private int queuedBytes;
  private long droppedCount;
  private int error;

  static final class Datagram {
    final byte[] bytes;
    final Endpoint from;

    Datagram(byte[] bytes, Endpoint from) {
      this.bytes = bytes;
      this.from = from;
    }
  }

  SimDatagrams(SimWorld world, SimSocket socket) {
    this.world = world;
    this.socket = socket;
  }

  /// The error that an ICMP message told, once; 0 for none.
  int takeError() {
    int told = error;
    error = 0;
    return told;
  }

  boolean isEmpty() {
    return queue.isEmpty() && error == 0;
  }

  Datagram peek() {
    return queue.element();
  }

  void remove() {
    queuedBytes -= queue.remove().bytes.length + OVERHEAD_BYTES;
  }

  long droppedCount() {
    return droppedCount;
  }

  /// Sends one datagram.
  ///
  /// @return its length or -errno
  int send(ScatterGatherArray sga, Endpoint to) {
    Endpoint destination = SimAddresses.unmapped(to);
    SimHost from = socket.host();
    Endpoint source;
    try {
      source = from.sourceFor(destination);
    } catch (LibOsException e) {
      return -e.errno();
    }
    if (socket.isBound() && !socket.local().isAny()) {
      source = socket.local();
    }
    SimHost target = from.network().find(from, destination);
    if (target == null) {
      return -Errno.EHOSTUNREACH;
    }
    Datagram datagram =
        new Datagram(sga.toByteArray(), SimAddresses.withPort(source, socket.local().port()));
    SimLink link = from.network().link(from, target);
    int copies = link.loses() ? 0 : link.duplicates() ? 2 : 1;
    for (int i = 0; i < copies; i++) {
      world.schedule(link.delayNanos(), () -> arrive(link, target, destination, datagram));
    }
    return datagram.bytes.length;
  }

  private void arrive(SimLink link, SimHost target, Endpoint destination, Datagram datagram) {
    if (link.isCut() || !target.isUp()) {
      return;
    }
    SimSocket receiver = target.receiver(SocketType.DATAGRAM, destination);
    SimDatagrams datagrams = receiver == null ? null : receiver.datagrams();
    if (receiver == null || datagrams == null) {
      SimLink back = target.network().link(target, socket.host());
      if (!back.isCut()) {
        world.schedule(back.delayNanos(), () -> unreachable(destination));
      }
      return;
    }
    if (receiver.takesFrom(datagram.from)) {
      datagrams.queue(datagram, receiver.receiveBufferBytes());
    }
  }

  private void queue(Datagram datagram, int limitBytes) {
    int cost = datagram.bytes.length + OVERHEAD_BYTES;
    if (queuedBytes + cost > limitBytes) {
      droppedCount++;
      return;
    }
    queue.add(datagram);
    queuedBytes += cost;
    socket.changed();
  }

  /// RFC 1122 §4.1.3.3: a port unreachable message is passed to the application of a connected
  /// socket.
  private void unreachable(Endpoint destination) {
    Endpoint remote = socket.remote();
    if (remote != null && remote.equals(destination)) {
      error = Errno.ECONNREFUSED;
      socket.changed();
    }
  }
}
