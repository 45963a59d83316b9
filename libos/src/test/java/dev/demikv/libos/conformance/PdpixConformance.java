package dev.demikv.libos.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.SocketType;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;

/// What all parts of the suite share: opening, waiting, and the check for leaks after each test.
abstract class PdpixConformance {
  /// Seed of every random choice in the suite.
  static final long SEED = 20260101;

  private static final long MILLIS = 1_000_000;

  ConformanceBackend backend;
  Loop loop;
  LibOs libos;
  private final List<Loop> loops = new ArrayList<>();
  private final List<int[]> opened = new ArrayList<>();

  abstract ConformanceBackend newBackend();

  @BeforeEach
  final void openBackend() {
    backend = newBackend();
    loop = openLoop("a");
    libos = loop.libos;
  }

  @AfterEach
  final void closeBackend() {
    try {
      for (int i = opened.size() - 1; i >= 0; i--) {
        closeIfOpen(loops.get(opened.get(i)[0]), opened.get(i)[1]);
      }
      if (backend.isVirtualTime()) {
        settle(); // Devices give back what they have sent.
      }
      loops.forEach(Loop::assertNothingLeaks);
    } finally {
      loops.forEach(each -> each.libos.close());
      backend.close();
    }
  }

  private static void closeIfOpen(Loop each, int qd) {
    try {
      each.libos.close(qd);
    } catch (LibOsException e) {
      // Closed by the test, or taken over by another queue that is closed itself.
      assertThat(e.errno()).isIn(Errno.EBADF, Errno.EBUSY);
    }
  }

  final Loop openLoop(String host) {
    Loop opening = new Loop(backend.open(host), host);
    loops.add(opening);
    return opening;
  }

  /// Closes a LibOs before its end and opens another one in its place.
  final Loop reopen(Loop old) {
    old.assertNothingLeaks();
    old.libos.close();
    loops.remove(old);
    opened.clear();
    Loop opening = openLoop(old.host);
    if (loop == old) {
      loop = opening;
      libos = opening.libos;
    }
    return opening;
  }

  /// A LibOs that the test closed itself.
  final void forget(Loop closed) {
    int index = loops.indexOf(closed);
    opened.removeIf(each -> each[0] >= index);
    loops.remove(closed);
  }

  /// Notes a queue, to be closed after the test.
  final int track(Loop of, int qd) {
    assertThat(qd).isPositive();
    opened.add(new int[] {loops.indexOf(of), qd});
    return qd;
  }

  final int track(int qd) {
    return track(loop, qd);
  }

  final void needs(ConformanceBackend.Feature feature) {
    Assumptions.assumeFalse(
        backend.lacks().contains(feature), "backend " + backend.name() + " lacks " + feature);
  }

  // Waiting, with every LibOs of the test at work.

  final void turnAll() {
    if (loops.size() == 1) {
      loop.turn(backend.isVirtualTime() ? 1000 * MILLIS : 10 * MILLIS);
      return;
    }
    for (Loop each : loops) {
      each.turn(backend.isVirtualTime() ? 0 : MILLIS / 20);
    }
    backend.pass();
  }

  /// Gives devices time to do what nobody is told of.
  final void settle() {
    for (int i = 0; i < 20; i++) {
      for (Loop each : loops) {
        each.turn(loops.size() == 1 || !backend.isVirtualTime() ? MILLIS : 0);
      }
      backend.pass();
    }
  }

  final QResult await(Loop of, long qtoken) {
    assertThat(qtoken).as("token, or -errno").isPositive();
    for (int i = 0; i < 100_000; i++) {
      QResult result = of.take(qtoken);
      if (result != null) {
        assertThat(result.qtoken).isEqualTo(qtoken);
        return result;
      }
      turnAll();
      if (loops.size() == 1 && i > 6_000) {
        break;
      }
    }
    throw new AssertionError("the operation did not complete");
  }

  final QResult await(long qtoken) {
    return await(loop, qtoken);
  }

  /// What becomes of an operation: the error of its start, or the result of its completion.
  final int outcome(Loop of, long qtoken) {
    if (qtoken < 0) {
      return (int) qtoken;
    }
    QResult result = await(of, qtoken);
    if (result.sga != null) {
      of.libos.sgaFree(result.sga);
    }
    return result.result;
  }

  final int outcome(long qtoken) {
    return outcome(loop, qtoken);
  }

  final String popText(int qd) {
    return loop.text(await(libos.pop(qd)));
  }

  // Sockets.

  record Pair(Loop clientLoop, int client, Loop serverLoop, int server) {}

  final int streamSocket(Loop of, AddressFamily family) {
    return track(of, of.libos.socket(SocketType.STREAM, family));
  }

  final int listener(Loop of, AddressFamily family, int backlog) {
    int qd = streamSocket(of, family);
    of.libos.bind(qd, backend.address(of.host, family, 0));
    of.libos.listen(qd, backlog);
    return qd;
  }

  final int listener() {
    return listener(loop, AddressFamily.INET, 16);
  }

  final Pair connected(Loop clientLoop, Loop serverLoop, AddressFamily family) {
    int listening = listener(serverLoop, family, 16);
    int client = streamSocket(clientLoop, family);
    Pair pair = join(clientLoop, client, serverLoop, listening);
    serverLoop.libos.close(listening);
    return pair;
  }

  /// Connects a client to a listener and accepts it.
  final Pair join(Loop clientLoop, int client, Loop serverLoop, int listening) {
    long accept = serverLoop.libos.accept(listening);
    long connect = clientLoop.libos.connect(client, serverLoop.libos.getsockname(listening));
    assertThat(await(clientLoop, connect).result).as("connect").isZero();
    QResult accepted = await(serverLoop, accept);
    assertThat(accepted.result).as("accept").isPositive();
    return new Pair(clientLoop, client, serverLoop, track(serverLoop, accepted.result));
  }

  /// Two ends of a connection within one LibOs.
  final Pair connected() {
    return connected(loop, loop, AddressFamily.INET);
  }

  /// Pops until so many bytes have come, or the stream ends.
  final byte[] read(Loop of, int qd, int length) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    while (all.size() < length) {
      QResult result = await(of, of.libos.pop(qd, length - all.size()));
      assertThat(result.result).as("pop after %d bytes", all.size()).isNotNegative();
      if (result.result == 0) {
        break;
      }
      all.writeBytes(of.content(result));
    }
    return all.toByteArray();
  }

  final String readText(Loop of, int qd, int length) {
    return new String(read(of, qd, length), StandardCharsets.UTF_8);
  }

  final int datagramSocket(Loop of) {
    int qd = track(of, of.libos.socket(SocketType.DATAGRAM, AddressFamily.INET));
    of.libos.bind(qd, backend.address(of.host, AddressFamily.INET, 0));
    return qd;
  }

  static Endpoint withPort(Endpoint endpoint, int port) {
    return endpoint.family() == AddressFamily.INET
        ? Endpoint.ipv4(endpoint.ipv4Address(), port)
        : Endpoint.ipv6(endpoint.addressHigh(), endpoint.addressLow(), endpoint.scope(), port);
  }

  static void assertErrno(int errno, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            LibOsException.class,
            e -> assertThat(Errno.name(e.errno())).isEqualTo(Errno.name(errno)));
  }

  /// Content by place, so that any byte out of place is seen.
  static byte[] pattern(long seed, long from, int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      long z = seed * 0x9e3779b97f4a7c15L + from + i;
      z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
      bytes[i] = (byte) (z ^ z >>> 27);
    }
    return bytes;
  }
}
