package dev.demikv.libos.device.dpdk;

import static dev.demikv.libos.ffi.LibCConstants.AF_PACKET;
import static dev.demikv.libos.ffi.LibCConstants.AF_XDP;
import static dev.demikv.libos.ffi.LibCConstants.SOL_SOCKET;
import static dev.demikv.libos.ffi.LibCConstants.SO_DOMAIN;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibCSocket;
import java.io.File;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Finds the sockets that drivers receive from among the descriptors of the process: DPDK does not
/// tell, and a loop can sleep on them.
final class PacketSockets {
  private static final int IFINDEX_OFFSET = 4; // Of struct sockaddr_ll, packet(7).
  private static final int SOCKADDR_LL_BYTES = 20;

  private PacketSockets() {}

  /// Every open descriptor, in ascending order.
  static List<Integer> descriptors() {
    String[] names = new File("/proc/self/fd").list();
    List<Integer> found = new ArrayList<>();
    for (String one : names == null ? new String[0] : names) {
      found.add(Integer.parseInt(one));
    }
    found.sort(null);
    return found;
  }

  /// The sockets of a port, in ascending order: as drivers open them, queue by queue.
  ///
  /// @param before descriptors of the process before the port was made
  /// @param ifIndex of the kernel's interface that the port is on, or 0
  static List<Integer> ofPort(List<Integer> before, int ifIndex) {
    List<Integer> found = new ArrayList<>();
    try (Arena call = Arena.ofConfined()) {
      CallState state = new CallState(call);
      MemorySegment value = call.allocate(SOCKADDR_LL_BYTES, 8);
      MemorySegment length = call.allocate(JAVA_INT);
      for (int fd : descriptors()) {
        length.set(JAVA_INT, 0, Integer.BYTES);
        int code =
            LibCSocket.getsockopt(
                state, fd, SOL_SOCKET, SO_DOMAIN, value.address(), length.address());
        int domain = code < 0 ? -1 : value.get(JAVA_INT, 0);
        boolean mine =
            switch (domain) {
              case AF_XDP -> !before.contains(fd);
              case AF_PACKET -> isOf(state, fd, ifIndex, value, length);
              default -> false;
            };
        if (mine) {
          found.add(fd);
        }
      }
    }
    return found;
  }

  private static boolean isOf(
      CallState state, int fd, int ifIndex, MemorySegment address, MemorySegment length) {
    length.set(JAVA_INT, 0, SOCKADDR_LL_BYTES);
    return ifIndex != 0
        && LibCSocket.getsockname(state, fd, address.address(), length.address()) == 0
        && address.get(JAVA_INT, IFINDEX_OFFSET) == ifIndex;
  }
}
