package dev.demikv.libos.device.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.LibOsConfig.Idle;
import dev.demikv.libos.config.LibOsConfig.Limits;
import dev.demikv.libos.config.Options;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Faults of the simulated network, between LibOses that take turns.
final class SimNetworkTest {
  private static final long SECOND = 1_000_000_000L;

  private SimWorld world = new SimWorld(5);
  private final List<LibOs> liboses = new ArrayList<>();
  private final Map<String, QResult> done = new HashMap<>();

  @AfterEach
  void close() {
    liboses.forEach(LibOs::close);
    world.close();
  }

  @Test
  void aPartitionHoldsBackAStreamUntilItHeals() {
    Pair pair = pair();
    world.network().partition(pair.clientHost, pair.serverHost);
    push(pair.client, pair.clientQd, "held back");
    long pop = pair.server.pop(pair.serverQd);
    run(SECOND);
    assertThat(isDone(pair.server, pop)).isFalse();
    world.network().healAll();
    assertThat(text(pair.server, pop)).isEqualTo("held back");
  }

  @Test
  void aOneWayCutLetsTheOtherDirectionThrough() {
    Pair pair = pair();
    world.network().link(pair.serverHost, pair.clientHost).cut();
    push(pair.client, pair.clientQd, "request");
    assertThat(text(pair.server, pair.server.pop(pair.serverQd))).isEqualTo("request");
    push(pair.server, pair.serverQd, "reply");
    long pop = pair.client.pop(pair.clientQd);
    run(SECOND);
    assertThat(isDone(pair.client, pop)).isFalse();
    world.network().link(pair.serverHost, pair.clientHost).heal();
    assertThat(text(pair.client, pop)).isEqualTo("reply");
  }

  @Test
  void aSenderGivesUpOnACutLink() {
    Pair pair = pair();
    world.network().link(pair.clientHost, pair.serverHost).cut().giveUp(2 * SECOND);
    push(pair.client, pair.clientQd, "lost");
    long pop = pair.client.pop(pair.clientQd);
    run(SECOND);
    assertThat(isDone(pair.client, pop)).isFalse();
    run(2 * SECOND);
    assertThat(result(pair.client, pop)).isEqualTo(-Errno.ETIMEDOUT);
  }

  @Test
  void connectingThroughAPartitionTimesOut() {
    LibOs a = open("a");
    LibOs b = open("b");
    int listening = listen(b, "b");
    world.network().isolate(world.network().host("b"));
    long connect = a.connect(a.socket(SocketType.STREAM), b.getsockname(listening));
    assertThat(result(a, connect)).isEqualTo(-Errno.ETIMEDOUT);
  }

  @Test
  void connectingToACrashedHostTimesOutAndToARestartedOneIsRefused() {
    LibOs a = open("a");
    LibOs b = open("b");
    Endpoint name = b.getsockname(listen(b, "b"));
    crash("b");
    long silent = a.connect(a.socket(SocketType.STREAM), name);
    assertThat(result(a, silent)).isEqualTo(-Errno.ETIMEDOUT);
    open("b");
    long refused = a.connect(a.socket(SocketType.STREAM), name);
    assertThat(result(a, refused)).isEqualTo(-Errno.ECONNREFUSED);
  }

  @Test
  void anAddressOfNobodyIsUnreachable() {
    LibOs a = open("a");
    long connect = a.connect(a.socket(SocketType.STREAM), Endpoint.parse("10.9.9.9:80"));
    assertThat(result(a, connect)).isEqualTo(-Errno.EHOSTUNREACH);
  }

  @Test
  void aRestartedHostResetsItsOldConnections() {
    Pair pair = pair();
    crash("b");
    push(pair.client, pair.clientQd, "anybody?");
    long pop = pair.client.pop(pair.clientQd);
    run(SECOND);
    assertThat(isDone(pair.client, pop)).as("a crashed host is silent").isFalse();
    open("b");
    assertThat(result(pair.client, pop)).isEqualTo(-Errno.ECONNRESET);
  }

  @Test
  void aCrashedLibOsCompletesNothingMoreAndCanBeClosed() {
    Pair pair = pair();
    long pop = pair.server.pop(pair.serverQd);
    pair.serverHost.crash();
    push(pair.client, pair.clientQd, "too late");
    QResult[] results = {new QResult()};
    assertThat(pair.server.waitNext(results, SECOND)).isZero();
    assertThat(isDone(pair.server, pop)).isFalse();
  }

  @Test
  void resetConnectionsIsSeenAtBothEnds() {
    Pair pair = pair();
    long there = pair.client.pop(pair.clientQd);
    long here = pair.server.pop(pair.serverQd);
    pair.clientHost.resetConnections(pair.serverHost);
    assertThat(result(pair.client, there)).isEqualTo(-Errno.ECONNRESET);
    assertThat(result(pair.server, here)).isEqualTo(-Errno.ECONNRESET);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void aStreamIsExactOverABadLink(long seed) {
    world.close();
    world = new SimWorld(seed);
    world.network().defaults().delay(1_000, 5_000_000).loss(0.3).chunk(1, 700);
    Pair pair = pair();
    StringBuilder sent = new StringBuilder();
    StringBuilder received = new StringBuilder();
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 50; i++) {
      String piece = ("" + i).repeat(random.nextInt(1, 500));
      sent.append(piece);
      push(pair.client, pair.clientQd, piece);
    }
    while (received.length() < sent.length()) {
      received.append(text(pair.server, pair.server.pop(pair.serverQd)));
    }
    assertThat(received.toString()).as("seed %d", seed).isEqualTo(sent.toString());
  }

  @Test
  void datagramsAreLostOnALossyLink() {
    assertThat(datagrams(world.network().defaults().loss(1), 50)).isEmpty();
    world.close();
    world = new SimWorld(6);
    assertThat(datagrams(world.network().defaults().loss(0.5), 200)).hasSizeBetween(60, 140);
  }

  @Test
  void datagramsArriveTwiceWhenTheyAreDuplicated() {
    List<String> received = datagrams(world.network().defaults().duplicate(1), 20);
    assertThat(received).hasSize(40);
    assertThat(new HashSet<>(received)).hasSize(20);
  }

  @Test
  void datagramsOvertakeEachOtherWhenTheDelayVaries() {
    List<String> received = datagrams(world.network().defaults().delay(0, 1_000_000), 50);
    assertThat(received).hasSize(50).isNotEqualTo(received.stream().sorted().toList());
  }

  @Test
  void datagramsKeepTheirOrderWhenTheDelayIsConstant() {
    List<String> received = datagrams(world.network().defaults().delay(500, 500), 50);
    assertThat(received).hasSize(50).isSorted();
  }

  @Test
  void listenersThatShareAPortShareTheLoad() {
    LibOs a = open("a");
    LibOs b = open("b");
    Endpoint name = null;
    Set<Integer> served = new HashSet<>();
    List<Long> accepts = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      int qd = b.socket(SocketType.STREAM);
      b.setsockopt(qd, SocketOption.REUSEPORT, 1);
      b.bind(qd, name == null ? Endpoint.any(AddressFamily.INET, 0) : name);
      b.listen(qd, 64);
      name = b.getsockname(qd);
      for (int k = 0; k < 20; k++) {
        accepts.add(b.accept(qd));
      }
    }
    Endpoint to = world.network().host("b").endpoint(AddressFamily.INET, name.port());
    for (int i = 0; i < 20; i++) {
      assertThat(result(a, a.connect(a.socket(SocketType.STREAM), to))).isZero();
    }
    run(SECOND);
    for (long accept : accepts) {
      QResult accepted = done.get(key(b, accept));
      if (accepted != null) {
        served.add(accepted.qd);
      }
    }
    assertThat(served).as("listeners that got a connection").hasSize(2);
  }

  @Test
  void aCrashedServerComesBackWithWhatWasDurable() {
    for (long seed = 0; seed < 20; seed++) {
      world.close();
      world = new SimWorld(seed);
      LibOs first = open("server");
      int log = first.open("log");
      for (int i = 0; i < 5; i++) {
        long push = push(first, log, "record " + i);
        assertThat(result(first, push)).isPositive();
      }
      push(first, log, "not acknowledged");
      first.waitNext(new QResult[] {new QResult()}, 0);
      world.network().host("server").crash();
      world.disk("server").powerLoss();
      first.close();
      liboses.remove(first);
      LibOs again = open("server");
      int recovered = again.open("log");
      for (int i = 0; i < 5; i++) {
        String record = text(again, again.pop(recovered));
        assertThat(record).as("seed %d", seed).isEqualTo("record " + i);
      }
      again.close();
      liboses.remove(again);
    }
  }

  @Test
  void aWaitAdvancesTimeToItsEndAndNotBeyond() {
    LibOs a = open("a");
    world.schedule(10_000_000, () -> {});
    long before = world.nanoTime();
    assertThat(a.waitNext(new QResult[] {new QResult()}, 3_000_000)).isZero();
    assertThat(world.nanoTime() - before).isEqualTo(3_000_000);
  }

  @Test
  void aWaitThatCannotEndIsFoundOut() {
    LibOs a = open("a");
    long pop = a.pop(a.queue(1));
    assertThatThrownBy(() -> a.wait(pop, -1, new QResult()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("nothing will ever happen")
        .hasMessageContaining("seed 5");
  }

  @Test
  void theSameSeedGivesTheSameRun() {
    List<String> runs = new ArrayList<>();
    for (long seed : new long[] {11, 11, 12}) {
      world.close();
      world = new SimWorld(seed);
      SimLink defaults = world.network().defaults().delay(0, 1_000_000).loss(0.2).duplicate(0.2);
      runs.add(datagrams(defaults, 50) + " " + world.nanoTime() + " " + world.eventsRun());
      liboses.forEach(LibOs::close);
      liboses.clear();
    }
    assertThat(runs.get(0)).isEqualTo(runs.get(1)).isNotEqualTo(runs.get(2));
  }

  @Test
  void componentsDrawTheSameNumbersInWhateverOrderTheyAreMade() {
    long first = world.random("one").nextLong();
    world.random("two").nextLong();
    try (SimWorld same = new SimWorld(5)) {
      same.random("two").nextLong();
      assertThat(same.random("one").nextLong()).isEqualTo(first);
      assertThat(same.random("two").nextLong()).isNotEqualTo(first);
    }
  }

  @Test
  void eventsOfOneInstantRunInTheOrderTheyWereScheduled() {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      int number = i;
      world.schedule(100, () -> order.add(number));
    }
    world.schedule(50, () -> order.add(-1));
    assertThat(world.runFor(100)).isEqualTo(6);
    assertThat(order).containsExactly(-1, 0, 1, 2, 3, 4);
    assertThat(world.step()).isFalse();
  }

  @Test
  void theWallClockJumpsApartFromTheMonotonicOne() {
    long wall = world.wallMillis();
    long now = world.nanoTime();
    world.jumpWallClock(-5_000);
    assertThat(world.wallMillis()).isEqualTo(wall - 5_000);
    assertThat(world.nanoTime()).isEqualTo(now);
  }

  @Test
  void aWorldThatIsNotOpenIsNotAvailable() {
    Options options = Options.empty().with("sim.world", "no such world");
    assertThat(new SimTransportProvider().availability(options).available()).isFalse();
    assertThat(new SimTransportProvider().availability(options).advice()).contains("SimWorld");
    options = Options.empty().with("sim.world", world.id());
    assertThat(new SimLogDeviceProvider().availability(options).available()).isTrue();
  }

  // A client on host a, connected with a server on host b.

  private record Pair(
      LibOs client,
      int clientQd,
      SimHost clientHost,
      LibOs server,
      int serverQd,
      SimHost serverHost) {}

  private Pair pair() {
    LibOs a = open("a");
    LibOs b = open("b");
    int listening = listen(b, "b");
    long accept = b.accept(listening);
    int client = a.socket(SocketType.STREAM);
    assertThat(result(a, a.connect(client, b.getsockname(listening)))).isZero();
    int server = result(b, accept);
    assertThat(server).isPositive();
    SimNetwork network = world.network();
    return new Pair(a, client, network.host("a"), b, server, network.host("b"));
  }

  private LibOs open(String host) {
    Options options =
        Options.empty()
            .with("sim.world", world.id())
            .with("network.sim.host", host)
            .with("storage.sim.disk", host)
            .with("storage.sim.segments", "16")
            .with("storage.sim.segment", "256KiB");
    LibOs libos =
        LibOses.open(
            new LibOsConfig("sim", "sim", options, Limits.SMALL, Idle.BLOCK),
            world,
            world.random("libos " + host));
    liboses.add(libos);
    return libos;
  }

  /// The machine stops, with its disk; nothing that was written is lost.
  private void crash(String host) {
    world.network().host(host).crash();
    world.disk(host).kill();
  }

  private int listen(LibOs libos, String host) {
    int qd = libos.socket(SocketType.STREAM);
    libos.bind(qd, world.network().host(host).endpoint(AddressFamily.INET, 0));
    libos.listen(qd, 8);
    return qd;
  }

  /// Sends datagrams from a to b, numbered; what arrived in a second.
  private List<String> datagrams(SimLink configured, int count) {
    assertThat(configured.isCut()).isFalse();
    LibOs a = open("a");
    LibOs b = open("b");
    int from = a.socket(SocketType.DATAGRAM);
    int to = b.socket(SocketType.DATAGRAM);
    b.bind(to, world.network().host("b").endpoint(AddressFamily.INET, 0));
    for (int i = 0; i < count; i++) {
      ScatterGatherArray sga = array(a, "%03d".formatted(i));
      assertThat(a.pushTo(from, sga, b.getsockname(to))).isPositive();
      a.sgaFree(sga);
    }
    List<String> received = new ArrayList<>();
    for (long pop = b.pop(to); ; pop = b.pop(to)) {
      run(SECOND / 10);
      if (!isDone(b, pop)) {
        return received;
      }
      received.add(text(b, pop));
    }
  }

  private static ScatterGatherArray array(LibOs libos, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ScatterGatherArray sga = libos.sgaAlloc(bytes.length);
    assertThat(sga).isNotNull();
    sga.copyFrom(0, MemorySegment.ofArray(bytes), 0, bytes.length);
    return sga;
  }

  private static long push(LibOs libos, int qd, String text) {
    ScatterGatherArray sga = array(libos, text);
    long qtoken = libos.push(qd, sga);
    libos.sgaFree(sga);
    assertThat(qtoken).isPositive();
    return qtoken;
  }

  private void turn() {
    for (LibOs libos : liboses) {
      QResult result = new QResult();
      while (libos.waitNext(new QResult[] {result}, 0) > 0) {
        done.put(key(libos, result.qtoken), result);
        result = new QResult();
      }
    }
  }

  /// Lets a span of virtual time pass, with a turn for everybody after each event.
  private void run(long nanos) {
    long endNanos = world.nanoTime() + nanos;
    turn();
    while (world.nextEventNanos() <= endNanos) {
      world.step();
      turn();
    }
    world.runUntil(endNanos);
    turn();
  }

  private static String key(LibOs libos, long qtoken) {
    return System.identityHashCode(libos) + ":" + qtoken;
  }

  private boolean isDone(LibOs libos, long qtoken) {
    return done.containsKey(key(libos, qtoken));
  }

  private QResult await(LibOs libos, long qtoken) {
    assertThat(qtoken).isPositive();
    for (int i = 0; i < 100_000 && !isDone(libos, qtoken); i++) {
      turn();
      if (!isDone(libos, qtoken)) {
        world.step();
      }
    }
    QResult result = done.remove(key(libos, qtoken));
    assertThat(result).as("completion of %x in %s", qtoken, world).isNotNull();
    return result;
  }

  private int result(LibOs libos, long qtoken) {
    QResult result = await(libos, qtoken);
    assertThat(result.sga).isNull();
    return result.result;
  }

  private String text(LibOs libos, long qtoken) {
    QResult result = await(libos, qtoken);
    assertThat(result.sga).as("result %d", result.result).isNotNull();
    String text = new String(result.sga.toByteArray(), StandardCharsets.UTF_8);
    libos.sgaFree(result.sga);
    return text;
  }
}
