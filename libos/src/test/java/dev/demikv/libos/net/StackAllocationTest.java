package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.TransportSink;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.MemoryRegion;
import dev.demikv.libos.time.Clock;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The data path of the stack leaves no garbage: an echo between two stacks on a cable in memory.
final class StackAllocationTest {
  private static final int WARM_UP_ECHOES = 20_000;
  private static final int ECHOES = 20_000;

  /// The compiler may be late on a busy machine: rounds until one is clean.
  private static final int ROUNDS_MAX = 30;

  @ParameterizedTest
  @CsvSource({
    "DATAGRAM, INET, 64",
    "DATAGRAM, INET6, 1200",
    "STREAM, INET, 64",
    "STREAM, INET6, 4000"
  })
  void anEchoAllocatesNothingOnTheJavaHeap(SocketType type, AddressFamily family, int bytes) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Arena arena = Arena.ofConfined()) {
      CableDevice[] cable = CableDevice.pair();
      Side server = new Side(arena, cable[1], 2);
      Side client = new Side(arena, cable[0], 1);
      server.listen(type, family);
      client.connect(server, type, family, bytes);
      client.run(server, WARM_UP_ECHOES);
      long least = Long.MAX_VALUE;
      for (int i = 0; i < ROUNDS_MAX && least >= ECHOES; i++) {
        long before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
        client.run(server, ECHOES);
        long after = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
        least = Math.min(least, after - before);
      }
      client.close();
      server.close();

      // Calls from outside of the compiled loop may allocate once per round, an echo never.
      assertThat(least).as("bytes allocated in " + ECHOES + " echoes").isLessThan(ECHOES);
    }
  }

  /// A stack and what its application does: the server gives back what comes, the client counts.
  private static final class Side implements TransportSink, Clock {
    private static final long POP = 1;
    private static final long PUSH = 2;

    final StackTransport transport;
    private final SgaPool sgas;
    private final SgaPool own;
    private final int number;
    private final Endpoint from = new Endpoint();
    private @Nullable ScatterGatherArray request;
    private @Nullable Endpoint to;
    private int sid = -1;
    private boolean echoes;
    private boolean connected;
    private long received;
    private long nowNanos = 1_000_000_000L;

    Side(Arena arena, CableDevice device, int number) {
      this.number = number;
      BufferPools buffers = new BufferPools(pool(arena, 2 << 10, 256), pool(arena, 16 << 10, 64));
      sgas = new SgaPool(buffers, 64);
      own = new SgaPool(new BufferPools(pool(arena, 16 << 10, 1)), 1);
      Options options =
          Options.empty()
              .with("network.address", "10.77.0." + number + "/24,fd77::" + number + "/64")
              .with("network.close-linger", "0");
      transport = new StackTransport(device, options, new SplittableRandom(number), this);
      transport.start(this, sgas);
    }

    private static BufferPool pool(Arena arena, int bytes, int count) {
      return new BufferPool(
          new MemoryRegion(arena.allocate((long) bytes * count, 64), 64, 0), bytes, count);
    }

    private Endpoint name(AddressFamily family) {
      return family == AddressFamily.INET
          ? Endpoint.ipv4(0x0a4d_0000 | number, 7000)
          : Endpoint.ipv6(Frames.NET6, number, 0, 7000);
    }

    void listen(SocketType type, AddressFamily family) {
      echoes = true;
      int listening = transport.socket(type, family);
      transport.bind(listening, name(family));
      if (type == SocketType.STREAM) {
        transport.listen(listening, 4);
        transport.accept(listening, 9);
      } else {
        sid = listening;
        transport.pop(sid, 1 << 20, POP);
      }
    }

    void connect(Side server, SocketType type, AddressFamily family, int bytes) {
      request = own.allocate(bytes);
      sid = transport.socket(type, family);
      transport.connect(sid, server.name(family), 8);
      for (int i = 0; i < 100 && !(connected && server.sid >= 0); i++) {
        turn(server);
      }
      assertThat(connected).isTrue();
      transport.pop(sid, 1 << 20, POP);
    }

    void run(Side server, int count) {
      for (int i = 0; i < count; i++) {
        int bytes = request.totalBytes();
        received = 0;
        int pushed = transport.push(sid, request, null, PUSH);
        assert pushed == 0 : pushed;
        for (int turns = 0; received < bytes; turns++) {
          assert turns < 10_000 : "no answer";
          turn(server);
        }
      }
    }

    private void turn(Side server) {
      transport.flush(nowNanos);
      server.transport.poll(nowNanos);
      server.transport.flush(nowNanos);
      transport.poll(nowNanos);
      nowNanos += 10_000;
      server.nowNanos = nowNanos;
    }

    void close() {
      transport.close();
    }

    @Override
    public void pushed(long qtoken, int result) {}

    @Override
    public void popped(
        long qtoken, int result, @Nullable ScatterGatherArray sga, @Nullable Endpoint remote) {
      if (sga == null) {
        return;
      }
      received += result;
      if (echoes) {
        to = remote == null ? null : from.set(remote);
        int pushed = transport.push(sid, sga, to, PUSH);
        assert pushed == 0 : pushed;
      }
      sga.drop();
      transport.pop(sid, 1 << 20, POP);
    }

    @Override
    public void accepted(long qtoken, int result, @Nullable Endpoint remote) {
      if (result >= 0) {
        sid = result;
        transport.pop(sid, 1 << 20, POP);
      }
    }

    @Override
    public void connected(long qtoken, int result) {
      connected = result == 0;
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
}
