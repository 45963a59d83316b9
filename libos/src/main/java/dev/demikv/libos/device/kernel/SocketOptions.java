package dev.demikv.libos.device.kernel;

import static dev.demikv.libos.ffi.LibCConstants.IPPROTO_IPV6;
import static dev.demikv.libos.ffi.LibCConstants.IPPROTO_TCP;
import static dev.demikv.libos.ffi.LibCConstants.IPV6_V6ONLY;
import static dev.demikv.libos.ffi.LibCConstants.SOL_SOCKET;
import static dev.demikv.libos.ffi.LibCConstants.SO_ERROR;
import static dev.demikv.libos.ffi.LibCConstants.SO_KEEPALIVE;
import static dev.demikv.libos.ffi.LibCConstants.SO_LINGER;
import static dev.demikv.libos.ffi.LibCConstants.SO_RCVBUF;
import static dev.demikv.libos.ffi.LibCConstants.SO_REUSEADDR;
import static dev.demikv.libos.ffi.LibCConstants.SO_REUSEPORT;
import static dev.demikv.libos.ffi.LibCConstants.SO_SNDBUF;
import static dev.demikv.libos.ffi.LibCConstants.TCP_KEEPCNT;
import static dev.demikv.libos.ffi.LibCConstants.TCP_KEEPIDLE;
import static dev.demikv.libos.ffi.LibCConstants.TCP_KEEPINTVL;
import static dev.demikv.libos.ffi.LibCConstants.TCP_NODELAY;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.PushCompletion;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibCSocket;
import dev.demikv.libos.ffi.struct.Linger;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Options of the interface as options of C, socket(7), tcp(7), ipv6(7). Results are ≥ 0 or
/// `-errno`.
final class SocketOptions {
  private final CallState state;
  private final MemorySegment value;
  private final MemorySegment length;
  private int valueRead;

  SocketOptions(CallState state, Arena arena) {
    this.state = state;
    value = arena.allocate(Linger.BYTES, 8);
    length = arena.allocate(JAVA_INT);
  }

  int set(int fd, SocketOption option, int newValue) {
    return switch (option) {
      case NODELAY -> setInt(fd, IPPROTO_TCP, TCP_NODELAY, newValue);
      case KEEPALIVE -> setInt(fd, SOL_SOCKET, SO_KEEPALIVE, newValue);
      case KEEPALIVE_IDLE_SECONDS -> setInt(fd, IPPROTO_TCP, TCP_KEEPIDLE, newValue);
      case KEEPALIVE_INTERVAL_SECONDS -> setInt(fd, IPPROTO_TCP, TCP_KEEPINTVL, newValue);
      case KEEPALIVE_COUNT -> setInt(fd, IPPROTO_TCP, TCP_KEEPCNT, newValue);
      case REUSEADDR -> setInt(fd, SOL_SOCKET, SO_REUSEADDR, newValue);
      case REUSEPORT -> setInt(fd, SOL_SOCKET, SO_REUSEPORT, newValue);
      case SEND_BUFFER_BYTES -> setInt(fd, SOL_SOCKET, SO_SNDBUF, newValue);
      case RECEIVE_BUFFER_BYTES -> setInt(fd, SOL_SOCKET, SO_RCVBUF, newValue);
      case V6ONLY -> setInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, newValue);
      case LINGER_SECONDS -> {
        Linger.setSeconds(value, 0, newValue);
        yield LibCSocket.setsockopt(
            state, fd, SOL_SOCKET, SO_LINGER, value.address(), Linger.BYTES);
      }
      // The kernel tells when TCP was acknowledged only on request (SIOCOUTQ), not by an event.
      case PUSH_COMPLETION -> newValue == PushCompletion.ACCEPTED.level() ? 0 : -Errno.EOPNOTSUPP;
      // The runtime's own business on every queue.
      case PUSH_QUIET -> -Errno.ENOPROTOOPT;
    };
  }

  /// Reads an option into [#valueRead].
  int get(int fd, SocketOption option) {
    return switch (option) {
      case NODELAY -> getInt(fd, IPPROTO_TCP, TCP_NODELAY);
      case KEEPALIVE -> getInt(fd, SOL_SOCKET, SO_KEEPALIVE);
      case KEEPALIVE_IDLE_SECONDS -> getInt(fd, IPPROTO_TCP, TCP_KEEPIDLE);
      case KEEPALIVE_INTERVAL_SECONDS -> getInt(fd, IPPROTO_TCP, TCP_KEEPINTVL);
      case KEEPALIVE_COUNT -> getInt(fd, IPPROTO_TCP, TCP_KEEPCNT);
      case REUSEADDR -> getInt(fd, SOL_SOCKET, SO_REUSEADDR);
      case REUSEPORT -> getInt(fd, SOL_SOCKET, SO_REUSEPORT);
      case SEND_BUFFER_BYTES -> getInt(fd, SOL_SOCKET, SO_SNDBUF);
      case RECEIVE_BUFFER_BYTES -> getInt(fd, SOL_SOCKET, SO_RCVBUF);
      case V6ONLY -> getInt(fd, IPPROTO_IPV6, IPV6_V6ONLY);
      case LINGER_SECONDS -> {
        int rc = read(fd, SOL_SOCKET, SO_LINGER, Linger.BYTES);
        valueRead = Linger.seconds(value, 0);
        yield rc;
      }
      case PUSH_COMPLETION -> {
        valueRead = PushCompletion.ACCEPTED.level();
        yield 0;
      }
      case PUSH_QUIET -> -Errno.ENOPROTOOPT;
    };
  }

  /// What the last [#get] that returned 0 found. Apart from its result, because -1 is a value.
  int valueRead() {
    return valueRead;
  }

  int setInt(int fd, int level, int name, int newValue) {
    value.set(JAVA_INT, 0, newValue);
    return LibCSocket.setsockopt(state, fd, level, name, value.address(), Integer.BYTES);
  }

  /// Reads and clears the pending error of a socket: 0, or a positive errno.
  int takeError(int fd) {
    int rc = getInt(fd, SOL_SOCKET, SO_ERROR);
    return rc < 0 ? -rc : valueRead;
  }

  private int getInt(int fd, int level, int name) {
    int rc = read(fd, level, name, Integer.BYTES);
    valueRead = value.get(JAVA_INT, 0);
    return rc;
  }

  private int read(int fd, int level, int name, int bytes) {
    length.set(JAVA_INT, 0, bytes);
    return LibCSocket.getsockopt(state, fd, level, name, value.address(), length.address());
  }
}
