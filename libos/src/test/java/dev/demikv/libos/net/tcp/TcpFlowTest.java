package dev.demikv.libos.net.tcp;

import static dev.demikv.libos.net.tcp.RawPeer.ACK;
import static dev.demikv.libos.net.tcp.RawPeer.NONE;
import static dev.demikv.libos.net.tcp.RawPeer.RST;
import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.net.Rfc;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Windows, acknowledgements, small segments, keepalive.
final class TcpFlowTest {
  private static final byte[] ONE = new byte[1];

  private static RawPeer peer(TcpConfig.Builder config) {
    return new RawPeer(config.build()).open(80, RawPeer.mss(1_000));
  }

  private static RawPeer peer() {
    return peer(TcpConfig.builder());
  }

  // ---- Acknowledgements ----

  @Test
  @Rfc(number = 5681, section = "4.2")
  void aSingleSegmentIsAcknowledgedAfterTheDelay() {
    RawPeer peer = quiet();
    peer.sendData(ONE);
    peer.nothingMore();
    peer.wire.run(39 * TestWire.MILLISECOND);
    peer.nothingMore();
    peer.wire.run(2 * TestWire.MILLISECOND);
    assertThat(peer.next().ack()).isEqualTo(peer.seq);
    assertThat(peer.host.count(TcpCounter.DELAYED_ACKS)).isEqualTo(1);
  }

  /// A peer that has had its quick acknowledgements.
  private static RawPeer quiet() {
    RawPeer peer = peer();
    for (int i = 0; i < TcpReceiver.QUICK_ACKS; i++) {
      peer.sendData(new byte[1_000]);
    }
    peer.host.pop(peer.connection, 1 << 20);
    peer.forgetSent();
    return peer;
  }

  @Test
  @Rfc(number = 5681, section = "4.2")
  void atLeastEverySecondFullSegmentIsAcknowledged() {
    RawPeer peer = quiet();
    for (int i = 0; i < 10; i++) {
      peer.sendData(new byte[1_000]);
    }
    assertThat(acknowledgements(peer))
        .containsExactly(
            peer.seq - 8_000, peer.seq - 6_000, peer.seq - 4_000, peer.seq - 2_000, peer.seq);
  }

  @Test
  @Rfc(number = 5681, section = "4.2")
  void aBurstIsAcknowledgedAtEveryEighthFullSegmentAndAtItsEnd() {
    RawPeer peer = quiet();
    burst(peer, 20);
    assertThat(acknowledgements(peer))
        .containsExactly(peer.seq - 12_000, peer.seq - 4_000, peer.seq);
  }

  @Test
  @Rfc(number = 5681, section = "4.2")
  void aBurstToANewConnectionIsAcknowledgedAtEverySecondFullSegment() {
    RawPeer peer = peer();
    burst(peer, 6);
    assertThat(acknowledgements(peer))
        .containsExactly(peer.seq - 4_000, peer.seq - 2_000, peer.seq);
  }

  /// Full segments that arrive in one turn of the loop, which ends only behind them.
  private static void burst(RawPeer peer, int segments) {
    for (int i = 0; i < segments; i++) {
      peer.host.receive(
          TestSegment.forge(
              RawPeer.ADDRESS,
              peer.port,
              1,
              80,
              peer.seq,
              peer.ack,
              ACK,
              60_000,
              NONE,
              new byte[1_000]));
      peer.seq += 1_000;
    }
  }

  private static List<Integer> acknowledgements(RawPeer peer) {
    List<Integer> acks = new ArrayList<>();
    while (acks.isEmpty() || acks.getLast() != peer.seq) {
      acks.add(peer.next().ack());
    }
    return acks;
  }

  @Test
  void theResponseCarriesTheAcknowledgement() {
    RawPeer peer = peer();
    peer.host.receive(
        TestSegment.forge(
            RawPeer.ADDRESS, peer.port, 1, 80, peer.seq, peer.ack, ACK, 60_000, NONE, ONE));
    peer.seq++;
    peer.host.push(peer.connection, new byte[5]);
    assertThat(peer.nextData().ack()).isEqualTo(peer.seq);
    peer.nothingMore();
  }

  @Test
  @Rfc(number = 5681, section = "4.2")
  void eachSegmentOutOfOrderIsAcknowledgedAtOnce() {
    RawPeer peer = quiet();
    for (int i = 1; i <= 3; i++) {
      peer.host.receive(
          TestSegment.forge(
              RawPeer.ADDRESS,
              peer.port,
              1,
              80,
              peer.seq + 1_000 * i,
              peer.ack,
              ACK,
              60_000,
              NONE,
              new byte[1_000]));
    }
    for (int i = 1; i <= 3; i++) {
      assertThat(peer.next().ack()).isEqualTo(peer.seq);
    }
  }

  // ---- Our window ----

  @Test
  @Rfc(number = 9293, section = "3.8.6.2.2")
  void theWindowClosesAndOpensByASegmentAtLeast() {
    RawPeer peer = peer(TcpConfig.builder().receiveBufferBytes(4_000));
    for (int i = 0; i < 4; i++) {
      peer.sendData(new byte[1_000]);
    }
    peer.forgetSent();
    peer.send(ACK, peer.seq - 1, peer.ack, NONE, NONE);
    assertThat(peer.next().window()).isZero();
    peer.host.pop(peer.connection, 900);
    peer.nothingMore();
    peer.host.pop(peer.connection, 1_100);
    assertThat(peer.next().window()).isEqualTo(2_000);
  }

  @Test
  @Rfc(number = 9293, section = "3.8.6")
  void theRightEdgeOfTheWindowNeverMovesBack() {
    RawPeer peer = peer(TcpConfig.builder().receiveBufferBytes(40_000));
    int edge = 0;
    for (int i = 0; i < 200; i++) {
      peer.sendData(new byte[i % 150]);
      while (!peer.wire.strays.isEmpty()) {
        TestSegment ack = peer.wire.strays.pollFirst();
        int newEdge = ack.ack() + ack.window();
        assertThat(edge == 0 || newEdge - edge >= 0).isTrue();
        edge = newEdge;
      }
      if (i % 7 == 0) {
        peer.host.pop(peer.connection, 300);
      }
    }
  }

  @Test
  void theReceiveBufferGrowsWithTheRateOfTheReader() {
    TestWire wire = new TestWire(1);
    wire.delayNanos = 20 * TestWire.MILLISECOND;
    TestHost client = wire.host(TcpConfig.builder().sendBufferBytes(4 << 20).build());
    TestHost server = wire.host(TcpConfig.defaults());
    BulkPeer[] peers = new BulkPeer[2];
    server.listen(80, 1);
    server.onAccept =
        c -> {
          peers[1] = new BulkPeer(server, c, 0, 30_000_000, false, 1);
          return peers[1];
        };
    client.connect(
        server,
        80,
        c -> {
          peers[0] = new BulkPeer(client, c, 30_000_000, 0, true, 1);
          return peers[0];
        });
    wire.until(() -> peers[1] != null && peers[1].received > 20_000_000, 60 * TestWire.SECOND);
    assertThat(TestHost.statistics(peers[1].connection).receiveBufferBytes)
        .isGreaterThan(1 << 20)
        .isLessThanOrEqualTo(4 << 20);
  }

  @Test
  void aTrickleOfSmallSegmentsDoesNotHoldABufferEach() {
    RawPeer peer = peer();
    int free = peer.host.deviceBuffers.pool(0).freeCount();
    for (int i = 0; i < 1_000; i++) {
      peer.sendData(new byte[10]);
      peer.wire.strays.clear();
    }
    assertThat(free - peer.host.deviceBuffers.pool(0).freeCount()).isLessThan(10);
    assertThat(peer.connection.readableBytes()).isEqualTo(10_000);
    assertThat(peer.host.count(TcpCounter.COALESCED_IN)).isGreaterThan(900);
  }

  @Test
  void receivedDataHoldsNoMoreMemoryThanAllowed() {
    RawPeer peer = peer(TcpConfig.builder().receiveMemoryBytesMax(20_000).copyBreakBytes(0));
    int start = peer.seq;
    for (int i = 1; i < 20; i++) {
      peer.send(ACK, start + 1_000 * i, peer.ack, NONE, new byte[1_000]);
    }
    assertThat(peer.host.count(TcpCounter.DROP_OUT_OF_ORDER_PRUNED)).isPositive();
    peer.send(ACK, start, peer.ack, NONE, new byte[1_000]);
    int known = peer.connection.readableBytes();
    assertThat(known).isBetween(1_000, 10_000);
    peer.seq = start + known;
    for (int i = 0; i < 20; i++) {
      peer.send(ACK, peer.seq + 1_000 * i, peer.ack, NONE, new byte[1_000]);
    }
    assertThat(peer.host.count(TcpCounter.DROP_NO_MEMORY)).isPositive();
    assertThat(peer.host.pop(peer.connection, 1 << 20)).hasSizeBetween(1_000, 10_000);
  }

  // ---- The peer's window ----

  @Test
  @Rfc(number = 9293, section = "3.8.6.1")
  void aClosedWindowIsProbedAtDoublingIntervalsForEver() {
    RawPeer peer = peer(TcpConfig.builder().giveUpNanos(10 * TestWire.SECOND));
    peer.window = 0;
    peer.send(ACK);
    peer.host.push(peer.connection, new byte[3_000]);
    peer.nothingMore();
    List<Long> times = new ArrayList<>();
    long start = peer.wire.nowNanos;
    for (int i = 0; i < 12; i++) {
      peer.wire.until(() -> !peer.wire.strays.isEmpty(), 120 * TestWire.SECOND);
      TestSegment probe = peer.wire.strays.pollFirst();
      assertThat(probe.payloadBytes()).isEqualTo(1);
      times.add((peer.wire.nowNanos - start) / TestWire.MILLISECOND);
      peer.send(ACK);
    }
    for (int i = 2; i < times.size(); i++) {
      long gap = times.get(i) - times.get(i - 1);
      long before = times.get(i - 1) - times.get(i - 2);
      assertThat(gap).as(times.toString()).isBetween(before, before * 2 + 2);
    }
    peer.window = 60_000;
    peer.send(ACK);
    assertThat(peer.nextData().payloadBytes()).isEqualTo(1);
    assertThat(peer.nextData().payloadBytes()).isEqualTo(1_000);
    assertThat(TestHost.statistics(peer.connection).cwndBytes).isGreaterThanOrEqualTo(10_000);
  }

  @Test
  void anUnansweredProbeEndsTheConnectionAtLast() {
    RawPeer peer = peer(TcpConfig.builder().giveUpNanos(10 * TestWire.SECOND));
    peer.window = 0;
    peer.send(ACK);
    peer.host.push(peer.connection, new byte[3_000]);
    peer.wire.run(60 * TestWire.SECOND);
    assertThat(peer.connection.error()).isEqualTo(-Errno.ETIMEDOUT);
  }

  @Test
  @Rfc(number = 9293, section = "3.8.6.2.1")
  void aSmallWindowIsNotFilledWithASmallSegment() {
    RawPeer peer = peer();
    peer.window = 100;
    peer.send(ACK);
    peer.host.push(peer.connection, new byte[3_000]);
    peer.nothingMore();
    // The override timeout.
    peer.wire.run(TestWire.SECOND);
    assertThat(peer.nextData().payloadBytes()).isEqualTo(100);
  }

  @Test
  void theWindowOfTheLatestSegmentCounts() {
    RawPeer peer = peer();
    peer.forge(ACK, peer.seq - 1, peer.ack, 5, NONE, NONE);
    assertThat(TestHost.statistics(peer.connection).sendWindowBytes).isEqualTo(60_000);
  }

  // ---- Small segments ----

  @Test
  @Rfc(number = 9293, section = "3.7.4")
  void withNagleASmallSegmentWaitsForTheAcknowledgement() {
    RawPeer peer = peer(TcpConfig.builder().nodelay(false));
    peer.host.push(peer.connection, ONE);
    peer.nextData();
    peer.host.push(peer.connection, ONE);
    peer.host.push(peer.connection, ONE);
    peer.nothingMore();
    peer.send(ACK);
    assertThat(peer.nextData().payloadBytes()).isEqualTo(2);
    peer.host.push(peer.connection, new byte[1_001]);
    assertThat(peer.nextData().payloadBytes()).isEqualTo(1_000);
    peer.nothingMore();
    peer.connection.setOption(SocketOption.NODELAY, 1);
    assertThat(peer.nextData().payloadBytes()).isEqualTo(1);
  }

  @Test
  void withNodelayASmallSegmentGoesAtOnce() {
    RawPeer peer = peer();
    peer.host.push(peer.connection, ONE);
    peer.nextData();
    peer.host.push(peer.connection, ONE);
    peer.nextData();
  }

  @Test
  void smallPushesOfOneTurnShareASegment() {
    RawPeer peer = peer();
    for (int i = 0; i < 50; i++) {
      peer.host.push(peer.connection, new byte[10]);
    }
    assertThat(peer.nextData().payloadBytes()).isEqualTo(500);
  }

  // ---- Keepalive ----

  @Test
  @Rfc(number = 9293, section = "3.8.4")
  void aSilentPeerIsProbedAndGivenUp() {
    RawPeer peer = peer();
    TcpConnection c = peer.connection;
    c.setOption(SocketOption.KEEPALIVE_IDLE_SECONDS, 10);
    c.setOption(SocketOption.KEEPALIVE_INTERVAL_SECONDS, 2);
    c.setOption(SocketOption.KEEPALIVE_COUNT, 3);
    c.setOption(SocketOption.KEEPALIVE, 1);
    peer.wire.run(9 * TestWire.SECOND);
    peer.sendData(ONE);
    peer.forgetSent();
    peer.wire.run(9 * TestWire.SECOND);
    peer.nothingMore();
    peer.wire.run(2 * TestWire.SECOND);
    TestSegment probe = peer.next();
    assertThat(probe.sequence()).isEqualTo(peer.ack - 1);
    peer.send(ACK);
    peer.wire.run(9 * TestWire.SECOND);
    peer.nothingMore();
    peer.wire.run(20 * TestWire.SECOND);
    for (int i = 0; i < 3; i++) {
      assertThat(peer.next().sequence()).isEqualTo(peer.ack - 1);
    }
    assertThat(peer.next().has(RST)).isTrue();
    assertThat(c.error()).isEqualTo(-Errno.ETIMEDOUT);
  }

  @Test
  @Rfc(number = 9293, section = "3.8.4")
  void aKeepaliveProbeIsAnswered() {
    RawPeer peer = peer();
    peer.send(ACK, peer.seq - 1, peer.ack, NONE, NONE);
    assertThat(peer.next().ack()).isEqualTo(peer.seq);
    peer.send(ACK, peer.seq - 1, peer.ack, NONE, ONE);
    assertThat(peer.next().ack()).isEqualTo(peer.seq);
  }
}
