package dev.demikv.libos.device.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.PushCompletion;
import dev.demikv.libos.api.Shutdown;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.device.kernel.RecordingSink.Completion;
import dev.demikv.libos.device.kernel.TransportLoop.Pair;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// TCP on the transport seam, against itself and against the JDK's sockets.
final class KernelStreamTest {
  private static final byte[] HELLO = "hello".getBytes(UTF_8);

  private final TransportLoop loop = new TransportLoop();

  @AfterEach
  void nothingLeaks() {
    loop.close();
  }

  @Test
  void echoesBytes() {
    Pair pair = loop.pair();
    long popping = loop.pop(pair.server());
    long pushing = loop.push(pair.client(), HELLO);

    assertThat(loop.await(pushing).result()).isEqualTo(5);
    Completion popped = loop.await(popping);
    assertThat(popped.result()).isEqualTo(5);
    assertThat(popped.bytes()).isEqualTo(HELLO);
  }

  @Test
  void oneRequestCostsOneRecvAndOneSend() {
    Pair pair = loop.pair();
    for (int i = 0; i < 100; i++) {
      long popping = loop.pop(pair.server());
      loop.await(loop.push(pair.client(), HELLO));
      loop.await(popping);
    }

    assertThat(loop.counter("recv-calls")).isEqualTo(100);
    assertThat(loop.counter("send-calls")).isEqualTo(100);
    assertThat(loop.counter("recv-eagain")).isZero();
  }

  @Test
  void pushesOfOneTurnShareOneSend() {
    Pair pair = loop.pair();
    long first = loop.push(pair.client(), "a".getBytes(UTF_8), "bc".getBytes(UTF_8));
    long second = loop.push(pair.client(), "def".getBytes(UTF_8));

    assertThat(loop.await(first).result()).isEqualTo(3);
    assertThat(loop.await(second).result()).isEqualTo(3);
    assertThat(loop.counter("send-calls")).isEqualTo(1);
    assertThat(loop.await(loop.pop(pair.server())).bytes()).isEqualTo("abcdef".getBytes(UTF_8));
  }

  @Test
  void popTakesNoMoreThanAskedAndLeavesTheRest() {
    Pair pair = loop.pair();
    loop.await(loop.push(pair.client(), HELLO));

    assertThat(loop.await(loop.pop(pair.server(), 2)).bytes()).isEqualTo("he".getBytes(UTF_8));
    assertThat(loop.await(loop.pop(pair.server())).bytes()).isEqualTo("llo".getBytes(UTF_8));
  }

  @Test
  void popsCompleteInOrder() {
    Pair pair = loop.pair();
    long first = loop.pop(pair.server(), 1);
    long second = loop.pop(pair.server(), 1);
    loop.push(pair.client(), "xy".getBytes(UTF_8));

    assertThat(loop.await(first).bytes()).isEqualTo("x".getBytes(UTF_8));
    assertThat(loop.await(second).bytes()).isEqualTo("y".getBytes(UTF_8));
  }

  @Test
  void halfCloseSendsEverythingBeforeTheEndAndLeavesTheOtherDirectionOpen() {
    Pair pair = loop.pair();
    byte[] block = pattern(16 << 10, 1);
    for (int i = 0; i < 8; i++) {
      loop.push(pair.client(), block);
    }
    loop.transport.shutdown(pair.client(), Shutdown.WRITE);

    byte[] received = popUntilEnd(pair.server());
    assertThat(received).hasSize(8 * block.length);
    assertThat(loop.tryPush(pair.client(), null, HELLO)).isEqualTo(-Errno.EPIPE);
    loop.push(pair.server(), HELLO);
    assertThat(loop.await(loop.pop(pair.client())).bytes()).isEqualTo(HELLO);
  }

  @Test
  void endOfStreamIsReportedToEveryPop() {
    Pair pair = loop.pair();
    long first = loop.pop(pair.server());
    long second = loop.pop(pair.server());
    loop.transport.close(pair.client());

    assertThat(loop.await(first).result()).isZero();
    assertThat(loop.await(second).result()).isZero();
    assertThat(loop.await(loop.pop(pair.server())).result()).isZero();
  }

  @Test
  void shutdownOfReadEndsPendingPops() {
    Pair pair = loop.pair();
    long popping = loop.pop(pair.server());
    loop.transport.shutdown(pair.server(), Shutdown.READ);

    assertThat(loop.await(popping).result()).isZero();
  }

  @Test
  void bytesPushedJustBeforeCloseArrive() {
    Pair pair = loop.pair();
    long pushing = loop.push(pair.client(), HELLO);
    loop.transport.close(pair.client());

    assertThat(loop.await(pushing).result()).isEqualTo(5);
    assertThat(popUntilEnd(pair.server())).isEqualTo(HELLO);
  }

  @Test
  void closeCancelsWhatWaits() {
    Pair pair = loop.pair();
    int listener = loop.listener(AddressFamily.INET);
    long popping = loop.pop(pair.server());
    long accepting = loop.accept(listener);
    loop.transport.close(pair.server());
    loop.transport.close(listener);

    assertThat(loop.sink.take(popping).result()).isEqualTo(-Errno.ECANCELED);
    assertThat(loop.sink.take(accepting).result()).isEqualTo(-Errno.ECANCELED);
    assertThat(loop.transport.pop(pair.server(), 1, 999)).isEqualTo(-Errno.EBADF);
  }

  @Test
  void cancelReportsTheTokenOnce() {
    Pair pair = loop.pair();
    int listener = loop.listener(AddressFamily.INET);
    long first = loop.pop(pair.server());
    long second = loop.pop(pair.server());
    long third = loop.pop(pair.server());
    long accepting = loop.accept(listener);
    long pushing = loop.push(pair.server(), HELLO);

    assertThat(loop.transport.cancel(pair.server(), second)).isZero();
    assertThat(loop.transport.cancel(listener, accepting)).isZero();
    assertThat(loop.transport.cancel(pair.server(), pushing)).isZero();
    assertThat(loop.transport.cancel(pair.server(), second)).isEqualTo(-Errno.EALREADY);
    assertThat(loop.sink.take(second).result()).isEqualTo(-Errno.ECANCELED);
    assertThat(loop.sink.take(accepting).result()).isEqualTo(-Errno.ECANCELED);
    assertThat(loop.sink.take(pushing).result()).isEqualTo(-Errno.ECANCELED);

    loop.push(pair.client(), "x".getBytes(UTF_8));
    assertThat(loop.await(first).bytes()).isEqualTo("x".getBytes(UTF_8));
    loop.push(pair.client(), "y".getBytes(UTF_8));
    assertThat(loop.await(third).bytes()).isEqualTo("y".getBytes(UTF_8));
  }

  @Test
  void connectionIsRefusedWhereNobodyListens() {
    int listener = loop.listener(AddressFamily.INET);
    Endpoint nobody = loop.transport.getsockname(listener);
    loop.transport.close(listener);
    int client = loop.socket(SocketType.STREAM, AddressFamily.INET);

    assertThat(loop.await(loop.connect(client, nobody)).result()).isEqualTo(-Errno.ECONNREFUSED);
    assertThat(loop.transport.pop(client, 1, 999)).isEqualTo(-Errno.ECONNREFUSED);
  }

  @Test
  void connectInFlightCanBeCanceledAndClosed() {
    int listener = loop.listener(AddressFamily.INET);
    int first = loop.socket(SocketType.STREAM, AddressFamily.INET);
    int second = loop.socket(SocketType.STREAM, AddressFamily.INET);
    long canceled = loop.connect(first, loop.transport.getsockname(listener));
    long closed = loop.connect(second, loop.transport.getsockname(listener));

    assertThat(loop.transport.connect(first, loop.transport.getsockname(listener), 999))
        .isEqualTo(-Errno.EALREADY);
    assertThat(loop.transport.cancel(first, canceled)).isZero();
    loop.transport.close(second);
    assertThat(loop.sink.take(canceled).result()).isEqualTo(-Errno.ECANCELED);
    assertThat(loop.sink.take(closed).result()).isEqualTo(-Errno.ECANCELED);
  }

  @Test
  void resetFailsWhatWaitsOnceAndLaterCalls() {
    Pair pair = loop.pair();
    long first = loop.pop(pair.server());
    long second = loop.pop(pair.server());
    loop.transport.setsockopt(pair.client(), SocketOption.LINGER_SECONDS, 0);
    loop.transport.close(pair.client());

    assertThat(loop.await(first).result()).isEqualTo(-Errno.ECONNRESET);
    assertThat(loop.await(second).result()).isEqualTo(-Errno.ECONNRESET);
    assertThat(loop.transport.pop(pair.server(), 1, 999)).isEqualTo(-Errno.ECONNRESET);
    assertThat(loop.tryPush(pair.server(), null, HELLO)).isEqualTo(-Errno.ECONNRESET);
    assertThat(loop.counter("errors.ECONNRESET")).isPositive();
  }

  @Test
  void pushToAPeerThatIsGoneFailsAndSoDoesTheNextPop() {
    Pair pair = loop.pair();
    loop.transport.setsockopt(pair.client(), SocketOption.LINGER_SECONDS, 0);
    loop.transport.close(pair.client());
    long pushing = loop.push(pair.server(), HELLO);

    int result = loop.await(pushing).result();
    assertThat(result).isIn(-Errno.ECONNRESET, -Errno.EPIPE);
    int rc = loop.transport.pop(pair.server(), 1, 999);
    assertThat(rc < 0 ? rc : loop.await(999).result()).isIn(-Errno.ECONNRESET, -Errno.EPIPE);
  }

  @Test
  void backlogHoldsConnectionsUntilTheyAreAccepted() throws IOException {
    int listener = loop.listener(AddressFamily.INET);
    try (Socket a = new Socket(InetAddress.getLoopbackAddress(), loop.port(listener));
        Socket b = new Socket(InetAddress.getLoopbackAddress(), loop.port(listener))) {
      Completion first = loop.await(loop.accept(listener));
      Completion second = loop.await(loop.accept(listener));

      assertThat(first.remote()).isEqualTo(Endpoint.ipv4(0x7f000001, a.getLocalPort()));
      assertThat(second.remote()).isEqualTo(Endpoint.ipv4(0x7f000001, b.getLocalPort()));
      assertThat(loop.transport.getpeername(first.result())).isEqualTo(first.remote());
    }
  }

  @Test
  void wildcardWithPortZeroTakesAFreePort() throws IOException {
    int listener = loop.socket(SocketType.STREAM, AddressFamily.INET);
    loop.transport.bind(listener, Endpoint.any(AddressFamily.INET, 0));
    loop.transport.listen(listener, 1);

    assertThat(loop.port(listener)).isPositive();
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), loop.port(listener))) {
      Completion accepted = loop.await(loop.accept(listener));
      client.getOutputStream().write(HELLO);
      assertThat(loop.await(loop.pop(accepted.result())).bytes()).isEqualTo(HELLO);
    }
  }

  @Test
  void worksOverIpv6() {
    assumeIpv6();
    Pair pair = loop.pair(AddressFamily.INET6);
    loop.push(pair.client(), HELLO);

    assertThat(loop.await(loop.pop(pair.server())).bytes()).isEqualTo(HELLO);
    Endpoint name = loop.transport.getsockname(pair.server());
    assertThat(name).isEqualTo(Endpoint.loopback(AddressFamily.INET6, name.port()));
  }

  @Test
  void ipv6WildcardTakesIpv4PeersUnlessV6Only() {
    assumeIpv6();
    int listener = loop.socket(SocketType.STREAM, AddressFamily.INET6);
    loop.transport.bind(listener, Endpoint.any(AddressFamily.INET6, 0));
    loop.transport.listen(listener, 1);
    long accepting = loop.accept(listener);
    int client = loop.socket(SocketType.STREAM, AddressFamily.INET);

    Endpoint ipv4 = Endpoint.loopback(AddressFamily.INET, loop.port(listener));
    assertThat(loop.await(loop.connect(client, ipv4)).result()).isZero();
    Completion accepted = loop.await(accepting);
    assertThat(accepted.remote().addressLow()).isEqualTo(0xffff_7f00_0001L);

    int only = loop.socket(SocketType.STREAM, AddressFamily.INET6);
    loop.transport.setsockopt(only, SocketOption.V6ONLY, 1);
    loop.transport.bind(only, Endpoint.any(AddressFamily.INET6, 0));
    loop.transport.listen(only, 1);
    int refused = loop.socket(SocketType.STREAM, AddressFamily.INET);
    ipv4 = Endpoint.loopback(AddressFamily.INET, loop.port(only));
    assertThat(loop.await(loop.connect(refused, ipv4)).result()).isEqualTo(-Errno.ECONNREFUSED);
  }

  @Test
  void ipv6SocketReachesAnIpv4Endpoint() {
    assumeIpv6();
    int listener = loop.listener(AddressFamily.INET);
    int client = loop.socket(SocketType.STREAM, AddressFamily.INET6);

    assertThat(loop.await(loop.connect(client, loop.transport.getsockname(listener))).result())
        .isZero();
  }

  @Test
  void movesMegabytesBothWaysThroughSmallSocketBuffers() {
    Pair pair = loop.pair();
    for (int sid : new int[] {pair.client(), pair.server()}) {
      loop.transport.setsockopt(sid, SocketOption.SEND_BUFFER_BYTES, 16_384);
      loop.transport.setsockopt(sid, SocketOption.RECEIVE_BUFFER_BYTES, 16_384);
    }
    byte[] there = pattern(1 << 20, 2);
    byte[] back = pattern(1 << 20, 3);
    Flow forward = new Flow(pair.client(), pair.server(), there);
    Flow backward = new Flow(pair.server(), pair.client(), back);
    boolean more = true;
    while (more) {
      loop.turn(10_000_000);
      boolean forwards = forward.move();
      more = backward.move() || forwards;
    }

    assertThat(forward.received.toByteArray()).isEqualTo(there);
    assertThat(backward.received.toByteArray()).isEqualTo(back);
    assertThat(loop.counter("send-partial")).isPositive();
  }

  /// Pushes in blocks of two segments, a few ahead, and pops, until all has arrived.
  private final class Flow {
    private static final int SEGMENT_BYTES = 5_000;
    private static final int AHEAD_MAX = 4;

    final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final int to;
    private final int from;
    private final byte[] bytes;
    private final List<Long> pushes = new ArrayList<>();
    private int pushed;
    private long popping;

    Flow(int from, int to, byte[] bytes) {
      this.from = from;
      this.to = to;
      this.bytes = bytes;
      popping = loop.pop(to);
    }

    boolean move() {
      pushes.removeIf(qtoken -> loop.sink.take(qtoken) != null);
      while (pushed < bytes.length && pushes.size() < AHEAD_MAX) {
        int middle = Math.min(bytes.length, pushed + SEGMENT_BYTES);
        int end = Math.min(bytes.length, middle + SEGMENT_BYTES);
        pushes.add(
            loop.push(
                from,
                Arrays.copyOfRange(bytes, pushed, middle),
                Arrays.copyOfRange(bytes, middle, end)));
        pushed = end;
      }
      Completion popped = loop.sink.take(popping);
      if (popped != null) {
        received.writeBytes(popped.bytes());
        if (received.size() < bytes.length) {
          popping = loop.pop(to);
        }
      }
      return received.size() < bytes.length;
    }
  }

  @Test
  void optionsReadBackAsSet() {
    int sid = loop.socket(SocketType.STREAM, AddressFamily.INET);
    assertThat(loop.transport.getsockopt(sid, SocketOption.NODELAY)).isEqualTo(1);
    assertThat(loop.transport.getsockopt(sid, SocketOption.REUSEADDR)).isEqualTo(1);
    assertThat(loop.transport.getsockopt(sid, SocketOption.LINGER_SECONDS)).isEqualTo(-1);
    SocketOption[] options = {
      SocketOption.NODELAY,
      SocketOption.KEEPALIVE,
      SocketOption.KEEPALIVE_IDLE_SECONDS,
      SocketOption.KEEPALIVE_INTERVAL_SECONDS,
      SocketOption.KEEPALIVE_COUNT,
      SocketOption.REUSEADDR,
      SocketOption.REUSEPORT,
      SocketOption.LINGER_SECONDS
    };
    for (SocketOption option : options) {
      loop.transport.setsockopt(sid, option, 1);
      assertThat(loop.transport.getsockopt(sid, option)).as(option.name()).isEqualTo(1);
    }
    loop.transport.setsockopt(sid, SocketOption.SEND_BUFFER_BYTES, 65_536);
    assertThat(loop.transport.getsockopt(sid, SocketOption.SEND_BUFFER_BYTES))
        .isGreaterThanOrEqualTo(65_536);
    loop.transport.setsockopt(sid, SocketOption.PUSH_COMPLETION, PushCompletion.ACCEPTED.level());
    assertThatThrownBy(() ->
            loop.transport.setsockopt(
                sid, SocketOption.PUSH_COMPLETION, PushCompletion.ACKED.level()))
        .isInstanceOfSatisfying(
            LibOsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EOPNOTSUPP));
  }

  @Test
  void acceptedConnectionsInheritNodelay() {
    Pair pair = loop.pair();

    assertThat(loop.transport.getsockopt(pair.server(), SocketOption.NODELAY)).isEqualTo(1);
  }

  @Test
  void addressInUseIsSaidWithAdvice() {
    int listener = loop.listener(AddressFamily.INET);
    int second = loop.socket(SocketType.STREAM, AddressFamily.INET);

    assertThatThrownBy(() -> loop.transport.bind(second, loop.transport.getsockname(listener)))
        .isInstanceOf(LibOsException.class)
        .hasMessageContaining("EADDRINUSE")
        .hasMessageContaining("choose another port");
  }

  @Test
  void reuseportLetsTwoSocketsShareAPort() {
    int first = loop.socket(SocketType.STREAM, AddressFamily.INET);
    int second = loop.socket(SocketType.STREAM, AddressFamily.INET);
    loop.transport.setsockopt(first, SocketOption.REUSEPORT, 1);
    loop.transport.setsockopt(second, SocketOption.REUSEPORT, 1);
    loop.transport.bind(first, Endpoint.loopback(AddressFamily.INET, 0));
    loop.transport.listen(first, 1);
    loop.transport.bind(second, loop.transport.getsockname(first));
    loop.transport.listen(second, 1);

    assertThat(loop.port(second)).isEqualTo(loop.port(first));
  }

  @Test
  void callsInTheWrongStateAreRefused() {
    int sid = loop.socket(SocketType.STREAM, AddressFamily.INET);
    int listener = loop.listener(AddressFamily.INET);
    Pair pair = loop.pair();

    assertThat(loop.transport.pop(sid, 1, 999)).isEqualTo(-Errno.ENOTCONN);
    assertThat(loop.tryPush(sid, null, HELLO)).isEqualTo(-Errno.ENOTCONN);
    assertThat(loop.transport.accept(sid, 999)).isEqualTo(-Errno.EINVAL);
    assertThat(loop.transport.pop(pair.client(), 0, 999)).isEqualTo(-Errno.EINVAL);
    assertThat(loop.tryPush(pair.client(), null, new byte[0])).isEqualTo(-Errno.EINVAL);
    assertThat(loop.tryPush(pair.client(), Endpoint.ipv4(1, 1), HELLO)).isEqualTo(-Errno.EISCONN);
    assertThat(loop.transport.connect(pair.client(), Endpoint.ipv4(1, 1), 999))
        .isEqualTo(-Errno.EISCONN);
    assertThat(loop.transport.connect(listener, Endpoint.ipv4(1, 1), 999))
        .isEqualTo(-Errno.EOPNOTSUPP);
    assertThat(loop.transport.connect(sid, Endpoint.ipv6(0, 1, 0, 1), 999))
        .isEqualTo(-Errno.EAFNOSUPPORT);
    assertThatThrownBy(() -> loop.transport.shutdown(sid, Shutdown.WRITE))
        .hasMessageContaining("ENOTCONN");
  }

  private byte[] popUntilEnd(int sid) {
    ByteArrayOutputStream received = new ByteArrayOutputStream();
    while (true) {
      Completion popped = loop.await(loop.pop(sid));
      assertThat(popped.result()).isNotNegative();
      if (popped.result() == 0) {
        return received.toByteArray();
      }
      received.writeBytes(popped.bytes());
    }
  }

  private static byte[] pattern(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private void assumeIpv6() {
    boolean there;
    try {
      loop.transport.close(loop.listener(AddressFamily.INET6));
      there = true;
    } catch (LibOsException e) {
      there = false;
    }
    assumeTrue(there, "this machine has no IPv6 loopback");
  }
}
