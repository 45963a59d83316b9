package dev.demikv.libos.device.dpdk;

import static dev.demikv.libos.ffi.LibCConstants.AF_XDP;
import static dev.demikv.libos.ffi.LibCConstants.SOCK_CLOEXEC;
import static dev.demikv.libos.ffi.NetConstants.SOCK_RAW;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.Availability;
import dev.demikv.libos.device.dpdk.EalArguments.Vdev;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.DpdkAbi;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.LibCSocket;
import dev.demikv.libos.lang.Nullable;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What DPDK needs of the machine, read without touching anything, and what to do where it is not
/// there.
final class DpdkEnvironment {
  private static final int CAP_NET_RAW = 13;
  private static final String HUGE_PAGES =
      "Reserve huge pages as root, as 'sysctl -w vm.nr_hugepages=128' for 256 MiB, or do without:"
          + " '--no-huge -m 512' in place of --in-memory.";

  private DpdkEnvironment() {}

  /// CPUs this process may run on, as `0-3,8`; empty if that is not known.
  static String allowedCpus() {
    return status("Cpus_allowed_list");
  }

  private static String status(String key) {
    for (String line : lines(Path.of("/proc/self/status"))) {
      if (line.startsWith(key + ":")) {
        return line.substring(key.length() + 1).trim();
      }
    }
    return "";
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of();
    }
  }

  /// Huge pages of any size that are free.
  private static long freeHugePages() {
    long free = 0;
    String[] sizes = new File("/sys/kernel/mm/hugepages").list();
    for (String size : sizes == null ? new String[0] : sizes) {
      for (String line : lines(Path.of("/sys/kernel/mm/hugepages", size, "free_hugepages"))) {
        free += Long.parseLong(line.trim());
      }
    }
    return free;
  }

  private static boolean hasCapability(int bit) {
    String effective = status("CapEff");
    return effective.isEmpty() || (Long.parseUnsignedLong(effective, 16) >>> bit & 1) != 0;
  }

  /// What speaks against a start with these arguments; `null` if nothing does.
  static @Nullable Availability obstacle(EalArguments arguments, DpdkAbi abi) {
    boolean noHuge = arguments.has("--no-huge");
    if (noHuge && arguments.has("--in-memory")) {
      return Availability.no(
          "the EAL does not take --no-huge and --in-memory together",
          "Leave --in-memory out; --no-huge leaves no files either.");
    }
    if (!noHuge && freeHugePages() == 0) {
      return Availability.no("no huge page is free", HUGE_PAGES);
    }
    for (Vdev vdev : arguments.vdevs()) {
      String reason = obstacle(vdev);
      if (!reason.isEmpty()) {
        return Availability.no(vdev.name() + ": " + reason, advice(vdev, abi));
      }
    }
    return null;
  }

  private static String obstacle(Vdev vdev) {
    boolean onInterface =
        vdev.driver().equals("net_af_packet") || vdev.driver().equals("net_af_xdp");
    String iface = vdev.argument("iface");
    if (onInterface && iface.isEmpty()) {
      return "no iface= is given";
    }
    if (onInterface && !Files.exists(Path.of("/sys/class/net", iface))) {
      return "there is no network interface " + iface;
    }
    if (onInterface && !hasCapability(CAP_NET_RAW)) {
      return "the process may not open packet sockets (CAP_NET_RAW)";
    }
    if (vdev.driver().equals("net_af_xdp") && !hasXdpSockets()) {
      return "the kernel has no AF_XDP sockets";
    }
    return "";
  }

  private static boolean hasXdpSockets() {
    try (Arena call = Arena.ofConfined()) {
      CallState state = new CallState(call);
      int fd = LibCSocket.socket(state, AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
      if (fd >= 0) {
        LibC.close(state, fd);
      }
      return fd != -Errno.EAFNOSUPPORT;
    }
  }

  /// What to do when the EAL did not start.
  static String advice(EalArguments arguments, DpdkAbi abi, int errno) {
    Availability known = obstacle(arguments, abi);
    if (known != null) {
      return "The cause may be that " + known.reason() + ". " + known.advice();
    }
    return switch (errno) {
      case Errno.EACCES, Errno.EPERM ->
          "Not permitted: run as root, or as an ordinary user with --no-huge or with a hugetlbfs"
              + " mount that the user may write to; PCI devices need access to /dev/vfio.";
      case Errno.ENOMEM -> "Not enough memory. " + HUGE_PAGES;
      default -> "The EAL's messages on stderr say why; its arguments are checked there.";
    };
  }

  /// What to do when a virtual device was not made.
  static String advice(Vdev vdev, DpdkAbi abi) {
    String common =
        switch (vdev.driver()) {
          case "net_af_packet" ->
              "It needs iface= of an interface that is there, and root or CAP_NET_RAW.";
          case "net_af_xdp" ->
              "It needs a kernel with CONFIG_XDP_SOCKETS (net_af_packet does without), iface=, and"
                  + " root or CAP_NET_RAW, NET_ADMIN, IPC_LOCK, SYS_ADMIN and"
                  + " DAC_OVERRIDE. A process that was killed leaves its program on the interface:"
                  + " 'ip link set DEVICE xdp off'.";
          case "net_tap" -> "It needs root or CAP_NET_ADMIN, and /dev/net/tun.";
          case "net_memif" ->
              "It needs role=server or role=client, and socket= in a folder that the user may write"
                  + " to.";
          default -> "The EAL's messages on stderr say why.";
        };
    String library = "librte-" + vdev.driver().replace('_', '-') + abi.soname();
    return common + " Its driver is Debian's " + library + ".";
  }
}
