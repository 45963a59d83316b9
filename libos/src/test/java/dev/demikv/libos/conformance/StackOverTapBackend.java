package dev.demikv.libos.conformance;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.NetworkNamespace;

/// The user-level stack on a tap device as host `a`, and Linux itself as host `b`: the kernel's
/// TCP/IP as the peer, in a network of their own. Skipped where that needs more rights than there
/// are.
final class StackOverTapBackend extends ConformanceBackend {
  private static final String INTERFACE = "dkstack0";

  /// Of a third host, which a test opens beside the two; a tap has one user at a time.
  private static final String SPARE = "dkstack1";

  /// Fewer arrays than buffers: pops bring the device's buffers and need an array only.
  private static final LibOsConfig.Limits FEW_ARRAYS =
      new LibOsConfig.Limits(256, 1024, 512, 1024, 128, 24);

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
    Options options =
        Options.empty()
            .with("network.interface", host.equals("a") ? INTERFACE : SPARE)
            .with("network.tcp.send-buffer", "1MiB")
            .with("network.close-linger", "5ms")
            .with(
                "network.address", "10.77.0." + number(host) + "/24,fd77::" + number(host) + "/64");
    return LibOses.open(
        new LibOsConfig("tap", "none", options, FEW_ARRAYS, LibOsConfig.Idle.BLOCK));
  }

  private static int number(String host) {
    return host.charAt(0) - 'a' + 1;
  }

  @Override
  Endpoint address(String host, AddressFamily family, int port) {
    int number = number(host);
    return family == AddressFamily.INET
        ? Endpoint.ipv4(0x0a4d_0000 | number, port)
        : Endpoint.ipv6(0xfd77_0000_0000_0000L, number, 0, port);
  }

  @Override
  public void close() {
    namespace.close();
  }
}
