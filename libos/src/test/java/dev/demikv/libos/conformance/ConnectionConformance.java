package dev.demikv.libos.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.ConnectionInfo;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.Shutdown;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.api.TcpState;
import dev.demikv.libos.conformance.ConformanceBackend.Feature;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Stream sockets from bind to close: addresses, listeners, options, half-close, reset.
abstract class ConnectionConformance extends PdpixConformance {
  private static final AddressFamily V4 = AddressFamily.INET;
  private static final AddressFamily V6 = AddressFamily.INET6;

  @Test
  void portZeroIsAnyFreePort() {
    int one = listener();
    int two = listener();
    Endpoint first = libos.getsockname(one);
    Endpoint second = libos.getsockname(two);
    assertThat(first.port()).isPositive().isNotEqualTo(second.port());
    assertThat(first.ipv4Address()).isEqualTo(backend.address("a", V4, 0).ipv4Address());
  }

  @Test
  void aSocketWithoutANameHasTheWildcard() {
    Endpoint name = libos.getsockname(streamSocket(loop, V4));
    assertThat(name.isAny()).isTrue();
    assertThat(name.port()).isZero();
  }

  @Test
  void theWildcardListensOnEveryAddress() {
    int qd = streamSocket(loop, V4);
    libos.bind(qd, Endpoint.any(V4, 0));
    libos.listen(qd, 4);
    int port = libos.getsockname(qd).port();
    for (Endpoint to : List.of(backend.address("a", V4, port), Endpoint.loopback(V4, port))) {
      int client = streamSocket(loop, V4);
      assertThat(await(libos.connect(client, to)).result).as("%s", to).isZero();
      assertThat(libos.getpeername(client)).isEqualTo(to);
      QResult accepted = await(libos.accept(qd));
      assertThat(libos.getsockname(track(accepted.result))).isEqualTo(to);
    }
  }

  @Test
  void aPortInUseIsRefused() {
    Endpoint taken = libos.getsockname(listener());
    int qd = streamSocket(loop, V4);
    assertErrno(
        Errno.EADDRINUSE,
        () -> {
          libos.bind(qd, taken);
          libos.listen(qd, 1); // Linux tells so late where both allow the reuse of addresses.
        });
  }

  @Test
  void aPortIsFreeAgainAfterClose() {
    int first = listener();
    Endpoint name = libos.getsockname(first);
    libos.close(first);
    int again = streamSocket(loop, V4);
    libos.bind(again, name);
    libos.listen(again, 1);
    int client = streamSocket(loop, V4);
    assertThat(join(loop, client, loop, again).server()).isPositive();
  }

  @Test
  void anAddressOfAnotherMachineIsRefused() {
    int qd = streamSocket(loop, V4);
    assertErrno(Errno.EADDRNOTAVAIL, () -> libos.bind(qd, Endpoint.parse("192.0.2.1:0")));
  }

  @Test
  void aSocketIsBoundOnce() {
    int qd = listener();
    assertErrno(Errno.EINVAL, () -> libos.bind(qd, Endpoint.any(V4, 0)));
  }

  @Test
  void aBacklogIsAtLeastOne() {
    int qd = streamSocket(loop, V4);
    libos.bind(qd, backend.address("a", V4, 0));
    assertErrno(Errno.EINVAL, () -> libos.listen(qd, 0));
  }

  @Test
  void bothEndsKnowEachOther() {
    int listening = listener();
    int client = streamSocket(loop, V4);
    long accept = libos.accept(listening);
    await(libos.connect(client, libos.getsockname(listening)));
    QResult accepted = await(accept);
    int server = track(accepted.result);
    assertThat(libos.getpeername(client)).isEqualTo(libos.getsockname(listening));
    assertThat(libos.getpeername(server)).isEqualTo(libos.getsockname(client));
    assertThat(libos.getsockname(server)).isEqualTo(libos.getsockname(listening));
    assertThat(accepted.remote).isEqualTo(libos.getsockname(client));
    assertThat(accepted.qd).isEqualTo(listening);
  }

  @Test
  void connectionsOverIpv6() {
    needs(Feature.IPV6);
    Pair pair = connected(loop, loop, V6);
    await(loop.push(pair.client(), "six"));
    assertThat(readText(loop, pair.server(), 3)).isEqualTo("six");
    assertThat(libos.getpeername(pair.client()).family()).isEqualTo(V6);
    assertThat(libos.getpeername(pair.server())).isEqualTo(libos.getsockname(pair.client()));
  }

  @Test
  void theIpv6WildcardTakesIpv4Peers() {
    needs(Feature.IPV6);
    needs(Feature.DUAL_STACK);
    int qd = streamSocket(loop, V6);
    libos.bind(qd, Endpoint.any(V6, 0));
    libos.listen(qd, 4);
    int client = streamSocket(loop, V4);
    Endpoint to = Endpoint.loopback(V4, libos.getsockname(qd).port());
    assertThat(await(libos.connect(client, to)).result).isZero();
    QResult accepted = await(libos.accept(qd));
    track(accepted.result);
    assertThat(accepted.remote.family()).isEqualTo(V6);
    assertThat(accepted.remote.addressLow()).isEqualTo(0xffff_7f00_0001L);
  }

  @Test
  void anIpv6OnlySocketTakesNoIpv4Peers() {
    needs(Feature.IPV6);
    needs(Feature.DUAL_STACK);
    int qd = streamSocket(loop, V6);
    libos.setsockopt(qd, SocketOption.V6ONLY, 1);
    libos.bind(qd, Endpoint.any(V6, 0));
    libos.listen(qd, 4);
    int client = streamSocket(loop, V4);
    Endpoint to = Endpoint.loopback(V4, libos.getsockname(qd).port());
    assertThat(outcome(libos.connect(client, to))).isEqualTo(-Errno.ECONNREFUSED);
  }

  @Test
  void nobodyListensThereIsRefused() {
    int listening = listener();
    Endpoint name = libos.getsockname(listening);
    libos.close(listening);
    assertThat(outcome(libos.connect(streamSocket(loop, V4), name))).isEqualTo(-Errno.ECONNREFUSED);
  }

  @Test
  void acceptBeforeAndAfterTheConnect() {
    int listening = listener();
    Endpoint name = libos.getsockname(listening);
    long early = libos.accept(listening);
    int[] clients = {streamSocket(loop, V4), streamSocket(loop, V4)};
    await(libos.connect(clients[0], name));
    await(libos.connect(clients[1], name));
    int first = track(await(early).result);
    int second = track(await(libos.accept(listening)).result);
    assertThat(libos.getpeername(first)).isEqualTo(libos.getsockname(clients[0]));
    assertThat(libos.getpeername(second)).isEqualTo(libos.getsockname(clients[1]));
  }

  @Test
  void theBacklogLimitsOnlyWhatIsNotAccepted() {
    int listening = listener(loop, V4, 2);
    Endpoint name = libos.getsockname(listening);
    List<Integer> servers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      int client = streamSocket(loop, V4);
      assertThat(await(libos.connect(client, name)).result).isZero();
      servers.add(track(await(libos.accept(listening)).result));
    }
    assertThat(servers).doesNotHaveDuplicates();
  }

  @Test
  void moreClientsThanTheBacklogAllGetThroughInTheEnd() {
    int listening = listener(loop, V4, 2);
    Endpoint name = libos.getsockname(listening);
    List<Long> connects = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      connects.add(libos.connect(streamSocket(loop, V4), name));
    }
    for (int i = 0; i < 5; i++) {
      track(await(libos.accept(listening)).result);
    }
    for (long connect : connects) {
      assertThat(await(connect).result).isZero();
    }
  }

  @Test
  void closeOfAListenerCancelsItsAccepts() {
    int listening = listener();
    long first = libos.accept(listening);
    long second = libos.accept(listening);
    libos.close(listening);
    assertThat(await(first).result).isEqualTo(-Errno.ECANCELED);
    assertThat(await(second).result).isEqualTo(-Errno.ECANCELED);
  }

  @Test
  void closeOfAListenerLeavesAcceptedConnections() {
    Pair pair = connected();
    await(loop.push(pair.client(), "alive"));
    assertThat(readText(loop, pair.server(), 5)).isEqualTo("alive");
  }

  @Test
  void anAcceptCanBeCancelledAndLosesNoConnection() {
    int listening = listener();
    long accept = libos.accept(listening);
    assertThat(libos.cancel(accept)).isZero();
    assertThat(await(accept).result).isEqualTo(-Errno.ECANCELED);
    assertThat(join(loop, streamSocket(loop, V4), loop, listening).server()).isPositive();
  }

  @Test
  void aPopCanBeCancelledAndLosesNoBytes() {
    Pair pair = connected();
    long pop = libos.pop(pair.server());
    settle();
    assertThat(libos.cancel(pop)).isZero();
    assertThat(await(pop).result).isEqualTo(-Errno.ECANCELED);
    await(loop.push(pair.client(), "kept"));
    assertThat(readText(loop, pair.server(), 4)).isEqualTo("kept");
  }

  @Test
  void closeCancelsPopsOfAConnection() {
    Pair pair = connected();
    long first = libos.pop(pair.server());
    long second = libos.pop(pair.server());
    libos.close(pair.server());
    assertThat(await(first).result).isEqualTo(-Errno.ECANCELED);
    assertThat(await(second).result).isEqualTo(-Errno.ECANCELED);
  }

  @Test
  void closeCancelsAConnectInItsHandshake() {
    int listening = listener();
    int client = streamSocket(loop, V4);
    long connect = libos.connect(client, libos.getsockname(listening));
    libos.close(client);
    assertThat(await(connect).result).isIn(-Errno.ECANCELED, 0);
  }

  @Test
  void closeEndsTheStreamOfThePeerBehindWhatWasPushed() {
    Pair pair = connected();
    await(loop.push(pair.client(), "last words"));
    libos.close(pair.client());
    assertThat(readText(loop, pair.server(), 100)).isEqualTo("last words");
    QResult end = await(libos.pop(pair.server()));
    assertThat(end.result).isZero();
    assertThat(end.sga).isNull();
  }

  @Test
  void halfCloseEndsOneDirectionOnly() {
    Pair pair = connected();
    await(loop.push(pair.client(), "request"));
    libos.shutdown(pair.client(), Shutdown.WRITE);
    assertThat(readText(loop, pair.server(), 100)).isEqualTo("request");
    assertThat(outcome(loop.push(pair.client(), "late"))).isEqualTo(-Errno.EPIPE);
    await(loop.push(pair.server(), "response"));
    libos.shutdown(pair.server(), Shutdown.WRITE);
    assertThat(readText(loop, pair.client(), 100)).isEqualTo("response");
  }

  @Test
  void halfCloseComesBehindPushesThatWait() {
    Pair pair = connected();
    byte[] content = pattern(SEED, 0, 400_000);
    long push = loop.push(pair.client(), content);
    libos.shutdown(pair.client(), Shutdown.WRITE);
    assertThat(read(loop, pair.server(), content.length + 1)).isEqualTo(content);
    assertThat(await(push).result).isEqualTo(content.length);
  }

  @Test
  void theEndOfAStreamIsToldAgain() {
    Pair pair = connected();
    libos.shutdown(pair.client(), Shutdown.WRITE);
    for (int i = 0; i < 3; i++) {
      QResult end = await(libos.pop(pair.server()));
      assertThat(end.result).isZero();
      assertThat(end.sga).isNull();
    }
  }

  @Test
  void shutdownOfReadingEndsPendingPops() {
    Pair pair = connected();
    long pop = libos.pop(pair.server());
    settle();
    libos.shutdown(pair.server(), Shutdown.READ);
    assertThat(await(pop).result).isZero();
    await(loop.push(pair.server(), "still writes"));
    assertThat(readText(loop, pair.client(), 12)).isEqualTo("still writes");
  }

  @Test
  void shutdownOfAnUnconnectedSocketIsRefused() {
    int qd = streamSocket(loop, V4);
    assertErrno(Errno.ENOTCONN, () -> libos.shutdown(qd, Shutdown.WRITE));
    assertErrno(Errno.ENOTCONN, () -> libos.getpeername(qd));
  }

  @Test
  void anUnconnectedSocketNeitherPushesNorPops() {
    int qd = streamSocket(loop, V4);
    assertThat(outcome(loop.push(qd, "x"))).isIn(-Errno.ENOTCONN, -Errno.EPIPE);
    assertThat(outcome(libos.pop(qd))).isEqualTo(-Errno.ENOTCONN);
    assertThat(libos.accept(qd)).isNegative();
  }

  @Test
  void aConnectedSocketDoesNotConnectAgain() {
    Pair pair = connected();
    Endpoint name = libos.getpeername(pair.client());
    assertThat(outcome(libos.connect(pair.client(), name))).isEqualTo(-Errno.EISCONN);
  }

  @Test
  void aResetReachesThePeer() {
    Pair pair = connected();
    libos.setsockopt(pair.client(), SocketOption.LINGER_SECONDS, 0);
    long pop = libos.pop(pair.server());
    settle();
    libos.close(pair.client());
    assertThat(await(pop).result).isEqualTo(-Errno.ECONNRESET);
    int push = outcome(loop.push(pair.server(), "x"));
    assertThat(push).isIn(-Errno.EPIPE, -Errno.ECONNRESET);
  }

  @Test
  void pushingToAPeerThatLeftFailsInTheEnd() {
    Pair pair = connected();
    libos.close(pair.server());
    int outcome = 0;
    for (int i = 0; i < 100 && outcome >= 0; i++) {
      outcome = outcome(loop.push(pair.client(), pattern(SEED, 0, 10_000)));
      settle();
    }
    assertThat(outcome).isIn(-Errno.EPIPE, -Errno.ECONNRESET);
  }

  @Test
  void optionsAreKept() {
    int qd = streamSocket(loop, V4);
    assertThat(libos.getsockopt(qd, SocketOption.NODELAY)).as("default").isEqualTo(1);
    libos.setsockopt(qd, SocketOption.NODELAY, 0);
    assertThat(libos.getsockopt(qd, SocketOption.NODELAY)).isZero();
    libos.setsockopt(qd, SocketOption.KEEPALIVE, 1);
    assertThat(libos.getsockopt(qd, SocketOption.KEEPALIVE)).isEqualTo(1);
    libos.setsockopt(qd, SocketOption.RECEIVE_BUFFER_BYTES, 65_536);
    assertThat(libos.getsockopt(qd, SocketOption.RECEIVE_BUFFER_BYTES))
        .isGreaterThanOrEqualTo(65_536);
    assertThat(libos.getsockopt(qd, SocketOption.LINGER_SECONDS)).isEqualTo(-1);
    libos.setsockopt(qd, SocketOption.LINGER_SECONDS, 5);
    assertThat(libos.getsockopt(qd, SocketOption.LINGER_SECONDS)).isEqualTo(5);
  }

  @Test
  void anOptionOfAnotherKindOfSocketIsRefused() {
    needs(Feature.DATAGRAM);
    int qd = track(libos.socket(SocketType.DATAGRAM));
    assertErrno(Errno.ENOPROTOOPT, () -> libos.setsockopt(qd, SocketOption.NODELAY, 1));
  }

  @Test
  void aPushCannotPromiseDurabilityOnASocket() {
    int qd = streamSocket(loop, V4);
    assertErrno(Errno.EOPNOTSUPP, () -> libos.setsockopt(qd, SocketOption.PUSH_COMPLETION, 2));
  }

  @Test
  void aConnectionTellsWhatItIsAndCarries() {
    needs(Feature.CONNECTION_INFO);
    Pair pair = connected();
    byte[] content = pattern(SEED, 0, 10_000);
    await(loop.push(pair.client(), content));
    assertThat(read(loop, pair.server(), content.length)).isEqualTo(content);
    settle();

    ConnectionInfo sender = info(pair.client());
    assertThat(sender.state).isEqualTo(TcpState.ESTABLISHED);
    assertThat(sender.congestionControl).isNotEmpty();
    assertThat(sender.bytesOut).isEqualTo(content.length);
    // Linux counts the SYN too.
    assertThat(sender.bytesAcked).isBetween(10_000L, 10_001L);
    assertThat(sender.bytesIn).isZero();
    assertThat(sender.sendQueueBytes).isZero();
    assertThat(sender.unsentBytes).isZero();
    assertThat(sender.flightBytes).isZero();
    assertThat(sender.segmentsOut).isPositive();
    assertThat(sender.segmentsIn).isPositive();
    assertThat(sender.mssBytes).isBetween(500, 1 << 16);
    assertThat(sender.cwndBytes).isGreaterThanOrEqualTo(sender.mssBytes);
    assertThat(sender.sendWindowBytes).isPositive();
    // An answer within one reading of the clock, as from ourselves, is no measurement.
    assertThat(sender.srttNanos).isBetween(0L, 10_000_000_000L);
    assertThat(sender.minRttNanos).isBetween(0L, 10_000_000_000L);
    assertThat(sender.minRttNanos > 0).isEqualTo(sender.srttNanos > 0);
    assertThat(sender.rtoNanos).isGreaterThanOrEqualTo(sender.srttNanos);
    ConnectionInfo receiver = info(pair.server());
    assertThat(receiver.bytesIn).isEqualTo(content.length);
    assertThat(receiver.bytesOut).isZero();
    assertThat(receiver.receiveQueueBytes).isZero();
    assertThat(receiver.segmentsIn).isPositive();
  }

  @Test
  void whatIsNotPoppedIsInTheReceiveQueue() {
    needs(Feature.CONNECTION_INFO);
    Pair pair = connected();
    await(loop.push(pair.client(), "waits"));
    settle();
    assertThat(info(pair.server()).receiveQueueBytes).isEqualTo(5);
    assertThat(readText(loop, pair.server(), 5)).isEqualTo("waits");
    assertThat(info(pair.server()).receiveQueueBytes).isZero();
  }

  @Test
  void theStatesOfAHalfCloseAreTold() {
    needs(Feature.CONNECTION_INFO);
    Pair pair = connected();
    libos.shutdown(pair.client(), Shutdown.WRITE);
    await(libos.pop(pair.server()));
    settle();
    assertThat(info(pair.client()).state).isEqualTo(TcpState.FIN_WAIT_2);
    assertThat(info(pair.server()).state).isEqualTo(TcpState.CLOSE_WAIT);
  }

  @Test
  void onlyConnectionsHaveStatistics() {
    ConnectionInfo untouched = new ConnectionInfo();
    untouched.mssBytes = 7;
    assertThat(libos.connectionInfo(250, untouched)).isEqualTo(-Errno.EBADF);
    int memory = track(libos.queue(1));
    assertThat(libos.connectionInfo(memory, untouched)).isEqualTo(-Errno.EOPNOTSUPP);
    if (backend.lacks().contains(Feature.CONNECTION_INFO)) {
      Pair pair = connected();
      assertThat(libos.connectionInfo(pair.client(), untouched)).isEqualTo(-Errno.EOPNOTSUPP);
    } else {
      assertThat(libos.connectionInfo(listener(), untouched)).isEqualTo(-Errno.ENOTCONN);
      int fresh = streamSocket(loop, V4);
      assertThat(libos.connectionInfo(fresh, untouched)).isEqualTo(-Errno.ENOTCONN);
    }
    if (!backend.lacks().contains(Feature.DATAGRAM)) {
      int datagram = track(libos.socket(SocketType.DATAGRAM));
      assertThat(libos.connectionInfo(datagram, untouched)).isEqualTo(-Errno.EOPNOTSUPP);
    }
    assertThat(untouched.mssBytes).isEqualTo(7);
  }

  private ConnectionInfo info(int qd) {
    ConnectionInfo info = new ConnectionInfo();
    assertThat(libos.connectionInfo(qd, info)).isZero();
    return info;
  }

  @Test
  void twoLibOsesTalk() {
    needs(Feature.TWO_LIBOSES);
    Loop other = openLoop("b");
    Pair pair = connected(loop, other, V4);
    await(loop.push(pair.client(), "there"));
    assertThat(readText(other, pair.server(), 5)).isEqualTo("there");
    await(other, other.push(pair.server(), "and back"));
    assertThat(readText(loop, pair.client(), 8)).isEqualTo("and back");
  }

  @Test
  void theCloseOfALibOsEndsItsConnections() {
    needs(Feature.TWO_LIBOSES);
    Loop other = openLoop("b");
    Pair pair = connected(loop, other, V4);
    await(other, other.push(pair.server(), "bye"));
    other.libos.close();
    forget(other);
    assertThat(readText(loop, pair.client(), 100)).isEqualTo("bye");
  }

  @Test
  void theCloseOfALibOsFreesItsPorts() {
    needs(Feature.TWO_LIBOSES);
    needs(Feature.REOPENS);
    Loop other = openLoop("b");
    int listening = listener(other, V4, 4);
    Endpoint name = other.libos.getsockname(listening);
    other.libos.close();
    forget(other);
    if (!backend.lacks().contains(Feature.HOST_OUTLIVES_LIBOS)) {
      int outcome = outcome(libos.connect(streamSocket(loop, V4), name));
      assertThat(outcome).isEqualTo(-Errno.ECONNREFUSED);
    }
    Loop again = openLoop("b");
    int fresh = streamSocket(again, V4);
    again.libos.bind(fresh, name);
    again.libos.listen(fresh, 4);
    assertThat(join(loop, streamSocket(loop, V4), again, fresh).server()).isPositive();
  }
}
