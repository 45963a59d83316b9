package dev.demikv.libos.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.conformance.ConformanceBackend.Feature;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Datagram sockets.
abstract class DatagramConformance extends PdpixConformance {
  @BeforeEach
  final void needsDatagrams() {
    needs(Feature.DATAGRAM);
  }

  private long pushTo(int qd, byte[] content, Endpoint to) {
    ScatterGatherArray sga = content.length == 0 ? libos.sgaAlloc() : loop.array(content);
    long qtoken = libos.pushTo(qd, sga, to);
    libos.sgaFree(sga);
    return qtoken;
  }

  @Test
  void aDatagramArrivesWholeAndNamesItsSender() {
    int from = datagramSocket(loop);
    int to = datagramSocket(loop);
    assertThat(await(pushTo(from, Loop.bytes("hello"), libos.getsockname(to))).result).isEqualTo(5);
    QResult popped = await(libos.pop(to));
    assertThat(popped.remote).isEqualTo(libos.getsockname(from));
    assertThat(loop.text(popped)).isEqualTo("hello");
  }

  @Test
  void boundariesAreKept() {
    int from = datagramSocket(loop);
    int to = datagramSocket(loop);
    for (String text : new String[] {"one", "three", "x"}) {
      await(pushTo(from, Loop.bytes(text), libos.getsockname(to)));
      settle();
    }
    assertThat(popText(to)).isEqualTo("one");
    assertThat(popText(to)).isEqualTo("three");
    assertThat(popText(to)).isEqualTo("x");
  }

  @Test
  void anArrayOfSeveralSegmentsIsOneDatagram() {
    int from = datagramSocket(loop);
    int to = datagramSocket(loop);
    ScatterGatherArray head = loop.array(Loop.bytes("head"));
    ScatterGatherArray tail = loop.array(Loop.bytes("tail"));
    ScatterGatherArray both = libos.sgaAlloc();
    both.addShared(head.buffer(0), head.offset(0), 4);
    both.addShared(tail.buffer(0), tail.offset(0), 4);
    long push = libos.pushTo(from, both, libos.getsockname(to));
    libos.sgaFree(both);
    libos.sgaFree(head);
    libos.sgaFree(tail);
    assertThat(await(push).result).isEqualTo(8);
    assertThat(popText(to)).isEqualTo("headtail");
  }

  @Test
  void anEmptyDatagramIsAnElement() {
    int from = datagramSocket(loop);
    int to = datagramSocket(loop);
    assertThat(await(pushTo(from, new byte[0], libos.getsockname(to))).result).isZero();
    QResult popped = await(libos.pop(to));
    assertThat(popped.result).isZero();
    assertThat(popped.sga).as("an array without bytes, not the end").isNotNull();
    assertThat(popped.remote).isEqualTo(libos.getsockname(from));
    libos.sgaFree(popped.sga);
  }

  @Test
  void aLongDatagramArrivesWhole() {
    int from = datagramSocket(loop);
    int to = datagramSocket(loop);
    byte[] content = pattern(SEED, 0, 60_000);
    await(pushTo(from, content, libos.getsockname(to)));
    assertThat(loop.content(await(libos.pop(to)))).isEqualTo(content);
  }

  @Test
  void aDatagramThatIsTooLongIsRefused() {
    int from = datagramSocket(loop);
    int to = datagramSocket(loop);
    assertThat(outcome(pushTo(from, new byte[65_536], libos.getsockname(to))))
        .isEqualTo(-Errno.EMSGSIZE);
  }

  @Test
  void aDatagramLongerThanThePopAllowsIsLost() {
    int from = datagramSocket(loop);
    int to = datagramSocket(loop);
    await(pushTo(from, Loop.bytes("12345"), libos.getsockname(to)));
    settle();
    QResult tooLong = await(libos.pop(to, 4));
    assertThat(tooLong.result).isEqualTo(-Errno.EMSGSIZE);
    assertThat(tooLong.sga).isNull();
    await(pushTo(from, Loop.bytes("next"), libos.getsockname(to)));
    assertThat(loop.text(await(libos.pop(to, 4)))).isEqualTo("next");
  }

  @Test
  void aConnectedSocketPushesToItsPeerAndTakesFromItOnly() {
    int one = datagramSocket(loop);
    int two = datagramSocket(loop);
    int stranger = datagramSocket(loop);
    assertThat(await(libos.connect(one, libos.getsockname(two))).result).isZero();
    assertThat(libos.getpeername(one)).isEqualTo(libos.getsockname(two));
    await(loop.push(one, "to the peer"));
    assertThat(popText(two)).isEqualTo("to the peer");
    await(pushTo(stranger, Loop.bytes("ignored"), libos.getsockname(one)));
    settle();
    await(pushTo(two, Loop.bytes("taken"), libos.getsockname(one)));
    assertThat(popText(one)).isEqualTo("taken");
  }

  @Test
  void aPushWithoutADestinationIsRefused() {
    int qd = datagramSocket(loop);
    assertThat(outcome(loop.push(qd, "where to"))).isEqualTo(-Errno.EDESTADDRREQ);
  }

  @Test
  void aSocketThatWasNotBoundGetsAPort() {
    int from = track(libos.socket(SocketType.DATAGRAM));
    int to = datagramSocket(loop);
    await(pushTo(from, Loop.bytes("x"), libos.getsockname(to)));
    QResult popped = await(libos.pop(to));
    loop.content(popped);
    assertThat(popped.remote.port()).isPositive();
    assertThat(libos.getsockname(from).port()).isEqualTo(popped.remote.port());
  }

  @Test
  void theWildcardTakesWhatComesToAnyAddress() {
    int to = track(libos.socket(SocketType.DATAGRAM));
    libos.bind(to, Endpoint.any(AddressFamily.INET, 0));
    int from = track(libos.socket(SocketType.DATAGRAM));
    int port = libos.getsockname(to).port();
    await(pushTo(from, Loop.bytes("x"), backend.address("a", AddressFamily.INET, port)));
    assertThat(popText(to)).isEqualTo("x");
  }

  @Test
  void datagramAndStreamPortsAreApart() {
    int stream = listener();
    int qd = track(libos.socket(SocketType.DATAGRAM));
    libos.bind(qd, libos.getsockname(stream));
    assertThat(libos.getsockname(qd).port()).isEqualTo(libos.getsockname(stream).port());
  }

  @Test
  void aPortInUseIsRefused() {
    int first = datagramSocket(loop);
    int second = track(libos.socket(SocketType.DATAGRAM));
    Endpoint taken = libos.getsockname(first);
    assertErrno(Errno.EADDRINUSE, () -> libos.bind(second, taken));
  }

  @Test
  void closeCancelsPops() {
    int qd = datagramSocket(loop);
    long pop = libos.pop(qd);
    libos.close(qd);
    assertThat(await(pop).result).isEqualTo(-Errno.ECANCELED);
  }

  @Test
  void aConnectedSocketLearnsThatNobodyListens() {
    needs(Feature.DATAGRAM_REFUSED);
    int gone = datagramSocket(loop);
    Endpoint name = libos.getsockname(gone);
    libos.close(gone);
    int qd = datagramSocket(loop);
    await(libos.connect(qd, name));
    long pop = libos.pop(qd);
    loop.push(qd, "anybody?");
    assertThat(await(pop).result).isEqualTo(-Errno.ECONNREFUSED);
  }

  @Test
  void datagramSocketsDoNotListen() {
    int qd = datagramSocket(loop);
    assertErrno(Errno.EOPNOTSUPP, () -> libos.listen(qd, 1));
    assertThat(outcome(libos.accept(qd))).isIn(-Errno.EOPNOTSUPP, -Errno.EINVAL);
  }

  @Test
  void aFloodIsDroppedNotQueuedWithoutLimit() {
    int from = datagramSocket(loop);
    int to = datagramSocket(loop);
    Endpoint name = libos.getsockname(to);
    for (int i = 0; i < 2_000; i++) {
      long push = pushTo(from, pattern(i, 0, 1_000), name);
      if (push > 0) {
        await(push);
      }
    }
    settle();
    long pop = libos.pop(to);
    assertThat(loop.content(await(pop))).hasSize(1_000);
  }

  @Test
  void datagramsOverIpv6() {
    needs(Feature.IPV6);
    int from = track(libos.socket(SocketType.DATAGRAM, AddressFamily.INET6));
    int to = track(libos.socket(SocketType.DATAGRAM, AddressFamily.INET6));
    libos.bind(to, Endpoint.loopback(AddressFamily.INET6, 0));
    await(pushTo(from, Loop.bytes("six"), libos.getsockname(to)));
    assertThat(popText(to)).isEqualTo("six");
  }

  @Test
  void twoLibOsesExchangeDatagrams() {
    needs(Feature.TWO_LIBOSES);
    Loop other = openLoop("b");
    int here = datagramSocket(loop);
    int there = datagramSocket(other);
    await(pushTo(here, Loop.bytes("over"), other.libos.getsockname(there)));
    QResult popped = await(other, other.libos.pop(there));
    assertThat(other.text(popped)).isEqualTo("over");
    assertThat(popped.remote).isEqualTo(libos.getsockname(here));
  }
}
