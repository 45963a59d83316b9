package dev.demikv.libos.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.packet.PacketDeviceProvider;
import dev.demikv.libos.device.tap.TapDeviceProvider;
import dev.demikv.libos.time.SystemClock;
import java.lang.management.ManagementFactory;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Frames leave no garbage on the devices that are not simulated.
final class FrameAllocationTest {
  private static final int WARM_UP_ECHOES = 20_000;
  private static final int ECHOES = 20_000;

  /// The measurement itself may allocate once per round, a frame never.
  private static final int LEAST_BYTES = 1_000;

  /// The compiler may be late on a busy machine: rounds until one is clean.
  private static final int ROUNDS_MAX = 30;

  @Test
  void aFrameOverPacketSocketsAllocatesNothing() {
    try (NetworkNamespace namespace = NetworkNamespace.enter()) {
      namespace.disableIpv6();
      namespace.ip("link", "add", "dkveth0", "type", "veth", "peer", "name", "dkveth1");
      namespace.ip("link", "set", "dkveth0", "up");
      namespace.ip("link", "set", "dkveth1", "up");
      measure(
          open(new PacketDeviceProvider(), "dkveth0"), open(new PacketDeviceProvider(), "dkveth1"));
    }
  }

  @Test
  void aFrameOverTapDevicesAllocatesNothing() {
    try (NetworkNamespace namespace = NetworkNamespace.enter()) {
      namespace.disableIpv6();
      namespace.ip("link", "add", "dkbr0", "type", "bridge", "forward_delay", "0");
      NetDevice a = open(new TapDeviceProvider(), "dktap0");
      NetDevice b = open(new TapDeviceProvider(), "dktap1");
      for (String name : new String[] {"dktap0", "dktap1"}) {
        namespace.ip("link", "set", name, "master", "dkbr0");
        namespace.ip("link", "set", name, "up");
      }
      namespace.ip("link", "set", "dkbr0", "up");
      measure(a, b);
    }
  }

  private static NetDevice open(NetDeviceProvider provider, String interfaceName) {
    Options options = Options.empty().with("network.interface", interfaceName);
    Availability here = provider.availability(options);
    assumeTrue(here.available(), here.reason());
    return provider.open(options, SystemClock.INSTANCE, new Random(1));
  }

  private static void measure(NetDevice a, NetDevice b) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long self = Thread.currentThread().threadId();
    try (FrameEcho client = new FrameEcho(a, false);
        FrameEcho server = new FrameEcho(b, true)) {
      run(client, server, WARM_UP_ECHOES);
      long least = Long.MAX_VALUE;
      for (int i = 0; i < ROUNDS_MAX && least > LEAST_BYTES; i++) {
        long before = threads.getThreadAllocatedBytes(self);
        run(client, server, ECHOES);
        least = Math.min(least, threads.getThreadAllocatedBytes(self) - before);
      }
      assertThat(least)
          .as("bytes allocated in " + ECHOES + " echoes")
          .isLessThanOrEqualTo(LEAST_BYTES);
    }
  }

  private static void run(FrameEcho client, FrameEcho server, int echoes) {
    long target = client.frames + echoes;
    while (client.frames < target) {
      long before = client.frames;
      client.send(64);
      int turns = 0;
      while (client.frames == before) {
        server.turn();
        client.turn();
        if (++turns > 1_000_000) {
          throw new AssertionError("a frame was lost");
        }
      }
    }
  }
}
