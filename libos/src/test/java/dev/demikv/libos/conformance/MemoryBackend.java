package dev.demikv.libos.conformance;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.memory.MemoryMedia;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/// Sockets and logs in memory; with or without storage.
final class MemoryBackend extends ConformanceBackend {
  private static final AtomicLong COUNT = new AtomicLong();

  private final String space = "conformance " + COUNT.incrementAndGet();
  private final String storage;
  private final Set<String> media = new HashSet<>();

  MemoryBackend(String storage) {
    this.storage = storage;
  }

  @Override
  String name() {
    return "memory";
  }

  @Override
  LibOs open(String host) {
    String medium = space + " " + host;
    media.add(medium);
    Options options =
        Options.empty()
            .with("network.memory.space", space)
            .with("storage.memory.name", medium)
            .with("storage.memory.segment-bytes", "256KiB")
            .with("storage.memory.capacity", "8MiB");
    return LibOses.open(
        new LibOsConfig("memory", storage, options, LIMITS, LibOsConfig.Idle.BLOCK));
  }

  @Override
  Set<Feature> lacks() {
    return EnumSet.of(Feature.IPV6, Feature.DUAL_STACK, Feature.CONNECTION_INFO);
  }

  @Override
  public void close() {
    media.forEach(MemoryMedia::free);
  }
}
