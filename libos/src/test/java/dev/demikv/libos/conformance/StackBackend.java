package dev.demikv.libos.conformance;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.sim.SimWorld;
import dev.demikv.libos.lang.Nullable;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;

/// The user-level stack over a simulated Ethernet, which is unkind: offload of checksums, buffers
/// held after they were sent.
final class StackBackend extends LanBackend {
  private final SimWorld world = new SimWorld(PdpixConformance.SEED);
  private final String checksums;
  private final int mtuBytes;
  private @Nullable Path directory;
  private int opened;

  /// @param checksums `software`, `offload` or `partial`
  StackBackend(String checksums, int mtuBytes) {
    this.checksums = checksums;
    this.mtuBytes = mtuBytes;
    world.wire("lan").defaults().delay(10_000, 30_000);
  }

  StackBackend(String checksums) {
    this(checksums, 1500);
  }

  /// Frames are lost, doubled and overtaken.
  StackBackend lossy() {
    world.wire("lan").defaults().loss(0.01).duplicate(0.01).reorder(0.02, 200_000);
    return this;
  }

  /// Frames are lost, doubled, damaged and late by the device of each host, which also records
  /// them.
  StackBackend traced(Path newDirectory) {
    directory = newDirectory;
    return this;
  }

  @Override
  String name() {
    return "stack";
  }

  @Override
  LibOs open(String host) {
    Options device =
        Options.empty()
            .with("sim.world", world.id())
            .with("network.wire.host", host)
            .with("network.wire.checksums", checksums)
            .with("network.wire.mtu", "" + mtuBytes)
            .with("network.wire.hold", "20us");
    Options options = onLan(host, device);
    if (directory != null) {
      options =
          options
              .with(
                  "network.faults",
                  "loss=1%,dup=1%,reorder=2%,reorder-by=200us,corrupt=0.5%,jitter=50us")
              .with("network.faults.seed", "" + (PdpixConformance.SEED + number(host)))
              .with("network.pcap", directory.resolve(host + opened++ + ".pcap").toString());
    }
    return LibOses.open(
        new LibOsConfig("wire", "none", options, FEW_ARRAYS, LibOsConfig.Idle.BLOCK),
        world,
        world.random("libos " + host));
  }

  @Override
  Set<Feature> lacks() {
    return EnumSet.of(Feature.HOST_OUTLIVES_LIBOS);
  }

  @Override
  boolean isVirtualTime() {
    return true;
  }

  @Override
  void pass() {
    world.advance(world.nanoTime() + 1_000_000);
  }

  @Override
  public void close() {
    world.close();
  }
}
