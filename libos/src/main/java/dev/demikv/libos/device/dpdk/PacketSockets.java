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
import java.util.function.BiPredicate;

/// Finds the sockets that drivers receive from among the descriptors of the process: DPDK does not
/// tell, and a loop can sleep on them.
final class PacketSockets {
  private static final int IFINDEX_OFFSET = 4; // Of struct sockaddr_ll, packet(7).
  private static final int SOCKADDR_LL_BYTES = 20;

  private PacketSockets() {}

  /// The AF_XDP sockets of the process. They do not tell what interface they are on.
  static List<Integer> xdp() {
    return find((call, fd) -> call.domain(fd) == AF_XDP);
  }

  /// The sockets of a port, in ascending order: as drivers open them, queue by queue.
  ///
  /// @param xdpBefore [#xdp] before the port was made
  /// @param ifIndex of the kernel's interface that the port is on, or 0
  static List<Integer> ofPort(List<Integer> xdpBefore, int ifIndex) {
    return find((call, fd) ->
        switch (call.domain(fd)) {
          case AF_XDP -> !xdpBefore.contains(fd);
          case AF_PACKET -> ifIndex != 0 && call.packetInterface(fd) == ifIndex;
          default -> false;
        });
  }

  private static List<Integer> find(BiPredicate<Query, Integer> wanted) {
    String[] names = new File("/proc/self/fd").list();
    List<Integer> found = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      Query query = new Query(arena);
      for (String name : names == null ? new String[0] : names) {
        int fd = Integer.parseInt(name);
        if (wanted.test(query, fd)) {
          found.add(fd);
        }
      }
    }
    found.sort(null);
    return found;
  }

  /// What the kernel says of a descriptor; -1 also for those that are closed by now, as the one
  /// that the list was read from.
  private static final class Query {
    private final CallState state;
    private final MemorySegment value;
    private final MemorySegment length;

    Query(Arena arena) {
      state = new CallState(arena);
      value = arena.allocate(SOCKADDR_LL_BYTES, 8);
      length = arena.allocate(JAVA_INT);
    }

    int domain(int fd) {
      length.set(JAVA_INT, 0, Integer.BYTES);
      int code =
          LibCSocket.getsockopt(
              state, fd, SOL_SOCKET, SO_DOMAIN, value.address(), length.address());
      return code < 0 ? -1 : value.get(JAVA_INT, 0);
    }

    int packetInterface(int fd) {
      length.set(JAVA_INT, 0, SOCKADDR_LL_BYTES);
      int code = LibCSocket.getsockname(state, fd, value.address(), length.address());
      return code < 0 ? -1 : value.get(JAVA_INT, IFINDEX_OFFSET);
    }
  }
}
