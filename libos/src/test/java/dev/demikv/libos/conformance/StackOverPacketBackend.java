package dev.demikv.libos.conformance;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.BackendProvider;
import dev.demikv.libos.device.NetworkNamespace;
import java.util.EnumSet;
import java.util.Set;

/// The user-level stack on packet sockets at both ends of a pair of interfaces, in a network of
/// their own. Skipped where that needs more rights than there are.
final class StackOverPacketBackend extends ConformanceBackend {
  private static final String FIRST = "dkpacket0";
  private static final String SECOND = "dkpacket1";

  /// Fewer arrays than buffers: pops bring the device's buffers and need an array only.
  private static final LibOsConfig.Limits FEW_ARRAYS =
      new LibOsConfig.Limits(256, 1024, 512, 1024, 128, 24);

  private final NetworkNamespace namespace = NetworkNamespace.enter();

  StackOverPacketBackend() {
    for (BackendProvider provider : LibOses.providers()) {
      if (provider.name().equals("packet")) {
        var availability = provider.availability(Options.empty());
        assumeTrue(availability.available(), availability.reason());
      }
    }
    namespace.ip("link", "add", FIRST, "type", "veth", "peer", "name", SECOND);
    for (String end : new String[] {FIRST, SECOND}) {
      namespace.ip("link", "set", end, "addrgenmode", "none");
      namespace.ip("link", "set", end, "up");
    }
  }

  @Override
  String name() {
    return "stack over packet sockets";
  }

  private static int number(String host) {
    return host.equals("a") ? 1 : 2;
  }

  @Override
  LibOs open(String host) {
    Options options =
        Options.empty()
            .with("network.interface", number(host) == 1 ? FIRST : SECOND)
            .with("network.tcp.send-buffer", "1MiB")
            .with("network.close-linger", "5ms")
            .with(
                "network.address", "10.77.0." + number(host) + "/24,fd77::" + number(host) + "/64");
    return LibOses.open(
        new LibOsConfig("packet", "none", options, FEW_ARRAYS, LibOsConfig.Idle.BLOCK));
  }

  @Override
  Set<Feature> lacks() {
    return EnumSet.of(Feature.HOST_OUTLIVES_LIBOS);
  }

  @Override
  Endpoint address(String host, AddressFamily family, int port) {
    return family == AddressFamily.INET
        ? Endpoint.ipv4(0x0a4d_0000 | number(host), port)
        : Endpoint.ipv6(0xfd77_0000_0000_0000L, number(host), 0, port);
  }

  @Override
  public void close() {
    namespace.close();
  }
}
