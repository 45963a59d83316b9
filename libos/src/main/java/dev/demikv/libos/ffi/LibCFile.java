package dev.demikv.libos.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;

/// The C library: files, fcntl.h, unistd.h, sys/stat.h, sys/uio.h, and poll(2). Conventions as in
/// [LibC]. Everything here but poll may block on the disk.
///
/// A path is the address of a string that ends in a zero byte. Calls that take a directory's
/// descriptor and a name need no knowledge of the character set of the path.
public final class LibCFile {
  private LibCFile() {}

  /// open(2). EACCES, EEXIST, EINVAL (O_DIRECT refused by the file system), EISDIR, EMFILE, ENOENT,
  /// ENOSPC, ENOTDIR, EROFS.
  ///
  /// @param flags O_* of [LibCConstants]
  /// @param mode permissions of a file made by O_CREAT
  public static int open(CallState state, long path, int flags, int mode) {
    try {
      return state.result((int) Open.HANDLE.invokeExact(state.segment, path, flags, mode));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Open {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "open",
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT),
            Linker.Option.firstVariadicArg(2));
  }

  /// openat(2): as [#open], the name being relative to a directory.
  ///
  /// @param dirfd descriptor of the directory
  public static int openat(CallState state, int dirfd, long name, int flags, int mode) {
    try {
      return state.result((int) Openat.HANDLE.invokeExact(state.segment, dirfd, name, flags, mode));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Openat {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "openat",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT),
            Linker.Option.firstVariadicArg(3));
  }

  /// renameat(2): replaces what has the new name, atomically. EACCES, EDQUOT, ENOENT, ENOSPC,
  /// EROFS.
  public static int renameat(
      CallState state, int olddirfd, long oldname, int newdirfd, long newname) {
    try {
      return state.result(
          (int) Renameat.HANDLE.invokeExact(state.segment, olddirfd, oldname, newdirfd, newname));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Renameat {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "renameat", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG));
  }

  /// unlinkat(2). EACCES, EBUSY, EIO, ENOENT, EROFS.
  ///
  /// @param flags 0
  public static int unlinkat(CallState state, int dirfd, long name, int flags) {
    try {
      return state.result((int) Unlinkat.HANDLE.invokeExact(state.segment, dirfd, name, flags));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Unlinkat {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "unlinkat", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT));
  }

  /// pread(2). EAGAIN, EINTR, EINVAL (misaligned for O_DIRECT), EIO.
  ///
  /// @param buf address of `count` bytes to fill
  /// @return bytes read, perhaps fewer than `count`; 0 at the end of the file
  public static long pread(CallState state, int fd, long buf, long count, long offset) {
    try {
      return state.result((long) Pread.HANDLE.invokeExact(state.segment, fd, buf, count, offset));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Pread {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "pread", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
  }

  /// pwrite(2). EAGAIN, EFBIG, EINTR, EINVAL (misaligned for O_DIRECT), EIO, ENOSPC.
  ///
  /// @return bytes written, perhaps fewer than `count`
  public static long pwrite(CallState state, int fd, long buf, long count, long offset) {
    try {
      return state.result((long) Pwrite.HANDLE.invokeExact(state.segment, fd, buf, count, offset));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Pwrite {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "pwrite", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
  }

  /// pwritev2(2): as [#pwrite] from several places, with flags per call. EOPNOTSUPP: unknown flag.
  ///
  /// @param iov address of `iovcnt` [dev.demikv.libos.ffi.struct.Iovec]
  /// @param flags as [LibCConstants#RWF_DSYNC]
  public static long pwritev2(
      CallState state, int fd, long iov, int iovcnt, long offset, int flags) {
    try {
      return state.result(
          (long) Pwritev2.HANDLE.invokeExact(state.segment, fd, iov, iovcnt, offset, flags));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Pwritev2 {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "pwritev2",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
  }

  /// fsync(2). EIO, ENOSPC, EDQUOT: what was written may be lost, and a second call will not tell.
  public static int fsync(CallState state, int fd) {
    try {
      return state.result((int) Fsync.HANDLE.invokeExact(state.segment, fd));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Fsync {
    static final MethodHandle HANDLE =
        Downcalls.capturing("fsync", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  }

  /// fdatasync(2): as [#fsync] without metadata that reading does not need.
  public static int fdatasync(CallState state, int fd) {
    try {
      return state.result((int) Fdatasync.HANDLE.invokeExact(state.segment, fd));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Fdatasync {
    static final MethodHandle HANDLE =
        Downcalls.capturing("fdatasync", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  }

  /// fallocate(2). EFBIG, EINTR, EIO, ENOSPC, EOPNOTSUPP (this file system has no such thing).
  ///
  /// @param mode 0 allocates and sets the size
  public static int fallocate(CallState state, int fd, int mode, long offset, long len) {
    try {
      return state.result((int) Fallocate.HANDLE.invokeExact(state.segment, fd, mode, offset, len));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Fallocate {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "fallocate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
  }

  /// ftruncate(2). EFBIG, EINTR, EIO.
  public static int ftruncate(CallState state, int fd, long length) {
    try {
      return state.result((int) Ftruncate.HANDLE.invokeExact(state.segment, fd, length));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Ftruncate {
    static final MethodHandle HANDLE =
        Downcalls.capturing("ftruncate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
  }

  /// flock(2). EAGAIN with LOCK_NB when another open file holds it; ENOLCK.
  ///
  /// @param operation LOCK_* of [LibCConstants]
  public static int flock(CallState state, int fd, int operation) {
    try {
      return state.result((int) Flock.HANDLE.invokeExact(state.segment, fd, operation));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Flock {
    static final MethodHandle HANDLE =
        Downcalls.capturing("flock", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  }

  /// statx(2). EACCES, ENOENT.
  ///
  /// @param name address of the name; of the empty string with AT_EMPTY_PATH, for `dirfd` itself
  /// @param statxbuf address of a [dev.demikv.libos.ffi.struct.Statx] to fill
  public static int statx(
      CallState state, int dirfd, long name, int flags, int mask, long statxbuf) {
    try {
      return state.result(
          (int) Statx.HANDLE.invokeExact(state.segment, dirfd, name, flags, mask, statxbuf));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Statx {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "statx",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG));
  }

  /// fstatvfs(3). EIO, ENOSYS.
  ///
  /// @param buf address of a [dev.demikv.libos.ffi.struct.Statvfs] to fill
  public static int fstatvfs(CallState state, int fd, long buf) {
    try {
      return state.result((int) Fstatvfs.HANDLE.invokeExact(state.segment, fd, buf));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Fstatvfs {
    static final MethodHandle HANDLE =
        Downcalls.capturing("fstatvfs", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
  }

  /// poll(2). Blocks up to the time-out. EINTR, ENOMEM.
  ///
  /// @param fds address of `nfds` [dev.demikv.libos.ffi.struct.Pollfd]
  /// @param timeoutMillis 0 returns at once, -1 waits without limit
  /// @return descriptors with events
  public static int poll(CallState state, long fds, long nfds, int timeoutMillis) {
    try {
      return state.result((int) Poll.HANDLE.invokeExact(state.segment, fds, nfds, timeoutMillis));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Poll {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "poll", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
  }
}
