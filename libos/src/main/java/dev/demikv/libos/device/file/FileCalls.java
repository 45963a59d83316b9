package dev.demikv.libos.device.file;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.LibCConstants;
import dev.demikv.libos.ffi.LibCFile;
import dev.demikv.libos.ffi.struct.Statx;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Calls on the files of one directory, by names relative to its descriptor. Belongs to one thread;
/// allocates nothing after construction. Results are ≥ 0 or `-errno`; EINTR is retried.
final class FileCalls {
  private static final int NAME_BYTES = 64;
  private static final int INTERRUPTS_MAX = 1000;

  private final CallState state;
  private final int dirFd;
  private final MemorySegment name;
  private final MemorySegment otherName;
  private final MemorySegment statx;

  /// @param arena whose end is the end of the calls
  FileCalls(Arena arena, int dirFd) {
    this.state = new CallState(arena);
    this.dirFd = dirFd;
    name = arena.allocate(NAME_BYTES);
    otherName = arena.allocate(NAME_BYTES);
    statx = arena.allocate(Statx.BYTES, 8);
  }

  CallState state() {
    return state;
  }

  /// openat(2) with close-on-exec and, if made, permissions 0600.
  int open(SegmentFile file, int index, int flags) {
    put(name, file, index);
    for (int i = 0; i < INTERRUPTS_MAX; i++) {
      int fd = LibCFile.openat(state, dirFd, name.address(), flags | LibCConstants.O_CLOEXEC, 0600);
      if (fd != -Errno.EINTR) {
        return fd;
      }
    }
    return -Errno.EINTR;
  }

  int close(int fd) {
    return LibC.close(state, fd);
  }

  int rename(SegmentFile from, int fromIndex, SegmentFile to, int toIndex) {
    put(name, from, fromIndex);
    put(otherName, to, toIndex);
    return LibCFile.renameat(state, dirFd, name.address(), dirFd, otherName.address());
  }

  int unlink(SegmentFile file, int index) {
    put(name, file, index);
    return LibCFile.unlinkat(state, dirFd, name.address(), 0);
  }

  /// Size in bytes, or `-errno`, as -ENOENT.
  long size(SegmentFile file, int index) {
    put(name, file, index);
    int result =
        LibCFile.statx(state, dirFd, name.address(), 0, LibCConstants.STATX_SIZE, statx.address());
    return result < 0 ? result : Statx.size(statx);
  }

  /// Makes new, renamed and removed names durable.
  int syncDirectory() {
    return LibCFile.fsync(state, dirFd);
  }

  private static void put(MemorySegment to, SegmentFile file, int index) {
    int length = file.put(to, index);
    to.set(ValueLayout.JAVA_BYTE, length, (byte) 0);
  }
}
