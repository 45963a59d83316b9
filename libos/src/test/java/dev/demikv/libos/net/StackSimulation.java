package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.device.sim.SimWire;
import dev.demikv.libos.device.sim.SimWireLink;
import dev.demikv.libos.device.sim.SimWorld;
import dev.demikv.libos.lang.Nullable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;

/// Two stacks on a wire, and everything that a seed can think of.
///
/// A run checks that each byte of each stream arrives once and in its place, that each token
/// completes, that nothing is in use at the end, that all this takes bounded virtual time, and that
/// no host finds a packet malformed that the wire did not damage.
final class StackSimulation implements AutoCloseable {
  private static final int PORT = 6379;
  private static final int CLOSED_PORT = 6380;
  private static final int BACKLOG = 64;
  private static final long SECOND = 1_000_000_000;

  /// A burst of losses ends with the frames that step through it, and here those are only the
  /// solicitations: three in a row, and then none for some seconds.
  private static final int CONNECT_ATTEMPTS_MAX = 60;

  /// Longest step of time while nothing happens: timers are no events of the world.
  private static final long STEP_NANOS_MAX = 5_000_000;

  /// How long everything may take.
  private static final long WORK_NANOS_MAX = 300 * SECOND;

  /// How long connections may linger after it: cuts, TIME-WAIT, retransmissions of the last ACK.
  private static final long LINGER_NANOS_MAX = 180 * SECOND;

  /// RFC 791, RFC 8200: how long fragments of unfinished packets are kept, and some.
  private static final long FRAGMENT_NANOS = 65 * SECOND;

  private static final LibOsConfig.Limits LIMITS =
      new LibOsConfig.Limits(512, 4_096, 4_096, 4_096, 1_024, 64);

  /// Drops that only damage of the wire explains.
  private static final Set<String> SIGNS_OF_DAMAGE =
      Set.of(
          "net.drop.ethernet_short",
          "net.drop.ethernet_not_for_us",
          "net.drop.ethernet_source",
          "net.drop.ethernet_type",
          "net.drop.device_checksum",
          "net.drop.arp_malformed",
          "net.drop.arp_sender",
          "net.drop.ipv4_malformed",
          "net.drop.ipv4_checksum",
          "net.drop.ipv4_source_route",
          "net.drop.ipv6_malformed",
          "net.drop.ipv6_option",
          "net.drop.ip_martian",
          "net.drop.ip_link_broadcast",
          "net.drop.ip_protocol",
          "net.drop.fragment_malformed",
          "net.drop.fragment_overlap",
          "net.drop.icmp_checksum",
          "net.drop.icmp_malformed",
          "net.drop.ndp_malformed",
          "net.drop.udp_checksum",
          "net.drop.udp_malformed",
          "net.drop.tcp_checksum",
          "net.drop.tcp_malformed",
          "net.address_conflicts",
          "tcp.drop-bad-header",
          "tcp.drop-bad-address",
          "tcp.drop-bad-flags",
          "tcp.drop-no-ack");

  final SimWorld world;
  final SimulationScenario scenario;
  final SimulationHost client;
  final SimulationHost server;
  final SimWire wire;
  private final Map<Long, SimulationSession> byNumber = new HashMap<>();
  private final Set<SimulationEnd> open = new HashSet<>();
  private final long begin;
  private @Nullable SimulationDatagrams clientDatagrams;
  private @Nullable SimulationDatagrams serverDatagrams;
  private int listener;
  private boolean closing;
  private int waiting;
  private int refusals;
  private long bytesOnWire;
  private long trace = 1;

  /// What a run was.
  ///
  /// @param trace hash over when which host sent which frame
  /// @param workNanos virtual time until the last session was over
  /// @param bytes on the wire
  record Outcome(long trace, long workNanos, long bytes) {}

  StackSimulation(long seed) {
    world = new SimWorld(seed);
    scenario = SimulationScenario.draw(world.random("scenario"));
    begin = world.nanoTime();
    wire = world.wire("lan");
    schedule(wire.link("client", "server"), scenario.links().get(0));
    schedule(wire.link("server", "client"), scenario.links().get(1));
    wire.observe((host, frame) -> {
      bytesOnWire += frame.length;
      trace = 31 * trace + world.nanoTime();
      trace = 31 * trace + host.hashCode();
      trace = 31 * trace + Arrays.hashCode(frame);
    });
    client = new SimulationHost(world, "client", 1, scenario.hosts().get(0), LIMITS);
    server = new SimulationHost(world, "server", 2, scenario.hosts().get(1), LIMITS);
  }

  private void schedule(SimWireLink link, SimulationScenario.Link faults) {
    faults.apply(link);
    for (SimulationScenario.Cut cut : faults.cuts()) {
      world.schedule(cut.atNanos(), link::cut);
      world.schedule(cut.atNanos() + cut.forNanos(), link::heal);
    }
  }

  /// Runs to the end.
  ///
  /// @throws AssertionError when anything is wrong, with the scenario in its message
  Outcome run() {
    try {
      listen();
      datagrams();
      for (SimulationSession session : scenario.sessions()) {
        byNumber.put(session.number(), session);
        waiting++;
        client.after(
            world.random("begin " + session.number()).nextLong(SECOND), () -> connect(session, 1));
      }
      waiting++;
      client.after(SECOND / 2, () -> beRefused(1));
      runUntil("all sessions are over", WORK_NANOS_MAX, () -> waiting == 0 && open.isEmpty());
      long workNanos = world.nanoTime() - begin;
      assertThat(refusals).as("connects to a port where nobody listens").isOne();
      finish();
      return new Outcome(trace, workNanos, bytesOnWire);
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError(e.getMessage() + "\n" + scenario, e);
    }
  }

  private void finish() {
    closing = true;
    server.libos.close(listener);
    clientDatagrams.close();
    serverDatagrams.close();
    runUntil(
        "no connection is left",
        LINGER_NANOS_MAX,
        () -> client.connections() == 0 && server.connections() == 0);
    long fragmentsGone = world.nanoTime() + FRAGMENT_NANOS;
    runUntil("fragments are gone", 2 * FRAGMENT_NANOS, () -> world.nanoTime() >= fragmentsGone);
    for (SimulationHost host : List.of(client, server)) {
      assertThat(host.pendingCount()).as("tokens of %s that never completed", host.name).isZero();
      host.assertNothingLeaks();
      if (!scenario.damages()) {
        host.counters()
            .forEach((counter, value) -> {
              if (SIGNS_OF_DAMAGE.contains(counter)) {
                assertThat(value).as("%s of %s", counter, host.name).isZero();
              }
            });
      }
    }
  }

  private void runUntil(String what, long nanosMax, BooleanSupplier condition) {
    long deadline = world.nanoTime() + nanosMax;
    long step = STEP_NANOS_MAX / 100;
    int instants = 0;
    while (true) {
      boolean worked = SimulationHost.turns(client, server);
      if (++instants % 64 == 0 && condition.getAsBoolean()) {
        return;
      }
      if (worked) {
        step = STEP_NANOS_MAX / 100;
        if (instants % 1_000 != 0) {
          continue;
        }
      }
      if (world.nanoTime() - deadline >= 0) {
        throw new AssertionError(
            "not within "
                + nanosMax / SECOND
                + " s: "
                + what
                + "; open: "
                + open
                + ", pending: "
                + client.pendingCount()
                + " and "
                + server.pendingCount()
                + ", connections: "
                + client.connections()
                + " and "
                + server.connections());
      }
      step =
          world.advance(world.nanoTime() + step)
              ? STEP_NANOS_MAX / 100
              : Math.min(2 * step, STEP_NANOS_MAX);
    }
  }

  private void listen() {
    listener = server.libos.socket(SocketType.STREAM, scenario.family());
    server.libos.bind(listener, server.endpoint(scenario.family(), PORT));
    server.libos.listen(listener, BACKLOG);
    accept();
  }

  private void accept() {
    server.await(
        server.libos.accept(listener),
        result -> {
          if (closing) {
            assertThat(result.result).isEqualTo(-Errno.ECANCELED);
            return;
          }
          assertThat(result.result).as("accept").isPositive();
          readHeader(result.result, 0, 0);
          accept();
        });
  }

  /// Pops the number of the session from a new connection.
  private void readHeader(int qd, long number, int received) {
    if (received == SimulationSession.HEADER_BYTES) {
      SimulationSession session = byNumber.get(number);
      assertThat(session).as("session %d", number).isNotNull();
      begin(server, qd, session, false, received);
      return;
    }
    long qtoken = server.libos.pop(qd, SimulationSession.HEADER_BYTES - received);
    if (qtoken < 0) {
      server.libos.close(qd); // Reset.
      return;
    }
    waiting++;
    server.await(
        qtoken,
        result -> {
          waiting--;
          ScatterGatherArray sga = result.sga;
          if (sga == null) {
            assertThat(result.result)
                .as("pop before the header is complete")
                .isIn(0, -Errno.ECONNRESET, -Errno.EPIPE, -Errno.ETIMEDOUT);
            server.libos.close(qd);
            return;
          }
          byte[] bytes = sga.toByteArray();
          server.libos.sgaFree(sga);
          long next = number;
          for (byte each : bytes) {
            next = next << 8 | each & 0xff;
          }
          readHeader(qd, next, received + bytes.length);
        });
    server.askWhenSilent(qd);
  }

  private void begin(
      SimulationHost host, int qd, SimulationSession session, boolean isClient, long received) {
    if (!isClient) {
      setBuffers(host, qd, session.server().bufferBytes());
    }
    SimulationEnd[] made = new SimulationEnd[1];
    made[0] = new SimulationEnd(host, qd, session, isClient, received, () -> open.remove(made[0]));
    open.add(made[0]);
    made[0].start();
  }

  private static void setBuffers(SimulationHost host, int qd, int bytes) {
    if (bytes > 0) {
      host.libos.setsockopt(qd, SocketOption.SEND_BUFFER_BYTES, bytes);
      host.libos.setsockopt(qd, SocketOption.RECEIVE_BUFFER_BYTES, bytes);
    }
  }

  private void connect(SimulationSession session, int attempt) {
    int qd = client.libos.socket(SocketType.STREAM, scenario.family());
    setBuffers(client, qd, session.client().bufferBytes());
    Endpoint to = server.endpoint(scenario.family(), PORT);
    client.await(
        client.libos.connect(qd, to),
        result -> {
          if (result.result == 0) {
            waiting--;
            begin(client, qd, session, true, 0);
            return;
          }
          client.libos.close(qd);
          tryAgain(result, attempt, () -> connect(session, attempt + 1));
        });
  }

  private void beRefused(int attempt) {
    int qd = client.libos.socket(SocketType.STREAM, scenario.family());
    Endpoint to = server.endpoint(scenario.family(), CLOSED_PORT);
    client.await(
        client.libos.connect(qd, to),
        result -> {
          client.libos.close(qd);
          if (result.result == -Errno.ECONNREFUSED) {
            waiting--;
            refusals++;
          } else {
            tryAgain(result, attempt, () -> beRefused(attempt + 1));
          }
        });
  }

  /// A neighbour that does not answer for some seconds is no fault of the stack.
  private void tryAgain(QResult result, int attempt, Runnable again) {
    assertThat(result.result)
        .as("connect, attempt %d", attempt)
        .isIn(-Errno.EHOSTUNREACH, -Errno.ETIMEDOUT);
    assertThat(attempt).as("attempts to connect").isLessThan(CONNECT_ATTEMPTS_MAX);
    client.after(SECOND, again);
  }

  private void datagrams() {
    int mtu = scenario.mtuBytes();
    clientDatagrams = new SimulationDatagrams(client, server, scenario.family(), mtu);
    serverDatagrams = new SimulationDatagrams(server, client, scenario.family(), mtu);
    clientDatagrams.send(scenario.datagrams());
    serverDatagrams.send(scenario.datagrams());
  }

  @Override
  public void close() {
    client.close();
    server.close();
    world.close();
  }
}
