package dev.demikv.libos.device.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.device.kernel.RecordingSink.Completion;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// UDP on the transport seam.
final class KernelDatagramTest {
  private final TransportLoop loop = new TransportLoop();
  private int a;
  private int b;
  private Endpoint nameOfA;
  private Endpoint nameOfB;

  @BeforeEach
  void bindTwo() {
    a = loop.socket(SocketType.DATAGRAM, AddressFamily.INET);
    b = loop.socket(SocketType.DATAGRAM, AddressFamily.INET);
    loop.transport.bind(a, Endpoint.loopback(AddressFamily.INET, 0));
    loop.transport.bind(b, Endpoint.loopback(AddressFamily.INET, 0));
    nameOfA = loop.transport.getsockname(a);
    nameOfB = loop.transport.getsockname(b);
  }

  @AfterEach
  void nothingLeaks() {
    loop.close();
  }

  @Test
  void tellsWhoSent() {
    long pushing = loop.pushTo(a, nameOfB, "ping".getBytes(UTF_8));
    Completion popped = loop.await(loop.pop(b));

    assertThat(loop.await(pushing).result()).isEqualTo(4);
    assertThat(popped.bytes()).isEqualTo("ping".getBytes(UTF_8));
    assertThat(popped.remote()).isEqualTo(nameOfA);
  }

  @Test
  void keepsTheBoundariesOfArrays() {
    loop.pushTo(a, nameOfB, "one".getBytes(UTF_8), "two".getBytes(UTF_8));
    loop.pushTo(a, nameOfB);
    loop.pushTo(a, nameOfB, "three".getBytes(UTF_8));

    assertThat(loop.await(loop.pop(b)).bytes()).isEqualTo("onetwo".getBytes(UTF_8));
    assertThat(loop.await(loop.pop(b)).result()).isZero();
    assertThat(loop.await(loop.pop(b)).bytes()).isEqualTo("three".getBytes(UTF_8));
  }

  @Test
  void carriesDatagramsLongerThanOneBuffer() {
    byte[][] segments = new byte[4][16_000];
    Random random = new Random(4);
    for (byte[] segment : segments) {
      random.nextBytes(segment);
    }
    loop.pushTo(a, nameOfB, segments);
    Completion popped = loop.await(loop.pop(b));

    assertThat(popped.result()).isEqualTo(64_000);
    for (int i = 0; i < segments.length; i++) {
      byte[] part = new byte[16_000];
      System.arraycopy(popped.bytes(), i * 16_000, part, 0, 16_000);
      assertThat(part).isEqualTo(segments[i]);
    }
  }

  @Test
  void aDatagramLongerThanAskedIsAnErrorAndLost() {
    loop.pushTo(a, nameOfB, "long".getBytes(UTF_8));
    loop.pushTo(a, nameOfB, "ok".getBytes(UTF_8));

    assertThat(loop.await(loop.pop(b, 2)).result()).isEqualTo(-Errno.EMSGSIZE);
    assertThat(loop.await(loop.pop(b, 2)).bytes()).isEqualTo("ok".getBytes(UTF_8));
  }

  @Test
  void refusesWhatNoDatagramCanCarry() {
    byte[] block = new byte[16_384];

    assertThat(loop.tryPush(a, nameOfB, block, block, block, block)).isEqualTo(-Errno.EMSGSIZE);
    assertThat(loop.tryPush(a, null, block)).isEqualTo(-Errno.EDESTADDRREQ);
    assertThat(loop.tryPush(a, Endpoint.ipv6(0, 1, 0, 1), block)).isEqualTo(-Errno.EAFNOSUPPORT);
    assertThat(loop.transport.accept(a, 999)).isEqualTo(-Errno.EOPNOTSUPP);
  }

  @Test
  void aConnectedSocketHearsThatNobodyListensAndGoesOn() {
    loop.transport.close(b);
    assertThat(loop.await(loop.connect(a, nameOfB)).result()).isZero();
    loop.await(loop.push(a, "anybody?".getBytes(UTF_8)));

    assertThat(loop.await(loop.pop(a)).result()).isEqualTo(-Errno.ECONNREFUSED);

    b = loop.socket(SocketType.DATAGRAM, AddressFamily.INET);
    loop.transport.bind(b, nameOfB);
    loop.await(loop.push(a, "now".getBytes(UTF_8)));
    assertThat(loop.await(loop.pop(b)).bytes()).isEqualTo("now".getBytes(UTF_8));
  }

  @Test
  void manyWaitingPopsAreServedInOnePoll() {
    long[] pops = new long[20];
    for (int i = 0; i < pops.length; i++) {
      pops[i] = loop.pop(b);
      loop.pushTo(a, nameOfB, new byte[] {(byte) i});
    }
    loop.transport.flush(0);
    loop.transport.waiter().await(1_000_000_000);
    loop.transport.poll(0);

    for (int i = 0; i < pops.length; i++) {
      assertThat(loop.sink.take(pops[i]).bytes()).containsExactly(i);
    }
  }
}
