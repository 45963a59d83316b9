package dev.demikv.libos.device.tap;

import dev.demikv.libos.api.Errno;

/// What a user can do when a tap device refuses.
final class TapAdvice {
  private TapAdvice() {}

  /// When /dev/net/tun cannot be opened.
  static String ofOpen(int errno) {
    return switch (errno) {
      case Errno.ENOENT, Errno.ENODEV, Errno.ENXIO ->
          "Load the driver (modprobe tun), or give the container the device /dev/net/tun.";
      case Errno.EACCES, Errno.EPERM ->
          "Allow this user to read and write /dev/net/tun, or run as root.";
      default -> "";
    };
  }

  /// When an interface cannot be attached to.
  static String ofAttach(int errno, String name) {
    return switch (errno) {
      case Errno.EPERM, Errno.EACCES ->
          "Let root make the interface for you once (ip tuntap add dev "
              + name
              + " mode tap user USER; ip link set "
              + name
              + " up), or give java the capability CAP_NET_ADMIN.";
      case Errno.EBUSY ->
          "Another program has "
              + name
              + " open: end it, or choose another name with network.interface.";
      case Errno.EINVAL ->
          name + " is not a tap interface, or one of several queues: choose another name.";
      default -> "";
    };
  }
}
