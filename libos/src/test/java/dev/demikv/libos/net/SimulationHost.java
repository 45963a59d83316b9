package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.sim.SimWorld;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/// A host of a simulation: a LibOs on the simulated Ethernet, and who waits for which of its
/// tokens.
final class SimulationHost implements AutoCloseable {
  private static final int KEEPALIVE_PROBES_MAX = 127;

  final String name;
  final SimWorld world;
  final LibOs libos;
  private final int number;
  private final Map<Long, Consumer<QResult>> pending = new HashMap<>();
  private final ArrayDeque<Runnable> due = new ArrayDeque<>();
  private final QResult[] batch = new QResult[64];
  private final Map<String, Long> atOpen;

  /// @param number last part of its addresses
  SimulationHost(
      SimWorld world, String name, int number, Options options, LibOsConfig.Limits limits) {
    this.world = world;
    this.name = name;
    this.number = number;
    for (int i = 0; i < batch.length; i++) {
      batch[i] = new QResult();
    }
    String address = "10.77.0." + number + "/24";
    if (options.flag("network.ipv6", true)) {
      address += ",fd77::" + number + "/64";
    }
    Options all =
        options
            .with("sim.world", world.id())
            .with("network.wire.host", name)
            .with("network.address", address);
    libos =
        LibOses.open(
            new LibOsConfig("wire", "none", all, limits, LibOsConfig.Idle.BLOCK),
            world,
            world.random("libos " + name));
    atOpen = inUse();
  }

  Endpoint endpoint(AddressFamily family, int port) {
    return family == AddressFamily.INET
        ? Endpoint.ipv4(0x0a4d_0000 | number, port)
        : Endpoint.ipv6(0xfd77_0000_0000_0000L, number, 0, port);
  }

  /// Has a connection ask a peer that is silent, for a reset may be lost.
  ///
  /// It asks as often as TCP can: a burst of losses ends with the frames that step through it, and
  /// those may be the probes alone. Nobody is to take a peer for dead that is only unlucky (RFC
  /// 9293 §3.8.4), and one that is gone answers with a reset.
  void askWhenSilent(int qd) {
    libos.setsockopt(qd, SocketOption.KEEPALIVE_IDLE_SECONDS, 5);
    libos.setsockopt(qd, SocketOption.KEEPALIVE_INTERVAL_SECONDS, 1);
    libos.setsockopt(qd, SocketOption.KEEPALIVE_COUNT, KEEPALIVE_PROBES_MAX);
    libos.setsockopt(qd, SocketOption.KEEPALIVE, 1);
  }

  /// Has somebody told when a token completes.
  void await(long qtoken, Consumer<QResult> completion) {
    assertThat(qtoken).as("token").isPositive();
    assertThat(pending.put(qtoken, completion)).as("token given out twice").isNull();
  }

  /// Has something done in the turn after a time.
  void after(long nanos, Runnable action) {
    world.schedule(nanos, () -> due.add(action));
  }

  /// One turn of the loop.
  ///
  /// @return whether anything happened
  boolean turn() {
    boolean worked = false;
    for (Runnable action = due.poll(); action != null; action = due.poll()) {
      action.run();
      worked = true;
    }
    int count = libos.waitNext(batch, 0);
    for (int i = 0; i < count; i++) {
      Consumer<QResult> completion = pending.remove(batch[i].qtoken);
      assertThat(completion).as("completion of nobody's token %s", batch[i].opcode).isNotNull();
      completion.accept(batch[i]);
      batch[i].clear();
    }
    return worked || count > 0;
  }

  /// Two turns of each of two hosts: what one receives is answered in its next.
  ///
  /// @return whether anything happened
  static boolean turns(SimulationHost a, SimulationHost b) {
    boolean worked = false;
    for (int i = 0; i < 2; i++) {
      worked |= a.turn();
      worked |= b.turn();
    }
    return worked;
  }

  int pendingCount() {
    return pending.size();
  }

  /// Connections in any state, with TIME-WAIT.
  long connections() {
    Map<String, Long> counters = counters();
    return counters.get("tcp.connections")
        + counters.get("tcp.handshakes")
        + counters.get("tcp.time-wait");
  }

  /// Counters by name; those of the network without that prefix.
  Map<String, Long> counters() {
    Map<String, Long> counters = new TreeMap<>();
    libos
        .report()
        .counters()
        .forEach((counter, value) -> counters.put(counter.replaceFirst("^network\\.", ""), value));
    return counters;
  }

  /// What would be missing if something leaked.
  private Map<String, Long> inUse() {
    Map<String, Long> found = new TreeMap<>();
    counters()
        .forEach((counter, value) -> {
          if (counter.matches("((qtokens|sgas|buffers-.*|queues)\\.in-use|net\\.sockets)")
              || counter.matches("tcp\\.(receive-memory-bytes|segments-in-flight|listeners)")) {
            found.put(counter, value);
          }
        });
    return found;
  }

  void assertNothingLeaks() {
    assertThat(inUse()).as("in use on %s at the end", name).isEqualTo(atOpen);
  }

  @Override
  public void close() {
    libos.close();
  }
}
