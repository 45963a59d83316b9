package dev.demikv.libos.net.tcp;

import static dev.demikv.libos.net.tcp.RawPeer.ACK;
import static dev.demikv.libos.net.tcp.RawPeer.FIN;
import static dev.demikv.libos.net.tcp.RawPeer.NONE;
import static dev.demikv.libos.net.tcp.RawPeer.RST;
import static dev.demikv.libos.net.tcp.RawPeer.SYN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.PushCompletion;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.TcpState;
import dev.demikv.libos.net.Rfc;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// How connections end.
final class TcpCloseTest {
  private final TestWire wire = new TestWire(3);
  private final TestHost client = wire.host(TcpConfig.defaults());
  private final TestHost server = wire.host(TcpConfig.defaults());
  private TcpConnection c;
  private TcpConnection s;

  @BeforeEach
  void connect() {
    server.listen(80, 10);
    c = client.connect(server, 80);
    wire.until(() -> !server.accepted.isEmpty(), TestWire.SECOND);
    s = server.accepted.getFirst();
  }

  @Test
  @Rfc(number = 9293, section = "3.6")
  void afterAHalfCloseDataStillFlowsTheOtherWay() {
    client.push(c, new byte[] {1});
    c.shutdownWrite();
    wire.run(TestWire.SECOND);
    assertThat(c.state()).isEqualTo(TcpState.FIN_WAIT_2);
    assertThat(s.state()).isEqualTo(TcpState.CLOSE_WAIT);
    assertThat(server.pop(s, 10)).containsExactly(1);
    assertThat(server.pop(s, 10)).isNull();
    assertThat(s.popResult()).isZero();
    assertThat(client.push(c, new byte[] {2})).isEqualTo(-Errno.EPIPE);
    server.push(s, new byte[50_000]);
    wire.run(TestWire.SECOND);
    assertThat(c.readableBytes()).isEqualTo(50_000);
    s.close();
    wire.run(TestWire.SECOND);
    assertThat(c.state()).isEqualTo(TcpState.TIME_WAIT);
    assertThat(server.tcp.connectionObjectCount()).isZero();
    c.close();
    client.closeAndCheck();
    server.closeAndCheck();
  }

  @Test
  @Rfc(number = 9293, section = "3.6")
  void bothSidesMayCloseAtOnce() {
    c.close();
    s.close();
    wire.run(TestWire.SECOND);
    assertThat(client.tcp.connectionObjectCount()).isZero();
    assertThat(server.tcp.connectionObjectCount()).isZero();
    client.tcp.counters((name, value) -> {
      if (name.equals("tcp.time-wait")) {
        assertThat(value).isEqualTo(1);
      }
    });
  }

  @Test
  void closeSendsWhatWasPushedFirst() {
    client.push(c, new byte[200_000], 1, PushCompletion.ACCEPTED);
    c.close();
    wire.run(TestWire.SECOND);
    int received = 0;
    for (byte[] b = server.pop(s, 9_999); b != null; b = server.pop(s, 9_999)) {
      received += b.length;
      wire.run(TestWire.MILLISECOND);
    }
    assertThat(received).isEqualTo(200_000);
    assertThat(s.popResult()).isZero();
  }

  @Test
  @Rfc(number = 9293, section = "3.6.1")
  void closingWithUnreadDataResets() {
    server.push(s, new byte[10]);
    wire.run(TestWire.SECOND);
    c.close();
    wire.run(TestWire.SECOND);
    assertThat(s.error()).isEqualTo(-Errno.ECONNRESET);
    assertThat(client.tcp.connectionObjectCount()).isZero();
  }

  @Test
  @Rfc(number = 9293, section = "3.6.1")
  void dataForAConnectionThatWasClosedIsReset() {
    c.close();
    wire.run(TestWire.MILLISECOND);
    server.push(s, new byte[10]);
    wire.run(TestWire.SECOND);
    assertThat(s.error()).isEqualTo(-Errno.EPIPE);
    assertThat(client.count(TcpCounter.DROP_DATA_AFTER_CLOSE)).isEqualTo(1);
  }

  @Test
  void lingerOfZeroResets() {
    c.setOption(SocketOption.LINGER_SECONDS, 0);
    c.close();
    wire.run(TestWire.SECOND);
    assertThat(s.error()).isEqualTo(-Errno.ECONNRESET);
  }

  @Test
  void lingerGivesUpAfterItsTime() {
    wire.cut = any -> true;
    client.push(c, new byte[10]);
    c.setOption(SocketOption.LINGER_SECONDS, 3);
    c.close();
    wire.run(2 * TestWire.SECOND);
    assertThat(client.tcp.connectionCount()).isEqualTo(1);
    wire.run(2 * TestWire.SECOND);
    assertThat(client.tcp.connectionCount()).isZero();
  }

  @Test
  @Rfc(number = 9293, section = "3.10.5")
  void abortResetsAndFailsPendingPushes() {
    int[] result = new int[1];
    client.apps.put(
        c,
        new TestHost.App() {
          @Override
          public void pushed(long qtoken, int r) {
            result[0] = r;
          }
        });
    client.push(c, new byte[10], 1, PushCompletion.ACKED);
    c.abort();
    assertThat(result[0]).isEqualTo(-Errno.ECANCELED);
    wire.run(TestWire.SECOND);
    assertThat(s.error()).isEqualTo(-Errno.ECONNRESET);
    client.closeAndCheck();
  }

  @Test
  void finWait2OfAClosedConnectionEnds() {
    c.close();
    wire.run(59 * TestWire.SECOND);
    assertThat(client.tcp.connectionCount()).isEqualTo(1);
    wire.run(2 * TestWire.SECOND);
    assertThat(client.tcp.connectionCount()).isZero();
  }

  @Test
  @Rfc(number = 9293, section = "3.10.7.4")
  void timeWaitAcknowledgesARepeatedFinAndEndsAfterTwoLifetimes() {
    RawPeer peer = timeWait();
    peer.send(ACK | FIN, peer.seq - 1, peer.ack, NONE, NONE);
    TestSegment reply = peer.next();
    assertThat(reply.flags()).isEqualTo(ACK);
    assertThat(reply.ack()).isEqualTo(peer.seq);
    peer.wire.run(59 * TestWire.SECOND);
    peer.send(ACK, peer.seq + 5, peer.ack, NONE, NONE);
    assertThat(peer.next().flags()).isEqualTo(ACK);
    peer.wire.run(2 * TestWire.SECOND);
    peer.send(ACK | FIN, peer.seq - 1, peer.ack, NONE, NONE);
    assertThat(peer.next().flags()).isEqualTo(RST);
  }

  @Test
  @Rfc(number = 1337, section = "3")
  void aResetDoesNotEndTimeWait() {
    RawPeer peer = timeWait();
    peer.send(RST, peer.seq, 0, NONE, NONE);
    peer.send(ACK | FIN, peer.seq - 1, peer.ack, NONE, NONE);
    assertThat(peer.next().flags()).isEqualTo(ACK);
  }

  @Test
  @Rfc(number = 5961, section = "7")
  void timeWaitAnswersBareAcknowledgementsAtABoundedRate() {
    RawPeer peer = timeWait();
    for (int i = 0; i < 10; i++) {
      peer.send(ACK, peer.seq - 10, peer.ack, NONE, NONE);
    }
    assertThat(peer.next().flags()).isEqualTo(ACK);
    peer.nothingMore();
    peer.send(ACK | FIN, peer.seq - 1, peer.ack, NONE, NONE);
    assertThat(peer.next().flags()).as("the FIN is always answered").isEqualTo(ACK);
    peer.wire.run(TestWire.SECOND);
    peer.send(ACK, peer.seq - 10, peer.ack, NONE, NONE);
    assertThat(peer.next().flags()).isEqualTo(ACK);
  }

  @Test
  @Rfc(number = 6191, section = "2")
  void aNewerSynLeavesTimeWaitEarlyAndAnOlderOneDoesNot() {
    RawPeer peer = timeWait();
    peer.send(SYN, peer.seq - 500, 0, NONE, NONE);
    assertThat(peer.next().flags()).isEqualTo(ACK);
    peer.send(SYN, peer.seq + 500, 0, NONE, NONE);
    assertThat(peer.next().flags()).isEqualTo(SYN | ACK);
    assertThat(peer.host.count(TcpCounter.TIME_WAIT_REUSED)).isEqualTo(1);
  }

  /// The clock of initial sequence numbers ticks 250,000 times a second; data may be faster.
  @Test
  @Rfc(number = 9293, section = "3.6.1")
  void theNextConnectionBeginsBeyondTheNumbersOfTheOneInTimeWait() {
    RawPeer peer = new RawPeer(TcpConfig.defaults()).open(80);
    int first = peer.ack;
    for (int i = 0; i < 50; i++) {
      peer.host.push(peer.connection, new byte[20_000]);
      while (peer.ack - first < (i + 1) * 20_000) {
        peer.nextData();
        peer.send(ACK);
      }
    }
    RawPeer ended = timeWait(peer);
    ended.send(SYN, ended.seq + 500, 0, NONE, NONE);
    TestSegment reply = ended.next();
    assertThat(reply.flags()).isEqualTo(SYN | ACK);
    assertThat(reply.sequence() - ended.ack).isBetween(1, 1 << 20);
  }

  private static RawPeer timeWait() {
    return timeWait(new RawPeer(TcpConfig.defaults()).open(80));
  }

  private static RawPeer timeWait(RawPeer peer) {
    peer.connection.shutdownWrite();
    assertThat(peer.next().flags()).isEqualTo(ACK | FIN | RawPeer.PSH);
    peer.ack++;
    peer.send(ACK | FIN);
    peer.seq++;
    TestSegment last = peer.next();
    assertThat(last.ack()).isEqualTo(peer.seq);
    assertThat(peer.connection.state()).isEqualTo(TcpState.TIME_WAIT);
    peer.connection.close();
    return peer;
  }

  @Test
  @Rfc(number = 9293, section = "3.10.7.4")
  void aFinThatArrivesBeforeItsDataWaitsForIt() {
    RawPeer peer = new RawPeer(TcpConfig.defaults()).open(80);
    peer.send(ACK | FIN, peer.seq + 3, peer.ack, NONE, new byte[] {4});
    assertThat(peer.connection.state()).isEqualTo(TcpState.ESTABLISHED);
    peer.send(ACK, peer.seq, peer.ack, NONE, new byte[] {1, 2, 3});
    assertThat(peer.connection.state()).isEqualTo(TcpState.CLOSE_WAIT);
    assertThat(peer.host.pop(peer.connection, 10)).containsExactly(1, 2, 3, 4);
  }

  @Test
  void manyShortConnectionsLeaveNothingBehind() {
    TestWire many = new TestWire(11);
    TcpConfig config =
        TcpConfig.builder().connectionsMax(32).timeWaitMax(64).ephemeralPortMin(65_000).build();
    TestHost a = many.host(config);
    TestHost b = many.host(config);
    b.listen(80, 32);
    b.onAccept =
        connection ->
            new TestHost.App() {
              @Override
              public void readable() {
                byte[] got = b.pop(connection, 100);
                if (got != null) {
                  b.push(connection, got);
                  connection.close();
                }
              }
            };
    int[] done = new int[1];
    for (int i = 0; i < 3_000; i++) {
      TcpConnection[] one = new TcpConnection[1];
      one[0] =
          a.connect(
              b,
              80,
              any ->
                  new TestHost.App() {
                    @Override
                    public void connected(int result) {
                      assertThat(result).isZero();
                      a.push(one[0], new byte[20]);
                    }

                    @Override
                    public void readable() {
                      if (a.pop(one[0], 100) != null) {
                        done[0]++;
                        one[0].close();
                      }
                    }
                  });
      int target = i + 1;
      many.until(() -> done[0] == target, 10 * TestWire.SECOND);
      many.run(10 * TestWire.MILLISECOND);
    }
    many.run(200 * TestWire.SECOND);
    assertThat(a.tcp.connectionObjectCount()).isZero();
    assertThat(b.tcp.connectionObjectCount()).isZero();
    assertThat(a.count(TcpCounter.RESETS_OUT) + b.count(TcpCounter.RESETS_OUT)).isZero();
    a.closeAndCheck();
    b.closeAndCheck();
  }

  @Test
  @Rfc(number = 6191, section = "2")
  void aClientWithoutFreePortsTakesOneFromTimeWait() {
    TestWire few = new TestWire(12);
    TcpConfig config =
        TcpConfig.builder().ephemeralPortMin(65_000).ephemeralPortMax(65_003).build();
    TestHost a = few.host(config);
    TestHost b = few.host(config);
    b.listen(80, 32);
    for (int i = 0; i < 20; i++) {
      TcpConnection one = a.connect(b, 80);
      int target = i + 1;
      few.until(() -> b.accepted.size() == target, 10 * TestWire.SECOND);
      one.close();
      few.run(TestWire.MILLISECOND);
      b.accepted.getLast().close();
      few.run(2 * TestWire.SECOND);
    }
    assertThat(a.count(TcpCounter.TIME_WAIT_REUSED)).isEqualTo(16);
  }
}
