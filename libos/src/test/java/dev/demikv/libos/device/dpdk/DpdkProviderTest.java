package dev.demikv.libos.device.dpdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.Availability;
import dev.demikv.libos.ffi.Dpdk;
import dev.demikv.libos.ffi.DpdkAbi;
import dev.demikv.libos.ffi.DpdkLibraries;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the provider says of machines and options.
final class DpdkProviderTest {
  private final DpdkProvider provider = new DpdkProvider();

  @TempDir private Path folder;

  private static Options with(String key, String value) {
    return Options.of(Map.of(key, value));
  }

  private Availability availability(String ealArguments) {
    assumeTrue(
        provider.availability(DpdkTestPorts.options("")).available(), "no DPDK on this machine");
    return provider.availability(
        DpdkTestPorts.options("").with(DpdkOptions.EAL_ARGS, ealArguments));
  }

  @Test
  void missingLibrariesAreNamedWithThePlaceAndThePackages() {
    Availability answer = provider.availability(with(DpdkOptions.LIB_DIR, folder.toString()));

    assertThat(answer.available()).isFalse();
    assertThat(answer.reason()).contains("librte_eal.so.26", "librte_eal.so.23", folder.toString());
    assertThat(answer.advice())
        .contains("librte-eal23", "librte-mempool-ring23", "network.dpdk.lib-dir");
  }

  @Test
  void anUnknownAbiIsRefusedByName() throws IOException {
    Files.createFile(folder.resolve("librte_eal.so.22.0"));

    Availability answer = provider.availability(with(DpdkOptions.LIB_DIR, folder.toString()));

    assertThat(answer.available()).isFalse();
    assertThat(answer.reason())
        .contains("librte_eal.so.22.0 is not known", "22.11 (.so.23)", "25.11 (.so.26)");
  }

  @Test
  void whatTheMachineLacksIsSaidBeforeTheStart() {
    assertThat(availability("--no-huge --in-memory").reason()).contains("--in-memory together");
    assertThat(availability("--no-huge --vdev=net_af_packet0,iface=none-such0").reason())
        .isEqualTo("net_af_packet0: there is no network interface none-such0");
    assertThat(availability("--no-huge --vdev=net_af_packet0").reason()).contains("no iface=");
    Availability fine = availability("--no-huge --vdev=net_ring0");
    assertThat(fine.available()).isTrue();
    assertThat(fine.reason()).startsWith("DPDK 2");
  }

  @Test
  void aKernelWithoutXdpSocketsIsToldOfBeforeTheStart() throws Exception {
    assertThat(availability("--no-huge --vdev=net_af_xdp0").reason()).contains("no iface=");
    List<String> command = DpdkTestPorts.java("-XX:TieredStopAtLevel=1");
    command.add(RefusedSockets.class.getName());
    command.addAll(List.of("" + Errno.EAFNOSUPPORT, "--no-huge --vdev=net_af_xdp0,iface=lo"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assumeTrue(process.waitFor() != RefusedSockets.EXIT_NO_FILTER, said);

    assertThat(said)
        .contains("available=false", "net_af_xdp0: the kernel has no AF_XDP sockets")
        .contains("CONFIG_XDP_SOCKETS (net_af_packet does without)");
  }

  @Test
  void librariesOfANamedFolderAreTheOnesThatRun() throws Exception {
    DpdkTestPorts.assumeLibDir();
    Options options = DpdkTestPorts.options("net_ring900", "net_ring900");

    try (DpdkDevice device = DpdkTestPorts.open(options)) {
      DpdkAbi abi = DpdkLibraries.load(DpdkTestPorts.libDir()).abi();
      assertThat(device.info().name()).isEqualTo("net_ring900");
      assertThat(Dpdk.rte_version()).startsWith("DPDK " + abi.version());
      Path eal = Path.of(DpdkTestPorts.libDir(), abi.libraryName("eal")).toRealPath();
      assertThat(Files.readString(Path.of("/proc/self/maps")))
          .contains(eal.toString())
          .doesNotContain("librte_eal.so." + (abi.soname() == 23 ? 26 : 23));
    }
  }

  @Test
  void aProbeThatFailsIsNamedWithAdvice() {
    Options options = DpdkTestPorts.options("net_memif99", "net_memif99,role=nobody");

    assertThatThrownBy(() -> DpdkTestPorts.open(options))
        .isInstanceOf(LibOsException.class)
        .hasMessageContaining("make the DPDK device net_memif99,role=nobody")
        .hasMessageContaining("role=server or role=client")
        .hasMessageContaining("librte-net-memif2");
  }

  @Test
  void argumentsAreTakenApart() {
    EalArguments arguments =
        EalArguments.parse(
            "  --in-memory --vdev=net_af_packet0,iface=vA,qpairs=2 --vdev net_ring1 -m 64 ");

    assertThat(arguments.base()).containsExactly("--in-memory", "-m", "64");
    assertThat(arguments.vdevs())
        .containsExactly(
            new EalArguments.Vdev("net_af_packet0", "iface=vA,qpairs=2"),
            new EalArguments.Vdev("net_ring1", ""));
    assertThat(arguments.vdevs().get(0).argument("iface")).isEqualTo("vA");
    assertThat(arguments.vdevs().get(0).driver()).isEqualTo("net_af_packet");
    assertThat(arguments.command("0-1"))
        .containsExactly(
            "demikv",
            "--in-memory",
            "-m",
            "64",
            "--lcores=0@(0-1)",
            "--no-telemetry",
            "--log-level=*:warning");
    assertThat(EalArguments.parse("-l 1 --telemetry --log-level=8").command("0-1"))
        .containsExactly("demikv", "-l", "1", "--telemetry", "--log-level=8");
    assertThatThrownBy(() -> EalArguments.parse("--help"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("would end the process");
  }

  @Test
  void badOptionsAreRefused() {
    assertThatThrownBy(() ->
            DpdkOptions.of(
                Options.of(Map.of(DpdkOptions.MBUFS, "2048", "network.dpdk.rx-ring", "1024"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("does not fill the rings")
        .hasMessageContaining("2304");
    assertThatThrownBy(() -> DpdkOptions.of(with("network.dpdk.queue", "1")))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
