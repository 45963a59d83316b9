package dev.demikv.libos.conformance;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;

/// Hosts on the user-level stack on one link: `a` is 10.77.0.1 and fd77::1, `b` the next.
abstract class LanBackend extends ConformanceBackend {
  /// Fewer arrays than buffers: pops bring the device's buffers and need an array only.
  static final LibOsConfig.Limits FEW_ARRAYS =
      new LibOsConfig.Limits(256, 1024, 512, 1024, 128, 24);

  static int number(String host) {
    return host.charAt(0) - 'a' + 1;
  }

  /// What every host's stack has, on top of the options of its device.
  static Options onLan(String host, Options device) {
    int number = number(host);
    return device
        .with("network.tcp.send-buffer", "1MiB")
        .with("network.address", "10.77.0." + number + "/24,fd77::" + number + "/64");
  }

  @Override
  Endpoint address(String host, AddressFamily family, int port) {
    int number = number(host);
    return family == AddressFamily.INET
        ? Endpoint.ipv4(0x0a4d_0000 | number, port)
        : Endpoint.ipv6(0xfd77_0000_0000_0000L, number, 0, port);
  }
}
