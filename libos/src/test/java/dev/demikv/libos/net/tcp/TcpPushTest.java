package dev.demikv.libos.net.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.PushCompletion;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.net.Rfc;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a push takes, when it completes, and what happens to the buffers.
final class TcpPushTest {
  private final TestWire wire = new TestWire(3);
  private final TestHost client =
      wire.host(
          TcpConfig.builder()
              .sendBufferBytes(10_000)
              .sendBufferBytesMax(10_000)
              .pushesMax(20)
              .build());
  private final TestHost server = wire.host(TcpConfig.defaults());
  private final List<Long> tokens = new ArrayList<>();
  private final List<Integer> results = new ArrayList<>();
  private TcpConnection c;
  private TcpConnection s;

  @BeforeEach
  void connect() {
    server.listen(80, 10);
    c =
        client.connect(
            server,
            80,
            any ->
                new TestHost.App() {
                  @Override
                  public void pushed(long qtoken, int result) {
                    tokens.add(qtoken);
                    results.add(result);
                  }
                });
    wire.until(() -> !server.accepted.isEmpty(), TestWire.SECOND);
    s = server.accepted.getFirst();
  }

  @Test
  void anAcceptedPushCompletesAtOnce() {
    assertThat(client.push(c, new byte[100], 5, PushCompletion.ACCEPTED)).isZero();
    assertThat(tokens).containsExactly(5L);
    assertThat(results).containsExactly(100);
  }

  @Test
  void anAckedPushCompletesWhenItsLastByteIsAcknowledged() {
    client.push(c, new byte[5_000], 5, PushCompletion.ACKED);
    client.push(c, new byte[100], 6, PushCompletion.ACKED);
    assertThat(tokens).isEmpty();
    wire.run(wire.delayNanos + 1);
    assertThat(tokens).isEmpty();
    wire.run(TestWire.SECOND);
    assertThat(tokens).containsExactly(5L, 6L);
    assertThat(results).containsExactly(5_000, 100);
  }

  @Test
  void whatIsBeyondTheSendBufferCompletesWhenTheRestFitsIt() {
    client.push(c, new byte[8_000], 1, PushCompletion.ACCEPTED);
    client.push(c, new byte[8_000], 2, PushCompletion.ACCEPTED);
    assertThat(tokens).containsExactly(1L);
    client.push(c, new byte[8_000], 3, PushCompletion.ACCEPTED);
    assertThat(client.push(c, new byte[1], 4, PushCompletion.ACCEPTED)).isEqualTo(-Errno.EAGAIN);
    wire.run(TestWire.SECOND);
    assertThat(tokens).containsExactly(1L, 2L, 3L);
    assertThat(client.push(c, new byte[1], 4, PushCompletion.ACCEPTED)).isZero();
    wire.run(TestWire.SECOND);
    assertThat(s.readableBytes()).isEqualTo(24_001);
  }

  @Test
  void arraysAreLimitedToo() {
    for (int i = 0; i < 20; i++) {
      assertThat(client.push(c, new byte[1], i, PushCompletion.ACKED)).isZero();
    }
    assertThat(client.push(c, new byte[1], 20, PushCompletion.ACKED)).isEqualTo(-Errno.EAGAIN);
  }

  @Test
  void aPushCanBeTakenBackUntilItIsSent() {
    client.push(c, new byte[] {1, 2}, 1, PushCompletion.ACKED);
    client.push(c, new byte[] {3, 4}, 2, PushCompletion.ACKED);
    assertThat(c.cancelPush(1)).isEqualTo(-Errno.EALREADY);
    assertThat(c.cancelPush(2)).isZero();
    assertThat(tokens).containsExactly(2L);
    assertThat(results).containsExactly(-Errno.ECANCELED);
    client.push(c, new byte[] {5}, 3, PushCompletion.ACKED);
    wire.run(TestWire.SECOND);
    assertThat(server.pop(s, 10)).containsExactly(1, 2, 5);
    assertThat(c.cancelPush(3)).isEqualTo(-Errno.EALREADY);
  }

  @Test
  void aTakenBackPushLeavesNothingBehind() {
    client.push(c, new byte[9_000], 1, PushCompletion.ACKED);
    assertThat(c.cancelPush(1)).isZero();
    assertThat(TestHost.statistics(c).sendQueueBytes).isZero();
    client.push(c, new byte[] {5}, 3, PushCompletion.ACKED);
    wire.run(TestWire.SECOND);
    assertThat(server.pop(s, 10)).containsExactly(5);
    c.close();
    client.closeAndCheck();
  }

  @Test
  void anEmptyPushCompletes() {
    assertThat(client.push(c, new byte[0], 1, PushCompletion.ACCEPTED)).isZero();
    assertThat(results).containsExactly(0);
    wire.run(TestWire.SECOND);
    assertThat(s.isReadable()).isFalse();
  }

  @Test
  void aDurablePushIsNotForSockets() {
    assertThat(client.push(c, new byte[1], 1, PushCompletion.DURABLE)).isEqualTo(-Errno.EOPNOTSUPP);
  }

  @Test
  void aLongPushIsSentByReferenceAndKeptUntilAcknowledged() {
    ScatterGatherArray sga = client.sgas.allocate(30_000);
    Buffer buffer = sga.buffer(0);
    buffer.segment().set(ValueLayout.JAVA_BYTE, 29_999, (byte) 77);
    assertThat(c.push(sga, 1, PushCompletion.ACKED)).isZero();
    assertThat(buffer.references()).isEqualTo(2);
    sga.drop();
    assertThat(buffer.references()).isEqualTo(1);
    wire.run(TestWire.SECOND);
    assertThat(tokens).containsExactly(1L);
    assertThat(buffer.references()).isZero();
    byte last = 0;
    for (byte[] b = server.pop(s, 30_000); b != null; b = server.pop(s, 30_000)) {
      last = b[b.length - 1];
    }
    assertThat(last).isEqualTo((byte) 77);
  }

  @Test
  void manySegmentsOfAnArrayBecomeOneStream() {
    ScatterGatherArray sga = client.sgas.takeEmpty();
    for (int i = 0; i < ScatterGatherArray.SEGMENTS_MAX; i++) {
      Buffer buffer = client.applicationBuffers.take(2_048);
      buffer.segment().fill((byte) i);
      sga.add(buffer, 5, i % 2 == 0 ? 3 : 1_500);
    }
    int bytes = sga.totalBytes();
    assertThat(c.push(sga, 1, PushCompletion.ACKED)).isZero();
    sga.drop();
    wire.run(TestWire.SECOND);
    assertThat(results).containsExactly(bytes);
    int at = 0;
    for (byte[] b = server.pop(s, 100_000); b != null; b = server.pop(s, 100_000)) {
      for (byte one : b) {
        int pair = at / 1_503;
        assertThat((int) one).isEqualTo(2 * pair + (at % 1_503 < 3 ? 0 : 1));
        at++;
      }
    }
    assertThat(at).isEqualTo(bytes);
  }

  @Test
  void aPoppedArrayIsTheBufferOfTheDevice() {
    client.push(c, new byte[1_000]);
    wire.run(TestWire.MILLISECOND);
    ScatterGatherArray popped = s.pop(400);
    assertThat(popped.buffer(0).pool()).isSameAs(server.deviceBuffers.pool(0));
    ScatterGatherArray rest = s.pop(4_000);
    assertThat(rest.buffer(0)).isSameAs(popped.buffer(0));
    assertThat(rest.totalBytes()).isEqualTo(600);
    // What the application holds is not written to, also not by small segments behind it.
    client.push(c, new byte[] {1});
    wire.run(TestWire.MILLISECOND);
    assertThat(server.pop(s, 10)).containsExactly(1);
    assertThat(
            rest.memory(0)
                .asSlice(rest.offset(0), 600)
                .mismatch(MemorySegment.ofArray(new byte[600])))
        .isEqualTo(-1);
    popped.drop();
    rest.drop();
    assertThat(server.leaks.outCount()).isZero();
  }

  @Test
  @Rfc(number = 9293, section = "3.8")
  void pushesFailWhenTheConnectionDoes() {
    wire.cut = any -> true;
    client.push(c, new byte[5_000], 1, PushCompletion.ACKED);
    wire.run(200 * TestWire.SECOND);
    assertThat(results).containsExactly(-Errno.ETIMEDOUT);
    assertThat(client.push(c, new byte[1])).isEqualTo(-Errno.ETIMEDOUT);
    c.close();
    client.closeAndCheck();
  }

  @Test
  void everythingMayBeCalledFromACallback() {
    client.apps.put(
        c,
        new TestHost.App() {
          @Override
          public void readable() {
            for (byte[] b = client.pop(c, 100); b != null; b = client.pop(c, 100)) {
              if (b[0] == 9) {
                c.abort();
                client.connect(server, 80).close();
                return;
              }
              client.push(c, b);
            }
          }

          @Override
          public void pushed(long qtoken, int result) {}
        });
    server.push(s, new byte[] {1});
    wire.run(TestWire.SECOND);
    assertThat(server.pop(s, 10)).containsExactly(1);
    server.push(s, new byte[] {9});
    wire.run(TestWire.SECOND);
    assertThat(s.error()).isEqualTo(-Errno.ECONNRESET);
    assertThat(client.tcp.connectionObjectCount()).isZero();
  }
}
