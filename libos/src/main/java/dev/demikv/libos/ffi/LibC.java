package dev.demikv.libos.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// The C library: descriptors, events, memory and the process. Sockets are in [LibCSocket].
///
/// Conventions of all bindings of the C library:
/// - names and order of arguments are C's, behind a [CallState] that receives errno;
/// - a result below zero is `-errno`, where C returns -1 and sets errno;
/// - pointers are numbers (`long`), as C casts them to `uintptr_t`: no lifetime is checked on each
///   call, so the caller keeps the memory alive; `size_t` and `ssize_t` are `long`;
/// - plain downcalls, see [Downcalls]; nothing is allocated.
public final class LibC {
  private LibC() {}

  /// close(2). May block for a socket with SO_LINGER. EBADF, EIO.
  public static int close(CallState state, int fd) {
    try {
      return state.result((int) Close.HANDLE.invokeExact(state.segment, fd));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Close {
    static final MethodHandle HANDLE =
        Downcalls.capturing("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  }

  /// read(2). Blocks unless O_NONBLOCK. EAGAIN, EBADF, EINTR, EIO.
  ///
  /// @param buffer address of `count` bytes to fill
  /// @return bytes read, 0 at the end of the file
  public static long read(CallState state, int fd, long buffer, long count) {
    try {
      return state.result((long) Read.HANDLE.invokeExact(state.segment, fd, buffer, count));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Read {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));
  }

  /// write(2). Blocks unless O_NONBLOCK. EAGAIN, EBADF, EINTR, EIO, ENOSPC, EPIPE.
  ///
  /// @param buffer address of `count` bytes
  /// @return bytes written
  public static long write(CallState state, int fd, long buffer, long count) {
    try {
      return state.result((long) Write.HANDLE.invokeExact(state.segment, fd, buffer, count));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Write {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));
  }

  /// writev(2). Blocks unless O_NONBLOCK. As [#write]; EINVAL for more than IOV_MAX (1024).
  ///
  /// @param iov address of `iovcnt` [dev.demikv.libos.ffi.struct.Iovec]
  public static long writev(CallState state, int fd, long iov, int iovcnt) {
    try {
      return state.result((long) Writev.HANDLE.invokeExact(state.segment, fd, iov, iovcnt));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Writev {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "writev", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
  }

  /// ioctl(2) with a pointer. What it does, and whether it blocks, depends on the request. ENOTTY:
  /// the descriptor has no such request.
  ///
  /// @param request an unsigned number of 32 bits, see [#request]
  /// @param argp address of what the request wants
  public static int ioctl(CallState state, int fd, long request, long argp) {
    try {
      return state.result((int) Ioctl.HANDLE.invokeExact(state.segment, fd, request, argp));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Ioctl {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "ioctl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG),
            Linker.Option.firstVariadicArg(2));
  }

  /// A request of [#ioctl] from its constant, which as an `int` may be negative.
  public static long request(int constant) {
    return Integer.toUnsignedLong(constant);
  }

  /// epoll_create1(2). Does not block. EMFILE, ENFILE, ENOMEM.
  ///
  /// @param flags 0 or [LibCConstants#EPOLL_CLOEXEC]
  public static int epoll_create1(CallState state, int flags) {
    try {
      return state.result((int) EpollCreate1.HANDLE.invokeExact(state.segment, flags));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EpollCreate1 {
    static final MethodHandle HANDLE =
        Downcalls.capturing("epoll_create1", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  }

  /// epoll_ctl(2). Does not block. EEXIST, ENOENT, ENOMEM, ENOSPC, EPERM.
  ///
  /// @param event address of a [dev.demikv.libos.ffi.struct.EpollEvent]
  public static int epoll_ctl(CallState state, int epfd, int op, int fd, long event) {
    try {
      return state.result((int) EpollCtl.HANDLE.invokeExact(state.segment, epfd, op, fd, event));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EpollCtl {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "epoll_ctl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
  }

  /// epoll_wait(2). Blocks up to the time-out. EINTR.
  ///
  /// @param events address of `maxevents` [dev.demikv.libos.ffi.struct.EpollEvent] to fill
  /// @param timeoutMillis 0 returns at once, -1 waits without limit
  /// @return events filled in
  public static int epoll_wait(
      CallState state, int epfd, long events, int maxevents, int timeoutMillis) {
    try {
      return state.result(
          (int)
              EpollWait.HANDLE.invokeExact(state.segment, epfd, events, maxevents, timeoutMillis));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EpollWait {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "epoll_wait", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT));
  }

  /// Whether this C library has [#epoll_pwait2] (glibc 2.35). The kernel (5.11) may still lack it.
  public static boolean hasEpollPwait2() {
    return Downcalls.has("epoll_pwait2");
  }

  /// epoll_pwait2(2): epoll_wait with a time-out in nanoseconds. EINTR, ENOSYS.
  ///
  /// @param timeout address of a [dev.demikv.libos.ffi.struct.Timespec], 0 waits without limit
  /// @param sigmask 0: none
  public static int epoll_pwait2(
      CallState state, int epfd, long events, int maxevents, long timeout, long sigmask) {
    try {
      return state.result(
          (int)
              EpollPwait2.HANDLE.invokeExact(
                  state.segment, epfd, events, maxevents, timeout, sigmask));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EpollPwait2 {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "epoll_pwait2",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));
  }

  /// eventfd(2). Does not block. EMFILE, ENFILE, ENOMEM.
  public static int eventfd(CallState state, int initval, int flags) {
    try {
      return state.result((int) Eventfd.HANDLE.invokeExact(state.segment, initval, flags));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Eventfd {
    static final MethodHandle HANDLE =
        Downcalls.capturing("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  }

  /// eventfd_write(3): adds to the counter of an eventfd. Any thread: it needs no [CallState]. Does
  /// not block on an EFD_NONBLOCK descriptor.
  ///
  /// @return 0, or -1 when the counter is full
  public static int eventfd_write(int fd, long value) {
    try {
      return (int) EventfdWrite.HANDLE.invokeExact(fd, value);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EventfdWrite {
    static final MethodHandle HANDLE =
        Downcalls.plain("eventfd_write", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
  }

  /// mmap(2). Does not block, unless MAP_POPULATE. EACCES, EAGAIN, ENODEV, ENOMEM, EPERM.
  ///
  /// @param addr 0: the kernel chooses
  /// @return the address, or `-errno`
  public static long mmap(
      CallState state, long addr, long length, int prot, int flags, int fd, long offset) {
    try {
      return state.result(
          (long) Mmap.HANDLE.invokeExact(state.segment, addr, length, prot, flags, fd, offset));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Mmap {
    // MAP_FAILED is (void *) -1, so that a pointer read as a number tells failure by its sign.
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "mmap",
            FunctionDescriptor.of(
                JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
  }

  /// munmap(2). EINVAL.
  public static int munmap(CallState state, long addr, long length) {
    try {
      return state.result((int) Munmap.HANDLE.invokeExact(state.segment, addr, length));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Munmap {
    static final MethodHandle HANDLE =
        Downcalls.capturing("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
  }

  /// madvise(2). EINVAL, ENOMEM.
  public static int madvise(CallState state, long addr, long length, int advice) {
    try {
      return state.result((int) Madvise.HANDLE.invokeExact(state.segment, addr, length, advice));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Madvise {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "madvise", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
  }

  /// Memory made by [#mmap] as a segment that is unmapped when the arena closes.
  ///
  /// @param lengthBytes the length given to [#mmap]
  public static MemorySegment mapped(long address, long lengthBytes, Arena arena) {
    return MemorySegment.ofAddress(address)
        .reinterpret(
            lengthBytes,
            arena,
            segment -> {
              try (Arena call = Arena.ofConfined()) {
                int code = munmap(new CallState(call), segment.address(), lengthBytes);
                assert code == 0 : "munmap of a whole mapping failed: " + code;
              }
            });
  }

  /// Memory at an address that C gave out, as a segment.
  ///
  /// @param lengthBytes what was asked of C when it was made, as the length given to [#mmap]
  /// @param arena whose end is the end of the segment; does not free the memory
  public static MemorySegment segment(long address, long lengthBytes, Arena arena) {
    return MemorySegment.ofAddress(address).reinterpret(lengthBytes, arena, null);
  }

  /// getpid(2). Never fails.
  public static int getpid() {
    try {
      return (int) Getpid.HANDLE.invokeExact();
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Getpid {
    static final MethodHandle HANDLE = Downcalls.plain("getpid", FunctionDescriptor.of(JAVA_INT));
  }

  /// sysconf(3), as for [LibCConstants#_SC_PAGESIZE]. EINVAL. For names whose value may be -1 ("no
  /// limit") the result is then `-errno` of an earlier call.
  public static long sysconf(CallState state, int name) {
    try {
      return state.result((long) Sysconf.HANDLE.invokeExact(state.segment, name));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Sysconf {
    static final MethodHandle HANDLE =
        Downcalls.capturing("sysconf", FunctionDescriptor.of(JAVA_LONG, JAVA_INT));
  }
}
