package dev.demikv.libos.device.dpdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The contract over net_af_packet on both ends of a veth pair that the test makes.
final class DpdkAfPacketContractTest extends DpdkPairContract {
  private static final String NEAR = "dkp" + ProcessHandle.current().pid() % 100_000 + "a";
  private static final String FAR = "dkp" + ProcessHandle.current().pid() % 100_000 + "b";

  @Override
  DpdkDevice openPair() throws Exception {
    assumeTrue(
        run("ip", "link", "add", NEAR, "type", "veth", "peer", "name", FAR),
        "no veth pair can be made: not root, or no iproute2");
    for (String name : List.of(NEAR, FAR)) {
      Path quiet = Path.of("/proc/sys/net/ipv6/conf", name, "disable_ipv6");
      if (Files.exists(quiet)) {
        Files.writeString(quiet, "1");
      }
      assertThat(run("ip", "link", "set", name, "up")).isTrue();
    }
    DpdkDevice near = port("net_af_packet", "iface=" + NEAR);
    joined(port("net_af_packet", "iface=" + FAR));
    return near;
  }

  @AfterEach
  void removeInterfaces() throws Exception {
    run("ip", "link", "del", NEAR);
  }

  @Test
  void theLoopSleepsOnTheDriversSocket() {
    assertThat(device.readinessFd()).isNotNegative();
    assertThat(device.idleWaitNanosMax()).isEqualTo(Long.MAX_VALUE);
  }

  private static boolean run(String... command) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    try {
      Process process = builder.start();
      return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
