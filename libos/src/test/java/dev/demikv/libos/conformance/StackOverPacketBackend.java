package dev.demikv.libos.conformance;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.BackendProvider;
import dev.demikv.libos.device.NetworkNamespace;
import java.util.EnumSet;
import java.util.Set;

/// The user-level stack on packet sockets at both ends of a pair of interfaces, in a network of
/// their own. Skipped where that needs more rights than there are.
final class StackOverPacketBackend extends LanBackend {
  private static final String FIRST = "dkpacket0";
  private static final String SECOND = "dkpacket1";

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

  @Override
  LibOs open(String host) {
    Options device =
        Options.empty()
            .with("network.interface", number(host) == 1 ? FIRST : SECOND)
            .with("network.close-linger", "5ms");
    return LibOses.open(
        new LibOsConfig("packet", "none", onLan(host, device), FEW_ARRAYS, LibOsConfig.Idle.BLOCK));
  }

  @Override
  Set<Feature> lacks() {
    return EnumSet.of(Feature.HOST_OUTLIVES_LIBOS);
  }

  @Override
  public void close() {
    namespace.close();
  }
}
