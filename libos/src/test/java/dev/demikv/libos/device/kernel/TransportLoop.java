package dev.demikv.libos.device.kernel;

import static java.lang.foreign.MemorySegment.ofArray;
import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.kernel.RecordingSink.Completion;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.LeakDetector;
import dev.demikv.libos.memory.MemoryRegion;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.Map;

/// A transport with pools and a sink, turned by the test as a runtime would turn it.
final class TransportLoop implements AutoCloseable {
  private static final long DEADLINE_NANOS = 10_000_000_000L;
  private static final long TURN_NANOS = 100_000_000L;

  final KernelTransport transport;
  final RecordingSink sink = new RecordingSink();
  final SgaPool sgas;
  private final Arena arena = Arena.ofConfined();
  private final LeakDetector leaks = new LeakDetector();
  private long lastToken;

  TransportLoop() {
    this(Options.empty(), 64);
  }

  TransportLoop(Options options, int mediumBuffers) {
    transport = new KernelTransport(KernelOptions.of(options));
    BufferPools buffers =
        new BufferPools(pool(2 << 10, mediumBuffers), pool(16 << 10, mediumBuffers));
    buffers.setLeakDetector(leaks);
    sgas = new SgaPool(buffers, 256);
    transport.start(sink, sgas);
  }

  private BufferPool pool(int bytes, int count) {
    return new BufferPool(
        new MemoryRegion(arena.allocate((long) bytes * count, 64), 64, 0), bytes, count);
  }

  void turn(long timeoutNanos) {
    transport.flush(System.nanoTime());
    transport.waiter().await(timeoutNanos);
    transport.poll(System.nanoTime());
  }

  /// Turns until a token is reported.
  Completion await(long qtoken) {
    long deadline = System.nanoTime() + DEADLINE_NANOS;
    Completion completion = sink.take(qtoken);
    while (completion == null) {
      assertThat(System.nanoTime() - deadline).as("token " + qtoken + " in time").isNegative();
      turn(TURN_NANOS);
      completion = sink.take(qtoken);
    }
    return completion;
  }

  int socket(SocketType type, AddressFamily family) {
    return transport.socket(type, family);
  }

  /// A listener on a free port of the loopback.
  int listener(AddressFamily family) {
    int sid = socket(SocketType.STREAM, family);
    transport.bind(sid, Endpoint.loopback(family, 0));
    transport.listen(sid, 16);
    return sid;
  }

  int port(int sid) {
    return transport.getsockname(sid).port();
  }

  long accept(int sid) {
    return started(transport.accept(sid, ++lastToken));
  }

  long connect(int sid, Endpoint remote) {
    return started(transport.connect(sid, remote, ++lastToken));
  }

  long pop(int sid) {
    return pop(sid, Integer.MAX_VALUE);
  }

  long pop(int sid, int bytesMax) {
    return started(transport.pop(sid, bytesMax, ++lastToken));
  }

  long push(int sid, byte[]... segments) {
    return started(tryPush(sid, null, segments));
  }

  long pushTo(int sid, Endpoint to, byte[]... segments) {
    return started(tryPush(sid, to, segments));
  }

  /// @return 0 or -errno; the token is [#lastToken]
  int tryPush(int sid, @Nullable Endpoint to, byte[]... segments) {
    ScatterGatherArray sga = sga(segments);
    long qtoken = ++lastToken;
    sink.pushing(qtoken, sga);
    int rc = transport.push(sid, sga, to, qtoken);
    if (rc < 0) {
      sink.refused(qtoken);
    }
    return rc;
  }

  long lastToken() {
    return lastToken;
  }

  private long started(int rc) {
    assertThat(rc).as("call refused with " + Errno.name(rc)).isZero();
    return lastToken;
  }

  /// An array with one segment per argument.
  ScatterGatherArray sga(byte[]... segments) {
    ScatterGatherArray sga = sgas.takeEmpty();
    for (byte[] segment : segments) {
      Buffer buffer = sgas.buffers().take(segment.length);
      buffer.segment().asSlice(0, segment.length).copyFrom(ofArray(segment));
      sga.add(buffer, 0, segment.length);
    }
    return sga;
  }

  /// A connection within this transport.
  Pair pair() {
    return pair(AddressFamily.INET);
  }

  Pair pair(AddressFamily family) {
    int listener = listener(family);
    int client = socket(SocketType.STREAM, family);
    long accepting = accept(listener);
    assertThat(await(connect(client, transport.getsockname(listener))).result()).isZero();
    int server = await(accepting).result();
    assertThat(server).isNotNegative();
    transport.close(listener);
    return new Pair(client, server);
  }

  record Pair(int client, int server) {}

  Map<String, Long> counters() {
    Map<String, Long> counters = new HashMap<>();
    transport.counters((name, value) -> counters.put(name, value));
    return counters;
  }

  long counter(String name) {
    return counters().getOrDefault("kernel." + name, 0L);
  }

  @Override
  public void close() {
    transport.close();
    leaks.assertNoLeaks();
    assertThat(sgas.freeCount()).as("arrays that came back").isEqualTo(sgas.count());
    arena.close();
  }
}
