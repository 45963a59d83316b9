package dev.demikv.libos.conformance;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.sim.SimWorld;
import java.util.EnumSet;
import java.util.Set;

/// A seeded world; with or without storage.
final class SimBackend extends ConformanceBackend {
  private final SimWorld world = new SimWorld(PdpixConformance.SEED);
  private final String storage;

  SimBackend(String storage) {
    this.storage = storage;
    world.network().defaults().chunk(1, 4_000);
  }

  @Override
  String name() {
    return "sim";
  }

  @Override
  LibOs open(String host) {
    Options options =
        Options.empty()
            .with("sim.world", world.id())
            .with("network.sim.host", host)
            .with("storage.sim.disk", host)
            .with("storage.sim.segment", "256KiB")
            .with("storage.sim.segments", "32");
    return LibOses.open(
        new LibOsConfig("sim", storage, options, LIMITS, LibOsConfig.Idle.BLOCK),
        world,
        world.random("libos " + host));
  }

  @Override
  Set<Feature> lacks() {
    return EnumSet.of(Feature.CONNECTION_INFO);
  }

  @Override
  Endpoint address(String host, AddressFamily family, int port) {
    return world.network().host(host).endpoint(family, port);
  }

  @Override
  boolean isVirtualTime() {
    return true;
  }

  @Override
  void pass() {
    world.step();
  }

  @Override
  public void close() {
    world.close();
  }
}
