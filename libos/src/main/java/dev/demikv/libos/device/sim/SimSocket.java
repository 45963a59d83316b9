package dev.demikv.libos.device.sim;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.PushCompletion;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.Shutdown;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.device.TransportSink;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/// A socket of a [SimTransport]: its operations in flight, and the listener, connection or datagram
/// queue that they wait for.
final class SimSocket {
  private static final int PENDING_COUNT_MAX = 1024;
  private static final int POP_BYTES_MAX = 64 << 10;
  private static final int BUFFER_BYTES_MIN = 256;
  private static final int STREAM_BUFFER_BYTES = 128 << 10;
  private static final int DATAGRAM_BUFFER_BYTES = 256 << 10;

  private final SimTransport transport;
  private final int sid;
  private final SocketType type;
  private final AddressFamily family;
  private final int[] options = new int[SocketOption.values().length];
  private final ArrayDeque<Operation> accepts = new ArrayDeque<>();
  private final ArrayDeque<Operation> pushes = new ArrayDeque<>();
  private final ArrayDeque<Operation> unacknowledged = new ArrayDeque<>();
  private final ArrayDeque<Operation> pops = new ArrayDeque<>();
  private long connectQtoken;
  private @Nullable Endpoint local;
  private @Nullable Endpoint remote;
  private @Nullable SimListener listener;
  private @Nullable SimConnection connection;
  private @Nullable SimDatagrams datagrams;
  private boolean writeEnded;

  /// An operation in flight.
  private static final class Operation {
    final long qtoken;
    final int bytesMax;
    final @Nullable ScatterGatherArray sga;
    final @Nullable Endpoint to;
    int doneBytes;
    long endsAtBytes;

    Operation(long qtoken, int bytesMax, @Nullable ScatterGatherArray sga, @Nullable Endpoint to) {
      this.qtoken = qtoken;
      this.bytesMax = bytesMax;
      this.sga = sga;
      this.to = to;
    }
  }

  SimSocket(SimTransport transport, int sid, SocketType type, AddressFamily family) {
    this.transport = transport;
    this.sid = sid;
    this.type = type;
    this.family = family;
    options[SocketOption.NODELAY.ordinal()] = 1;
    options[SocketOption.REUSEADDR.ordinal()] = type == SocketType.STREAM ? 1 : 0;
    options[SocketOption.LINGER_SECONDS.ordinal()] = -1;
    int bufferBytes = type == SocketType.STREAM ? STREAM_BUFFER_BYTES : DATAGRAM_BUFFER_BYTES;
    options[SocketOption.SEND_BUFFER_BYTES.ordinal()] = bufferBytes;
    options[SocketOption.RECEIVE_BUFFER_BYTES.ordinal()] = bufferBytes;
    if (type == SocketType.DATAGRAM) {
      datagrams = new SimDatagrams(transport.world(), this);
    }
  }

  /// An accepted connection's socket, with the options of its listener.
  void adopt(SimConnection accepted, SimSocket from) {
    System.arraycopy(from.options, 0, options, 0, options.length);
    connection = accepted;
    local = accepted.local();
    remote = accepted.remote();
    accepted.setSocket(this);
    changed();
  }

  int sid() {
    return sid;
  }

  SocketType type() {
    return type;
  }

  SimHost host() {
    return transport.host();
  }

  boolean isBound() {
    return local != null;
  }

  /// Its local endpoint; the wildcard with port 0 before it is bound.
  Endpoint local() {
    return local == null ? Endpoint.any(family, 0) : local;
  }

  @Nullable
  Endpoint remote() {
    return remote;
  }

  @Nullable
  SimListener listener() {
    return listener;
  }

  boolean isListening() {
    return listener != null;
  }

  @Nullable
  SimDatagrams datagrams() {
    return datagrams;
  }

  void bound(Endpoint newLocal) {
    local = newLocal;
  }

  boolean isSet(SocketOption option) {
    return options[option.ordinal()] != 0;
  }

  int sendBufferBytes() {
    return options[SocketOption.SEND_BUFFER_BYTES.ordinal()];
  }

  int receiveBufferBytes() {
    return options[SocketOption.RECEIVE_BUFFER_BYTES.ordinal()];
  }

  /// A connected datagram socket takes from its peer only.
  boolean takesFrom(Endpoint from) {
    return remote == null || remote.equals(from);
  }

  /// Something happened that operations may wait for.
  void changed() {
    transport.ready(this);
  }

  // Control path.

  void bind(Endpoint wanted) {
    if (isBound()) {
      throw new LibOsException("bind " + wanted, Errno.EINVAL, "The socket is bound already.");
    }
    if (wanted.family() != family) {
      throw new LibOsException(
          "bind " + wanted, Errno.EAFNOSUPPORT, "The socket is of family " + family + ".");
    }
    host().bind(this, wanted);
  }

  void listen(int backlog) {
    if (type != SocketType.STREAM) {
      throw new LibOsException("listen", Errno.EOPNOTSUPP, "Only stream sockets listen.");
    }
    if (!isBound() || connection != null || backlog < 1) {
      throw new LibOsException(
          "listen", Errno.EINVAL, "Bind the socket first; the backlog is at least 1.");
    }
    if (listener == null) {
      listener = new SimListener(this, backlog);
    } else {
      listener.setBacklog(backlog);
    }
  }

  void shutdown(Shutdown how) {
    SimConnection open = connection;
    if (open == null || open.isConnecting()) {
      throw new LibOsException("shutdown", Errno.ENOTCONN, "The socket is not connected.");
    }
    if (how != Shutdown.READ) {
      writeEnded = true;
    }
    if (how != Shutdown.WRITE) {
      open.endRead();
    }
    changed();
  }

  /// Cancels everything and lets go.
  void close(TransportSink sink) {
    cancelAll(sink);
    host().unbind(this);
    if (listener != null) {
      listener.close();
    }
    if (connection != null) {
      connection.abandon(options[SocketOption.LINGER_SECONDS.ordinal()] == 0);
    }
  }

  private void cancelAll(TransportSink sink) {
    if (connectQtoken != 0) {
      long qtoken = connectQtoken;
      connectQtoken = 0;
      sink.connected(qtoken, -Errno.ECANCELED);
    }
    while (!accepts.isEmpty()) {
      sink.accepted(accepts.remove().qtoken, -Errno.ECANCELED, null);
    }
    while (!unacknowledged.isEmpty()) {
      sink.pushed(unacknowledged.remove().qtoken, -Errno.ECANCELED);
    }
    while (!pushes.isEmpty()) {
      sink.pushed(pushes.remove().qtoken, -Errno.ECANCELED);
    }
    while (!pops.isEmpty()) {
      sink.popped(pops.remove().qtoken, -Errno.ECANCELED, null, null);
    }
  }

  Endpoint peer() {
    if (remote == null || connection != null && !connection.isOpen()) {
      throw new LibOsException("getpeername", Errno.ENOTCONN, "The socket is not connected.");
    }
    return SimAddresses.shownTo(family, remote);
  }

  Endpoint name() {
    return SimAddresses.shownTo(family, local()).copy();
  }

  void setOption(SocketOption option, int value) {
    boolean known =
        switch (option) {
          case NODELAY,
              KEEPALIVE,
              KEEPALIVE_IDLE_SECONDS,
              KEEPALIVE_INTERVAL_SECONDS,
              KEEPALIVE_COUNT,
              LINGER_SECONDS ->
              type == SocketType.STREAM;
          case V6ONLY -> family == AddressFamily.INET6;
          case REUSEADDR,
              REUSEPORT,
              SEND_BUFFER_BYTES,
              RECEIVE_BUFFER_BYTES,
              PUSH_COMPLETION,
              PUSH_QUIET ->
              true;
        };
    if (!known) {
      throw new LibOsException(
          "setsockopt " + option, Errno.ENOPROTOOPT, "Not an option of this kind of socket.");
    }
    if (option == SocketOption.PUSH_COMPLETION && value == PushCompletion.DURABLE.level()
        || option == SocketOption.PUSH_COMPLETION
            && value == PushCompletion.ACKED.level()
            && type == SocketType.DATAGRAM) {
      throw new LibOsException(
          "setsockopt " + option, Errno.EOPNOTSUPP, "This socket cannot tell so much.");
    }
    if (option != SocketOption.LINGER_SECONDS && value < 0) {
      throw new LibOsException("setsockopt " + option, Errno.EINVAL, "The value is negative.");
    }
    boolean isBuffer =
        option == SocketOption.SEND_BUFFER_BYTES || option == SocketOption.RECEIVE_BUFFER_BYTES;
    options[option.ordinal()] = isBuffer ? Math.max(value, BUFFER_BYTES_MIN) : value;
  }

  int option(SocketOption option) {
    return options[option.ordinal()];
  }

  // Data path.

  int accept(long qtoken) {
    if (type != SocketType.STREAM) {
      return -Errno.EOPNOTSUPP;
    }
    if (listener == null) {
      return -Errno.EINVAL;
    }
    return start(accepts, new Operation(qtoken, 0, null, null));
  }

  int connect(Endpoint wanted, long qtoken) {
    Endpoint to = SimAddresses.unmapped(wanted).copy();
    if (wanted.family() != family) {
      return -Errno.EAFNOSUPPORT;
    }
    if (listener != null) {
      return -Errno.EISCONN;
    }
    if (connection != null) {
      return connection.isConnecting() ? -Errno.EALREADY : -Errno.EISCONN;
    }
    if (to.port() == 0) {
      return -Errno.ECONNREFUSED;
    }
    Endpoint target = to.isAny() ? Endpoint.loopback(to.family(), to.port()) : to;
    Endpoint source;
    try {
      source = host().sourceFor(target);
      if (!isBound()) {
        host().bind(this, source);
      }
    } catch (LibOsException e) {
      return -e.errno();
    }
    remote = target;
    connectQtoken = qtoken;
    if (type == SocketType.STREAM) {
      Endpoint from = local().isAny() ? SimAddresses.withPort(source, local().port()) : local();
      bound(from);
      connection = new SimConnection(transport.world(), host(), this, from, target);
      connection.setSocket(this);
      connection.connect();
    }
    changed();
    return 0;
  }

  int push(ScatterGatherArray sga, @Nullable Endpoint to, long qtoken) {
    if (type == SocketType.DATAGRAM) {
      if (to == null && remote == null) {
        return -Errno.EDESTADDRREQ;
      }
      if (to != null && to.family() != family) {
        return -Errno.EAFNOSUPPORT;
      }
      if (sga.totalBytes() > SimDatagrams.BYTES_MAX) {
        return -Errno.EMSGSIZE;
      }
    } else if (connection == null) {
      return -Errno.ENOTCONN;
    } else if (to != null) {
      return -Errno.EISCONN;
    } else if (writeEnded) {
      return -Errno.EPIPE;
    }
    return start(pushes, new Operation(qtoken, 0, sga, to == null ? null : to.copy()));
  }

  int pop(int bytesMax, long qtoken) {
    if (type == SocketType.STREAM && connection == null) {
      return -Errno.ENOTCONN;
    }
    return start(pops, new Operation(qtoken, bytesMax, null, null));
  }

  private int start(ArrayDeque<Operation> operations, Operation operation) {
    if (operations.size() >= PENDING_COUNT_MAX) {
      return -Errno.EAGAIN;
    }
    operations.add(operation);
    changed();
    return 0;
  }

  int cancel(long qtoken, TransportSink sink) {
    if (qtoken == connectQtoken) {
      connectQtoken = 0;
      if (connection != null) {
        connection.abandon(true);
        connection = null;
      }
      sink.connected(qtoken, -Errno.ECANCELED);
      return 0;
    }
    if (remove(accepts, qtoken)) {
      sink.accepted(qtoken, -Errno.ECANCELED, null);
      return 0;
    }
    if (remove(pops, qtoken)) {
      sink.popped(qtoken, -Errno.ECANCELED, null, null);
      return 0;
    }
    if (remove(pushes, qtoken)) {
      sink.pushed(qtoken, -Errno.ECANCELED);
      return 0;
    }
    return -Errno.EALREADY;
  }

  /// Bytes that were taken cannot be called back.
  private static boolean remove(ArrayDeque<Operation> operations, long qtoken) {
    return operations.removeIf(o -> o.qtoken == qtoken && o.doneBytes == 0);
  }

  // Progress: reports what is done.

  void progress(TransportSink sink) {
    progressConnect(sink);
    if (listener != null) {
      progressAccepts(sink, listener);
    }
    if (connection != null && !connection.isConnecting()) {
      progressPushes(sink, connection);
      progressStreamPops(sink, connection);
    }
    if (datagrams != null) {
      progressDatagrams(sink, datagrams);
    }
  }

  private void progressConnect(TransportSink sink) {
    if (connectQtoken == 0 || connection != null && connection.isConnecting()) {
      return;
    }
    long qtoken = connectQtoken;
    connectQtoken = 0;
    SimConnection failed = connection;
    if (failed != null && !failed.isOpen()) {
      connection = null;
      remote = null;
      sink.connected(qtoken, -failed.error());
    } else {
      sink.connected(qtoken, 0);
    }
  }

  private void progressAccepts(TransportSink sink, SimListener from) {
    while (!accepts.isEmpty() && from.hasNext()) {
      SimConnection accepted = from.next();
      if (accepted == null || !accepted.isOpen()) {
        continue; // It was reset before anybody accepted it.
      }
      long qtoken = accepts.remove().qtoken;
      SimSocket socket = transport.newSocket(type, family);
      if (socket == null) {
        accepted.reset();
        sink.accepted(qtoken, -Errno.EMFILE, null);
        continue;
      }
      socket.adopt(accepted, this);
      Endpoint shown = SimAddresses.shownTo(family, accepted.remote());
      sink.accepted(qtoken, socket.sid, shown);
    }
  }

  private void progressPushes(TransportSink sink, SimConnection to) {
    boolean tellsAcks = option(SocketOption.PUSH_COMPLETION) == PushCompletion.ACKED.level();
    while (!pushes.isEmpty()) {
      Operation push = pushes.element();
      ScatterGatherArray sga = push.sga;
      if (sga == null || !to.isOpen()) {
        pushes.remove();
        sink.pushed(push.qtoken, -(to.error() == 0 ? Errno.EPIPE : to.error()));
        continue;
      }
      push.doneBytes += to.offer(sga, push.doneBytes);
      if (push.doneBytes < sga.totalBytes()) {
        break;
      }
      pushes.remove();
      if (tellsAcks) {
        push.endsAtBytes = to.acceptedBytes();
        unacknowledged.add(push);
      } else {
        sink.pushed(push.qtoken, push.doneBytes);
      }
    }
    while (!unacknowledged.isEmpty()
        && (!to.isOpen() || unacknowledged.element().endsAtBytes <= to.ackedBytes())) {
      Operation push = unacknowledged.remove();
      boolean isAcked = push.endsAtBytes <= to.ackedBytes();
      sink.pushed(push.qtoken, isAcked ? push.doneBytes : -Errno.ECONNRESET);
    }
    if (writeEnded && pushes.isEmpty() && to.isOpen() && !to.isWriteEnded()) {
      to.endWrite();
    }
  }

  private void progressStreamPops(TransportSink sink, SimConnection from) {
    while (!pops.isEmpty()) {
      Operation pop = pops.element();
      int count = Math.min(Math.min(from.unreadBytes(), pop.bytesMax), POP_BYTES_MAX);
      if (count > 0) {
        ScatterGatherArray sga = transport.sgas().allocate(count);
        if (sga == null) {
          transport.starved(this);
          return;
        }
        from.read(sga);
        pops.remove();
        sink.popped(pop.qtoken, count, sga, null);
      } else if (from.isReadEnded()) {
        pops.remove();
        sink.popped(pop.qtoken, 0, null, null);
      } else if (!from.isOpen()) {
        pops.remove();
        sink.popped(pop.qtoken, -from.error(), null, null);
      } else {
        return;
      }
    }
  }

  private void progressDatagrams(TransportSink sink, SimDatagrams queue) {
    while (!pushes.isEmpty()) {
      Operation push = pushes.remove();
      sink.pushed(push.qtoken, send(push, queue));
    }
    while (!pops.isEmpty() && !queue.isEmpty()) {
      Operation pop = pops.element();
      int error = queue.takeError();
      if (error != 0) {
        pops.remove();
        sink.popped(pop.qtoken, -error, null, null);
        continue;
      }
      SimDatagrams.Datagram datagram = queue.peek();
      if (datagram.bytes.length > pop.bytesMax) {
        pops.remove();
        queue.remove();
        sink.popped(pop.qtoken, -Errno.EMSGSIZE, null, null);
        continue;
      }
      ScatterGatherArray sga = transport.sgas().allocate(datagram.bytes.length);
      if (sga == null) {
        transport.starved(this);
        return;
      }
      sga.copyFrom(0, MemorySegment.ofArray(datagram.bytes), 0, sga.totalBytes());
      pops.remove();
      queue.remove();
      Endpoint from = SimAddresses.shownTo(family, datagram.from);
      sink.popped(pop.qtoken, sga.totalBytes(), sga, from);
    }
  }

  private int send(Operation push, SimDatagrams queue) {
    Endpoint to = push.to == null ? remote : push.to;
    ScatterGatherArray sga = push.sga;
    if (to == null || sga == null) {
      return -Errno.EDESTADDRREQ;
    }
    if (!isBound()) {
      host().bind(this, Endpoint.any(family, 0));
    }
    return queue.send(sga, to);
  }
}
