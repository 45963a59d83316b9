package dev.demikv.libos.net.tcp;

import static dev.demikv.libos.net.tcp.RawPeer.ACK;
import static dev.demikv.libos.net.tcp.RawPeer.NONE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.ConnectionInfo;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.net.Rfc;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What the sender does about segments that do not arrive.
final class TcpLossTest {
  private static final int MSS = 1_000;
  private static final long RTT = 10 * TestWire.MILLISECOND;

  /// A peer that has sent us into the middle of a transfer: `segments` are in flight.
  private static RawPeer inFlight(int segments, boolean sack) {
    return inFlight(segments, sack, TcpConfig.builder());
  }

  private static RawPeer inFlight(int segments, boolean sack, TcpConfig.Builder config) {
    RawPeer peer = new RawPeer(config.timestamps(false).windowScaling(false).build());
    peer.handshakeNanos = RTT;
    peer.open(80, RawPeer.mss(MSS), sack ? RawPeer.sackPermitted() : NONE);
    // A first round trip, to have its time.
    peer.host.push(peer.connection, new byte[1]);
    peer.nextData();
    peer.wire.run(RTT);
    peer.send(ACK);
    peer.wire.run(5 * TestWire.SECOND);
    peer.forgetSent();
    peer.host.push(peer.connection, new byte[segments * MSS]);
    for (int i = 0; i < segments; i++) {
      assertThat(peer.nextData().payloadBytes()).isEqualTo(MSS);
    }
    peer.nothingMore();
    peer.ack -= segments * MSS;
    return peer;
  }

  private static void sacked(RawPeer peer, int... segmentEdges) {
    int[] edges = new int[segmentEdges.length];
    for (int i = 0; i < edges.length; i++) {
      edges[i] = peer.ack + segmentEdges[i] * MSS;
    }
    peer.send(ACK, peer.seq, peer.ack, RawPeer.sack(edges), NONE);
  }

  private static void resent(RawPeer peer, int segment) {
    TestSegment again = peer.next();
    assertThat(again.sequence()).as(again.toString()).isEqualTo(peer.ack + segment * MSS);
    assertThat(again.payloadBytes()).isEqualTo(MSS);
  }

  @Test
  @Rfc(number = 8985, section = "6.2")
  void threeSackedSegmentsBehindAHoleHaveItSentAgain() {
    RawPeer peer = inFlight(8, true);
    peer.wire.run(RTT);
    sacked(peer, 1, 2);
    sacked(peer, 1, 3);
    peer.nothingMore();
    sacked(peer, 1, 4);
    resent(peer, 0);
    assertThat(TestHost.statistics(peer.connection).fastRecoveries).isEqualTo(1);
    peer.nothingMore();
  }

  @Test
  @Rfc(number = 8985, section = "6.2")
  void aHoleIsSentAgainWhenTheReorderingWindowIsOver() {
    RawPeer peer = inFlight(8, true);
    peer.wire.run(RTT);
    sacked(peer, 1, 2);
    peer.nothingMore();
    peer.wire.run(RTT / 4 + TestWire.MILLISECOND);
    resent(peer, 0);
  }

  @Test
  @Rfc(number = 8985, section = "6.2")
  void aLostRetransmissionIsNoticedWithoutATimeout() {
    RawPeer peer = inFlight(8, true);
    peer.wire.run(RTT);
    sacked(peer, 1, 4);
    resent(peer, 0);
    peer.wire.run(TestWire.MILLISECOND);
    // Something sent after the retransmission arrives; the retransmission does not.
    peer.host.push(peer.connection, new byte[4 * MSS]);
    peer.wire.run(TestWire.MILLISECOND);
    sacked(peer, 1, 8);
    assertThat(peer.next().sequence()).isEqualTo(peer.ack + 8 * MSS);
    peer.forgetSent();
    peer.wire.run(RTT);
    sacked(peer, 1, 9);
    peer.wire.run(RTT);
    resent(peer, 0);
    assertThat(TestHost.statistics(peer.connection).retransmissionTimeouts).isZero();
  }

  @Test
  @Rfc(number = 6675, section = "5")
  void severalHolesAreFilledInOneRecovery() {
    RawPeer peer = inFlight(10, true);
    peer.wire.run(RTT);
    sacked(peer, 9, 10, 5, 8, 1, 4);
    List<Integer> again = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      peer.wire.run(RTT);
      while (!peer.wire.strays.isEmpty()) {
        again.add((peer.wire.strays.pollFirst().sequence() - peer.ack) / MSS);
      }
      if (i == 0) {
        assertThat(again).contains(0);
        peer.send(ACK, peer.seq, peer.ack + 4 * MSS, sackOf(peer, 5, 8, 9, 10), NONE);
      }
    }
    assertThat(again).contains(0, 4, 8);
    assertThat(TestHost.statistics(peer.connection).fastRecoveries).isEqualTo(1);
  }

  private static byte[] sackOf(RawPeer peer, int... segmentEdges) {
    int[] edges = new int[segmentEdges.length];
    for (int i = 0; i < edges.length; i++) {
      edges[i] = peer.ack + segmentEdges[i] * MSS;
    }
    return RawPeer.sack(edges);
  }

  @Test
  @Rfc(number = 6937, section = "3.1")
  void theWindowShrinksOverTheRecoveryAndNotAtOnce() {
    RawPeer peer = inFlight(10, true);
    peer.host.push(peer.connection, new byte[100 * MSS]);
    peer.wire.run(RTT);
    peer.forgetSent();
    int sent = 0;
    for (int i = 4; i <= 10; i++) {
      sacked(peer, 1, i);
      while (!peer.wire.strays.isEmpty()) {
        peer.wire.strays.pollFirst();
        sent++;
      }
    }
    // CUBIC leaves 0.7 of ten segments: of ten delivered, seven go out.
    assertThat(sent).isBetween(5, 7);
    peer.send(ACK, peer.seq, peer.ack + 10 * MSS, NONE, NONE);
    peer.wire.run(RTT);
    assertThat(TestHost.statistics(peer.connection).ssthreshBytes).isEqualTo(7 * MSS);
  }

  @Test
  @Rfc(number = 8985, section = "7.3")
  void aLostTailIsProbedForAfterTwoRoundTrips() {
    RawPeer peer = inFlight(3, true);
    peer.wire.run(RTT);
    peer.send(ACK, peer.seq, peer.ack + MSS, NONE, NONE);
    long start = peer.wire.nowNanos;
    peer.wire.until(() -> !peer.wire.strays.isEmpty(), TestWire.SECOND);
    assertThat(peer.wire.nowNanos - start).isBetween(RTT, 3 * RTT);
    resent(peer, 2);
    assertThat(peer.host.count(TcpCounter.TAIL_LOSS_PROBES)).isEqualTo(1);
    // The probe arrives; what it shows is repaired without a timeout.
    peer.wire.run(RTT);
    peer.ack += MSS;
    sacked(peer, 1, 2);
    peer.wire.run(RTT);
    resent(peer, 0);
    assertThat(TestHost.statistics(peer.connection).retransmissionTimeouts).isZero();
  }

  @Test
  @Rfc(number = 6298, section = "5")
  void timeoutsDoubleAndTheConnectionIsGivenUp() {
    RawPeer peer = inFlight(1, false, TcpConfig.builder().giveUpNanos(20 * TestWire.SECOND));
    peer.wire.traceMax = 100;
    peer.wire.trace.clear();
    long start = peer.wire.nowNanos;
    peer.wire.run(100 * TestWire.SECOND);
    List<Long> times =
        peer.wire.trace.stream()
            .map(t -> (t.atNanos() - start) / (100 * TestWire.MILLISECOND))
            .toList();
    // The first after 210 ms: a round trip of 10 ms and the least share of the variation.
    assertThat(times).startsWith(2L, 6L, 14L, 31L, 65L, 132L);
    assertThat(peer.connection.error()).isEqualTo(-Errno.ETIMEDOUT);
    assertThat(peer.host.count(TcpCounter.GIVE_UPS)).isEqualTo(1);
  }

  @Test
  @Rfc(number = 5681, section = "3.1")
  void aTimeoutLeavesAWindowOfOneSegment() {
    RawPeer peer = inFlight(8, false);
    peer.wire.run(250 * TestWire.MILLISECOND);
    resent(peer, 0);
    peer.nothingMore();
    ConnectionInfo after = TestHost.statistics(peer.connection);
    assertThat(after.cwndBytes).isEqualTo(MSS);
    assertThat(after.retransmissionTimeouts).isEqualTo(1);
    assertThat(after.retransmissions).isPositive();
    assertThat(after.bytesRetransmitted).isEqualTo(after.retransmissions * MSS);
    peer.send(ACK, peer.seq, peer.ack + MSS, NONE, NONE);
    peer.ack += MSS;
    resent(peer, 0);
    resent(peer, 1);
    peer.nothingMore();
  }

  @Test
  @Rfc(number = 5681, section = "3.2")
  void withoutSackThreeDuplicatesHaveTheSegmentSentAgain() {
    RawPeer peer = inFlight(8, false);
    peer.wire.run(RTT);
    peer.send(ACK);
    peer.send(ACK);
    peer.nothingMore();
    peer.send(ACK);
    resent(peer, 0);
  }

  @Test
  @Rfc(number = 6582, section = "3.2")
  void aPartialAcknowledgementHasTheNextHoleSentAgain() {
    RawPeer peer = inFlight(8, false);
    peer.wire.run(RTT);
    for (int i = 0; i < 4; i++) {
      peer.send(ACK);
    }
    resent(peer, 0);
    peer.forgetSent();
    peer.wire.run(RTT);
    peer.ack += 3 * MSS;
    peer.send(ACK);
    resent(peer, 0);
    peer.ack += 5 * MSS;
    peer.send(ACK);
    assertThat(TestHost.statistics(peer.connection).fastRecoveries).isEqualTo(1);
    assertThat(TestHost.statistics(peer.connection).retransmissionTimeouts).isZero();
  }

  /// They echo what the timeout sent again in vain.
  @Test
  @Rfc(number = 6582, section = "3.2")
  void afterATimeoutDuplicatesOfTheLastNumberSentBeforeItAreNoLoss() {
    RawPeer peer = inFlight(8, false);
    peer.wire.run(250 * TestWire.MILLISECOND);
    resent(peer, 0);
    peer.ack += 8 * MSS;
    peer.send(ACK);
    peer.host.push(peer.connection, new byte[4 * MSS]);
    peer.wire.run(RTT);
    peer.forgetSent();
    for (int i = 0; i < 4; i++) {
      peer.send(ACK);
    }
    assertThat(TestHost.statistics(peer.connection).fastRecoveries).isZero();
    peer.ack += MSS;
    for (int i = 0; i < 4; i++) {
      peer.send(ACK);
    }
    assertThat(TestHost.statistics(peer.connection).fastRecoveries).isEqualTo(1);
  }

  @Test
  @Rfc(number = 3042, section = "2")
  void theFirstDuplicatesLetNewSegmentsOut() {
    RawPeer peer = inFlight(10, false);
    peer.host.push(peer.connection, new byte[10 * MSS]);
    peer.nothingMore();
    peer.send(ACK);
    assertThat(peer.next().sequence()).isEqualTo(peer.ack + 10 * MSS);
    peer.send(ACK);
    assertThat(peer.next().sequence()).isEqualTo(peer.ack + 11 * MSS);
  }

  @Test
  @Rfc(number = 2883, section = "4")
  void aDuplicateIsReported() {
    RawPeer peer = new RawPeer(TcpConfig.builder().timestamps(false).build());
    peer.open(80, RawPeer.mss(MSS), RawPeer.sackPermitted());
    peer.sendData(new byte[100]);
    peer.forgetSent();
    peer.send(ACK, peer.seq - 100, peer.ack, NONE, new byte[100]);
    TestSegment reply = peer.next();
    assertThat(reply.options().sackCount).isEqualTo(1);
    assertThat(reply.options().sackStart[0]).isEqualTo(peer.seq - 100);
    assertThat(reply.options().sackEnd[0]).isEqualTo(peer.seq);
    peer.send(ACK, peer.seq + 100, peer.ack, NONE, new byte[100]);
    peer.forgetSent();
    peer.send(ACK, peer.seq + 100, peer.ack, NONE, new byte[100]);
    reply = peer.next();
    assertThat(reply.options().sackCount).isEqualTo(2);
    assertThat(reply.options().sackStart[0]).isEqualTo(peer.seq + 100);
    assertThat(reply.options().sackStart[1]).isEqualTo(peer.seq + 100);
  }

  @Test
  @Rfc(number = 2883, section = "4.2")
  void whatCameTwiceInPartIsReported() {
    RawPeer peer = new RawPeer(TcpConfig.builder().timestamps(false).build());
    peer.open(80, RawPeer.mss(MSS), RawPeer.sackPermitted());
    int seq = peer.seq;
    peer.send(ACK, seq + 100, peer.ack, NONE, new byte[100]);
    peer.send(ACK, seq + 200, peer.ack, NONE, new byte[100]);
    peer.forgetSent();
    // Its second half is there, in two pieces' first.
    peer.send(ACK, seq + 50, peer.ack, NONE, new byte[200]);
    TcpOptions options = peer.next().options();
    assertThat(options.sackCount).isEqualTo(2);
    assertThat(options.sackStart[0]).isEqualTo(seq + 100);
    assertThat(options.sackEnd[0]).isEqualTo(seq + 250);
    assertThat(options.sackStart[1]).isEqualTo(seq + 50);
    assertThat(options.sackEnd[1]).isEqualTo(seq + 300);
    // In turn, and reaching into what is kept.
    TestSegment reply = answer(peer, seq, 120);
    assertThat(reply.ack()).isEqualTo(seq + 300);
    assertThat(reply.options().sackCount).isEqualTo(1);
    assertThat(reply.options().sackStart[0]).isEqualTo(seq + 50);
    assertThat(reply.options().sackEnd[0]).isEqualTo(seq + 120);
    // The beginning is old.
    reply = answer(peer, seq + 250, 100);
    assertThat(reply.ack()).isEqualTo(seq + 350);
    assertThat(reply.options().sackStart[0]).isEqualTo(seq + 250);
    assertThat(reply.options().sackEnd[0]).isEqualTo(seq + 300);
  }

  private static TestSegment answer(RawPeer peer, int sequence, int bytes) {
    peer.forgetSent();
    peer.send(ACK, sequence, peer.ack, NONE, new byte[bytes]);
    return peer.next();
  }

  @Test
  @Rfc(number = 2018, section = "4")
  void theLatestRangeIsReportedFirst() {
    RawPeer peer = new RawPeer(TcpConfig.builder().timestamps(false).build());
    peer.open(80, RawPeer.mss(MSS), RawPeer.sackPermitted());
    for (int at : new int[] {500, 100, 300}) {
      peer.forgetSent();
      peer.send(ACK, peer.seq + at, peer.ack, NONE, new byte[100]);
    }
    TcpOptions options = peer.next().options();
    assertThat(options.sackCount).isEqualTo(3);
    assertThat(options.sackStart[0]).isEqualTo(peer.seq + 300);
    assertThat(options.sackStart[1]).isEqualTo(peer.seq + 100);
    assertThat(options.sackStart[2]).isEqualTo(peer.seq + 500);
    peer.send(ACK, peer.seq + 200, peer.ack, NONE, new byte[100]);
    options = peer.next().options();
    assertThat(options.sackCount).isEqualTo(2);
    assertThat(options.sackStart[0]).isEqualTo(peer.seq + 100);
    assertThat(options.sackEnd[0]).isEqualTo(peer.seq + 400);
  }

  @Test
  @Rfc(number = 3708, section = "2")
  void aRecoveryThatWasNotNeededIsTakenBack() {
    RawPeer peer = inFlight(10, true);
    int before = TestHost.statistics(peer.connection).cwndBytes;
    peer.wire.run(RTT);
    sacked(peer, 1, 5);
    resent(peer, 0);
    peer.forgetSent();
    peer.wire.run(RTT / 2);
    // The original was only late; then the copy arrives.
    peer.send(ACK, peer.seq, peer.ack + 5 * MSS, NONE, NONE);
    peer.send(ACK, peer.seq, peer.ack + 5 * MSS, RawPeer.sack(peer.ack, peer.ack + MSS), NONE);
    ConnectionInfo after = TestHost.statistics(peer.connection);
    assertThat(after.dsacksIn).isEqualTo(1);
    assertThat(after.spuriousRecoveries).isEqualTo(1);
    assertThat(after.cwndBytes).isGreaterThanOrEqualTo(before);
  }

  @Test
  @Rfc(number = 3522, section = "3")
  void aTimeoutThatCameTooEarlyIsTakenBack() {
    TestWire wire = new TestWire(1);
    wire.delayNanos = 5 * TestWire.MILLISECOND;
    TestHost client = wire.host(TcpConfig.defaults());
    TestHost server = wire.host(TcpConfig.defaults());
    server.listen(80, 1);
    TcpConnection c = client.connect(server, 80);
    wire.run(TestWire.SECOND);
    client.push(c, new byte[10_000]);
    wire.run(TestWire.SECOND);
    wire.delayNanos = 400 * TestWire.MILLISECOND;
    client.push(c, new byte[10_000]);
    wire.run(2 * TestWire.SECOND);
    ConnectionInfo after = TestHost.statistics(c);
    assertThat(after.spuriousRecoveries).isPositive();
    assertThat(after.cwndBytes).isGreaterThan(10_000);
    assertThat(after.ssthreshBytes).isEqualTo(Integer.MAX_VALUE);
  }

  @Test
  @Rfc(number = 2018, section = "8")
  void whatWasSackedIsSentAgainWhenTheReceiverGaveItUp() {
    RawPeer peer = inFlight(4, true);
    peer.wire.run(RTT);
    sacked(peer, 0, 3);
    peer.wire.run(3 * TestWire.SECOND);
    List<Integer> again = new ArrayList<>();
    while (!peer.wire.strays.isEmpty()) {
      again.add((peer.wire.strays.pollFirst().sequence() - peer.ack) / MSS);
    }
    assertThat(again).contains(0);
  }

  @Test
  @Rfc(number = 1191, section = "3")
  void whatIsTooLongForThePathIsCutAndSentAgain() {
    RawPeer peer = inFlight(3, true);
    int before = TestHost.statistics(peer.connection).cwndBytes;
    peer.host.mtuBytes = 540;
    boolean believed =
        peer.host.tcp.pathMtu(
            false, 0, 1, 80, 0, RawPeer.ADDRESS, peer.port, peer.ack, 540, peer.wire.nowNanos);
    assertThat(believed).isTrue();
    int received = 0;
    while (received < 3 * MSS) {
      TestSegment part = peer.next();
      assertThat(part.sequence()).isEqualTo(peer.ack + received);
      assertThat(part.payloadBytes()).isBetween(1, 500);
      received += part.payloadBytes();
    }
    assertThat(TestHost.statistics(peer.connection).cwndBytes).isEqualTo(before);
    assertThat(TestHost.statistics(peer.connection).fastRecoveries).isZero();
  }

  @Test
  @Rfc(number = 5681, section = "4.1")
  void afterAnIdleTimeTheWindowIsTheInitialOne() {
    TestWire wire = new TestWire(1);
    TestHost client = wire.host(TcpConfig.defaults());
    TestHost server = wire.host(TcpConfig.defaults());
    server.listen(80, 1);
    server.onAccept =
        s ->
            new TestHost.App() {
              @Override
              public void readable() {
                server.pop(s, 1 << 20);
              }
            };
    TcpConnection c = client.connect(server, 80);
    wire.run(TestWire.SECOND);
    client.push(c, new byte[120_000]);
    wire.run(20 * TestWire.MILLISECOND);
    assertThat(TestHost.statistics(c).cwndBytes).isGreaterThan(40_000);
    wire.run(TestWire.SECOND);
    client.push(c, new byte[1]);
    wire.run(0);
    assertThat(TestHost.statistics(c).cwndBytes).isEqualTo(14_480);
  }

  @Test
  void aFullDeviceDelaysAndLosesNothing() {
    TestWire wire = new TestWire(1);
    TestHost client = wire.host(TcpConfig.defaults());
    TestHost server = wire.host(TcpConfig.defaults());
    server.listen(80, 1);
    TcpConnection c = client.connect(server, 80);
    wire.run(TestWire.SECOND);
    client.push(c, new byte[10_000]);
    client.sendResult = -Errno.EAGAIN;
    wire.run(5 * TestWire.MILLISECOND);
    client.sendResult = 0;
    client.outOfFrames = true;
    wire.run(5 * TestWire.MILLISECOND);
    client.outOfFrames = false;
    wire.run(5 * TestWire.MILLISECOND);
    assertThat(server.accepted.getFirst().readableBytes()).isEqualTo(10_000);
    assertThat(TestHost.statistics(c).retransmissions).isZero();
  }
}
