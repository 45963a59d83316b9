package dev.demikv.libos.net.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Idle is idle: what connections cost that nobody uses.
final class TcpIdleTest {
  private static final int CONNECTIONS = 10_000;
  private static final int BYTES_EACH_MAX = 4_096;

  @Test
  void tenThousandIdleConnectionsAreSmallAndQuiet() {
    TestWire wire = new TestWire(1);
    TcpConfig config = TcpConfig.builder().connectionsMax(CONNECTIONS).build();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    TestHost client = wire.host(config);
    TestHost server = wire.host(config);
    TcpListener listener = server.listen(80, CONNECTIONS);
    server.onAccept = null;
    // What a table of that size is made of, without the objects that tests make per segment.
    long before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
    Tcp empty =
        new Tcp(config, client, client.applicationBuffers, client.sgas, new Random(1), client, 0);
    long tables = threads.getThreadAllocatedBytes(Thread.currentThread().threadId()) - before;
    before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
    for (int i = 0; i < CONNECTIONS; i++) {
      TcpConnection c = empty.connect(false, 0, 0, 1 + i, 0, 2, 80);
      assertThat(c).isNotNull();
    }
    long objects = threads.getThreadAllocatedBytes(Thread.currentThread().threadId()) - before;
    assertThat((tables + objects) / CONNECTIONS)
        .as("bytes each; tables " + tables + ", objects " + objects)
        .isLessThan(BYTES_EACH_MAX);

    for (int i = 0; i < CONNECTIONS; i++) {
      client.connect(1 + i, server, 80, any -> new TestHost.App() {});
      if (i % 100 == 0) {
        wire.run(TestWire.MILLISECOND);
      }
    }
    wire.run(20 * TestWire.SECOND);
    assertThat(listener.waitingCount()).isEqualTo(CONNECTIONS);
    assertThat(client.buffersOut() + server.buffersOut()).isZero();

    // No timer, no work, no segment.
    assertThat(client.tcp.nextTimerNanos()).isEqualTo(Long.MAX_VALUE);
    assertThat(server.tcp.nextTimerNanos()).isEqualTo(Long.MAX_VALUE);
    assertThat(client.tcp.wantsFlush() || server.tcp.wantsFlush()).isFalse();
    long carried = wire.carried;
    wire.run(3_600 * TestWire.SECOND);
    assertThat(wire.carried).isEqualTo(carried);
  }
}
