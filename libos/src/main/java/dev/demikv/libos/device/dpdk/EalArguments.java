package dev.demikv.libos.device.dpdk;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The arguments of the EAL, taken apart: virtual devices are made one by one after the start, so
/// that a failure has a name, and a later LibOs of the process may bring more.
///
/// @param base all but `--vdev`, in order
/// @param vdevs the virtual devices, in order
record EalArguments(List<String> base, List<Vdev> vdevs) {
  EalArguments {
    base = List.copyOf(base);
    vdevs = List.copyOf(vdevs);
  }

  /// A virtual device.
  ///
  /// @param name as `net_memif0`; the name of its port
  /// @param arguments of its driver, as `role=server,id=0`; may be empty
  record Vdev(String name, String arguments) {
    static Vdev parse(String text) {
      int comma = text.indexOf(',');
      return comma < 0
          ? new Vdev(text, "")
          : new Vdev(text.substring(0, comma), text.substring(comma + 1));
    }

    /// The driver's name, as `net_memif`.
    String driver() {
      return name.replaceFirst("_?\\d+$", "");
    }

    /// The value of an argument, or empty.
    String argument(String key) {
      for (String one : arguments.split(",", -1)) {
        if (one.startsWith(key + "=")) {
          return one.substring(key.length() + 1);
        }
      }
      return "";
    }

    /// Whether its driver moves frames of any length, whatever MTU it says it has.
    boolean ignoresMtu() {
      return switch (driver()) {
        case "net_memif", "net_ring", "net_null" -> true;
        default -> false;
      };
    }

    /// Whether its driver must be stopped on the thread that handles its control channel: net_memif
    /// frees that channel twice when its peer leaves at the same time.
    boolean stopsOnInterruptThread() {
      return driver().equals("net_memif");
    }

    /// Whether its driver shares the packet buffers with the kernel. It is not given them back when
    /// the port is closed, and the kernel lets go of the interface a moment later.
    boolean sharesBuffersWithKernel() {
      return driver().equals("net_af_xdp");
    }

    /// Whether its driver gives the port the hardware address of the kernel's interface at the
    /// other end, which must have one of its own.
    boolean takesAddressOfPeer() {
      return driver().equals("net_tap");
    }

    /// Whether its driver reads packets with the CPU, so that any memory will do.
    boolean copies() {
      return switch (driver()) {
        case "net_af_packet", "net_af_xdp", "net_tap", "net_ring", "net_null", "net_pcap" -> true;
        case "net_memif" -> !argument("zero-copy").toLowerCase(Locale.ROOT).equals("yes");
        default -> false;
      };
    }
  }

  /// Takes a line apart at blanks.
  static EalArguments parse(String text) {
    List<String> base = new ArrayList<>();
    List<Vdev> vdevs = new ArrayList<>();
    List<String> words = new ArrayList<>(List.of(text.trim().split("\\s+")));
    words.removeIf(String::isEmpty);
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      if (word.startsWith("--vdev=")) {
        vdevs.add(Vdev.parse(word.substring("--vdev=".length())));
      } else if (word.equals("--vdev") && i + 1 < words.size()) {
        i++;
        vdevs.add(Vdev.parse(words.get(i)));
      } else if (List.of("-h", "--help", "-v", "--version").contains(word)) {
        throw new IllegalArgumentException(
            "option " + DpdkOptions.EAL_ARGS + ": '" + word + "' would end the process");
      } else {
        base.add(word);
      }
    }
    return new EalArguments(base, vdevs);
  }

  /// Whether an argument is there, as `--no-huge`, with a value or without.
  boolean has(String name) {
    return base.stream().anyMatch(word -> word.equals(name) || word.startsWith(name + "="));
  }

  /// What rte_eal_init is given: these arguments and our defaults for what they do not say.
  ///
  /// @param cpus CPUs the process may use, as `0-3,8`
  List<String> command(String cpus) {
    List<String> all = new ArrayList<>();
    all.add("demikv");
    all.addAll(base);
    boolean choosesCores =
        has("-l") || has("-c") || has("--lcores") || base.stream().anyMatch(EalArguments::isCores);
    if (!choosesCores && !cpus.isEmpty()) {
      // One lcore that may run anywhere: its thread ends after the start, and no workers are made.
      all.add("--lcores=0@(" + cpus + ")");
    }
    if (!has("--no-telemetry") && !has("--telemetry")) {
      all.add("--no-telemetry");
    }
    if (!has("--log-level")) {
      all.add("--log-level=*:warning");
    }
    return all;
  }

  private static boolean isCores(String word) {
    return word.matches("-[lc]\\S+");
  }
}
