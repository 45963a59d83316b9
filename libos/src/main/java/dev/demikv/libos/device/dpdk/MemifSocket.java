package dev.demikv.libos.device.dpdk;

import static dev.demikv.libos.ffi.LibCConstants.AF_UNIX;
import static dev.demikv.libos.ffi.LibCConstants.SOCK_CLOEXEC;
import static dev.demikv.libos.ffi.LibCConstants.SOCK_DGRAM;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.dpdk.EalArguments.Vdev;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.LibCSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/// The socket in the file system that a memif server listens on. One that was killed leaves the
/// file, and the next could not bind.
final class MemifSocket {
  /// Of struct sockaddr_un, unix(7).
  private static final int PATH_OFFSET = 2;

  private static final int SOCKADDR_UN_BYTES = 110;

  private MemifSocket() {}

  /// Removes the file of a server to be made, when nobody listens on it.
  static void removeStale(Vdev vdev) {
    String path = vdev.argument("socket");
    String role = vdev.argument("role");
    boolean listens = role.equals("server") || role.equals("master");
    if (!vdev.driver().equals("net_memif")
        || !listens
        || !vdev.argument("socket-abstract").equals("no")
        || path.isEmpty()
        || !Files.exists(Path.of(path))) {
      return;
    }
    if (!hasListener(path)) {
      Path.of(path).toFile().delete();
    }
  }

  /// Asks by a socket of another type: the kernel then says EPROTOTYPE where there is a listener
  /// and ECONNREFUSED where there is none. A real connection that ends at once makes DPDK 22.11
  /// panic in the server, which ends its process.
  private static boolean hasListener(String path) {
    try (Arena call = Arena.ofConfined()) {
      CallState state = new CallState(call);
      MemorySegment address = call.allocate(SOCKADDR_UN_BYTES, 2);
      address.set(JAVA_SHORT, 0, (short) AF_UNIX);
      if (path.length() >= SOCKADDR_UN_BYTES - PATH_OFFSET) {
        return true; // The driver refuses it.
      }
      address.setString(PATH_OFFSET, path);
      int fd = LibCSocket.socket(state, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      if (fd < 0) {
        return true;
      }
      int code = LibCSocket.connect(state, fd, address.address(), SOCKADDR_UN_BYTES);
      LibC.close(state, fd);
      return code != -Errno.ECONNREFUSED;
    }
  }
}
