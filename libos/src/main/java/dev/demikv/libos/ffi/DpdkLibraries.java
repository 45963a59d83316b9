package dev.demikv.libos.ffi;

import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// The shared libraries of DPDK: found, checked and loaded once per process.
public final class DpdkLibraries {
  /// What must be there, in the order of loading: each after those that it needs, which the linker
  /// would not find in a folder that is not on its path. `log` and `argparse` came later than
  /// 22.11.
  private static final List<String> CORE =
      List.of(
          "log?",
          "argparse?",
          "kvargs",
          "telemetry",
          "eal",
          "ring",
          "rcu?",
          "mempool",
          "mbuf",
          "net",
          "meter",
          "ethdev");

  /// Drivers that nearly everything needs; where they are missing the plug-in folder may have them.
  private static final List<String> DRIVERS = List.of("mempool_ring", "bus_vdev", "bus_pci");

  private static final Pattern EAL = Pattern.compile("librte_eal\\.so\\.(\\d+)(?:\\.\\d+)*");

  private static @Nullable DpdkLibraries loaded;

  private final DpdkAbi abi;
  private final String folder;
  private final List<SymbolLookup> lookups;

  private DpdkLibraries(DpdkAbi abi, String folder, List<SymbolLookup> lookups) {
    this.abi = abi;
    this.folder = folder;
    this.lookups = lookups;
  }

  /// The libraries cannot be used here.
  public static final class UnusableException extends Exception {
    private static final long serialVersionUID = 1L;
    private final String advice;

    UnusableException(String message, String advice) {
      super(message);
      this.advice = advice;
    }

    /// What to do about it.
    public String advice() {
      return advice;
    }
  }

  /// Loads the libraries, or returns those that were loaded before. Control path.
  ///
  /// @param folder where they lie; empty asks the linker, as for any program
  /// @throws UnusableException if they are not there, are of an unknown version, or others were
  ///   loaded before
  public static synchronized DpdkLibraries load(String folder) throws UnusableException {
    DpdkLibraries before = loaded;
    if (before != null && before.folder.equals(folder)) {
      return before;
    }
    if (!System.getProperty("os.arch").equals("amd64")) {
      throw new UnusableException(
          "DPDK's layouts are known for amd64, and this is " + System.getProperty("os.arch"),
          "Run it on an x86-64 machine.");
    }
    DpdkAbi abi = find(folder);
    if (before != null) {
      throw new UnusableException(
          "this process already uses the DPDK libraries of " + where(before.folder),
          "Give every LibOs of the process the same network.dpdk.lib-dir.");
    }
    DpdkLibraries found = new DpdkLibraries(abi, folder, open(folder, abi));
    loaded = found;
    return found;
  }

  private static DpdkAbi find(String folder) throws UnusableException {
    for (DpdkAbi abi : DpdkAbi.KNOWN) {
      if (has(folder, abi.libraryName("eal"))) {
        return abi;
      }
    }
    throw notFound(folder);
  }

  private static boolean has(String folder, String name) {
    if (!folder.isEmpty()) {
      return Files.exists(Path.of(folder, name));
    }
    return lookup(name) != null;
  }

  private static @Nullable SymbolLookup lookup(String nameOrPath) {
    try {
      return SymbolLookup.libraryLookup(nameOrPath, Arena.global());
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static List<SymbolLookup> open(String folder, DpdkAbi abi) throws UnusableException {
    List<SymbolLookup> lookups = new ArrayList<>();
    for (String library : CORE) {
      boolean optional = library.endsWith("?");
      String name =
          abi.libraryName(optional ? library.substring(0, library.length() - 1) : library);
      SymbolLookup found = lookup(folder.isEmpty() ? name : folder + "/" + name);
      if (found != null) {
        lookups.add(found);
      } else if (!optional) {
        throw new UnusableException(
            "librte_eal.so."
                + abi.soname()
                + " is there and "
                + name
                + " is not, in "
                + where(folder),
            "Install Debian's librte-ethdev" + abi.soname() + " or the whole of one DPDK build.");
      }
    }
    if (folder.isEmpty()) {
      for (String driver : DRIVERS) {
        loadDriver(folder, abi, driver);
      }
    } else {
      loadOthers(folder, abi);
    }
    return List.copyOf(lookups);
  }

  /// Loads all the drivers of a folder and what they need. The EAL does so with its plug-in folder,
  /// and fails where the linker does not find what a driver needs, another driver perhaps: here
  /// each is tried again as long as others could be loaded.
  private static void loadOthers(String folder, DpdkAbi abi) {
    String[] names = Path.of(folder).toFile().list();
    List<String> left = new ArrayList<>(List.of(names == null ? new String[0] : names));
    left.removeIf(name -> !name.matches("librte_\\w+\\.so\\." + abi.soname()));
    left.sort(null);
    int before;
    do {
      before = left.size();
      left.removeIf(name -> lookup(folder + "/" + name) != null);
    } while (left.size() < before);
  }

  private static boolean loadDriver(String folder, DpdkAbi abi, String driver) {
    String name = abi.libraryName(driver);
    return lookup(folder.isEmpty() ? name : folder + "/" + name) != null;
  }

  /// Loads a poll mode driver, whose constructor registers it with the EAL. Before or after the
  /// start of the EAL; several times does no harm.
  ///
  /// @param driver as `net_memif`
  /// @return whether there is such a library; if not, the EAL may still find it in its plug-in
  ///   folder
  public boolean loadDriver(String driver) {
    return loadDriver(folder, abi, driver);
  }

  private static UnusableException notFound(String folder) {
    List<String> others = new ArrayList<>();
    for (Path directory : searched(folder)) {
      addEals(directory, others);
    }
    if (!others.isEmpty()) {
      return new UnusableException(
          "the ABI of " + others.get(0) + " is not known; known are " + DpdkAbi.knownText(),
          "Install one of these versions beside it, and name its folder in network.dpdk.lib-dir.");
    }
    StringBuilder names = new StringBuilder();
    for (DpdkAbi abi : DpdkAbi.KNOWN) {
      names.append(names.isEmpty() ? "" : ", ").append(abi.libraryName("eal"));
    }
    return new UnusableException(
        "no DPDK: " + names + " were looked for in " + where(folder),
        "Install Debian's librte-eal23 librte-ethdev23 librte-mempool-ring23 librte-bus-vdev23 and"
            + " the drivers you need, as librte-net-memif23 librte-net-af-packet23"
            + " librte-net-af-xdp23 librte-net-tap23; or name the folder of a DPDK build in"
            + " network.dpdk.lib-dir.");
  }

  private static void addEals(Path directory, List<String> found) {
    String[] names = directory.toFile().list();
    for (String name : names == null ? new String[0] : names) {
      if (EAL.matcher(name).matches()) {
        found.add(directory.resolve(name).toString());
      }
    }
  }

  private static String where(String folder) {
    return folder.isEmpty() ? "the linker's path" : folder;
  }

  private static List<Path> searched(String folder) {
    if (!folder.isEmpty()) {
      return List.of(Path.of(folder));
    }
    return List.of(
        Path.of("/usr/lib/x86_64-linux-gnu"),
        Path.of("/usr/local/lib/x86_64-linux-gnu"),
        Path.of("/usr/local/lib64"),
        Path.of("/usr/local/lib"),
        Path.of("/usr/lib64"),
        Path.of("/lib64"));
  }

  /// The version that was found.
  public DpdkAbi abi() {
    return abi;
  }

  /// For messages: where the libraries were found.
  public String whereText() {
    return where(folder);
  }

  /// The address of a symbol.
  ///
  /// @throws UnsatisfiedLinkError if no library has it
  static MemorySegment symbol(String name) {
    DpdkLibraries libraries = current();
    for (SymbolLookup lookup : libraries.lookups) {
      MemorySegment found = lookup.find(name).orElse(null);
      if (found != null) {
        return found;
      }
    }
    throw new UnsatisfiedLinkError(
        "DPDK " + libraries.abi.version() + " in " + libraries.whereText() + " has no " + name);
  }

  /// A handle for a function.
  static MethodHandle function(String name, FunctionDescriptor descriptor) {
    return Downcalls.at(symbol(name), descriptor);
  }

  static synchronized DpdkLibraries current() {
    DpdkLibraries libraries = loaded;
    if (libraries == null) {
      throw new IllegalStateException("the libraries of DPDK are not loaded");
    }
    return libraries;
  }
}
