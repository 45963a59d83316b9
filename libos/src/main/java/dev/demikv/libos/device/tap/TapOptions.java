package dev.demikv.libos.device.tap;

import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.NetDeviceOptions;
import dev.demikv.libos.wire.MacAddress;
import java.util.List;

/// Settings of a tap device.
///
/// @param interfaceName the interface, existing or to be made
/// @param macAddress hardware address of the stack, which is not the interface's
/// @param checksumOffload whether transport checksums are left out between stack and kernel
record TapOptions(String interfaceName, long macAddress, boolean checksumOffload) {
  private static final String INTERFACE_DEFAULT = "demikv0";

  private static final OptionSpec OFFLOAD =
      new OptionSpec(
          "network.tap.checksum-offload",
          "true",
          "Whether frames between the stack and the kernel go without transport checksum.");

  static final List<OptionSpec> SPECS =
      List.of(
          new OptionSpec(
              NetDeviceOptions.INTERFACE.key(),
              INTERFACE_DEFAULT,
              NetDeviceOptions.INTERFACE.description()),
          NetDeviceOptions.MAC,
          OFFLOAD);

  static TapOptions of(Options options) {
    String name = NetDeviceOptions.interfaceName(options, INTERFACE_DEFAULT);
    long mac = NetDeviceOptions.mac(options);
    return new TapOptions(
        name, mac == 0 ? MacAddress.ofName("tap:" + name) : mac, options.flag(OFFLOAD.key(), true));
  }
}
