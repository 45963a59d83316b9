package dev.demikv.libos.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/// The C library: sockets, `sys/socket.h`. Conventions as in [LibC].
public final class LibCSocket {
  private LibCSocket() {}

  /// socket(2). Does not block. EAFNOSUPPORT, EMFILE, ENFILE, ENOBUFS, EPROTONOSUPPORT.
  public static int socket(CallState state, int domain, int type, int protocol) {
    try {
      return state.result((int) Socket.HANDLE.invokeExact(state.segment, domain, type, protocol));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Socket {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
  }

  /// bind(2). Does not block. EACCES, EADDRINUSE, EADDRNOTAVAIL, EINVAL.
  ///
  /// @param addr address of a [dev.demikv.libos.ffi.struct.SockaddrIn] or
  ///   [dev.demikv.libos.ffi.struct.SockaddrIn6]
  public static int bind(CallState state, int fd, long addr, int addrlen) {
    try {
      return state.result((int) Bind.HANDLE.invokeExact(state.segment, fd, addr, addrlen));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Bind {
    static final MethodHandle HANDLE =
        Downcalls.capturing("bind", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT));
  }

  /// listen(2). Does not block. EADDRINUSE, EOPNOTSUPP. The kernel caps the backlog at
  /// `net.core.somaxconn`.
  public static int listen(CallState state, int fd, int backlog) {
    try {
      return state.result((int) Listen.HANDLE.invokeExact(state.segment, fd, backlog));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Listen {
    static final MethodHandle HANDLE =
        Downcalls.capturing("listen", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  }

  /// accept4(2). Blocks unless O_NONBLOCK. EAGAIN, ECONNABORTED, EMFILE, ENFILE, and network errors
  /// of the new connection.
  ///
  /// @param addr address of a sockaddr to fill, or 0
  /// @param addrlen address of an int: room before, length after; or 0
  /// @param flags [LibCConstants#SOCK_NONBLOCK], [LibCConstants#SOCK_CLOEXEC]
  /// @return descriptor of the new connection
  public static int accept4(CallState state, int fd, long addr, long addrlen, int flags) {
    try {
      return state.result(
          (int) Accept4.HANDLE.invokeExact(state.segment, fd, addr, addrlen, flags));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Accept4 {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "accept4", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
  }

  /// connect(2). Blocks unless O_NONBLOCK, then EINPROGRESS and EPOLLOUT when it is decided
  /// (SO_ERROR tells how). ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT, EADDRNOTAVAIL.
  public static int connect(CallState state, int fd, long addr, int addrlen) {
    try {
      return state.result((int) Connect.HANDLE.invokeExact(state.segment, fd, addr, addrlen));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Connect {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "connect", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT));
  }

  /// shutdown(2). Does not block. ENOTCONN.
  public static int shutdown(CallState state, int fd, int how) {
    try {
      return state.result((int) Shutdown.HANDLE.invokeExact(state.segment, fd, how));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Shutdown {
    static final MethodHandle HANDLE =
        Downcalls.capturing("shutdown", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  }

  /// getsockname(2). `addr` and `addrlen` as for [#accept4].
  public static int getsockname(CallState state, int fd, long addr, long addrlen) {
    try {
      return state.result((int) Getsockname.HANDLE.invokeExact(state.segment, fd, addr, addrlen));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Getsockname {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "getsockname", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
  }

  /// getpeername(2). ENOTCONN. `addr` and `addrlen` as for [#accept4].
  public static int getpeername(CallState state, int fd, long addr, long addrlen) {
    try {
      return state.result((int) Getpeername.HANDLE.invokeExact(state.segment, fd, addr, addrlen));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Getpeername {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "getpeername", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
  }

  /// setsockopt(2). EINVAL, ENOPROTOOPT.
  ///
  /// @param optval address of the value, most often an int
  public static int setsockopt(
      CallState state, int fd, int level, int optname, long optval, int optlen) {
    try {
      return state.result(
          (int) Setsockopt.HANDLE.invokeExact(state.segment, fd, level, optname, optval, optlen));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Setsockopt {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "setsockopt",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT));
  }

  /// getsockopt(2). EINVAL, ENOPROTOOPT.
  ///
  /// @param optval address of room for the value
  /// @param optlen address of an int: room before, length after
  public static int getsockopt(
      CallState state, int fd, int level, int optname, long optval, long optlen) {
    try {
      return state.result(
          (int) Getsockopt.HANDLE.invokeExact(state.segment, fd, level, optname, optval, optlen));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Getsockopt {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "getsockopt",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
  }

  /// recv(2). Blocks unless O_NONBLOCK. EAGAIN, ECONNREFUSED, ECONNRESET, ETIMEDOUT.
  ///
  /// @param buf address of `len` bytes to fill
  /// @return bytes received; on a stream 0 at its end
  public static long recv(CallState state, int fd, long buf, long len, int flags) {
    try {
      return state.result((long) Recv.HANDLE.invokeExact(state.segment, fd, buf, len, flags));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Recv {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "recv", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
  }

  /// recvfrom(2). As [#recv]; `addr` and `addrlen` as for [#accept4].
  public static long recvfrom(
      CallState state, int fd, long buf, long len, int flags, long addr, long addrlen) {
    try {
      return state.result(
          (long) Recvfrom.HANDLE.invokeExact(state.segment, fd, buf, len, flags, addr, addrlen));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Recvfrom {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "recvfrom",
            FunctionDescriptor.of(
                JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));
  }

  /// recvmsg(2). As [#recv].
  ///
  /// @param msg address of a [dev.demikv.libos.ffi.struct.Msghdr], whose name length and flags the
  ///   kernel sets
  public static long recvmsg(CallState state, int fd, long msg, int flags) {
    try {
      return state.result((long) Recvmsg.HANDLE.invokeExact(state.segment, fd, msg, flags));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Recvmsg {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "recvmsg", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
  }

  /// send(2). Blocks unless O_NONBLOCK. EAGAIN, ECONNREFUSED, ECONNRESET, EMSGSIZE, ENOBUFS, EPIPE
  /// (raises SIGPIPE too unless MSG_NOSIGNAL).
  ///
  /// @param buf address of `len` bytes
  /// @return bytes taken, on a stream perhaps fewer than `len`
  public static long send(CallState state, int fd, long buf, long len, int flags) {
    try {
      return state.result((long) Send.HANDLE.invokeExact(state.segment, fd, buf, len, flags));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Send {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "send", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
  }

  /// sendto(2). As [#send]; `addr` as for [#bind].
  public static long sendto(
      CallState state, int fd, long buf, long len, int flags, long addr, int addrlen) {
    try {
      return state.result(
          (long) Sendto.HANDLE.invokeExact(state.segment, fd, buf, len, flags, addr, addrlen));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Sendto {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "sendto",
            FunctionDescriptor.of(
                JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
  }

  /// sendmsg(2). As [#send].
  ///
  /// @param msg address of a [dev.demikv.libos.ffi.struct.Msghdr]
  public static long sendmsg(CallState state, int fd, long msg, int flags) {
    try {
      return state.result((long) Sendmsg.HANDLE.invokeExact(state.segment, fd, msg, flags));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Sendmsg {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "sendmsg", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
  }
}
