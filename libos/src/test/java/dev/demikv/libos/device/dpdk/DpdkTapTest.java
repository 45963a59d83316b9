package dev.demikv.libos.device.dpdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.device.NetworkNamespace;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// net_tap with the kernel of a network namespace at the other end.
final class DpdkTapTest {
  private static final String INTERFACE = "dkdtap0";
  private static final long TURN_NANOS = 5_000_000;

  /// The driver gives its port the address of the kernel's interface: two stations that had it both
  /// would not listen to each other.
  @Test
  @Timeout(60)
  void theKernelReachesTheStack() throws Exception {
    DpdkTestPorts.assumeDriver("net_tap");
    assumeTrue(NetworkNamespace.canRun("ping", "-V"), "no program `ping` here");
    try (NetworkNamespace namespace = NetworkNamespace.enter()) {
      namespace.disableIpv6();
      LibOsConfig config =
          new LibOsConfig(
              "dpdk",
              "none",
              DpdkTestPorts.options("net_tap98", "net_tap98,iface=" + INTERFACE)
                  .with("network.address", "10.77.0.2/24"),
              LibOsConfig.Limits.SMALL,
              LibOsConfig.Idle.BLOCK);
      try (LibOs libos = LibOses.open(config)) {
        namespace.ip("address", "add", "10.77.0.1/24", "dev", INTERFACE);
        namespace.ip("link", "set", INTERFACE, "up");
        Process ping =
            new ProcessBuilder(List.of("ping", "-c", "3", "-i", "0.2", "-W", "5", "10.77.0.2"))
                .redirectErrorStream(true)
                .start();
        QResult[] results = {new QResult()};
        while (ping.isAlive()) {
          libos.waitNext(results, TURN_NANOS);
        }
        String output = new String(ping.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(output).contains(" 0% packet loss");
      }
    }
  }
}
