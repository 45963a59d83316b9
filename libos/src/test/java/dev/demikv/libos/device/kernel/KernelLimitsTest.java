package dev.demikv.libos.device.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.kernel.RecordingSink.Completion;
import dev.demikv.libos.device.kernel.TransportLoop.Pair;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What happens at the limits: back-pressure, never growth and never spinning.
final class KernelLimitsTest {
  private static final long SHORT_NANOS = 20_000_000;

  @Test
  void pushBeyondTheQueueIsRefusedUntilThePeerReads() {
    try (TransportLoop loop =
        new TransportLoop(Options.empty().with("network.kernel.send-queue-bytes", "32KiB"), 64)) {
      Pair pair = loop.pair();
      loop.transport.setsockopt(pair.client(), SocketOption.SEND_BUFFER_BYTES, 4096);
      loop.transport.setsockopt(pair.server(), SocketOption.RECEIVE_BUFFER_BYTES, 4096);
      byte[] block = new byte[8192];
      List<Long> pushes = new ArrayList<>();
      while (loop.tryPush(pair.client(), null, block) == 0) {
        pushes.add(loop.lastToken());
        loop.turn(0);
        assertThat(pushes.size()).as("pushes taken").isLessThan(1000);
      }
      assertThat(loop.tryPush(pair.client(), null, block)).isEqualTo(-Errno.EAGAIN);

      int expected = pushes.size() * block.length;
      for (int received = 0; received < expected; ) {
        received += loop.await(loop.pop(pair.server())).result();
      }
      for (long push : pushes) {
        assertThat(loop.await(push).result()).isEqualTo(block.length);
      }
      assertThat(loop.tryPush(pair.client(), null, block)).isZero();
    }
  }

  @Test
  void arrayLongerThanTheQueueIsTakenAlone() {
    try (TransportLoop loop =
        new TransportLoop(Options.empty().with("network.kernel.send-queue-bytes", "1"), 64)) {
      Pair pair = loop.pair();

      assertThat(loop.await(loop.push(pair.client(), new byte[8192])).result()).isEqualTo(8192);
    }
  }

  @Test
  void popsWaitWithoutSpinningWhileThereAreNoBuffers() {
    try (TransportLoop loop = new TransportLoop(Options.empty(), 2)) {
      Pair pair = loop.pair();
      loop.sink.keepArrays = true;
      loop.await(loop.push(pair.client(), new byte[4]));
      List<ScatterGatherArray> kept = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        kept.add(loop.await(loop.pop(pair.server(), 1)).sga());
      }
      ScatterGatherArray reserve = kept.removeFirst();
      reserve.drop();
      byte[] one = {1};
      loop.await(loop.push(pair.client(), one));
      reserve = loop.sgas.allocate(1);
      long popping = loop.pop(pair.server());
      loop.turn(0);
      long waits = loop.counter("epoll-waits");
      long before = System.nanoTime();
      loop.turn(SHORT_NANOS);

      assertThat(System.nanoTime() - before).as("slept").isGreaterThanOrEqualTo(SHORT_NANOS);
      assertThat(loop.counter("epoll-waits") - waits).isEqualTo(1);
      assertThat(loop.sink.take(popping)).isNull();
      assertThat(loop.counter("recv-starved")).isPositive();

      reserve.drop();
      Completion popped = loop.await(popping);
      assertThat(popped.result()).isEqualTo(1);
      popped.sga().drop();
      kept.forEach(ScatterGatherArray::drop);
    }
  }

  @Test
  void idleConnectionsHoldNoBuffers() {
    try (TransportLoop loop = new TransportLoop(Options.empty(), 1)) {
      for (int i = 0; i < 10; i++) {
        loop.pop(loop.pair().server());
      }
      loop.turn(0);

      assertThat(loop.sgas.buffers().pool(0).freeCount()).isEqualTo(1);
      assertThat(loop.sgas.buffers().pool(1).freeCount()).isEqualTo(1);
    }
  }

  @Test
  void listenerRestsWhenSocketsRunOutAndGoesOnWhenOneIsClosed() throws IOException {
    Options options = Options.empty().with("network.kernel.sockets-max", "2");
    try (TransportLoop loop = new TransportLoop(options, 4)) {
      int listener = loop.listener(AddressFamily.INET);
      InetAddress loopback = InetAddress.getLoopbackAddress();
      try (Socket first = new Socket(loopback, loop.port(listener));
          Socket second = new Socket(loopback, loop.port(listener))) {
        int accepted = loop.await(loop.accept(listener)).result();
        assertThat(accepted).isNotNegative();
        assertThat(first.isConnected()).isTrue();
        assertThat(loop.await(loop.accept(listener)).result()).isEqualTo(-Errno.EMFILE);
        assertThatThrownBy(() -> loop.socket(SocketType.STREAM, AddressFamily.INET))
            .isInstanceOf(LibOsException.class)
            .hasMessageContaining("sockets-max");

        long accepting = loop.accept(listener);
        long failures = loop.counter("errors.EMFILE");
        for (int i = 0; i < 10; i++) {
          loop.turn(0);
        }
        assertThat(loop.counter("errors.EMFILE")).as("does not spin").isEqualTo(failures);
        assertThat(loop.transport.nextTimerNanos()).isNotEqualTo(Long.MAX_VALUE);
        assertThat(loop.sink.take(accepting)).isNull();

        loop.transport.close(accepted);
        Completion next = loop.await(accepting);
        assertThat(next.remote().port()).isEqualTo(second.getLocalPort());
        assertThat(loop.transport.nextTimerNanos()).isEqualTo(Long.MAX_VALUE);
      }
    }
  }

  @Test
  void operationsBeyondTheTableAreRefused() {
    Options options = Options.empty().with("network.kernel.operations-max", "16");
    try (TransportLoop loop = new TransportLoop(options, 4)) {
      Pair pair = loop.pair();
      for (int i = 0; i < 16; i++) {
        loop.pop(pair.server());
      }

      assertThat(loop.transport.pop(pair.server(), 1, 999)).isEqualTo(-Errno.EAGAIN);
      assertThat(loop.tryPush(pair.client(), null, new byte[1])).isEqualTo(-Errno.EAGAIN);
    }
  }

  @Test
  void everyConnectionGetsItsTurnWhileOneIsFlooded() {
    try (TransportLoop loop = new TransportLoop()) {
      Pair loud = loop.pair();
      Pair quiet = loop.pair();
      byte[] block = new byte[16 << 10];
      for (int i = 0; i < 4; i++) {
        loop.push(loud.client(), block);
      }
      loop.turn(0);
      long[] pops = new long[100];
      for (int i = 0; i < pops.length; i++) {
        pops[i] = loop.pop(loud.server(), 1);
      }
      loop.push(quiet.client(), new byte[] {7});
      loop.transport.flush(0);
      long popping = loop.pop(quiet.server());

      loop.transport.waiter().await(1_000_000_000);
      loop.transport.poll(0);
      assertThat(loop.sink.take(popping).bytes()).containsExactly(7);
    }
  }

  @Test
  void optionsOutOfRangeAreRefusedByName() {
    Options options = Options.empty().with("network.kernel.sockets-max", "0");

    assertThatThrownBy(() -> KernelOptions.of(options))
        .hasMessageContaining("network.kernel.sockets-max");
  }

  @Test
  void defaultsOfTheSpecsAreTheDefaults() {
    Options options = Options.empty();
    for (var spec : KernelOptions.SPECS) {
      options = options.with(spec.key(), spec.defaultValue());
    }

    assertThat(KernelOptions.of(options)).isEqualTo(KernelOptions.of(Options.empty()));
  }
}
