package dev.demikv.libos.net.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.PushCompletion;
import dev.demikv.libos.net.Rfc;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Bulk data in both directions, over every wire that a seed can think of: what is pushed is what
/// is popped, both ends close in order, and nothing is left behind.
final class TcpTransferTest {
  private static final int SEEDS = 60;
  private static final long PATIENCE = 3_600 * TestWire.SECOND;

  /// Seeds that once failed, each with the reason.
  private static final int[] REGRESSION_SEEDS = {};

  private static Stream<Integer> seeds() {
    String chosen = System.getProperty("tcp.seed");
    if (chosen != null) {
      return Stream.of(Integer.parseInt(chosen));
    }
    return IntStream.concat(IntStream.range(0, SEEDS), IntStream.of(REGRESSION_SEEDS)).boxed();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @Rfc(number = 9293, section = "3.8")
  void everyByteArrivesWhateverTheWireDoes(int seed) {
    try {
      transfer(seed);
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError(
          "repeat with: mvn -o -pl libos test -Dtest=TcpTransferTest -Dtcp.seed=" + seed, e);
    }
  }

  private static long transfer(int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    TestWire wire = new TestWire(seed);
    wire.delayNanos = 1_000L * (1 + random.nextInt(20_000));
    if (random.nextInt(2) == 0) {
      wire.loss = random.nextDouble() * 0.05;
    }
    if (random.nextInt(3) == 0) {
      wire.burst = random.nextDouble() * 0.01;
    }
    if (random.nextInt(2) == 0) {
      wire.jitterNanos = 1 + random.nextLong(wire.delayNanos);
    }
    if (random.nextInt(3) == 0) {
      wire.duplicate = random.nextDouble() * 0.1;
    }
    if (random.nextInt(3) == 0) {
      wire.nanosPerByte = 1 + random.nextLong(400);
      wire.queueMax = 10 + random.nextInt(100);
    }
    TestHost client = wire.host(config(random));
    TestHost server = wire.host(config(random));
    client.mtuBytes = 200 + random.nextInt(1_300);
    server.mtuBytes = random.nextInt(3) == 0 ? 200 + random.nextInt(1_300) : client.mtuBytes;
    int toServer = random.nextInt(400_000);
    int toClient = random.nextInt(400_000);
    BulkPeer[] peers = new BulkPeer[2];
    server.listen(80, 10);
    server.onAccept =
        c -> {
          peers[1] = new BulkPeer(server, c, toClient, toServer, false, seed + 1);
          return peers[1];
        };
    client.connect(
        server,
        80,
        c -> {
          peers[0] = new BulkPeer(client, c, toServer, toClient, true, seed + 2);
          peers[0].level = random.nextBoolean() ? PushCompletion.ACKED : PushCompletion.ACCEPTED;
          peers[0].pieceMax = 1 + random.nextInt(60_000);
          return peers[0];
        });
    wire.until(() -> peers[1] != null, PATIENCE);
    peers[1].pump();
    wire.until(() -> peers[0].isDone() && peers[1].isDone(), PATIENCE);
    assertThat(peers[0].error).isZero();
    assertThat(peers[1].error).isZero();
    assertThat(peers[0].completedBytes).isEqualTo(toServer);
    wire.run(300 * TestWire.SECOND);
    assertThat(client.tcp.connectionCount()).isZero();
    assertThat(server.tcp.connectionCount()).isZero();
    client.closeAndCheck();
    server.closeAndCheck();
    return wire.carried * 31 + wire.dropped;
  }

  private static TcpConfig config(SplittableRandom random) {
    TcpConfig.Builder builder =
        TcpConfig.builder()
            .connectionsMax(64)
            .synQueueMax(16)
            .timeWaitMax(64)
            .giveUpNanos(PATIENCE)
            .connectGiveUpNanos(PATIENCE)
            .congestionControl(random.nextBoolean() ? "cubic" : "newreno")
            .nodelay(random.nextBoolean())
            .sack(random.nextInt(4) != 0)
            .timestamps(random.nextInt(4) != 0)
            .windowScaling(random.nextInt(4) != 0);
    if (random.nextInt(3) == 0) {
      int small = 300 + random.nextInt(5_000);
      builder.receiveBufferBytes(small).receiveBufferBytesMax(small);
    }
    if (random.nextInt(3) == 0) {
      int small = 300 + random.nextInt(5_000);
      builder.sendBufferBytes(small).sendBufferBytesMax(small);
    }
    return builder.build();
  }

  @Test
  void theSameSeedIsTheSameRun() {
    assertThat(transfer(5)).isEqualTo(transfer(5));
  }

  /// The original stack's defects on a day-one list: a push longer than a segment lost its tail,
  /// and a segment cut to a smaller window was sent under new sequence numbers.
  @Test
  @Rfc(number = 9293, section = "3.8.6.2")
  void bulkGoesThroughAClosingWindowInBothDirections() {
    for (int step : new int[] {1, 100, 1_460, 5_000, 30_000}) {
      TestWire wire = new TestWire(step);
      TcpConfig config =
          TcpConfig.builder().receiveBufferBytes(16_000).receiveBufferBytesMax(16_000).build();
      TestHost client = wire.host(config);
      TestHost server = wire.host(config);
      int bytes = Math.min(300_000, step * 2_000);
      BulkPeer[] peers = new BulkPeer[2];
      server.listen(80, 1);
      server.onAccept =
          c -> {
            peers[1] = new BulkPeer(server, c, bytes, bytes, false, 1);
            peers[1].readsByHand = true;
            return peers[1];
          };
      client.connect(
          server,
          80,
          c -> {
            peers[0] = new BulkPeer(client, c, bytes, bytes, true, 2);
            peers[0].readsByHand = true;
            return peers[0];
          });
      wire.until(() -> peers[1] != null, TestWire.SECOND);
      peers[1].pump();
      for (int i = 0; !(peers[0].isDone() && peers[1].isDone()); i++) {
        assertThat(i).as("rounds").isLessThan(1_000_000);
        wire.run(i % 100 == 0 ? 5 * TestWire.SECOND : TestWire.MILLISECOND);
        peers[0].read(step);
        peers[1].read(step);
      }
      wire.run(300 * TestWire.SECOND);
      client.closeAndCheck();
      server.closeAndCheck();
    }
  }
}
