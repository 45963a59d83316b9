package dev.demikv.libos.device.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.ConnectionInfo;
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
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The data path leaves no garbage.
final class KernelAllocationTest {
  private static final int WARM_UP_ECHOES = 20_000;
  private static final int ECHOES = 20_000;

  /// The compiler may be late on a busy machine: rounds until one is clean.
  private static final int ROUNDS_MAX = 30;

  @ParameterizedTest
  @EnumSource(SocketType.class)
  void anEchoAllocatesNothingOnTheJavaHeap(SocketType type) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Arena arena = Arena.ofConfined();
        KernelTransport transport = new KernelTransport(KernelOptions.of(Options.empty()))) {
      BufferPools buffers =
          new BufferPools(
              new BufferPool(new MemoryRegion(arena.allocate(1 << 15, 64), 64, 0), 2 << 10, 16),
              new BufferPool(new MemoryRegion(arena.allocate(1 << 18, 64), 64, 0), 16 << 10, 16));
      Echo echo = new Echo(transport, type);
      transport.start(echo, new SgaPool(buffers, 16));
      echo.connect(new SgaPool(buffers, 1));
      echo.run(WARM_UP_ECHOES);
      long least = Long.MAX_VALUE;
      for (int i = 0; i < ROUNDS_MAX && least >= ECHOES; i++) {
        long before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
        echo.run(ECHOES);
        long after = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
        least = Math.min(least, after - before);
      }

      // Calls from outside of the compiled loop may allocate once per round, an echo never.
      assertThat(least).as("bytes allocated in " + ECHOES + " echoes").isLessThan(ECHOES);
    }
  }

  /// A client and an echo server in one transport; the sink does the work of both.
  private static final class Echo implements TransportSink {
    private static final long CONNECT = 1;
    private static final long ACCEPT = 2;
    private static final long CLIENT = 3;
    private static final long SERVER = 4;

    private final KernelTransport transport;
    private final SocketType type;
    private @Nullable ScatterGatherArray request;
    private @Nullable ScatterGatherArray echoing;
    private int client;
    private int server = -1;
    private int connected = 1;
    private final ConnectionInfo info = new ConnectionInfo();
    private int echoes;
    private int target;

    Echo(KernelTransport transport, SocketType type) {
      this.transport = transport;
      this.type = type;
    }

    void connect(SgaPool own) {
      request = own.allocate(64);
      int listener = transport.socket(type, AddressFamily.INET);
      client = transport.socket(type, AddressFamily.INET);
      transport.bind(listener, Endpoint.loopback(AddressFamily.INET, 0));
      if (type == SocketType.STREAM) {
        transport.listen(listener, 1);
        transport.accept(listener, ACCEPT);
      } else {
        server = listener;
      }
      assertThat(transport.connect(client, transport.getsockname(listener), CONNECT)).isZero();
      while (server < 0 || connected > 0) {
        turn();
      }
      transport.pop(server, 4096, SERVER);
    }

    void run(int count) {
      echoes = 0;
      target = count;
      send();
      while (echoes < count) {
        turn();
      }
    }

    private void send() {
      if (transport.push(client, request, null, CLIENT) != 0
          || transport.pop(client, 4096, CLIENT) != 0) {
        throw new AssertionError("refused");
      }
    }

    private void turn() {
      transport.flush(0);
      transport.waiter().await(1_000_000_000);
      transport.poll(0);
    }

    @Override
    public void pushed(long qtoken, int result) {
      if (qtoken == SERVER) {
        echoing.drop();
        echoing = null;
      }
      if (result != 64) {
        throw new AssertionError("pushed " + result);
      }
    }

    @Override
    public void popped(
        long qtoken, int result, @Nullable ScatterGatherArray sga, @Nullable Endpoint remote) {
      if (result == -125) {
        return; // The end.
      }
      if (result != 64) {
        throw new AssertionError("popped " + result);
      }
      if (qtoken == CLIENT) {
        sga.drop();
        if (type == SocketType.STREAM && transport.connectionInfo(client, info) != 0) {
          throw new AssertionError("no statistics");
        }
        echoes++;
        if (echoes < target) {
          send();
        }
      } else {
        echoing = sga;
        if (transport.push(server, sga, remote, SERVER) != 0
            || transport.pop(server, 4096, SERVER) != 0) {
          throw new AssertionError("refused");
        }
      }
    }

    @Override
    public void accepted(long qtoken, int result, @Nullable Endpoint remote) {
      if (result >= 0) {
        server = result;
      }
    }

    @Override
    public void connected(long qtoken, int result) {
      connected = result;
    }
  }
}
