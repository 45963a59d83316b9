package dev.demikv.libos.device.dpdk;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Capability.Performer;
import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.Availability;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.NetDeviceProvider;
import dev.demikv.libos.ffi.DpdkLibraries;
import dev.demikv.libos.time.Clock;
import java.util.List;
import java.util.random.RandomGenerator;

/// The network backend `dpdk`: the user-level stack over DPDK ports.
public final class DpdkProvider implements NetDeviceProvider {
  /// For `ServiceLoader`.
  public DpdkProvider() {}

  @Override
  public String name() {
    return "dpdk";
  }

  @Override
  public String description() {
    return "user-level TCP/IP over DPDK ports: NICs, af_packet, af_xdp, tap, memif, ring";
  }

  @Override
  public List<OptionSpec> options() {
    return DpdkOptions.SPECS;
  }

  /// Loads the libraries, but does not start the EAL: that cannot be undone.
  @Override
  public Availability availability(Options options) {
    if (!System.getProperty("os.name").equals("Linux")) {
      return Availability.no(
          "DPDK is bound for Linux and this is " + System.getProperty("os.name"),
          "Run it on Linux.");
    }
    DpdkOptions chosen = DpdkOptions.of(options);
    try {
      DpdkLibraries libraries = DpdkLibraries.load(chosen.libDir());
      Availability obstacle = DpdkEnvironment.obstacle(chosen.ealArguments(), libraries.abi());
      return obstacle != null
          ? obstacle
          : Availability.yes("DPDK " + libraries.abi().version() + " in " + libraries.whereText());
    } catch (DpdkLibraries.UnusableException e) {
      return Availability.no(String.valueOf(e.getMessage()), e.advice());
    } catch (IllegalCallerException e) {
      return Availability.no(
          "native access is denied: " + e.getMessage(),
          "Start java with --enable-native-access=ALL-UNNAMED or =dev.demikv.libos.");
    }
  }

  @Override
  public List<Capability> capabilities(Options options) {
    return List.of(
        new Capability("frames", Performer.DEVICE, "poll mode drivers, bursts of 32"),
        new Capability("checksum", Performer.DEVICE, "where the driver offers it"),
        new Capability("steering", Performer.DEVICE, "RSS over queues, one loop each"),
        new Capability("buffer management", Performer.LIBRARY, "mempools as buffer pools"),
        new Capability("zero copy", Performer.DEVICE, "both directions"),
        new Capability(
            "idle wait",
            Performer.KERNEL,
            "packet socket (af_packet, af_xdp) or receive interrupt (NICs); others sleep briefly"));
  }

  @Override
  public NetDevice open(Options options, Clock clock, RandomGenerator random) {
    DpdkOptions chosen = DpdkOptions.of(options);
    Eal eal = Eal.start(chosen);
    DpdkPort port = eal.open(chosen);
    try {
      return new DpdkDevice(port, chosen);
    } catch (RuntimeException | Error e) {
      eal.close(port, chosen.queue());
      throw e;
    }
  }
}
