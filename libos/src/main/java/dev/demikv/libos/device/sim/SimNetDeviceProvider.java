package dev.demikv.libos.device.sim;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.Availability;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.NetDeviceProvider;
import dev.demikv.libos.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// The network backend `wire`: the user-level stack over simulated Ethernet.
public final class SimNetDeviceProvider implements NetDeviceProvider {
  /// For `ServiceLoader`.
  public SimNetDeviceProvider() {}

  @Override
  public String name() {
    return "wire";
  }

  @Override
  public String description() {
    return "user-level TCP/IP over a simulated Ethernet in a seeded world, for tests";
  }

  @Override
  public List<OptionSpec> options() {
    List<OptionSpec> all = new ArrayList<>(List.of(SimWorlds.WORLD, SimWorlds.SEED));
    all.addAll(SimNetDeviceOptions.SPECS);
    return List.copyOf(all);
  }

  @Override
  public Availability availability(Options options) {
    return SimWorlds.availability(options);
  }

  @Override
  public List<Capability> capabilities(Options options) {
    return SimNetDevice.capabilities(SimNetDeviceOptions.of(options).checksums());
  }

  @Override
  public NetDevice open(Options options, Clock clock, RandomGenerator random) {
    SimWorld world = SimWorlds.world(options, clock, random);
    String segment =
        options.text(SimNetDeviceOptions.SEGMENT.key(), SimNetDeviceOptions.SEGMENT.defaultValue());
    String host =
        options.text(SimNetDeviceOptions.HOST.key(), SimNetDeviceOptions.HOST.defaultValue());
    try {
      return world.wire(segment).attach(host, SimNetDeviceOptions.of(options));
    } catch (IllegalStateException e) {
      throw new LibOsException(
          "attach host " + host + " to segment " + segment,
          Errno.EBUSY,
          "Close the device that is open there, or give this one another network.wire.host.",
          e);
    }
  }
}
