package dev.demikv.libos.device;

import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.wire.MacAddress;
import java.util.regex.Pattern;

/// Options that network devices share.
public final class NetDeviceOptions {
  /// Which interface.
  public static final OptionSpec INTERFACE =
      new OptionSpec(
          "network.interface",
          "",
          "Network interface, as tap0, 1 to 15 characters; the backend tap makes it if there is"
              + " none.");

  /// Which hardware address.
  public static final OptionSpec MAC =
      new OptionSpec(
          "network.mac",
          "",
          "Hardware address of the stack, as 02:00:5e:00:53:01; absent: the device's own, or one"
              + " that follows from the interface's name (tap).");

  private static final Pattern NAME = Pattern.compile("[!-~&&[^/:%]]{1,15}");

  private NetDeviceOptions() {}

  /// The interface's name.
  ///
  /// @param defaultName when the option is absent
  /// @throws IllegalArgumentException when it cannot be one, or is empty
  public static String interfaceName(Options options, String defaultName) {
    String name = options.text(INTERFACE.key(), defaultName);
    if (!NAME.matcher(name).matches() || name.equals(".") || name.equals("..")) {
      throw new IllegalArgumentException(
          "option "
              + INTERFACE.key()
              + ": '"
              + name
              + "' is not the name of an interface, 1 to 15 characters without blanks or / : %");
    }
    return name;
  }

  /// The hardware address, or 0 when the option is absent.
  ///
  /// @throws IllegalArgumentException when it is not one
  public static long mac(Options options) {
    String mac = options.text(MAC.key(), "");
    return mac.isEmpty() ? 0 : parseMac(MAC.key(), mac);
  }

  /// Reads the hardware address of a station.
  ///
  /// @param key option that holds the text, for the message
  /// @throws IllegalArgumentException when it is not the address of one interface
  public static long parseMac(String key, String text) {
    long address;
    try {
      address = MacAddress.parse(text.trim());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("option " + key + ": " + e.getMessage(), e);
    }
    if (address == 0 || MacAddress.isGroup(address)) {
      throw new IllegalArgumentException(
          "option "
              + key
              + ": '"
              + text
              + "' names a group or nobody; a station's address has an even first byte");
    }
    return address;
  }
}
