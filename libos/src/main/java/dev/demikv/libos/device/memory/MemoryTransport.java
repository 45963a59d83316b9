package dev.demikv.libos.device.memory;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.api.Shutdown;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.device.SocketSlots;
import dev.demikv.libos.device.Transport;
import dev.demikv.libos.device.TransportSink;
import dev.demikv.libos.device.Waiter;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.MemorySource;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.ObjLongConsumer;

/// Sockets of one LibOs in a [MemorySpace]: it reaches itself and the other LibOses of its thread.
///
/// A push copies into the receiver's bounded buffer, a pop copies from there into the arrays of its
/// own LibOs; what has no room waits. A connection's buffers have the size that its two ends'
/// RECEIVE_BUFFER_BYTES have when it is made. Completions are reported at once where nothing has to
/// be waited for, and from [#flush] and [#poll] otherwise.
public final class MemoryTransport implements Transport {
  static final List<Capability> CAPABILITIES =
      List.of(
          new Capability(
              "stream",
              Capability.Performer.LIBRARY,
              "copied between LibOses of one thread, in order, flow control"),
          new Capability(
              "datagram",
              Capability.Performer.LIBRARY,
              "copied between LibOses of one thread, dropped when the receiver is full"));

  private static final int POLL_COUNT_MAX = 256;

  private final MemorySpace space;
  private final int bufferBytes;
  private final SocketSlots<MemorySocket> sockets;
  private final ArrayDeque<MemorySocket> ready = new ArrayDeque<>();
  private final ArrayDeque<MemorySocket> starved = new ArrayDeque<>();
  private @Nullable TransportSink sink;
  private @Nullable SgaPool sgas;
  private boolean closed;
  private long workCount;
  private long starvedCount;
  private long droppedCount;

  /// @param space entered by the caller for this transport
  MemoryTransport(MemorySpace space, int socketCountMax, int bufferBytes) {
    this.space = space;
    this.sockets = new SocketSlots<>(socketCountMax);
    this.bufferBytes = bufferBytes;
  }

  MemorySpace space() {
    return space;
  }

  /// Size of a socket's buffers unless it is told otherwise.
  int bufferBytes() {
    return bufferBytes;
  }

  @Override
  public List<Capability> capabilities() {
    return CAPABILITIES;
  }

  @Override
  public @Nullable MemorySource memorySource() {
    return null;
  }

  @Override
  public void start(TransportSink newSink, SgaPool newSgas) {
    sink = newSink;
    sgas = newSgas;
  }

  @Override
  public @Nullable Waiter waiter() {
    return null;
  }

  /// Only its own thread can give it something to do: it may sleep when it has nothing now.
  @Override
  public long idleWaitNanosMax() {
    return ready.isEmpty() ? Long.MAX_VALUE : 0;
  }

  @Override
  public int socket(SocketType type, AddressFamily family) {
    if (family != AddressFamily.INET) {
      throw new LibOsException(
          "socket", Errno.EAFNOSUPPORT, "The memory network has IPv4 addresses only.");
    }
    MemorySocket socket =
        type == SocketType.STREAM
            ? newStream()
            : sockets.add(sid -> new MemoryDatagramSocket(this, sid));
    if (socket == null) {
      throw new LibOsException(
          "socket", Errno.EMFILE, "Close sockets, or raise network.memory.sockets.");
    }
    return socket.sid();
  }

  /// A socket for an accepted connection, or `null` when there are as many as there may be.
  @Nullable
  MemoryStreamSocket newStream() {
    return sockets.add(sid -> new MemoryStreamSocket(this, sid));
  }

  @Override
  public void bind(int sid, Endpoint local) {
    sockets.get(sid).bind(local);
  }

  @Override
  public void listen(int sid, int backlog) {
    if (!(sockets.get(sid) instanceof MemoryStreamSocket stream)) {
      throw new LibOsException("listen", Errno.EOPNOTSUPP, "Only stream sockets listen.");
    }
    stream.listen(backlog);
  }

  @Override
  public int accept(int sid, long qtoken) {
    return sockets.get(sid) instanceof MemoryStreamSocket stream
        ? stream.accept(qtoken)
        : -Errno.EOPNOTSUPP;
  }

  @Override
  public int connect(int sid, Endpoint remote, long qtoken) {
    return sockets.get(sid).connect(remote, qtoken);
  }

  @Override
  public int push(int sid, ScatterGatherArray sga, @Nullable Endpoint to, long qtoken) {
    return sockets.get(sid).push(sga, to, qtoken);
  }

  @Override
  public int pop(int sid, int bytesMax, long qtoken) {
    return sockets.get(sid).pop(bytesMax, qtoken);
  }

  @Override
  public int cancel(int sid, long qtoken) {
    return sockets.get(sid).cancel(qtoken);
  }

  @Override
  public void shutdown(int sid, Shutdown how) {
    if (!(sockets.get(sid) instanceof MemoryStreamSocket stream)) {
      throw new LibOsException("shutdown", Errno.ENOTCONN, "A datagram socket has no ends.");
    }
    stream.shutdown(how);
  }

  @Override
  public void close(int sid) {
    sockets.remove(sid).close();
  }

  @Override
  public Endpoint getsockname(int sid) {
    return sockets.get(sid).local().copy();
  }

  @Override
  public Endpoint getpeername(int sid) {
    return sockets.get(sid).peerName();
  }

  @Override
  public void setsockopt(int sid, SocketOption option, int value) {
    sockets.get(sid).setOption(option, value);
  }

  @Override
  public int getsockopt(int sid, SocketOption option) {
    return sockets.get(sid).option(option);
  }

  @Override
  public int flush(long nowNanos) {
    return progress();
  }

  @Override
  public int poll(long nowNanos) {
    return progress();
  }

  private int progress() {
    long before = workCount;
    while (!starved.isEmpty()) {
      ready.add(starved.remove());
    }
    for (int left = Math.min(ready.size(), POLL_COUNT_MAX); left > 0; left--) {
      MemorySocket socket = ready.remove();
      socket.setListed(false);
      if (!socket.isClosed()) {
        socket.progress();
      }
    }
    return (int) (workCount - before);
  }

  /// Something was completed.
  void worked() {
    workCount++;
  }

  /// A datagram was dropped.
  void dropped() {
    droppedCount++;
  }

  /// A socket is to be looked at in the next turn.
  void ready(MemorySocket socket) {
    if (!socket.isListed() && !socket.isClosed()) {
      socket.setListed(true);
      ready.add(socket);
    }
  }

  /// A socket's pop waits for memory: it is tried again in each turn.
  void starved(MemorySocket socket) {
    starvedCount++;
    if (!socket.isListed()) {
      socket.setListed(true);
      starved.add(socket);
    }
  }

  @Override
  public void counters(ObjLongConsumer<String> visitor) {
    visitor.accept("memory.sockets", sockets.count());
    visitor.accept("memory.completions", workCount);
    visitor.accept("memory.starved", starvedCount);
    visitor.accept("memory.datagrams_dropped", droppedCount);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    sockets.forEachSid(this::close);
    ready.clear();
    starved.clear();
    space.leave();
  }

  TransportSink sink() {
    TransportSink started = sink;
    if (started == null) {
      throw new IllegalStateException("not started");
    }
    return started;
  }

  SgaPool sgas() {
    SgaPool pool = sgas;
    if (pool == null) {
      throw new IllegalStateException("not started");
    }
    return pool;
  }
}
