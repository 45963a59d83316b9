package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.api.Shutdown;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.TransportSink;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.MemoryRegion;
import dev.demikv.libos.time.Clock;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/// A stack whose application does anything at any time: the victim of [StackMutationTest].
final class MutationHost implements TransportSink, Clock {
  private static final int CONNECTIONS_MAX = 40;
  private static final int SYN_QUEUE_MAX = 8;
  private static final int TIME_WAIT_MAX = 16;

  final TestNetDevice device;
  int accepted;
  private final int number;
  private final SplittableRandom random;
  private final StackTransport transport;
  private final BufferPools buffers;
  private final SgaPool sgas;
  private final List<Session> sessions = new ArrayList<>();
  private final Map<Long, Runnable> unanswered = new HashMap<>();
  private final Map<Long, Session> sessionOf = new HashMap<>();
  private final List<Integer> listeners = new ArrayList<>();
  private final List<Integer> acceptable = new ArrayList<>();
  private final Map<String, Long> counters = new TreeMap<>();
  private int datagramSid = -1;
  private long nextToken = 1;
  private long nowNanos = StackHarness.SECOND;
  private boolean closing;

  /// A connection of the application.
  private static final class Session {
    final int sid;
    boolean connected;
    boolean popping;
    boolean over;

    Session(int sid) {
      this.sid = sid;
    }
  }

  MutationHost(Arena arena, int number, SplittableRandom random, boolean staticNeighbors) {
    this.number = number;
    this.random = random;
    device = new TestNetDevice(1500, 20, false, TestNetDevice.MAC + number);
    buffers = new BufferPools(pool(arena, 2 << 10, 1_024), pool(arena, 16 << 10, 64));
    sgas = new SgaPool(buffers, 512);
    Options options =
        Options.empty()
            .with("network.address", "10.77.0." + number + "/24,fd77::" + number + "/64")
            .with("network.close-linger", "0")
            .with("network.fragments-bytes-max", "64KiB")
            .with("network.neighbors-max", "16")
            .with("network.tcp.connections-max", "" + CONNECTIONS_MAX)
            .with("network.tcp.syn-queue-max", "" + SYN_QUEUE_MAX)
            .with("network.tcp.time-wait-max", "" + TIME_WAIT_MAX)
            .with("network.tcp.receive-memory-max", "512KiB");
    if (staticNeighbors) {
      int other = 3 - number;
      String mac = "=02:00:00:00:00:0" + (1 + other);
      options = options.with("network.arp", "10.77.0." + other + mac + ",fd77::" + other + mac);
    }
    transport = new StackTransport(device, options, random.split(), this);
    transport.start(this, sgas);
  }

  private static BufferPool pool(Arena arena, int bytes, int count) {
    return new BufferPool(
        new MemoryRegion(arena.allocate((long) bytes * count, 64), 64, 0), bytes, count);
  }

  Endpoint name(SplittableRandom by) {
    return by.nextBoolean()
        ? Endpoint.ipv4(0x0a4d_0000 | number, 7000)
        : Endpoint.ipv6(Frames.NET6, number, 0, 7001);
  }

  // The application.

  void listen(AddressFamily family, int port) {
    int sid = transport.socket(SocketType.STREAM, family);
    transport.bind(
        sid, family == AddressFamily.INET ? Endpoint.ipv4(0, port) : Endpoint.ipv6(0, 0, 0, port));
    transport.listen(sid, 4);
    listeners.add(sid);
    acceptable.add(sid);
  }

  void datagrams(int port) {
    datagramSid = transport.socket(SocketType.DATAGRAM, AddressFamily.INET6);
    transport.bind(datagramSid, Endpoint.ipv6(0, 0, 0, port));
  }

  void connect(Endpoint to) {
    boolean ipv6 = to.family() == AddressFamily.INET6;
    Session session =
        new Session(
            transport.socket(SocketType.STREAM, ipv6 ? AddressFamily.INET6 : AddressFamily.INET));
    sessions.add(session);
    long token = begin(session, () -> {});
    end(token, transport.connect(session.sid, to, token));
  }

  int sessionCount() {
    return sessions.size();
  }

  /// Does what is due, and something else.
  void act() {
    for (Integer sid : List.copyOf(acceptable)) {
      if (random.nextInt(4) > 0) {
        acceptable.remove(/* element */ sid);
        long token = begin(null, () -> acceptable.add(sid));
        end(token, transport.accept(sid, token));
      }
    }
    for (Session session : List.copyOf(sessions)) {
      if (session.over && random.nextInt(3) == 0 || random.nextInt(200) == 0) {
        close(session);
      } else if (session.connected && !session.over) {
        act(session);
      }
    }
    if (random.nextInt(20) == 0) {
      pushTo();
      long token = begin(null, () -> {});
      end(token, transport.pop(datagramSid, 1 << 16, token));
    }
  }

  private void act(Session session) {
    if (!session.popping && random.nextInt(3) > 0) {
      session.popping = true;
      long token = begin(session, () -> session.popping = false);
      end(token, transport.pop(session.sid, 1 + random.nextInt(20_000), token));
    }
    if (random.nextInt(6) == 0) {
      push(session.sid, null, 1 + random.nextInt(random.nextInt(4) == 0 ? 16_000 : 600), session);
    }
    if (random.nextInt(80) == 0) {
      transport.shutdown(session.sid, Shutdown.WRITE);
    }
  }

  private void pushTo() {
    Endpoint to =
        random.nextBoolean()
            ? Endpoint.ipv4(0x0a4d_0000 | 3 - number, 7002)
            : Endpoint.ipv6(Frames.NET6, 3 - number, 0, 7002 + random.nextInt(2));
    push(datagramSid, to, 1 + random.nextInt(4_000), null);
  }

  private void push(int sid, @Nullable Endpoint to, int bytes, @Nullable Session session) {
    ScatterGatherArray sga = sgas.allocate(bytes);
    if (sga != null) {
      long token = begin(session, sga::drop);
      end(token, transport.push(sid, sga, to, token));
    }
  }

  private void close(Session session) {
    sessions.remove(session);
    session.over = true;
    transport.close(session.sid);
  }

  void closeAll() {
    closing = true;
    for (Session session : List.copyOf(sessions)) {
      close(session);
    }
    listeners.forEach(transport::close);
    transport.close(datagramSid);
  }

  // Tokens.

  private long begin(@Nullable Session session, Runnable answered) {
    long token = nextToken++;
    unanswered.put(token, answered);
    if (session != null) {
      sessionOf.put(token, session);
    }
    return token;
  }

  /// An operation that was not begun is not answered.
  private void end(long token, int code) {
    if (code < 0) {
      answered(token, code);
    }
  }

  private @Nullable Session answered(long token, int result) {
    Runnable action = unanswered.remove(token);
    assertThat(action).as("answer to token %d, which waits for none", token).isNotNull();
    action.run();
    Session session = sessionOf.remove(token);
    if (session != null && result < 0 && result != -Errno.EAGAIN) {
      session.over = true;
    }
    return session;
  }

  @Override
  public void pushed(long qtoken, int result) {
    answered(qtoken, result);
  }

  @Override
  public void popped(
      long qtoken, int result, @Nullable ScatterGatherArray sga, @Nullable Endpoint remote) {
    Session session = answered(qtoken, result);
    if (sga != null) {
      sga.drop();
    }
    if (session != null && result == 0) {
      session.over = true;
    }
  }

  @Override
  public void accepted(long qtoken, int result, @Nullable Endpoint remote) {
    answered(qtoken, result);
    if (result >= 0) {
      accepted++;
      Session session = new Session(result);
      session.connected = true;
      sessions.add(session);
    } else {
      assertThat(closing).as("accept failed with %d", result).isTrue();
    }
  }

  @Override
  public void connected(long qtoken, int result) {
    Session session = answered(qtoken, result);
    session.connected = result >= 0;
  }

  // Turns and what is checked.

  void flush(long now) {
    nowNanos = now;
    transport.flush(now);
  }

  void poll(long now) {
    nowNanos = now;
    transport.poll(now);
  }

  long counter(String name) {
    counters.clear();
    transport.counters((counter, value) -> counters.put(counter, value));
    return counters.get(name);
  }

  long reasons() {
    counter("net.sockets");
    return counters.entrySet().stream()
        .filter(e -> e.getKey().matches("(net|tcp)\\.drop.*") && e.getValue() > 0)
        .count();
  }

  void checkLimits(int step) {
    assertThat(counter("tcp.connections"))
        .as("step %d", step)
        .isBetween(0L, (long) CONNECTIONS_MAX);
    assertThat(counters.get("tcp.handshakes")).isBetween(0L, (long) SYN_QUEUE_MAX);
    assertThat(counters.get("tcp.time-wait")).isBetween(0L, (long) TIME_WAIT_MAX);
    assertThat(counters.get("tcp.receive-memory-bytes")).isLessThan(600L << 10);
  }

  void assertNothingLeft() {
    assertThat(unanswered).as("operations without an answer").isEmpty();
    for (String gauge :
        List.of(
            "net.sockets",
            "tcp.connections",
            "tcp.handshakes",
            "tcp.time-wait",
            "tcp.listeners",
            "tcp.receive-memory-bytes",
            "tcp.segments-in-flight")) {
      assertThat(counter(gauge)).as(gauge).isZero();
    }
    assertThat(sgas.freeCount()).as("arrays").isEqualTo(sgas.count());
    for (int i = 0; i < buffers.count(); i++) {
      assertThat(buffers.pool(i).freeCount()).as("buffers").isEqualTo(buffers.pool(i).count());
    }
  }

  void close() {
    transport.close();
  }

  @Override
  public long nanoTime() {
    return nowNanos;
  }

  @Override
  public long wallMillis() {
    return 0;
  }
}
