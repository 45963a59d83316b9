package dev.demikv.libos.device.dpdk;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.Availability;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.time.SystemClock;
import java.util.Map;
import java.util.Random;

/// Software ports for tests. DPDK starts once per process, so all tests give the same arguments:
/// some that need neither huge pages nor root, and leave nothing behind.
public final class DpdkTestPorts {
  static final String EAL_ARGS = "--no-huge -m 512 --no-shconf --no-pci";

  private DpdkTestPorts() {}

  /// Options for a port of these virtual devices.
  public static Options options(String port, String... vdevs) {
    StringBuilder arguments = new StringBuilder(EAL_ARGS);
    for (String vdev : vdevs) {
      arguments.append(" --vdev=").append(vdev);
    }
    return Options.of(
        Map.of(
            DpdkOptions.EAL_ARGS,
            arguments.toString(),
            DpdkOptions.PORT,
            port,
            DpdkOptions.MBUFS,
            "4095"));
  }

  /// Opens a port, or skips the test where DPDK cannot be used.
  static DpdkDevice open(Options options) {
    assumeAvailable(options);
    NetDevice device = new DpdkProvider().open(options, SystemClock.INSTANCE, new Random(1));
    return (DpdkDevice) device;
  }

  /// Skips the test where DPDK cannot be used.
  public static void assumeAvailable(Options options) {
    Availability availability = new DpdkProvider().availability(options);
    assumeTrue(availability.available(), availability.reason());
  }
}
