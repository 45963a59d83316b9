package dev.demikv.libos.net.tcp;

import dev.demikv.libos.api.ConnectionInfo;
import dev.demikv.libos.api.PushCompletion;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.LeakDetector;
import dev.demikv.libos.memory.MemoryRegion;
import dev.demikv.libos.net.NetworkPath;
import dev.demikv.libos.net.Packet;
import dev.demikv.libos.net.PacketOutput;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;

/// A host of a [TestWire]: a [Tcp] with memory of its own, the network layer below it and its user.
/// IPv4; the address is a small number.
final class TestHost implements PacketOutput, TcpUser {
  /// What a test wants to know of one connection.
  interface App {
    default void connected(int result) {}

    default void readable() {}

    default void pushed(long qtoken, int result) {}

    default void closed(int result) {}
  }

  private static final int HEADROOM = 64;
  private static final int IP_BYTES = 20;

  private final TestWire wire;
  final int address;
  final Tcp tcp;
  final BufferPools applicationBuffers;
  final BufferPools deviceBuffers;
  final SgaPool sgas;

  /// Says where a lost buffer was taken: slow, so only when asked for.
  private final LeakDetector leaks = Boolean.getBoolean("tcp.leaks") ? new LeakDetector() : null;

  final IdentityHashMap<TcpConnection, App> apps = new IdentityHashMap<>();
  final List<TcpConnection> accepted = new ArrayList<>();
  int mtuBytes = 1_500;

  /// Results that sends give instead of being done.
  int sendResult;

  /// Whether no frame can be begun.
  boolean outOfFrames;

  /// Makes the app of a connection that was accepted; `null` leaves it in line.
  Function<TcpConnection, App> onAccept = c -> new App() {};

  private final TxFrame frame = new TxFrame();
  private final Packet packet = new Packet();

  TestHost(TestWire wire, int address, TcpConfig config) {
    this.wire = wire;
    this.address = address;
    Arena arena = Arena.ofAuto();
    applicationBuffers = new BufferPools(pool(arena, 2_048, 4_096), pool(arena, 65_536, 256));
    deviceBuffers = new BufferPools(pool(arena, 2_048, 4_096));
    if (leaks != null) {
      applicationBuffers.setLeakDetector(leaks);
      deviceBuffers.setLeakDetector(leaks);
    }
    sgas = new SgaPool(applicationBuffers, 4_096);
    Random random = new Random(wire.random.nextLong());
    tcp = new Tcp(config, this, applicationBuffers, sgas, random, this, wire.nowNanos);
  }

  private static BufferPool pool(Arena arena, int bytes, int count) {
    MemorySegment memory = arena.allocate((long) bytes * count, 64);
    return new BufferPool(new MemoryRegion(memory, 64, 0), bytes, count);
  }

  // ---- What tests do ----

  TcpListener listen(int port, int backlog) {
    TcpListener listener = tcp.listen(false, false, 0, 0, port, backlog);
    if (listener == null) {
      throw new AssertionError("listen: " + tcp.failure());
    }
    return listener;
  }

  TcpConnection connect(TestHost to, int port, Function<TcpConnection, App> app) {
    return connect(0, to, port, app);
  }

  TcpConnection connect(int localPort, TestHost to, int port, Function<TcpConnection, App> app) {
    TcpConnection c = tcp.connect(false, 0, 0, localPort, 0, to.address, port);
    if (c == null) {
      throw new AssertionError("connect: " + tcp.failure());
    }
    apps.put(c, app.apply(c));
    return c;
  }

  TcpConnection connect(TestHost to, int port) {
    return connect(to, port, c -> new App() {});
  }

  /// Pushes bytes and frees the array at once.
  int push(TcpConnection c, byte[] bytes, long qtoken, PushCompletion level) {
    ScatterGatherArray sga = sgas.allocate(bytes.length);
    if (sga == null) {
      throw new AssertionError("no memory");
    }
    sga.copyFrom(0, MemorySegment.ofArray(bytes), 0, bytes.length);
    int result = c.push(sga, qtoken, level);
    sga.drop();
    return result;
  }

  int push(TcpConnection c, byte[] bytes) {
    return push(c, bytes, 1, PushCompletion.ACCEPTED);
  }

  /// Pops what is there, at most `max` bytes; `null` when nothing is.
  byte[] pop(TcpConnection c, int max) {
    ScatterGatherArray sga = c.pop(max);
    if (sga == null) {
      return null;
    }
    byte[] bytes = sga.toByteArray();
    sga.drop();
    return bytes;
  }

  /// Closes the stack and checks that every buffer came back.
  void closeAndCheck() {
    tcp.close();
    if (leaks != null) {
      leaks.assertNoLeaks();
    }
    if (buffersOut() != 0) {
      throw new AssertionError(buffersOut() + " buffers are out: see -Dtcp.leaks=true");
    }
    if (sgas.freeCount() != sgas.count()) {
      throw new AssertionError(sgas.count() - sgas.freeCount() + " arrays were never freed");
    }
  }

  /// Buffers that do not lie in their pools.
  int buffersOut() {
    return out(applicationBuffers) + out(deviceBuffers);
  }

  private static int out(BufferPools pools) {
    int out = 0;
    for (int i = 0; i < pools.count(); i++) {
      out += pools.pool(i).count() - pools.pool(i).freeCount();
    }
    return out;
  }

  long count(TcpCounter counter) {
    return tcp.counter(counter);
  }

  static ConnectionInfo statistics(TcpConnection c) {
    ConnectionInfo statistics = new ConnectionInfo();
    c.statistics(statistics);
    return statistics;
  }

  String describe() {
    StringBuilder text = new StringBuilder();
    int shown = 0;
    for (TcpConnection c : apps.keySet()) {
      if (c.path != null && shown++ < 8) {
        text.append("\n    ").append(statistics(c));
      }
    }
    for (TcpCounter counter : TcpCounter.values()) {
      if (tcp.counter(counter) > 0) {
        text.append("\n    ").append(counter.metricName()).append(' ');
        text.append(tcp.counter(counter));
      }
    }
    return text.toString();
  }

  // ---- The network layer ----

  void receive(TestSegment segment) {
    Buffer buffer = deviceBuffers.take(HEADROOM + segment.bytes().length);
    if (buffer == null) {
      return;
    }
    MemorySegment.copy(
        MemorySegment.ofArray(segment.bytes()),
        0,
        buffer.segment(),
        HEADROOM,
        segment.bytes().length);
    packet.set(buffer, HEADROOM, segment.bytes().length);
    packet.setIpv4(segment.from(), segment.to(), 0, 64);
    tcp.receive(packet, wire.nowNanos);
    buffer.release();
  }

  @Override
  public NetworkPath path(
      boolean ipv6, long localHigh, long localLow, long remoteHigh, long remoteLow) {
    return new NetworkPath(false, 0, address, 0, remoteLow) {
      @Override
      public int mtuBytes() {
        return mtuBytes;
      }
    };
  }

  @Override
  public TxFrame begin(NetworkPath path, int bytes) {
    Buffer buffer = outOfFrames ? null : deviceBuffers.take(HEADROOM + bytes);
    if (buffer == null) {
      return null;
    }
    frame.clear();
    frame.add(buffer, HEADROOM, bytes);
    return frame;
  }

  @Override
  public int send(NetworkPath path, TxFrame sent, int protocol, long nowNanos) {
    byte[] bytes = new byte[sent.totalBytes()];
    int at = 0;
    for (int i = 0; i < sent.partCount(); i++) {
      MemorySegment.copy(
          sent.buffer(i).segment(),
          sent.offset(i),
          MemorySegment.ofArray(bytes),
          at,
          sent.length(i));
      at += sent.length(i);
    }
    sent.releaseParts();
    if (sendResult != 0) {
      return sendResult;
    }
    if (bytes.length + IP_BYTES > mtuBytes) {
      throw new AssertionError("a packet of " + bytes.length + " + 20 B exceeds " + mtuBytes);
    }
    wire.send(new TestSegment(address, (int) path.remoteLow(), bytes));
    return 0;
  }

  @Override
  public void drop(TxFrame dropped) {
    dropped.releaseParts();
  }

  // ---- The user ----

  @Override
  public void acceptable(TcpListener listener) {
    if (onAccept == null) {
      return;
    }
    TcpConnection c = tcp.accept(listener);
    if (c != null) {
      accepted.add(c);
      apps.put(c, onAccept.apply(c));
    }
  }

  private void tell(TcpConnection c, Consumer<App> what) {
    App app = apps.get(c);
    if (app == null) {
      throw new AssertionError("told of a connection that is nobody's: " + c.state());
    }
    what.accept(app);
  }

  @Override
  public void connected(TcpConnection c, int result) {
    tell(c, app -> app.connected(result));
  }

  @Override
  public void readable(TcpConnection c) {
    tell(c, App::readable);
  }

  @Override
  public void pushed(TcpConnection c, long qtoken, int result) {
    tell(c, app -> app.pushed(qtoken, result));
  }

  @Override
  public void closed(TcpConnection c, int result) {
    tell(c, app -> app.closed(result));
  }
}
