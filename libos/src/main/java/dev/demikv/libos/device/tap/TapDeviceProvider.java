package dev.demikv.libos.device.tap;

import static dev.demikv.libos.ffi.LibCConstants.O_CLOEXEC;
import static dev.demikv.libos.ffi.LibCConstants.O_RDWR;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.Availability;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.NetDeviceProvider;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.InterfaceQuery;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.LibCFile;
import dev.demikv.libos.time.Clock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.random.RandomGenerator;

/// The network backend `tap`: the user-level stack over a tap device.
public final class TapDeviceProvider implements NetDeviceProvider {
  /// Number of the capability, capabilities(7).
  private static final int CAP_NET_ADMIN = 12;

  /// For `ServiceLoader`.
  public TapDeviceProvider() {}

  @Override
  public String name() {
    return "tap";
  }

  @Override
  public String description() {
    return "user-level TCP/IP over a tap device, with the kernel at its other end";
  }

  @Override
  public List<OptionSpec> options() {
    return TapOptions.SPECS;
  }

  /// Opens /dev/net/tun, but attaches to no interface: that would make one, or take it from the
  /// program that is to use it.
  @Override
  public Availability availability(Options options) {
    String os = System.getProperty("os.name");
    if (!os.equals("Linux")) {
      return Availability.no("tap devices here are Linux's and this is " + os, "Run it on Linux.");
    }
    String name = TapOptions.of(options).interfaceName();
    try (Arena arena = Arena.ofConfined()) {
      CallState calls = new CallState(arena);
      long path = arena.allocateFrom(TapDevice.TUN_PATH).address();
      int fd = LibCFile.open(calls, path, O_RDWR | O_CLOEXEC, 0);
      if (fd < 0) {
        return Availability.no(
            "open " + TapDevice.TUN_PATH + ": " + Errno.describe(fd), TapAdvice.ofOpen(-fd));
      }
      LibC.close(calls, fd);
      try (InterfaceQuery query = new InterfaceQuery(calls, arena, name)) {
        if (query.index() < 0) {
          if (!mayMakeInterfaces()) {
            return Availability.no(
                "there is no interface " + name + ", and this process may not make one",
                TapAdvice.ofAttach(Errno.EPERM, name));
          }
          return Availability.yes(
              TapDevice.TUN_PATH + " works; interface " + name + " will be made");
        }
        return Availability.yes(
            query.isRunning()
                ? "interface " + name + " is up"
                : "interface " + name + " is there, but not up: ip link set " + name + " up");
      }
    } catch (IllegalCallerException e) {
      return Availability.no(
          "native access is denied: " + e.getMessage(),
          "Start java with --enable-native-access=ALL-UNNAMED or =dev.demikv.libos.");
    } catch (UnsatisfiedLinkError e) {
      return Availability.no(String.valueOf(e.getMessage()), "Run it with glibc or musl.");
    }
  }

  /// Whether the process has CAP_NET_ADMIN; true when that cannot be found out.
  private static boolean mayMakeInterfaces() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("CapEff:")) {
          long effective = Long.parseUnsignedLong(line.substring(7).trim(), 16);
          return (effective & 1L << CAP_NET_ADMIN) != 0;
        }
      }
    } catch (IOException | NumberFormatException e) {
      return true;
    }
    return true;
  }

  @Override
  public List<Capability> capabilities(Options options) {
    return TapDevice.capabilities(TapOptions.of(options).checksumOffload());
  }

  @Override
  public NetDevice open(Options options, Clock clock, RandomGenerator random) {
    return new TapDevice(TapOptions.of(options));
  }
}
