package dev.demikv.libos.device.kernel;

import static dev.demikv.libos.ffi.LibCConstants.EPOLL_CLOEXEC;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Capability.Performer;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.Availability;
import dev.demikv.libos.device.Transport;
import dev.demikv.libos.device.TransportProvider;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.time.Clock;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.random.RandomGenerator;

/// The kernel's TCP and UDP: runs on any Linux machine as an ordinary user.
public final class KernelTransportProvider implements TransportProvider {
  /// For `ServiceLoader`.
  public KernelTransportProvider() {}

  @Override
  public String name() {
    return "kernel";
  }

  @Override
  public String description() {
    return "kernel sockets (TCP, UDP over IPv4 and IPv6) through epoll";
  }

  @Override
  public List<OptionSpec> options() {
    return KernelOptions.SPECS;
  }

  @Override
  public Availability availability(Options options) {
    String os = System.getProperty("os.name");
    String architecture = System.getProperty("os.arch");
    if (!os.equals("Linux")) {
      return Availability.no("epoll is Linux's and this is " + os, "Run it on Linux.");
    }
    if (!architecture.equals("amd64") && !architecture.equals("aarch64")) {
      return Availability.no(
          "struct layouts are known for amd64 and aarch64, and this is " + architecture,
          "Run it on one of these.");
    }
    try (Arena arena = Arena.ofConfined()) {
      CallState state = new CallState(arena);
      int fd = LibC.epoll_create1(state, EPOLL_CLOEXEC);
      if (fd < 0) {
        return Availability.no(
            "epoll_create1: " + Errno.describe(fd), "Raise the limit of open files (ulimit -n).");
      }
      LibC.close(state, fd);
      return Availability.yes("epoll works");
    } catch (IllegalCallerException e) {
      return Availability.no(
          "native access is denied: " + e.getMessage(),
          "Start java with --enable-native-access=ALL-UNNAMED or =dev.demikv.libos.");
    } catch (UnsatisfiedLinkError e) {
      return Availability.no(String.valueOf(e.getMessage()), "Run it with glibc or musl.");
    }
  }

  @Override
  public List<Capability> capabilities(Options options) {
    return capabilities(LibC.hasEpollPwait2());
  }

  static List<Capability> capabilities(boolean nanosecondTimeouts) {
    return List.of(
        new Capability("tcp", Performer.KERNEL, "reliable delivery, flow and congestion control"),
        new Capability("udp", Performer.KERNEL, ""),
        new Capability("ip", Performer.KERNEL, "IPv4, IPv6, dual-stack"),
        new Capability("checksum", Performer.KERNEL, "or its device"),
        new Capability("completion queueing", Performer.LIBRARY, "edge-triggered epoll"),
        new Capability("send batching", Performer.LIBRARY, "one sendmsg per socket and turn"),
        new Capability("buffer management", Performer.LIBRARY, "taken when there is data"),
        new Capability("zero copy", Performer.NOBODY, "the kernel copies once per direction"),
        new Capability("push completion acked", Performer.NOBODY, "accepted only"),
        new Capability(
            "idle wait",
            Performer.KERNEL,
            nanosecondTimeouts ? "epoll_pwait2, nanoseconds" : "epoll_wait, milliseconds"));
  }

  @Override
  public Transport open(Options options, Clock clock, RandomGenerator random) {
    return new KernelTransport(KernelOptions.of(options));
  }
}
