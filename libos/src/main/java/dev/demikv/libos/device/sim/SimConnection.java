package dev.demikv.libos.device.sim;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.lang.Nullable;
import java.util.function.Consumer;

/// One end of a stream connection. It outlives its socket while accepted bytes are on their way.
///
/// ```
///   CONNECTING ── SYN, ACK ──> OPEN ── both FINs, RST, time-out, crash ──> GONE
/// ```
///
/// Bytes accepted and not acknowledged fill at most the send buffer, bytes sent and not read by the
/// peer's application at most its receive buffer.
final class SimConnection {
  private static final long SYN_RETRY_NANOS = 100_000_000;
  private static final long UNREACHABLE_NANOS = 3_000_000;

  private enum State {
    CONNECTING,
    OPEN,
    GONE
  }

  private final SimWorld world;
  private final SimHost host;
  private final Endpoint local;
  private final Endpoint remote;
  private final int sendBufferBytes;
  private final int receiveBufferBytes;
  private State state = State.CONNECTING;
  private @Nullable SimSocket socket;
  private @Nullable SimConnection peer;
  private @Nullable SimChannel toPeer;
  private int error;
  private boolean crashed;
  private boolean orphan;

  private final SimByteRing unsent = new SimByteRing();
  private long acceptedBytes;
  private long sentBytes;
  private long ackedBytes;
  private long readByPeerBytes;
  private boolean finQueued;
  private boolean finSent;
  private boolean finAcked;

  private final SimByteRing unread = new SimByteRing();
  private long arrivedBytes;
  private long readBytes;
  private boolean finArrived;
  private boolean readEnded;

  SimConnection(SimWorld world, SimHost host, SimSocket options, Endpoint local, Endpoint remote) {
    this.world = world;
    this.host = host;
    this.local = local;
    this.remote = remote;
    this.sendBufferBytes = options.sendBufferBytes();
    this.receiveBufferBytes = options.receiveBufferBytes();
    host.add(this);
  }

  SimHost host() {
    return host;
  }

  Endpoint local() {
    return local;
  }

  Endpoint remote() {
    return remote;
  }

  @Nullable
  SimConnection peer() {
    return peer;
  }

  /// The error that ended it, positive, or 0.
  int error() {
    return error;
  }

  boolean isConnecting() {
    return state == State.CONNECTING;
  }

  boolean isOpen() {
    return state == State.OPEN;
  }

  /// The socket that learns of changes; `null` before accept and after close.
  void setSocket(@Nullable SimSocket newSocket) {
    socket = newSocket;
  }

  // Handshake.

  /// Starts to connect: becomes open or fails later.
  void connect() {
    SimHost target = host.network().find(host, remote);
    if (target == null) {
      world.schedule(UNREACHABLE_NANOS, () -> fail(Errno.EHOSTUNREACH));
      return;
    }
    SimLink link = host.network().link(host, target);
    toPeer = new SimChannel(world, link, target, () -> fail(Errno.ETIMEDOUT));
    long giveUpNanos = world.nanoTime() + link.giveUpNanos();
    toPeer.send(() -> syn(target, giveUpNanos));
  }

  /// The first packet arrives at the other host.
  private void syn(SimHost target, long giveUpNanos) {
    SimChannel back =
        new SimChannel(world, host.network().link(target, host), host, this::giveUpBackwards);
    SimSocket listening = target.receiver(SocketType.STREAM, remote);
    SimListener listener = listening == null ? null : listening.listener();
    if (listening == null || listener == null) {
      back.send(() -> fail(Errno.ECONNREFUSED));
      return;
    }
    if (!listener.reserve()) {
      // As Linux with a full accept queue: the packet is dropped and comes again.
      if (world.nanoTime() + SYN_RETRY_NANOS > giveUpNanos) {
        back.send(() -> fail(Errno.ETIMEDOUT));
        return;
      }
      world.schedule(SYN_RETRY_NANOS, () -> channel().send(() -> syn(target, giveUpNanos)));
      return;
    }
    SimConnection server =
        new SimConnection(world, target, listening, /* local= */ remote, /* remote= */ local);
    server.peer = this;
    server.toPeer = back;
    server.state = State.OPEN;
    peer = server;
    back.send(() -> synAcknowledged(server, listener));
  }

  private void giveUpBackwards() {
    SimConnection server = peer;
    if (server != null) {
      server.fail(Errno.ETIMEDOUT);
    }
  }

  private void synAcknowledged(SimConnection server, SimListener listener) {
    if (state != State.CONNECTING) {
      channel()
          .send(() -> {
            listener.release();
            server.fail(Errno.ECONNRESET);
          });
      return;
    }
    state = State.OPEN;
    channel().send(() -> listener.established(server));
    changed();
  }

  // Sending.

  /// Takes bytes of an array from a position on, as many as there is room for.
  int offer(ScatterGatherArray sga, int position) {
    long room = sendBufferBytes - (acceptedBytes - ackedBytes);
    int count = (int) Math.min(room, sga.totalBytes() - position);
    if (count > 0) {
      unsent.put(sga, position, count);
      acceptedBytes += count;
      transmit();
    }
    return Math.max(count, 0);
  }

  long acceptedBytes() {
    return acceptedBytes;
  }

  long ackedBytes() {
    return ackedBytes;
  }

  boolean isWriteEnded() {
    return finQueued;
  }

  /// Half-close: what was accepted is sent, then the end of the stream.
  void endWrite() {
    finQueued = true;
    transmit();
  }

  private void transmit() {
    SimConnection receiver = peer;
    if (state != State.OPEN || receiver == null) {
      return;
    }
    while (unsent.length() > 0) {
      long window = receiver.receiveBufferBytes - (sentBytes - readByPeerBytes);
      int count = (int) Math.min(Math.min(unsent.length(), window), channel().link().chunkBytes());
      if (count <= 0) {
        return;
      }
      byte[] bytes = unsent.take(count);
      sentBytes += count;
      sendToPeer(to -> to.data(bytes));
    }
    if (finQueued && !finSent) {
      finSent = true;
      sendToPeer(SimConnection::fin);
    }
  }

  private void sendToPeer(Consumer<SimConnection> message) {
    SimConnection receiver = peer;
    if (receiver != null) {
      channel().send(() -> message.accept(receiver));
    }
  }

  // Receiving.

  private void data(byte[] bytes) {
    if (state == State.GONE || orphan) {
      refuse();
      return;
    }
    arrivedBytes += bytes.length;
    if (readEnded) {
      readBytes = arrivedBytes;
    } else {
      unread.put(bytes);
    }
    acknowledge();
    changed();
  }

  private void fin() {
    if (state == State.GONE) {
      refuse();
      return;
    }
    finArrived = true;
    sendToPeer(SimConnection::finAcknowledged);
    changed();
    finish();
  }

  private void finAcknowledged() {
    finAcked = true;
    finish();
  }

  private void acknowledge() {
    long arrived = arrivedBytes;
    long read = readBytes;
    sendToPeer(to -> to.acknowledged(arrived, read));
  }

  private void acknowledged(long arrived, long read) {
    if (state != State.GONE) {
      ackedBytes = Math.max(ackedBytes, arrived);
      readByPeerBytes = Math.max(readByPeerBytes, read);
      transmit();
      changed();
    }
  }

  int unreadBytes() {
    return unread.length();
  }

  /// Moves bytes into an array that covers them.
  void read(ScatterGatherArray target) {
    int count = target.totalBytes();
    unread.take(target, count);
    readBytes += count;
    if (state == State.OPEN) {
      acknowledge();
    }
  }

  /// Whether nothing more can be read.
  boolean isReadEnded() {
    return readEnded || finArrived && unread.length() == 0;
  }

  /// No more reads: what comes is thrown away.
  void endRead() {
    readEnded = true;
    readBytes += unread.length();
    unread.clear();
    if (state == State.OPEN) {
      acknowledge();
    }
  }

  // The end.

  /// The application let go. What it accepted is still sent, unless bytes are unread or a reset is
  /// asked for (RFC 9293 §3.6.1: data lost at close is told by a reset).
  void abandon(boolean reset) {
    setSocket(null);
    switch (state) {
      case GONE -> {}
      case CONNECTING -> fail(Errno.ECONNABORTED);
      case OPEN -> {
        if (reset || unread.length() > 0) {
          reset();
        } else {
          orphan = true;
          endWrite();
          finish();
        }
      }
    }
  }

  /// Ends it with a reset that the peer sees behind what was sent before.
  void reset() {
    sendToPeer(to -> to.fail(Errno.ECONNRESET));
    gone(Errno.ECONNRESET);
  }

  /// Ends it without a word.
  void fail(int errno) {
    if (state != State.GONE) {
      if (toPeer != null) {
        toPeer.close();
      }
      gone(errno);
    }
  }

  /// The host crashes.
  void vanish() {
    crashed = true;
    fail(Errno.EIO);
  }

  /// A packet for a connection that is no more: RFC 9293 §3.5.2, a reset is sent.
  private void refuse() {
    SimConnection sender = peer;
    if (sender != null && (crashed || orphan || error != 0)) {
      SimLink link = host.network().link(host, sender.host);
      new SimChannel(world, link, sender.host, () -> {}).send(() -> sender.fail(Errno.ECONNRESET));
      if (orphan) {
        fail(Errno.ECONNRESET);
      }
    }
  }

  private void finish() {
    if (orphan && finAcked && finArrived) {
      gone(0);
    }
  }

  private void gone(int errno) {
    state = State.GONE;
    error = errno;
    unsent.clear();
    host.remove(this);
    changed();
  }

  private void changed() {
    if (socket != null) {
      socket.changed();
    }
  }

  private SimChannel channel() {
    SimChannel channel = toPeer;
    if (channel == null) {
      throw new IllegalStateException("no channel from " + local + " to " + remote);
    }
    return channel;
  }
}
