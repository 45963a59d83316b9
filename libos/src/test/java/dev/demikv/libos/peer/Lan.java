package dev.demikv.libos.peer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.BackendProvider;
import dev.demikv.libos.device.NetworkNamespace;

/// A cable between the user-level stack and the kernel.
enum Lan {
  /// A tap device on which checksums are left out.
  TAP,
  /// A tap device with all checksums.
  TAP_CHECKSUMS,
  /// A packet socket on one end of a veth pair, with all checksums.
  PACKET,
  /// The same; the kernel leaves checksums out.
  PACKET_PARTIAL,
  /// A packet socket on a tap device, and a [dev.demikv.libos.device.FrameEmulator] between that
  /// and the tap device of the kernel.
  EMULATED;

  static final String OURS = "10.77.0.1";
  static final String OURS6 = "fd77::1";
  static final String KERNELS = "10.77.0.2";
  static final String KERNELS6 = "fd77::2";

  /// The interface that our side opens.
  static final String INTERFACE = "dkours0";

  /// The interface with the kernel's addresses, where that is another one.
  static final String PEER = "dkpeer0";

  private static final LibOsConfig.Limits LIMITS =
      new LibOsConfig.Limits(4096, 8192, 4096, 4096, 512, 24);

  /// Makes the interfaces; the calling thread is in the namespace.
  void build(NetworkNamespace namespace) {
    require(backend());
    switch (this) {
      case TAP, TAP_CHECKSUMS -> {
        namespace.ip("tuntap", "add", "dev", INTERFACE, "mode", "tap");
        addresses(namespace, INTERFACE);
      }
      case PACKET, PACKET_PARTIAL -> {
        assumeTrue(NetworkNamespace.canRun("ethtool", "--version"), "no program `ethtool` here");
        namespace.ip("link", "add", INTERFACE, "type", "veth", "peer", "name", PEER);
        String checksums = this == PACKET ? "off" : "on";
        namespace.run(
            "ethtool", "-K", PEER, "tx", checksums, "tso", "off", "gso", "off", "gro", "off");
        silence(namespace);
        addresses(namespace, PEER);
      }
      case EMULATED -> {
        require("tap");
        namespace.ip("tuntap", "add", "dev", INTERFACE, "mode", "tap");
        namespace.ip("tuntap", "add", "dev", PEER, "mode", "tap");
        silence(namespace);
        addresses(namespace, PEER);
      }
    }
  }

  private static void silence(NetworkNamespace namespace) {
    namespace.ip("link", "set", INTERFACE, "addrgenmode", "none");
    namespace.ip("link", "set", INTERFACE, "up");
  }

  private static void addresses(NetworkNamespace namespace, String interfaceName) {
    namespace.ip("addr", "add", KERNELS + "/24", "dev", interfaceName);
    namespace.ip("-6", "addr", "add", KERNELS6 + "/64", "dev", interfaceName, "nodad");
    namespace.ip("link", "set", interfaceName, "up");
  }

  private static void require(String backend) {
    for (BackendProvider provider : LibOses.providers()) {
      if (provider.name().equals(backend)) {
        var availability = provider.availability(Options.empty());
        assumeTrue(availability.available(), availability.reason());
      }
    }
  }

  private String backend() {
    return switch (this) {
      case TAP, TAP_CHECKSUMS -> "tap";
      case PACKET, PACKET_PARTIAL, EMULATED -> "packet";
    };
  }

  /// Our side's configuration.
  LibOsConfig config() {
    Options options =
        Options.empty()
            .with("network.interface", INTERFACE)
            .with("network.address", OURS + "/24," + OURS6 + "/64");
    if (this == TAP_CHECKSUMS) {
      options = options.with("network.tap.checksum-offload", "false");
    }
    return new LibOsConfig(backend(), "none", options, LIMITS, LibOsConfig.Idle.BLOCK);
  }
}
