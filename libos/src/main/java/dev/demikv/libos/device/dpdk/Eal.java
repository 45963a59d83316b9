package dev.demikv.libos.device.dpdk;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.device.dpdk.EalArguments.Vdev;
import dev.demikv.libos.ffi.Dpdk;
import dev.demikv.libos.ffi.DpdkEthdev;
import dev.demikv.libos.ffi.DpdkLibraries;
import dev.demikv.libos.ffi.struct.RteMbufDynfield;
import dev.demikv.libos.lang.Nullable;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// DPDK's environment abstraction layer, one per process, with the ports that are open in it.
///
/// It is started by the first LibOs that asks and never stopped: DPDK cannot start twice, and
/// rte_eal_cleanup at the end of the process unmaps memory that its interrupt thread still reads.
/// With `--in-memory` or `--no-shconf` nothing is left that it would remove. All methods are
/// control path and may be called by several threads: LibOses share the process.
final class Eal {
  private static final System.Logger LOGGER = System.getLogger(Eal.class.getName());
  private static final String INDEX_FIELD = "demikv_buffer_index";
  private static final int INDEX_BYTES = 4;
  private static final String VDEV_BUS = "vdev";

  private static @Nullable Eal started;

  /// Why the start failed; it cannot be tried again.
  private static String failure = "";

  private final DpdkLibraries libraries;
  private final List<String> base;
  private final int indexOffset;
  private final Map<String, DpdkPort> ports = new HashMap<>();
  private final ThreadLocal<int[]> devicesOfThread = ThreadLocal.withInitial(() -> new int[1]);
  private int names;

  private Eal(DpdkLibraries libraries, List<String> base, int indexOffset) {
    this.libraries = libraries;
    this.base = base;
    this.indexOffset = indexOffset;
  }

  /// Starts the EAL, or returns the one that runs.
  ///
  /// @throws LibOsException if it cannot be started, or runs with other arguments
  static synchronized Eal start(DpdkOptions options) {
    EalArguments arguments = options.ealArguments();
    DpdkLibraries libraries = load(options);
    Eal running = started;
    if (running != null) {
      if (!running.base.equals(arguments.base())) {
        throw new LibOsException(
            "start DPDK with " + String.join(" ", arguments.base()),
            Errno.EBUSY,
            "DPDK runs once per process, and here with '"
                + String.join(" ", running.base)
                + "': give every LibOs the same "
                + DpdkOptions.EAL_ARGS
                + " (but for --vdev), or use processes.");
      }
      return running;
    }
    if (!failure.isEmpty()) {
      throw new LibOsException(
          "start DPDK a second time", Errno.EBUSY, "A process has one try: " + failure);
    }
    try {
      int[] codes = new int[2];
      List<String> command = arguments.command(DpdkEnvironment.allowedCpus());
      // The EAL pins the thread that starts it to a CPU: a thread of its own, which then ends.
      Thread starter = new Thread(() -> init(libraries, command, codes), "dpdk-eal-init");
      starter.setDaemon(true);
      starter.start();
      starter.join();
      if (codes[0] < 0) {
        throw new LibOsException(
            "rte_eal_init " + String.join(" ", command),
            codes[1] == 0 ? Errno.EINVAL : codes[1],
            DpdkEnvironment.advice(arguments, libraries.abi(), codes[1]));
      }
      Eal made = new Eal(libraries, arguments.base(), registerIndex());
      started = made;
      return made;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LibOsException("start DPDK", Errno.EINTR, "", e);
    } catch (LibOsException e) {
      failure = String.valueOf(e.getMessage());
      throw e;
    }
  }

  private static DpdkLibraries load(DpdkOptions options) {
    try {
      return DpdkLibraries.load(options.libDir());
    } catch (DpdkLibraries.UnusableException e) {
      throw new LibOsException("load DPDK (" + e.getMessage() + ")", Errno.ENOENT, e.advice(), e);
    }
  }

  private static void init(DpdkLibraries libraries, List<String> command, int[] codes) {
    // The EAL keeps pointers to its arguments.
    Arena process = Arena.global();
    MemorySegment argv = process.allocate(ADDRESS, command.size() + 1L);
    for (int i = 0; i < command.size(); i++) {
      argv.setAtIndex(ADDRESS, i, process.allocateFrom(command.get(i)));
    }
    LOGGER.log(
        Level.INFO,
        "DPDK {0} of {1}: {2}",
        libraries.abi().version(),
        libraries.whereText(),
        String.join(" ", command));
    codes[0] = Dpdk.rte_eal_init(command.size(), argv.address());
    codes[1] = codes[0] < 0 ? Dpdk.rte_errno() : 0;
  }

  private static int registerIndex() {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment field = call.allocate(RteMbufDynfield.BYTES, 8);
      RteMbufDynfield.set(field, INDEX_FIELD, INDEX_BYTES);
      int offset = Dpdk.rte_mbuf_dynfield_register(field.address());
      if (offset < 0) {
        throw new LibOsException("rte_mbuf_dynfield_register", Dpdk.rte_errno(), "");
      }
      return offset;
    }
  }

  /// The libraries it runs on.
  DpdkLibraries libraries() {
    return libraries;
  }

  /// Where in each packet buffer the number of its [dev.demikv.libos.memory.Buffer] is kept.
  int indexOffset() {
    return indexOffset;
  }

  /// A name that no other memory of the process has.
  synchronized String uniqueName(String kind) {
    names++;
    return "demikv_" + kind + "_" + names;
  }

  /// Gives the calling thread a place in DPDK's caches; undone by [#leaveThread].
  void enterThread() {
    int[] devices = devicesOfThread.get();
    if (devices[0] == 0 && Dpdk.rte_thread_register() < 0) {
      return; // No numbers left: all works, somewhat slower.
    }
    devices[0]++;
  }

  /// Undoes one [#enterThread].
  void leaveThread() {
    int[] devices = devicesOfThread.get();
    if (devices[0] > 0) {
      devices[0]--;
      if (devices[0] == 0) {
        Dpdk.rte_thread_unregister();
      }
    }
  }

  /// Opens one queue of a port; the first configures and starts the port.
  ///
  /// @throws LibOsException when there is no such port, or it is used otherwise
  synchronized DpdkPort open(DpdkOptions options) {
    List<Integer> xdpBefore = PacketSockets.xdp();
    for (Vdev vdev : options.ealArguments().vdevs()) {
      make(vdev);
    }
    String name = portName(options);
    DpdkPort port = ports.get(name);
    if (port == null) {
      port = new DpdkPort(this, name, number(name), vdev(options, name), options);
      try {
        port.start();
        port.findDescriptors(xdpBefore);
      } catch (RuntimeException | Error e) {
        port.close();
        throw e;
      }
      ports.put(name, port);
    }
    port.claim(options);
    return port;
  }

  /// Gives up one queue of a port; the last one stops the port and removes its device.
  synchronized void close(DpdkPort port, int queue) {
    if (port.release(queue)) {
      ports.remove(port.name());
      port.close();
    }
  }

  private void make(Vdev vdev) {
    if (number(vdev.name()) >= 0) {
      return;
    }
    libraries.loadDriver(vdev.driver());
    MemifSocket.removeStale(vdev);
    int code;
    try (Arena call = Arena.ofConfined()) {
      code =
          Dpdk.rte_eal_hotplug_add(
              call.allocateFrom(VDEV_BUS).address(),
              call.allocateFrom(vdev.name()).address(),
              call.allocateFrom(vdev.arguments()).address());
    }
    if (code < 0 || number(vdev.name()) < 0) {
      throw new LibOsException(
          "make the DPDK device " + vdev.name() + "," + vdev.arguments(),
          code < 0 ? -code : Errno.ENODEV,
          DpdkEnvironment.advice(vdev, libraries.abi()));
    }
  }

  /// Removes a virtual device. Its port is closed.
  void remove(Vdev vdev) {
    try (Arena call = Arena.ofConfined()) {
      int code =
          Dpdk.rte_eal_hotplug_remove(
              call.allocateFrom(VDEV_BUS).address(), call.allocateFrom(vdev.name()).address());
      if (code < 0) {
        LOGGER.log(Level.WARNING, "remove {0}: {1}", vdev.name(), Errno.describe(code));
      }
    }
  }

  private static @Nullable Vdev vdev(DpdkOptions options, String name) {
    for (Vdev vdev : options.ealArguments().vdevs()) {
      if (vdev.name().equals(name)) {
        return vdev;
      }
    }
    return null;
  }

  private static String portName(DpdkOptions options) {
    if (!options.port().isEmpty()) {
      return options.port();
    }
    List<Vdev> vdevs = options.ealArguments().vdevs();
    if (vdevs.size() == 1) {
      return vdevs.get(0).name();
    }
    List<String> all = allPorts();
    if (all.size() == 1) {
      return all.get(0);
    }
    throw new LibOsException(
        "choose a DPDK port",
        Errno.ENODEV,
        all.isEmpty()
            ? "There is none: no driver took a device. Add --vdev=… for a software port, or bind a"
                + " NIC to vfio-pci (dpdk-devbind.py -b vfio-pci …) and allow it with -a; the EAL's"
                + " messages on stderr say which probe failed."
            : "Set " + DpdkOptions.PORT + " to one of: " + String.join(", ", all) + ".");
  }

  private static int number(String name) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment number = call.allocate(JAVA_SHORT);
      int code =
          DpdkEthdev.rte_eth_dev_get_port_by_name(
              call.allocateFrom(name).address(), number.address());
      return code < 0 ? -1 : number.get(JAVA_SHORT, 0) & 0xffff;
    }
  }

  /// The names of all ports that drivers found.
  static List<String> allPorts() {
    List<String> names = new ArrayList<>();
    try (Arena call = Arena.ofConfined()) {
      MemorySegment name = call.allocate(DpdkEthdev.RTE_ETH_NAME_MAX_LEN);
      for (int port = 0; port < DpdkEthdev.RTE_MAX_ETHPORTS; port++) {
        if (DpdkEthdev.rte_eth_dev_is_valid_port((short) port) != 0
            && DpdkEthdev.rte_eth_dev_get_name_by_port((short) port, name.address()) == 0) {
          names.add(name.getString(0));
        }
      }
    }
    return names;
  }
}
