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
import dev.demikv.libos.device.Transport;
import dev.demikv.libos.device.TransportSink;
import dev.demikv.libos.device.Waiter;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.MemorySource;
import java.util.ArrayDeque;
import java.util.ArrayList;
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
  private final int socketCountMax;
  private final List<@Nullable SimSocket> sockets = new ArrayList<>();
  private final ArrayDeque<Integer> freeSids = new ArrayDeque<>();
  private final LinkedHashSet<SimSocket> ready = new LinkedHashSet<>();
  private final LinkedHashSet<SimSocket> starved = new LinkedHashSet<>();
  private @Nullable TransportSink sink;
  private @Nullable SgaPool sgas;
  private int socketCount;
  private boolean closed;
  private long pollWork;
  private long starvedCount;

  SimTransport(SimWorld world, SimHost host, int socketCountMax) {
    this.world = world;
    this.host = host;
    this.socketCountMax = socketCountMax;
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
    if (socketCount == socketCountMax) {
      return null;
    }
    Integer free = freeSids.poll();
    int sid = free == null ? sockets.size() : free;
    SimSocket socket = new SimSocket(this, sid, type, family);
    if (free == null) {
      sockets.add(socket);
    } else {
      sockets.set(sid, socket);
    }
    socketCount++;
    return socket;
  }

  @Override
  public void bind(int sid, Endpoint local) {
    socket(sid).bind(local);
  }

  @Override
  public void listen(int sid, int backlog) {
    socket(sid).listen(backlog);
  }

  @Override
  public int accept(int sid, long qtoken) {
    return socket(sid).accept(qtoken);
  }

  @Override
  public int connect(int sid, Endpoint remote, long qtoken) {
    return socket(sid).connect(remote, qtoken);
  }

  @Override
  public int push(int sid, ScatterGatherArray sga, @Nullable Endpoint to, long qtoken) {
    return socket(sid).push(sga, to, qtoken);
  }

  @Override
  public int pop(int sid, int bytesMax, long qtoken) {
    return socket(sid).pop(bytesMax, qtoken);
  }

  @Override
  public int cancel(int sid, long qtoken) {
    return socket(sid).cancel(qtoken, sink());
  }

  @Override
  public void shutdown(int sid, Shutdown how) {
    socket(sid).shutdown(how);
  }

  @Override
  public void close(int sid) {
    SimSocket socket = socket(sid);
    sockets.set(sid, null);
    freeSids.add(sid);
    socketCount--;
    ready.remove(socket);
    starved.remove(socket);
    socket.close(sink());
    ready.remove(socket);
  }

  @Override
  public Endpoint getsockname(int sid) {
    return socket(sid).name();
  }

  @Override
  public Endpoint getpeername(int sid) {
    return socket(sid).peer();
  }

  @Override
  public void setsockopt(int sid, SocketOption option, int value) {
    socket(sid).setOption(option, value);
  }

  @Override
  public int getsockopt(int sid, SocketOption option) {
    return socket(sid).option(option);
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
    visitor.accept("sockets", socketCount);
    visitor.accept("poll-work", pollWork);
    visitor.accept("starved", starvedCount);
    visitor.accept("world-events", world.eventsRun());
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    for (int sid = 0; sid < sockets.size(); sid++) {
      if (sockets.get(sid) != null) {
        close(sid);
      }
    }
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

  private SimSocket socket(int sid) {
    SimSocket socket = sid >= 0 && sid < sockets.size() ? sockets.get(sid) : null;
    if (socket == null) {
      throw new LibOsException("socket " + sid, Errno.EBADF, "It was closed or never made.");
    }
    return socket;
  }
}
