package dev.demikv.libos.net.tcp;

import static dev.demikv.libos.net.tcp.RawPeer.ACK;
import static dev.demikv.libos.net.tcp.RawPeer.FIN;
import static dev.demikv.libos.net.tcp.RawPeer.NONE;
import static dev.demikv.libos.net.tcp.RawPeer.PSH;
import static dev.demikv.libos.net.tcp.RawPeer.RST;
import static dev.demikv.libos.net.tcp.RawPeer.SYN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.TcpState;
import dev.demikv.libos.net.Rfc;
import org.junit.jupiter.api.Test;

/// What somebody who does not see the connection can do to it: nothing.
final class TcpAttackTest {
  private static final byte[] TEN = new byte[10];

  private final RawPeer peer = new RawPeer(TcpConfig.defaults());

  private void challenged(TcpCounter why) {
    TestSegment reply = peer.next();
    assertThat(reply.flags()).isEqualTo(ACK);
    assertThat(reply.sequence()).isEqualTo(peer.ack);
    assertThat(reply.ack()).isEqualTo(peer.seq);
    assertThat(peer.connection.state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(peer.host.count(why)).isEqualTo(1);
    peer.nothingMore();
  }

  @Test
  @Rfc(number = 5961, section = "3.2")
  void resetWithTheExactSequenceNumberEndsTheConnection() {
    peer.open(80);
    peer.send(RST);
    assertThat(peer.connection.state()).isEqualTo(TcpState.CLOSED);
    assertThat(peer.connection.error()).isEqualTo(-Errno.ECONNRESET);
    assertThat(peer.connection.pop(10)).isNull();
    assertThat(peer.connection.popResult()).isEqualTo(-Errno.ECONNRESET);
    peer.nothingMore();
  }

  @Test
  @Rfc(number = 5961, section = "3.2")
  void resetElsewhereInTheWindowIsChallenged() {
    peer.open(80);
    peer.send(RST, peer.seq + 100, 0, NONE, NONE);
    challenged(TcpCounter.DROP_RST_CHALLENGED);
  }

  @Test
  @Rfc(number = 9293, section = "3.10.7.4")
  void resetOutsideOfTheWindowIsDroppedInSilence() {
    peer.open(80);
    peer.send(RST, peer.seq - 1, 0, NONE, NONE);
    peer.send(RST, peer.seq + 1_000_000, 0, NONE, NONE);
    peer.nothingMore();
    assertThat(peer.connection.state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(peer.host.count(TcpCounter.DROP_OUT_OF_WINDOW)).isEqualTo(2);
  }

  @Test
  @Rfc(number = 5961, section = "4.2")
  void synInTheWindowIsChallenged() {
    peer.open(80);
    peer.send(SYN, peer.seq + 5, 0, NONE, NONE);
    challenged(TcpCounter.DROP_SYN_CHALLENGED);
  }

  @Test
  @Rfc(number = 5961, section = "4.2")
  void synOutsideOfTheWindowIsChallenged() {
    peer.open(80);
    peer.send(SYN, peer.seq - 100_000, 0, NONE, NONE);
    challenged(TcpCounter.DROP_SYN_CHALLENGED);
  }

  @Test
  @Rfc(number = 5961, section = "5.2")
  void dataWithAnAcknowledgementOfWhatWasNeverSentIsNotTaken() {
    peer.open(80);
    peer.send(ACK, peer.seq, peer.ack + 1, NONE, TEN);
    challenged(TcpCounter.DROP_ACK_INVALID);
    assertThat(peer.connection.readableBytes()).isZero();
  }

  @Test
  @Rfc(number = 5961, section = "5.2")
  void dataWithAnAncientAcknowledgementIsNotTaken() {
    peer.open(80);
    peer.send(ACK, peer.seq, peer.ack - 70_000, NONE, TEN);
    challenged(TcpCounter.DROP_ACK_INVALID);
    assertThat(peer.connection.readableBytes()).isZero();
  }

  @Test
  @Rfc(number = 5961, section = "7")
  void challengesAreSentAtABoundedRate() {
    peer.open(80);
    for (int i = 0; i < 100; i++) {
      peer.send(SYN, peer.seq + 5, 0, NONE, NONE);
    }
    challenged100();
    peer.wire.run(TestWire.SECOND);
    peer.send(SYN, peer.seq + 5, 0, NONE, NONE);
    assertThat(peer.next().flags()).isEqualTo(ACK);
  }

  private void challenged100() {
    assertThat(peer.next().flags()).isEqualTo(ACK);
    peer.nothingMore();
    assertThat(peer.host.count(TcpCounter.CHALLENGE_ACKS)).isEqualTo(1);
  }

  @Test
  @Rfc(number = 9293, section = "3.10.7.4")
  void dataBeyondTheWindowIsAnsweredAndNotTaken() {
    peer.open(80);
    peer.send(ACK | PSH, peer.seq + 10_000_000, peer.ack, NONE, TEN);
    assertThat(peer.next().ack()).isEqualTo(peer.seq);
    assertThat(peer.connection.readableBytes()).isZero();
    assertThat(peer.host.count(TcpCounter.DROP_OUT_OF_WINDOW)).isEqualTo(1);
  }

  @Test
  @Rfc(number = 9293, section = "3.10.7.4")
  void segmentWithoutAcknowledgementIsDropped() {
    peer.open(80);
    peer.send(PSH, peer.seq, 0, NONE, TEN);
    peer.nothingMore();
    assertThat(peer.host.count(TcpCounter.DROP_NO_ACK)).isEqualTo(1);
  }

  @Test
  @Rfc(number = 9293, section = "3.4")
  void ofOverlappingDataTheFirstToComeCounts() {
    peer.open(80);
    peer.send(ACK, peer.seq + 4, peer.ack, NONE, new byte[] {5, 6, 7});
    peer.send(ACK, peer.seq + 2, peer.ack, NONE, new byte[] {93, 94, 95, 96, 97, 8});
    peer.send(ACK, peer.seq, peer.ack, NONE, new byte[] {1, 2, 83, 84});
    assertThat(peer.host.pop(peer.connection, 100))
        .containsExactly(new byte[] {1, 2, 93, 94, 5, 6, 7, 8});
  }

  @Test
  @Rfc(number = 7323, section = "5.3")
  void segmentWithAnOldTimestampIsAcknowledgedAndDropped() {
    peer.open(80, RawPeer.mss(1_000), RawPeer.timestamps(1_000, 0));
    peer.send(ACK | PSH, peer.seq, peer.ack, RawPeer.timestamps(999, 0), TEN);
    assertThat(peer.next().ack()).isEqualTo(peer.seq);
    assertThat(peer.connection.readableBytes()).isZero();
    assertThat(peer.host.count(TcpCounter.DROP_PAWS)).isEqualTo(1);
    peer.send(ACK | PSH, peer.seq, peer.ack, RawPeer.timestamps(1_000, 0), TEN);
    assertThat(peer.connection.readableBytes()).isEqualTo(10);
  }

  @Test
  @Rfc(number = 7323, section = "5.5")
  void afterWeeksOfSilenceAnyTimestampIsNew() {
    peer.open(80, RawPeer.mss(1_000), RawPeer.timestamps(1_000, 0));
    peer.wire.run(25L * 24 * 3_600 * TestWire.SECOND);
    peer.send(ACK | PSH, peer.seq, peer.ack, RawPeer.timestamps(999, 0), TEN);
    assertThat(peer.connection.readableBytes()).isEqualTo(10);
  }

  @Test
  @Rfc(number = 7323, section = "4.3")
  void theTimestampOfTheSegmentBeforeAGapIsEchoed() {
    peer.open(80, RawPeer.mss(1_000), RawPeer.timestamps(1_000, 0));
    peer.send(ACK, peer.seq + 10, peer.ack, RawPeer.timestamps(1_007, 0), TEN);
    assertThat(peer.next().options().tsEcr).isEqualTo(1_000);
    peer.send(ACK, peer.seq, peer.ack, RawPeer.timestamps(1_005, 0), TEN);
    assertThat(peer.next().options().tsEcr).isEqualTo(1_005);
  }

  @Test
  @Rfc(number = 9293, section = "3.1")
  void brokenHeadersAreCounted() {
    peer.open(80);
    for (int dataOffset : new int[] {0, 4, 15}) {
      TestSegment forged =
          TestSegment.forge(
              RawPeer.ADDRESS,
              peer.port,
              peer.host.address,
              80,
              peer.seq,
              peer.ack,
              ACK,
              100,
              NONE,
              NONE);
      forged.bytes()[12] = (byte) (dataOffset << 4);
      peer.host.receive(forged);
    }
    peer.host.receive(new TestSegment(RawPeer.ADDRESS, peer.host.address, new byte[19]));
    assertThat(peer.host.count(TcpCounter.DROP_BAD_HEADER)).isEqualTo(4);
    peer.nothingMore();
  }

  @Test
  @Rfc(number = 6093, section = "6")
  void urgentDataIsData() {
    peer.open(80);
    peer.send(ACK | 0x20, peer.seq, peer.ack, NONE, TEN);
    assertThat(peer.connection.readableBytes()).isEqualTo(10);
  }

  @Test
  @Rfc(number = 9293, section = "3.10.7.4")
  void dataBehindTheEndOfTheStreamIsDropped() {
    peer.open(80);
    peer.send(ACK | FIN, peer.seq + 10, peer.ack, NONE, NONE);
    peer.send(ACK, peer.seq, peer.ack, NONE, new byte[20]);
    assertThat(peer.connection.readableBytes()).isZero();
    peer.send(ACK, peer.seq, peer.ack, NONE, TEN);
    assertThat(peer.connection.readableBytes()).isEqualTo(10);
    assertThat(peer.connection.state()).isEqualTo(TcpState.CLOSE_WAIT);
  }

  @Test
  @Rfc(number = 5927, section = "4.1")
  void icmpErrorsThatQuoteNothingInFlightAreIgnored() {
    TcpConnection c = peer.host.tcp.connect(false, 0, 0, 0, 0, RawPeer.ADDRESS, 80);
    peer.host.apps.put(c, new TestHost.App() {});
    TestSegment syn = peer.next();
    icmp(c, syn.sequence() + 1_000);
    assertThat(c.state()).isEqualTo(TcpState.SYN_SENT);
    icmp(c, syn.sequence());
    assertThat(c.state()).isEqualTo(TcpState.CLOSED);
    assertThat(c.error()).isEqualTo(-Errno.ECONNREFUSED);
  }

  @Test
  @Rfc(number = 5927, section = "5.2")
  void icmpErrorsDoNotEndAnEstablishedConnection() {
    peer.open(80);
    peer.host.push(peer.connection, TEN);
    peer.nextData();
    icmp(peer.connection, peer.ack - 10);
    assertThat(peer.connection.state()).isEqualTo(TcpState.ESTABLISHED);
  }

  private void icmp(TcpConnection c, int sequence) {
    peer.host.tcp.icmpError(
        false,
        0,
        peer.host.address,
        c.localPort(),
        0,
        RawPeer.ADDRESS,
        c.remotePort(),
        sequence,
        Errno.ECONNREFUSED,
        true,
        peer.wire.nowNanos);
  }
}
