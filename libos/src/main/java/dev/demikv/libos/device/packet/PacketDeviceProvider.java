package dev.demikv.libos.device.packet;

import static dev.demikv.libos.ffi.LibCConstants.SOCK_CLOEXEC;
import static dev.demikv.libos.ffi.NetConstants.AF_PACKET;
import static dev.demikv.libos.ffi.NetConstants.SOCK_RAW;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.Availability;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.NetDeviceOptions;
import dev.demikv.libos.device.NetDeviceProvider;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.InterfaceQuery;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.LibCSocket;
import dev.demikv.libos.time.Clock;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.random.RandomGenerator;

/// The network backend `packet`: the user-level stack over a packet socket.
public final class PacketDeviceProvider implements NetDeviceProvider {
  /// For `ServiceLoader`.
  public PacketDeviceProvider() {}

  @Override
  public String name() {
    return "packet";
  }

  @Override
  public String description() {
    return "user-level TCP/IP over a packet socket on an interface (AF_PACKET, shared rings)";
  }

  @Override
  public List<OptionSpec> options() {
    return PacketOptions.SPECS;
  }

  @Override
  public Availability availability(Options options) {
    String os = System.getProperty("os.name");
    if (!os.equals("Linux")) {
      return Availability.no("packet sockets are Linux's and this is " + os, "Run it on Linux.");
    }
    try (Arena arena = Arena.ofConfined()) {
      CallState calls = new CallState(arena);
      int fd = LibCSocket.socket(calls, AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
      if (fd < 0) {
        return Availability.no(
            "socket(AF_PACKET): " + Errno.describe(fd), PacketSocket.adviceOfSocket(-fd));
      }
      LibC.close(calls, fd);
      if (!options.has(NetDeviceOptions.INTERFACE.key())) {
        return Availability.yes("packet sockets work; network.interface says on which interface");
      }
      return interfaceAvailability(calls, arena, PacketOptions.of(options).interfaceName());
    } catch (IllegalCallerException e) {
      return Availability.no(
          "native access is denied: " + e.getMessage(),
          "Start java with --enable-native-access=ALL-UNNAMED or =dev.demikv.libos.");
    } catch (UnsatisfiedLinkError e) {
      return Availability.no(String.valueOf(e.getMessage()), "Run it with glibc or musl.");
    }
  }

  private static Availability interfaceAvailability(CallState calls, Arena arena, String name) {
    try (InterfaceQuery query = new InterfaceQuery(calls, arena, name)) {
      if (query.index() < 0) {
        return Availability.no(
            "there is no interface " + name, "Name one that `ip link` lists: network.interface.");
      }
      if (!query.isRunning()) {
        return Availability.no("interface " + name + " is down", "ip link set " + name + " up");
      }
      return Availability.yes(
          "interface "
              + name
              + " is up; when its peer is on this machine (veth), switch off the peer's"
              + " segmentation: ethtool -K PEER tx off tso off gso off gro off");
    }
  }

  @Override
  public List<Capability> capabilities(Options options) {
    return PacketDevice.capabilities(PacketOptions.qdiscBypass(options));
  }

  @Override
  public NetDevice open(Options options, Clock clock, RandomGenerator random) {
    return new PacketDevice(PacketOptions.of(options));
  }
}
