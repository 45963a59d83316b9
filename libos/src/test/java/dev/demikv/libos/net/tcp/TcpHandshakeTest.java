package dev.demikv.libos.net.tcp;

import static dev.demikv.libos.net.tcp.RawPeer.ACK;
import static dev.demikv.libos.net.tcp.RawPeer.NONE;
import static dev.demikv.libos.net.tcp.RawPeer.RST;
import static dev.demikv.libos.net.tcp.RawPeer.SYN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.ConnectionInfo;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.TcpState;
import dev.demikv.libos.net.Rfc;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// How connections begin.
final class TcpHandshakeTest {
  private static final class Watch implements TestHost.App {
    int connected = 1;
    int closed = 1;

    @Override
    public void connected(int result) {
      connected = result;
    }

    @Override
    public void closed(int result) {
      closed = result;
    }
  }

  private final TestWire wire = new TestWire(7);

  @Test
  @Rfc(number = 9293, section = "3.5")
  void threeSegmentsOpenAConnection() {
    TestHost client = wire.host(TcpConfig.defaults());
    TestHost server = wire.host(TcpConfig.defaults());
    server.listen(80, 1);
    Watch watch = new Watch();
    TcpConnection c = client.connect(server, 80, any -> watch);
    wire.run(TestWire.SECOND);
    assertThat(watch.connected).isZero();
    assertThat(c.state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(server.accepted.getFirst().state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(server.accepted.getFirst().remotePort()).isEqualTo(c.localPort());
    assertThat(wire.carried).isEqualTo(3);
    ConnectionInfo agreed = TestHost.statistics(c);
    assertThat(agreed.sack && agreed.timestamps && agreed.windowScaling).isTrue();
    assertThat(agreed.srttNanos).isEqualTo(2 * wire.delayNanos);
  }

  @Test
  @Rfc(number = 9293, section = "3.10.7.1")
  void aPortWithoutListenerRefuses() {
    TestHost client = wire.host(TcpConfig.defaults());
    TestHost server = wire.host(TcpConfig.defaults());
    Watch watch = new Watch();
    TcpConnection c = client.connect(server, 80, any -> watch);
    wire.run(TestWire.SECOND);
    assertThat(watch.connected).isEqualTo(-Errno.ECONNREFUSED);
    assertThat(c.error()).isEqualTo(-Errno.ECONNREFUSED);
    c.close();
    assertThat(client.tcp.connectionObjectCount()).isZero();
    assertThat(client.count(TcpCounter.CONNECT_FAILURES)).isEqualTo(1);
  }

  @Test
  @Rfc(number = 6298, section = "5.5")
  void aLostSynIsRepeatedAtDoublingIntervalsAndGivenUp() {
    TestHost client = wire.host(TcpConfig.defaults());
    TestHost server = wire.host(TcpConfig.defaults());
    wire.cut = s -> true;
    wire.traceMax = 1_000;
    Watch watch = new Watch();
    client.connect(server, 80, any -> watch);
    wire.run(200 * TestWire.SECOND);
    long start = wire.trace.getFirst().atNanos();
    assertThat(wire.trace.stream().map(t -> (t.atNanos() - start) / TestWire.SECOND).toList())
        .startsWith(0L, 1L, 3L, 7L, 15L, 31L);
    assertThat(watch.connected).isEqualTo(-Errno.ETIMEDOUT);
  }

  @Test
  @Rfc(number = 9293, section = "3.5")
  void bothSidesMayOpenAtOnce() {
    TestHost a = wire.host(TcpConfig.defaults());
    TestHost b = wire.host(TcpConfig.defaults());
    Watch watchA = new Watch();
    Watch watchB = new Watch();
    TcpConnection ca = a.connect(1_000, b, 2_000, any -> watchA);
    TcpConnection cb = b.connect(2_000, a, 1_000, any -> watchB);
    wire.run(TestWire.SECOND);
    assertThat(watchA.connected).isZero();
    assertThat(watchB.connected).isZero();
    a.push(ca, new byte[] {1, 2, 3});
    b.push(cb, new byte[] {4, 5});
    wire.run(TestWire.SECOND);
    assertThat(b.pop(cb, 10)).containsExactly(1, 2, 3);
    assertThat(a.pop(ca, 10)).containsExactly(4, 5);
    assertThat(TestHost.statistics(ca).sack).isTrue();
    ca.close();
    cb.close();
    wire.run(100 * TestWire.SECOND);
    a.closeAndCheck();
    b.closeAndCheck();
  }

  @Test
  @Rfc(number = 9293, section = "3.5")
  void simultaneousOpenSurvivesLoss() {
    for (int seed = 0; seed < 30; seed++) {
      TestWire lossy = new TestWire(seed);
      lossy.loss = 0.3;
      TestHost a = lossy.host(TcpConfig.defaults());
      TestHost b = lossy.host(TcpConfig.defaults());
      Watch watchA = new Watch();
      Watch watchB = new Watch();
      TcpConnection ca = a.connect(1_000, b, 2_000, any -> watchA);
      b.connect(2_000, a, 1_000, any -> watchB);
      lossy.until(() -> watchA.connected == 0 && watchB.connected == 0, 60 * TestWire.SECOND);
      assertThat(ca.state()).isEqualTo(TcpState.ESTABLISHED);
    }
  }

  @Test
  @Rfc(number = 9293, section = "3.10.7.3")
  void aSynSentIgnoresResetsAndAcknowledgementsThatAreNotItsOwn() {
    RawPeer peer = new RawPeer(TcpConfig.defaults());
    Watch watch = new Watch();
    TcpConnection c = peer.host.tcp.connect(false, 0, 0, 0, 0, RawPeer.ADDRESS, RawPeer.PORT);
    peer.host.apps.put(c, watch);
    TestSegment syn = peer.next();
    peer.hostPort = c.localPort();
    peer.send(RST, 5, 0, NONE, NONE);
    peer.send(RST | ACK, 5, syn.sequence() + 9, NONE, NONE);
    assertThat(peer.wire.strays).isEmpty();
    peer.send(SYN | ACK, 5, syn.sequence(), NONE, NONE);
    TestSegment reset = peer.next();
    assertThat(reset.flags()).isEqualTo(RST);
    assertThat(reset.sequence()).isEqualTo(syn.sequence());
    assertThat(c.state()).isEqualTo(TcpState.SYN_SENT);
    peer.send(SYN | ACK, 5, syn.sequence() + 1, NONE, NONE);
    assertThat(watch.connected).isZero();
  }

  @Test
  @Rfc(number = 9293, section = "3.10.7.4")
  void aRepeatedSynIsAnsweredAgain() {
    RawPeer peer = new RawPeer(TcpConfig.defaults());
    peer.host.listen(80, 1);
    peer.hostPort = 80;
    peer.send(SYN, 100, 0, NONE, NONE);
    TestSegment first = peer.next();
    peer.send(SYN, 100, 0, NONE, NONE);
    TestSegment second = peer.next();
    assertThat(second.flags()).isEqualTo(SYN | ACK);
    assertThat(second.sequence()).isEqualTo(first.sequence());
    peer.wire.run(TestWire.SECOND);
    assertThat(peer.next().sequence()).isEqualTo(first.sequence());
  }

  @Test
  @Rfc(number = 9293, section = "3.10.7.4")
  void aWrongAcknowledgementOfTheSynIsReset() {
    RawPeer peer = new RawPeer(TcpConfig.defaults());
    peer.host.listen(80, 1);
    peer.hostPort = 80;
    peer.send(SYN, 100, 0, NONE, NONE);
    TestSegment reply = peer.next();
    peer.send(ACK, 101, reply.sequence() + 2, NONE, NONE);
    TestSegment reset = peer.next();
    assertThat(reset.flags()).isEqualTo(RST);
    assertThat(reset.sequence()).isEqualTo(reply.sequence() + 2);
  }

  @Test
  void theBacklogLimitsOnlyWhatWasNotAccepted() {
    TestHost client = wire.host(TcpConfig.defaults());
    TestHost server = wire.host(TcpConfig.defaults());
    server.onAccept = null;
    TcpListener listener = server.listen(80, 4);
    for (int i = 0; i < 10; i++) {
      client.connect(server, 80);
    }
    wire.run(500 * TestWire.MILLISECOND);
    assertThat(listener.waitingCount()).isEqualTo(4);
    for (int i = 0; i < 10; i++) {
      wire.until(() -> listener.waitingCount() > 0, 100 * TestWire.SECOND);
      TcpConnection c = server.tcp.accept(listener);
      server.apps.put(c, new TestHost.App() {});
    }
    assertThat(server.tcp.connectionCount()).isEqualTo(10);
  }

  @Test
  @Rfc(number = 4987, section = "3.6")
  void aFloodOfSynsDoesNotKeepARealClientOut() {
    TcpConfig config = TcpConfig.builder().synQueueMax(8).build();
    TestHost server = wire.host(config);
    TestHost client = wire.host(TcpConfig.defaults());
    server.listen(80, 10);
    for (int i = 0; i < 1_000; i++) {
      server.receive(
          TestSegment.forge(
              1_000 + i, 7, server.address, 80, i, 0, SYN, 1_000, RawPeer.mss(1_460), NONE));
    }
    assertThat(server.count(TcpCounter.SYN_COOKIES_OUT)).isEqualTo(992);
    BulkPeer[] peers = new BulkPeer[2];
    server.onAccept =
        c -> {
          peers[1] = new BulkPeer(server, c, 100_000, 100_000, false, 1);
          return peers[1];
        };
    client.connect(
        server,
        80,
        c -> {
          peers[0] = new BulkPeer(client, c, 100_000, 100_000, true, 2);
          return peers[0];
        });
    wire.until(() -> peers[1] != null, TestWire.SECOND);
    peers[1].pump();
    ConnectionInfo agreed = TestHost.statistics(peers[1].connection);
    assertThat(agreed.sack && agreed.timestamps && agreed.windowScaling).isTrue();
    assertThat(agreed.mssBytes).isEqualTo(1_448);
    wire.until(() -> peers[0].isDone() && peers[1].isDone(), 10 * TestWire.SECOND);
    assertThat(server.count(TcpCounter.SYN_COOKIES_GOOD)).isEqualTo(1);
  }

  @Test
  @Rfc(number = 4987, section = "3.6")
  void aForgedCookieIsDropped() {
    RawPeer peer = new RawPeer(TcpConfig.builder().synQueueMax(0).build());
    peer.host.listen(80, 1);
    peer.hostPort = 80;
    peer.send(SYN, 100, 0, NONE, NONE);
    TestSegment reply = peer.next();
    peer.send(ACK, 101, reply.sequence() + 2, NONE, NONE);
    peer.nothingMore();
    assertThat(peer.host.count(TcpCounter.DROP_COOKIE_INVALID)).isEqualTo(1);
    peer.send(ACK, 101, reply.sequence() + 1, NONE, NONE);
    assertThat(peer.host.tcp.connectionCount()).isEqualTo(1);
  }

  @Test
  void withoutCookiesAFullQueueDropsSyns() {
    RawPeer peer = new RawPeer(TcpConfig.builder().synQueueMax(0).synCookies(false).build());
    peer.host.listen(80, 1);
    peer.hostPort = 80;
    peer.send(SYN, 100, 0, NONE, NONE);
    peer.nothingMore();
    assertThat(peer.host.count(TcpCounter.DROP_SYN_QUEUE_FULL)).isEqualTo(1);
  }

  @Test
  @Rfc(number = 6056, section = "3.3.4")
  void ephemeralPortsDifferAndAreInRange() {
    TestHost client = wire.host(TcpConfig.defaults());
    TestHost server = wire.host(TcpConfig.defaults());
    Set<Integer> ports = new HashSet<>();
    for (int i = 0; i < 500; i++) {
      TcpConnection c = client.connect(server, 80);
      assertThat(c.localPort()).isBetween(49_152, 65_535);
      ports.add(c.localPort());
    }
    assertThat(ports).hasSize(500);
  }

  @Test
  void aPortInUseForTheSamePeerIsRefused() {
    TestHost client = wire.host(TcpConfig.defaults());
    TestHost server = wire.host(TcpConfig.defaults());
    client.connect(1_234, server, 80, any -> new Watch());
    assertThat(client.tcp.connect(false, 0, 0, 1_234, 0, server.address, 80)).isNull();
    assertThat(client.tcp.failure()).isEqualTo(-Errno.EADDRINUSE);
    assertThat(client.tcp.connect(false, 0, 0, 1_234, 0, server.address, 81)).isNotNull();
  }

  @Test
  void listenersOnTheSamePortConflict() {
    TestHost host = wire.host(TcpConfig.defaults());
    host.listen(80, 1);
    assertThat(host.tcp.listen(false, false, 0, 1, 80, 1)).isNull();
    assertThat(host.tcp.failure()).isEqualTo(-Errno.EADDRINUSE);
    assertThat(host.tcp.listen(true, true, 0, 0, 80, 1)).isNull();
    assertThat(host.tcp.listen(true, false, 0, 0, 80, 1)).isNotNull();
    assertThat(host.tcp.listen(false, false, 0, 0, 0, 1).localPort()).isGreaterThan(49_151);
  }

  @Test
  void aClosedListenerResetsWhatNobodyAccepted() {
    TestHost client = wire.host(TcpConfig.defaults());
    TestHost server = wire.host(TcpConfig.defaults());
    server.onAccept = null;
    TcpListener listener = server.listen(80, 4);
    Watch watch = new Watch();
    client.connect(server, 80, any -> watch);
    wire.run(TestWire.SECOND);
    listener.close();
    wire.run(TestWire.SECOND);
    assertThat(watch.closed).isEqualTo(-Errno.ECONNRESET);
    assertThat(server.tcp.connectionObjectCount()).isZero();
  }

  @Test
  void theLastConnectionObjectIsTheLimit() {
    TestHost client = wire.host(TcpConfig.builder().connectionsMax(3).build());
    TestHost server = wire.host(TcpConfig.defaults());
    for (int i = 0; i < 3; i++) {
      client.connect(server, 80);
    }
    assertThat(client.tcp.connect(false, 0, 0, 0, 0, server.address, 80)).isNull();
    assertThat(client.tcp.failure()).isEqualTo(-Errno.EMFILE);
  }
}
