package dev.demikv.libos.device.sim;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Capability.Performer;
import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.Availability;
import dev.demikv.libos.device.Transport;
import dev.demikv.libos.device.TransportProvider;
import dev.demikv.libos.time.Clock;
import java.util.List;
import java.util.random.RandomGenerator;

/// The network backend `sim`: streams and datagrams over a simulated network.
public final class SimTransportProvider implements TransportProvider {
  static final List<Capability> CAPABILITIES =
      List.of(
          new Capability("stream", Performer.DEVICE, "simulated, in order, flow control"),
          new Capability("datagram", Performer.DEVICE, "simulated, with loss and reordering"),
          new Capability("time", Performer.DEVICE, "virtual"));

  /// For `ServiceLoader`.
  public SimTransportProvider() {}

  @Override
  public String name() {
    return "sim";
  }

  @Override
  public String description() {
    return "simulated network in a seeded world, with partitions and other faults, for tests";
  }

  @Override
  public List<OptionSpec> options() {
    return List.of(
        SimWorlds.WORLD,
        SimWorlds.SEED,
        new OptionSpec("network.sim.host", "host", "Name of the host in its world."),
        new OptionSpec("network.sim.sockets", "65536", "Most sockets, 1 to 1,048,576."));
  }

  @Override
  public Availability availability(Options options) {
    return SimWorlds.availability(options);
  }

  @Override
  public List<Capability> capabilities(Options options) {
    return CAPABILITIES;
  }

  @Override
  public Transport open(Options options, Clock clock, RandomGenerator random) {
    SimWorld world = SimWorlds.world(options, clock, random);
    SimHost host = world.network().host(options.text("network.sim.host", "host"));
    int sockets = (int) options.integer("network.sim.sockets", 65_536, 1, 1 << 20);
    return new SimTransport(world, host, sockets);
  }
}
