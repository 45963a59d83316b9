package dev.demikv.libos.device.file;

import static dev.demikv.libos.ffi.LibCConstants.O_CLOEXEC;
import static dev.demikv.libos.ffi.LibCConstants.O_DIRECT;
import static dev.demikv.libos.ffi.LibCConstants.O_RDWR;
import static dev.demikv.libos.ffi.LibCConstants.O_TMPFILE;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.IoUringRing;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.LibCFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// Learns what a file system and the kernel can do, leaving nothing behind.
final class DirectProbe {
  private DirectProbe() {}

  /// Writes one block.
  ///
  /// @param fd opened with O_DIRECT
  /// @return why O_DIRECT cannot be used, or empty
  static String write(Arena arena, CallState state, int fd) {
    int blockBytes = FileLogDeviceOptions.BLOCK_BYTES;
    MemorySegment block = arena.allocate(blockBytes, blockBytes);
    long written = LibCFile.pwrite(state, fd, block.address(), blockBytes, 0);
    // A full or broken disk says nothing about O_DIRECT.
    return written == -Errno.EINVAL || written == -Errno.EOPNOTSUPP
        ? "the file system refuses O_DIRECT transfers of " + blockBytes + " bytes"
        : "";
  }

  /// As [#write] on a file without a name in an existing directory.
  static String directory(Path directory) {
    try (Arena arena = Arena.ofConfined()) {
      CallState state = new CallState(arena);
      int dirFd = SegmentDirectory.openDirectory(arena, state, directory);
      if (dirFd < 0) {
        return directory + ": " + Errno.describe(dirFd);
      }
      MemorySegment here = arena.allocateFrom(".", StandardCharsets.US_ASCII);
      int flags = O_TMPFILE | O_RDWR | O_DIRECT | O_CLOEXEC;
      int fd = LibCFile.openat(state, dirFd, here.address(), flags, 0600);
      LibC.close(state, dirFd);
      if (fd < 0) {
        return fd == -Errno.EINVAL
            ? "the file system refuses O_DIRECT"
            : "the file system does not say whether it takes O_DIRECT";
      }
      String refusal = write(arena, state, fd);
      LibC.close(state, fd);
      return refusal;
    }
  }

  /// Why io_uring cannot be used, or empty.
  static String ioUring() {
    try (Arena arena = Arena.ofConfined();
        IoUringRing ring = IoUringEngine.ring(arena, 2)) {
      return ring.fd() >= 0 ? "" : "io_uring gives no descriptor";
    } catch (IoUringRing.RefusedException e) {
      return refusal(e);
    }
  }

  /// What a refusal means for people.
  static String refusal(IoUringRing.RefusedException e) {
    return switch (e.errno()) {
      case Errno.ENOSYS -> "the kernel or a container's filter has no io_uring (ENOSYS)";
      case Errno.EPERM ->
          "io_uring is forbidden by kernel.io_uring_disabled or a container's filter (EPERM)";
      case Errno.EMFILE, Errno.ENFILE -> "io_uring finds no free descriptor";
      case Errno.ENOMEM -> "io_uring may not lock more memory (ulimit -l)";
      default -> "io_uring is refused with " + Errno.describe(e.errno());
    };
  }
}
