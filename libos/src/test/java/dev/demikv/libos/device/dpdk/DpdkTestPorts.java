package dev.demikv.libos.device.dpdk;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.Availability;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.ffi.DpdkLibraries;
import dev.demikv.libos.time.SystemClock;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Software ports for tests. DPDK starts once per process, so all tests give the same arguments:
/// some that need neither huge pages nor root, and leave nothing behind.
///
/// The libraries are those on the linker's path, or of another version with
/// `-Ddpdk.lib-dir=FOLDER`, the folder that `librte_eal.so.N` lies in; its `pkgconfig` then names
/// the headers that layouts are compared with.
public final class DpdkTestPorts {
  static final String EAL_ARGS = "--no-huge -m 512 --no-shconf --no-pci";

  private static final String LIB_DIR_PROPERTY = "dpdk.lib-dir";

  private DpdkTestPorts() {}

  /// Folder of the libraries under test, empty for those on the linker's path.
  public static String libDir() {
    return System.getProperty(LIB_DIR_PROPERTY, "");
  }

  /// The beginning of a command: a JVM of a test's own, with the same class path and libraries.
  ///
  /// @param options of the JVM
  static List<String> java(String... options) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-ea"));
    command.add("-D" + LIB_DIR_PROPERTY + "=" + libDir());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(options));
    return command;
  }

  /// Skips the test unless it was given libraries of its own choice.
  static void assumeLibDir() {
    assumeTrue(
        !libDir().isEmpty(),
        "no libraries but the linker's: -D"
            + LIB_DIR_PROPERTY
            + "=FOLDER names others, as a 25.11");
  }

  /// Options for a port of these virtual devices.
  public static Options options(String port, String... vdevs) {
    StringBuilder arguments = new StringBuilder(EAL_ARGS);
    for (String vdev : vdevs) {
      arguments.append(" --vdev=").append(vdev);
    }
    return Options.of(
        Map.of(
            DpdkOptions.EAL_ARGS,
            arguments.toString(),
            DpdkOptions.LIB_DIR,
            libDir(),
            DpdkOptions.PORT,
            port,
            DpdkOptions.MBUFS,
            "4095"));
  }

  /// Opens a port, or skips the test where DPDK cannot be used.
  static DpdkDevice open(Options options) {
    assumeAvailable(options);
    NetDevice device = new DpdkProvider().open(options, SystemClock.INSTANCE, new Random(1));
    return (DpdkDevice) device;
  }

  /// Skips the test where a driver is not installed.
  public static void assumeDriver(String driver) {
    DpdkLibraries libraries = libraries();
    String library = libraries.abi().libraryName(driver);
    assumeTrue(libraries.loadDriver(driver), library + " is not in " + libraries.whereText());
  }

  /// Which version is under test: 23 is 22.11, see [dev.demikv.libos.ffi.DpdkAbi].
  public static int soname() {
    return libraries().abi().soname();
  }

  private static DpdkLibraries libraries() {
    assumeAvailable(options(""));
    try {
      return DpdkLibraries.load(libDir());
    } catch (DpdkLibraries.UnusableException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Skips the test where DPDK cannot be used.
  public static void assumeAvailable(Options options) {
    Availability availability = new DpdkProvider().availability(options);
    assumeTrue(availability.available(), availability.reason());
  }
}
