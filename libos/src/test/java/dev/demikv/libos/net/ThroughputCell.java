package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.sim.SimWireLink;
import dev.demikv.libos.device.sim.SimWorld;

/// One transfer over a link of a fixed bandwidth: what buffer, loss and delay leave of it.
///
/// @param congestionControl `cubic` or `newreno`
/// @param bufferBytes most that autotuning may give to the send and the receive buffer
/// @param loss of data, each frame by itself; acknowledgements are not lost
/// @param delayMicros one way
record ThroughputCell(String congestionControl, int bufferBytes, double loss, int delayMicros) {
  private static final double BITS_PER_SECOND = 1e9;
  private static final int QUEUE_BYTES_MIN = 128 << 10;
  private static final int PUSH_BYTES = 64 << 10;
  private static final int SEGMENT_BYTES = 1_448;

  /// A frame of [#SEGMENT_BYTES] on the medium: headers, timestamps, check sequence, gap.
  private static final int MEDIUM_BYTES = 1_538;

  /// How long a measurement is, and what is not counted before it: slow start and the tuning of the
  /// buffers.
  private static final long BYTES_MAX = 12 << 20;

  private static final long WARM_UP_BYTES = 4 << 20;
  private static final int WARM_UP_ROUNDS = 16;
  private static final long SECOND = 1_000_000_000;
  private static final long NANOS_MAX = 60 * SECOND;
  private static final long WARM_UP_NANOS = 10 * SECOND;
  private static final long STEP_NANOS = 1_000_000;

  private static final LibOsConfig.Limits LIMITS =
      new LibOsConfig.Limits(16, 1_024, 8_192, 16_384, 1_024, 128);

  double measureMegabits() {
    try (SimWorld world = new SimWorld(1)) {
      double bdp = BITS_PER_SECOND / 8 * 2 * delayMicros / 1e6;
      long delayNanos = 1_000L * delayMicros;
      int queueBytes = Math.max((int) bdp, QUEUE_BYTES_MIN);
      SimWireLink to = world.wire("lan").link("client", "server");
      to.delay(delayNanos, delayNanos).fifo(true).bandwidth(BITS_PER_SECOND, queueBytes).loss(loss);
      SimWireLink back = world.wire("lan").link("server", "client");
      back.delay(delayNanos, delayNanos).fifo(true).bandwidth(BITS_PER_SECOND, queueBytes);
      Options options =
          Options.empty()
              .with("network.close-linger", "0ms")
              .with("network.wire.ring", "4096")
              .with("network.wire.checksums", "partial")
              .with("network.tcp.congestion-control", congestionControl)
              .with("network.tcp.send-buffer", "" + Math.min(bufferBytes, 256 << 10))
              .with("network.tcp.send-buffer-max", "" + bufferBytes)
              .with("network.tcp.receive-buffer", "" + Math.min(bufferBytes, 128 << 10))
              .with("network.tcp.receive-buffer-max", "" + bufferBytes)
              .with("network.tcp.receive-memory-max", "" + (32 << 20))
              .with("network.tcp.connections-max", "16");
      try (SimulationHost client = new SimulationHost(world, "client", 1, options, LIMITS);
          SimulationHost server = new SimulationHost(world, "server", 2, options, LIMITS)) {
        return new Transfer(world, client, server, 2 * delayNanos).run();
      }
    }
  }

  /// What window, link and the response to loss allow, in Mbit/s: min of window per round trip,
  /// bandwidth, and, for Reno, Mathis et al. 1997 with every second segment acknowledged.
  double boundMegabits() {
    double round = 2 * delayMicros / 1e6;
    double link = BITS_PER_SECOND * SEGMENT_BYTES / MEDIUM_BYTES;
    double window = bufferBytes * 8 / round;
    double response = loss == 0 ? link : SEGMENT_BYTES * 8 / round * Math.sqrt(1.5 / loss);
    return Math.min(Math.min(link, window), response) / 1e6;
  }

  /// A transfer under way.
  private static final class Transfer {
    private final SimWorld world;
    private final SimulationHost client;
    private final SimulationHost server;
    private final long roundNanos;
    private int connection;
    private int pendingPushes;
    private boolean waiting;
    private long received;
    private long warmBytes;
    private long warmNanos;
    private long endNanos;

    Transfer(SimWorld world, SimulationHost client, SimulationHost server, long roundNanos) {
      this.world = world;
      this.client = client;
      this.server = server;
      this.roundNanos = roundNanos;
    }

    double run() {
      Endpoint to = server.endpoint(AddressFamily.INET, 9);
      int listener = server.libos.socket(SocketType.STREAM);
      server.libos.bind(listener, to);
      server.libos.listen(listener, 1);
      server.await(server.libos.accept(listener), accepted -> pop(accepted.result));
      connection = client.libos.socket(SocketType.STREAM);
      client.await(
          client.libos.connect(connection, to),
          connected -> {
            assertThat(connected.result).isZero();
            push();
          });
      long begin = world.nanoTime();
      while (endNanos == 0) {
        boolean worked = SimulationHost.turns(client, server);
        if (!worked) {
          world.advance(world.nanoTime() + STEP_NANOS);
        }
        long now = world.nanoTime();
        boolean warm = received >= WARM_UP_BYTES && now - begin >= WARM_UP_ROUNDS * roundNanos;
        if (warmNanos == 0 && (warm || now - begin >= WARM_UP_NANOS)) {
          warmBytes = received;
          warmNanos = now;
        }
        if (warmNanos > 0 && received - warmBytes >= BYTES_MAX || now - begin >= NANOS_MAX) {
          endNanos = now;
        }
      }
      return (received - warmBytes) * 8e3 / (endNanos - warmNanos);
    }

    private void push() {
      waiting = false;
      while (true) {
        ScatterGatherArray sga = client.libos.sgaAlloc(PUSH_BYTES);
        if (sga == null) {
          break;
        }
        long qtoken = client.libos.push(connection, sga);
        client.libos.sgaFree(sga);
        if (qtoken < 0) {
          assertThat(qtoken).isEqualTo(-Errno.EAGAIN);
          break;
        }
        pendingPushes++;
        client.await(
            qtoken,
            pushed -> {
              pendingPushes--;
              assertThat(pushed.result).isEqualTo(PUSH_BYTES);
              push();
            });
      }
      if (pendingPushes == 0 && !waiting) {
        waiting = true;
        client.after(STEP_NANOS, this::push);
      }
    }

    private void pop(int qd) {
      server.await(
          server.libos.pop(qd),
          popped -> {
            assertThat(popped.result).isPositive();
            received += popped.result;
            server.libos.sgaFree(popped.sga);
            pop(qd);
          });
    }
  }
}
