package dev.demikv.libos.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.packet.PacketDeviceProvider;
import dev.demikv.libos.time.SystemClock;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Measures the round trip of frames between two packet sockets over a veth pair, one spinning
/// thread at each end: `mvn test -pl libos -Dgroups=slow -Dtest=FrameLatency`.
final class FrameLatency {
  private static final int WARM_UP = 100_000;
  private static final int ECHOES = 500_000;

  @Test
  @Tag("slow")
  void roundTripOfSmallFrames() throws InterruptedException {
    try (NetworkNamespace namespace = NetworkNamespace.enter()) {
      namespace.disableIpv6();
      namespace.ip("link", "add", "dkveth0", "type", "veth", "peer", "name", "dkveth1");
      namespace.ip("link", "set", "dkveth0", "up");
      namespace.ip("link", "set", "dkveth1", "up");
      CountDownLatch ready = new CountDownLatch(1);
      Thread server = new Thread(() -> serve(namespace, ready), "echo");
      server.start();
      ready.await();
      long[] nanos = new long[ECHOES];
      try (FrameEcho client = new FrameEcho(open("dkveth0"), false)) {
        for (int i = -WARM_UP; i < ECHOES; i++) {
          long before = System.nanoTime();
          client.send(64);
          long target = client.frames + 1;
          while (client.frames < target) {
            client.turn();
          }
          if (i >= 0) {
            nanos[i] = System.nanoTime() - before;
          }
        }
      } finally {
        server.interrupt();
        server.join();
      }
      Arrays.sort(nanos);
      System.out.printf(
          "frame echo, packet sockets over veth, 64 B: p50 %.2f p90 %.2f p99 %.2f us%n",
          nanos[ECHOES / 2] / 1e3, nanos[ECHOES / 10 * 9] / 1e3, nanos[ECHOES / 100 * 99] / 1e3);
      assertThat(nanos[ECHOES / 2]).as("p50 in ns").isLessThan(100_000);
    }
  }

  private static void serve(NetworkNamespace namespace, CountDownLatch ready) {
    namespace.join();
    try (FrameEcho echo = new FrameEcho(open("dkveth1"), true)) {
      ready.countDown();
      while (!Thread.currentThread().isInterrupted()) {
        echo.turn();
      }
    }
  }

  private static NetDevice open(String interfaceName) {
    PacketDeviceProvider provider = new PacketDeviceProvider();
    Options options = Options.empty().with("network.interface", interfaceName);
    Availability here = provider.availability(options);
    assumeTrue(here.available(), here.reason());
    return provider.open(options, SystemClock.INSTANCE, new Random(1));
  }
}
