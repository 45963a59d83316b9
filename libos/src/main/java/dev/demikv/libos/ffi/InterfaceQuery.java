package dev.demikv.libos.ffi;

import dev.demikv.libos.ffi.struct.Ifreq;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Asks the kernel about one network interface, netdevice(7): a socket and a request. Needs no
/// privilege. Belongs to the thread of its [CallState]; answers are about the network namespace in
/// which it was opened.
public final class InterfaceQuery implements AutoCloseable {
  private final CallState state;
  private final MemorySegment request;
  private final String name;
  private final int fd;

  /// Opens the socket. When that fails, every answer is its `-errno`.
  ///
  /// @param arena outlives this
  /// @param name of the interface, 1 to 15 characters
  public InterfaceQuery(CallState state, Arena arena, String name) {
    this.state = state;
    this.name = name;
    request = arena.allocate(Ifreq.BYTES, 8);
    fd =
        LibCSocket.socket(
            state, LibCConstants.AF_INET, LibCConstants.SOCK_DGRAM | LibCConstants.SOCK_CLOEXEC, 0);
  }

  private int ask(int constant) {
    if (fd < 0) {
      return fd;
    }
    Ifreq.setName(request, name);
    return LibC.ioctl(state, fd, LibC.request(constant), request.address());
  }

  /// Its number, > 0; -ENODEV when there is no such interface.
  public int index() {
    int code = ask(NetConstants.SIOCGIFINDEX);
    return code < 0 ? code : Ifreq.ifindex(request);
  }

  /// Longest packet in bytes, or `-errno`.
  public int mtuBytes() {
    int code = ask(NetConstants.SIOCGIFMTU);
    return code < 0 ? code : Ifreq.mtu(request);
  }

  /// IFF_*, or `-errno`.
  public int flags() {
    int code = ask(NetConstants.SIOCGIFFLAGS);
    return code < 0 ? code : Ifreq.flags(request);
  }

  /// Whether it is up and has a carrier.
  public boolean isRunning() {
    int flags = flags();
    int needed = NetConstants.IFF_UP | NetConstants.IFF_RUNNING;
    return flags >= 0 && (flags & needed) == needed;
  }

  /// Ethernet address, the first byte in bits 47 to 40, or `-errno`.
  public long hardwareAddress() {
    int code = ask(NetConstants.SIOCGIFHWADDR);
    return code < 0 ? code : Ifreq.hwaddr(request);
  }

  @Override
  public void close() {
    if (fd >= 0) {
      LibC.close(state, fd);
    }
  }
}
