package dev.demikv.libos.conformance;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.config.LibOsConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Stream;

/// Kernel sockets on the loopback interface, and the file log device in a temporary folder.
final class KernelBackend extends ConformanceBackend {
  private final String mechanism;
  private final Path folder;

  /// @param mechanism of the file device, or `none` for no storage
  KernelBackend(String mechanism) {
    this.mechanism = mechanism;
    try {
      folder = Files.createTempDirectory("conformance");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  String name() {
    return "kernel";
  }

  @Override
  LibOs open(String host) {
    LibOsConfig config = LibOsConfig.kernel().withLimits(LIMITS);
    if (mechanism.equals("none")) {
      return LibOses.open(config);
    }
    return LibOses.open(
        config
            .withStorage("file")
            .withOption("storage.file.path", folder.resolve(host).toString())
            .withOption("storage.file.mechanism", mechanism)
            .withOption("storage.file.segment-bytes", "256KiB")
            .withOption("storage.file.capacity", "8MiB"));
  }

  @Override
  Set<Feature> lacks() {
    return EnumSet.of(Feature.ACKED);
  }

  @Override
  public void close() {
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
