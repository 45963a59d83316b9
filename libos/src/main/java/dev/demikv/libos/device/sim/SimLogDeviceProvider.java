package dev.demikv.libos.device.sim;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Capability.Performer;
import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.Availability;
import dev.demikv.libos.device.LogDevice;
import dev.demikv.libos.device.LogDeviceGeometry;
import dev.demikv.libos.device.LogDeviceProvider;
import dev.demikv.libos.time.Clock;
import java.util.List;
import java.util.random.RandomGenerator;

/// The storage backend `sim`: a simulated disk with a volatile cache and faults.
public final class SimLogDeviceProvider implements LogDeviceProvider {
  static final List<Capability> CAPABILITIES =
      List.of(
          new Capability("durable write", Performer.DEVICE, "simulated, survives the LibOs"),
          new Capability("volatile write cache", Performer.DEVICE, "simulated"),
          new Capability("time", Performer.DEVICE, "virtual"));

  /// For `ServiceLoader`.
  public SimLogDeviceProvider() {}

  @Override
  public String name() {
    return "sim";
  }

  @Override
  public String description() {
    return "simulated disk in a seeded world, with power loss and other faults, for tests";
  }

  @Override
  public List<OptionSpec> options() {
    return List.of(
        SimWorlds.WORLD,
        SimWorlds.SEED,
        new OptionSpec("storage.sim.disk", "disk", "Name of the disk in its world."),
        new OptionSpec("storage.sim.block", "4KiB", "Block in bytes, 512 to 64 KiB."),
        new OptionSpec("storage.sim.transfer", "256KiB", "Longest transfer in bytes."),
        new OptionSpec("storage.sim.queue", "64", "Operations in flight, 1 to 4,096."),
        new OptionSpec("storage.sim.segment", "1MiB", "Segment in bytes, up to 1 GiB."),
        new OptionSpec("storage.sim.segments", "64", "Segments, 2 to 65,536."),
        new OptionSpec("storage.sim.atomic", "0", "Bytes that are never torn, 0 to 64 KiB."));
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
  public LogDevice open(Options options, Clock clock, RandomGenerator random) {
    LogDeviceGeometry geometry =
        new LogDeviceGeometry(
            (int) options.bytes("storage.sim.block", 4096, 512, 65_536),
            (int) options.bytes("storage.sim.transfer", 256 << 10, 512, 16 << 20),
            (int) options.integer("storage.sim.queue", 64, 1, 4096),
            options.bytes("storage.sim.segment", 1 << 20, 1024, 1 << 30),
            (int) options.integer("storage.sim.segments", 64, 2, 65_536),
            (int) options.bytes("storage.sim.atomic", 0, 0, 65_536));
    SimWorld world = SimWorlds.world(options, clock, random);
    return world.disk(options.text("storage.sim.disk", "disk"), geometry).open();
  }
}
