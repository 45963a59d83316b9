package dev.demikv.libos.device.sim;

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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.ObjLongConsumer;

/// Sockets of one LibOs on a [SimHost]. The kernel of the simulated machine, so to speak: bytes it
/// accepted are delivered even when the LibOs is closed, but not when the host crashes.
///
/// Completions are reported by [#poll] and [#flush] only.
public final class SimTransport implements Transport {
  private static final int POLL_COUNT_MAX = 256;

  private final SimWorld world;
  private final SimHost host;
  private final SimWaiter waiter;
  private final SocketSlots<SimSocket> sockets;
  private final LinkedHashSet<SimSocket> ready = new LinkedHashSet<>();
  private final LinkedHashSet<SimSocket> starved = new LinkedHashSet<>();
  private @Nullable TransportSink sink;
  private @Nullable SgaPool sgas;
  private boolean closed;
  private long pollWork;
  private long starvedCount;

  SimTransport(SimWorld world, SimHost host, int socketCountMax) {
    this.world = world;
    this.host = host;
    this.sockets = new SocketSlots<>(socketCountMax);
    this.waiter = new SimWaiter(world, this::hasReady);
    host.start(this);
  }

  /// The machine it runs on.
  public SimHost host() {
    return host;
  }

  /// The world it runs in.
  public SimWorld world() {
    return world;
  }

  @Override
  public List<Capability> capabilities() {
    return SimTransportProvider.CAPABILITIES;
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
  public Waiter waiter() {
    return waiter;
  }

  @Override
  public int socket(SocketType type, AddressFamily family) {
    SimSocket socket = newSocket(type, family);
    if (socket == null) {
      throw new LibOsException(
          "socket", Errno.EMFILE, "Close sockets, or raise network.sim.sockets.");
    }
    return socket.sid();
  }

  /// A new socket, or `null` when there are as many as there may be.
  @Nullable
  SimSocket newSocket(SocketType type, AddressFamily family) {
    return sockets.add(sid -> new SimSocket(this, sid, type, family));
  }

  @Override
  public void bind(int sid, Endpoint local) {
    sockets.get(sid).bind(local);
  }

  @Override
  public void listen(int sid, int backlog) {
    sockets.get(sid).listen(backlog);
  }

  @Override
  public int accept(int sid, long qtoken) {
    return sockets.get(sid).accept(qtoken);
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
    return sockets.get(sid).cancel(qtoken, sink());
  }

  @Override
  public void shutdown(int sid, Shutdown how) {
    sockets.get(sid).shutdown(how);
  }

  @Override
  public void close(int sid) {
    SimSocket socket = sockets.remove(sid);
    ready.remove(socket);
    starved.remove(socket);
    socket.close(sink());
    ready.remove(socket);
  }

  @Override
  public Endpoint getsockname(int sid) {
    return sockets.get(sid).name();
  }

  @Override
  public Endpoint getpeername(int sid) {
    return sockets.get(sid).peer();
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
    for (SimSocket socket : starved) {
      ready.add(socket);
    }
    starved.clear();
    return progress();
  }

  private int progress() {
    if (closed) {
      return 0;
    }
    int count = 0;
    while (count < POLL_COUNT_MAX && !ready.isEmpty()) {
      SimSocket socket = ready.removeFirst();
      socket.progress(sink());
      count++;
    }
    pollWork += count;
    return count;
  }

  @Override
  public void counters(ObjLongConsumer<String> visitor) {
    visitor.accept("sockets", sockets.count());
    visitor.accept("poll-work", pollWork);
    visitor.accept("starved", starvedCount);
    visitor.accept("world-events", world.eventsRun());
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    sockets.forEachSid(this::close);
    closed = true;
    host.stop(this);
    waiter.close();
  }

  /// The host crashed: nothing more happens here.
  void die() {
    closed = true;
    waiter.close();
  }

  void ready(SimSocket socket) {
    ready.add(socket);
  }

  /// A pop that waits for memory: tried again at each poll.
  void starved(SimSocket socket) {
    starvedCount++;
    starved.add(socket);
  }

  /// Whether [#poll] has something to do; never on a dead host, whose waits only pass time.
  boolean hasReady() {
    return !closed && !ready.isEmpty();
  }

  SgaPool sgas() {
    SgaPool pool = sgas;
    if (pool == null) {
      throw new IllegalStateException("not started");
    }
    return pool;
  }

  private TransportSink sink() {
    TransportSink started = sink;
    if (started == null) {
      throw new IllegalStateException("not started");
    }
    return started;
  }
}
