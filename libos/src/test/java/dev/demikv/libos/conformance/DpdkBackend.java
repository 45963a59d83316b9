package dev.demikv.libos.conformance;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.dpdk.DpdkTestPorts;
import dev.demikv.libos.device.dpdk.VethPair;
import dev.demikv.libos.lang.Nullable;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/// The user-level stack over DPDK ports: two hosts, `a` and another one, joined by shared memory or
/// by a pair of interfaces.
final class DpdkBackend extends LanBackend {
  private static final AtomicInteger PORTS = new AtomicInteger(1000);

  private final @Nullable VethPair cable;
  private final @Nullable Path folder;
  private final String driver;

  private DpdkBackend(String driver, @Nullable VethPair cable, @Nullable Path folder) {
    this.driver = driver;
    this.cable = cable;
    this.folder = folder;
    DpdkTestPorts.assumeDriver(driver);
  }

  /// Over net_memif.
  static DpdkBackend memif() {
    try {
      return new DpdkBackend("net_memif", null, Files.createTempDirectory("conformance"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Over a driver for interfaces of the kernel, net_af_packet or net_af_xdp; skips the test where
  /// interfaces cannot be made.
  static DpdkBackend onInterfaces(String driver) {
    try {
      return new DpdkBackend(driver, VethPair.make(), null);
    } catch (IOException e) {
      return abort(e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return abort("interrupted");
    }
  }

  @Override
  String name() {
    return "dpdk";
  }

  @Override
  LibOs open(String host) {
    boolean first = number(host) == 1;
    String port = driver + PORTS.incrementAndGet();
    String arguments;
    VethPair veth = cable;
    if (veth != null) {
      arguments = "iface=" + (first ? veth.near() : veth.far());
    } else {
      arguments =
          (first ? "role=server" : "role=client")
              + ",socket-abstract=no,socket="
              + folder
              + "/memif";
    }
    Options options = onLan(host, DpdkTestPorts.options(port, port + "," + arguments));
    LibOs libos =
        LibOses.open(new LibOsConfig("dpdk", "none", options, FEW_ARRAYS, LibOsConfig.Idle.BLOCK));
    // The driver's own thread makes the connection.
    QResult[] none = {new QResult()};
    for (int i = 0; i < 10; i++) {
      libos.waitNext(none, 1_000_000);
    }
    return libos;
  }

  @Override
  Set<Feature> lacks() {
    EnumSet<Feature> lacks = EnumSet.of(Feature.HOST_OUTLIVES_LIBOS);
    if (driver.equals("net_af_xdp") && DpdkTestPorts.soname() == 23) {
      lacks.add(Feature.REOPENS); // The driver of 22.11 finds the interface busy.
    }
    return lacks;
  }

  @Override
  public void close() {
    VethPair veth = cable;
    if (veth != null) {
      veth.close();
    }
    Path used = folder;
    if (used != null) {
      for (File file : used.toFile().listFiles()) {
        file.delete();
      }
      used.toFile().delete();
    }
  }
}
