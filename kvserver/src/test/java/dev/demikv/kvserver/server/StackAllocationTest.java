package dev.demikv.kvserver.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.Availability;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// GET and SET through the user-level TCP/IP stack leave no garbage: the server on a DPDK port over
/// a veth pair, whose other end is in a network namespace in which redis-benchmark runs.
@Timeout(300)
final class StackAllocationTest {
  private static final int WARM_UP_REQUESTS = 60_000;
  private static final int REQUESTS = 20_000;
  private static final int WINDOWS_MAX = 12;

  private static final String NAMESPACE = "dkv-" + ProcessHandle.current().pid();
  private static final String OURS = "dkva" + ProcessHandle.current().pid();
  private static final String THEIRS = "dkvb" + ProcessHandle.current().pid();

  @TempDir Path directory;

  @Test
  void aGetThroughTheStackAllocatesNothing() throws Exception {
    measure("get");
  }

  @Test
  void aSetThroughTheStackAllocatesNothing() throws Exception {
    measure("set");
  }

  private void measure(String command) throws Exception {
    assumeTrue(succeeds("redis-benchmark", "--version"), "no program `redis-benchmark` here");
    assumeTrue(succeeds("ethtool", "--version"), "no program `ethtool` here");
    assumeTrue(succeeds("ip", "netns", "add", NAMESPACE), "no network namespaces here");
    try {
      run("ip", "link", "add", OURS, "type", "veth", "peer", THEIRS, "netns", NAMESPACE);
      run("ip", "link", "set", OURS, "up");
      run("ip", "-n", NAMESPACE, "address", "add", "10.77.0.1/24", "dev", THEIRS);
      run("ip", "-n", NAMESPACE, "link", "set", THEIRS, "up");
      run("ethtool", "-K", OURS, "tx", "off", "rx", "off");
      run("ip", "netns", "exec", NAMESPACE, "ethtool", "-K", THEIRS, "tx", "off", "tso", "off");
      measureOnDpdk(command);
    } finally {
      run("ip", "netns", "delete", NAMESPACE);
    }
  }

  private void measureOnDpdk(String command) throws Exception {
    String arguments = "--no-huge -m 256 --no-shconf --no-pci --vdev=net_af_packet0,iface=" + OURS;
    Availability dpdk =
        LibOses.providers().stream()
            .filter(provider -> provider.name().equals("dpdk"))
            .findFirst()
            .orElseThrow()
            .availability(Options.empty().with("network.dpdk.eal-args", arguments));
    assumeTrue(dpdk.available(), dpdk.reason());
    try (TestServer server =
        TestServer.startWithoutStorage(
            directory,
            "network.backend=dpdk",
            "network.dpdk.eal-args=" + arguments,
            "poll.spin=always",
            "network.address=10.77.0.2/24",
            "listen=10.77.0.2:6379")) {
      load(command, WARM_UP_REQUESTS);
      long fewer = Long.MAX_VALUE;
      long more = Long.MAX_VALUE;
      // Until the compiler has seen that what it is given does not escape. What a run takes to
      // connect and to ask for the configuration is in both.
      for (int i = 0; i < WINDOWS_MAX && (i == 0 || more - fewer >= REQUESTS); i++) {
        fewer = Math.min(fewer, allocatedBy(server, command, REQUESTS));
        more = Math.min(more, allocatedBy(server, command, 2 * REQUESTS));
      }
      assertThat(more - fewer).as("bytes in %d requests", REQUESTS).isLessThan(REQUESTS);
    }
  }

  private static long allocatedBy(TestServer server, String command, int requests)
      throws Exception {
    long before = ServerAllocationContract.allocatedBytes(server);
    load(command, requests);
    return ServerAllocationContract.allocatedBytes(server) - before;
  }

  private static void load(String command, int requests) throws Exception {
    List<String> words = new ArrayList<>(List.of("ip", "netns", "exec", NAMESPACE));
    words.addAll(List.of("redis-benchmark", "-h", "10.77.0.2", "-p", "6379", "-q"));
    words.addAll(List.of("-c", "1", "-n", "" + requests, "-t", command));
    String output = run(words.toArray(String[]::new));
    assertThat(output).contains("requests per second");
  }

  private static boolean succeeds(String... command) throws Exception {
    try {
      run(command);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + ": " + text);
    }
    return text;
  }
}
