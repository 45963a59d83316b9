package dev.demikv.libos.conformance;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.NetworkNamespace;

/// The user-level stack on a tap device as host `a`, and Linux itself as host `b`: the kernel's
/// TCP/IP as the peer, in a network of their own. Skipped where that needs more rights than there
/// are.
final class StackOverTapBackend extends LanBackend {
  private static final String INTERFACE = "dkstack0";

  /// Of a third host, which a test opens beside the two; a tap has one user at a time.
  private static final String SPARE = "dkstack1";

  private final NetworkNamespace namespace = NetworkNamespace.enter();

  StackOverTapBackend() {
    namespace.ip("tuntap", "add", "dev", INTERFACE, "mode", "tap");
    namespace.ip("addr", "add", "10.77.0.2/24", "dev", INTERFACE);
    namespace.ip("-6", "addr", "add", "fd77::2/64", "dev", INTERFACE, "nodad");
    namespace.ip("link", "set", INTERFACE, "up");
    namespace.ip("tuntap", "add", "dev", SPARE, "mode", "tap");
    namespace.ip("link", "set", SPARE, "up");
  }

  @Override
  String name() {
    return "stack over tap";
  }

  @Override
  LibOs open(String host) {
    if (host.equals("b")) {
      return LibOses.open(
          new LibOsConfig("kernel", "none", Options.empty(), LIMITS, LibOsConfig.Idle.BLOCK));
    }
    Options device =
        Options.empty()
            .with("network.interface", host.equals("a") ? INTERFACE : SPARE)
            .with("network.close-linger", "5ms");
    return LibOses.open(
        new LibOsConfig("tap", "none", onLan(host, device), FEW_ARRAYS, LibOsConfig.Idle.BLOCK));
  }

  @Override
  public void close() {
    namespace.close();
  }
}
