package dev.demikv.libos.net.tcp;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.SocketOption;
import java.util.List;

/// The options of a connection: which there are, their ranges, and what setting one does.
final class ConnectionOptions {
  /// What can be set, in the order in which it is inherited.
  static final List<SocketOption> SUPPORTED =
      List.of(
          SocketOption.NODELAY,
          SocketOption.KEEPALIVE_IDLE_SECONDS,
          SocketOption.KEEPALIVE_INTERVAL_SECONDS,
          SocketOption.KEEPALIVE_COUNT,
          SocketOption.KEEPALIVE,
          SocketOption.SEND_BUFFER_BYTES,
          SocketOption.RECEIVE_BUFFER_BYTES,
          SocketOption.LINGER_SECONDS);

  private static final int BUFFER_BYTES_MIN = 2_048;
  private static final int SECONDS_MAX = 32_767;

  private ConnectionOptions() {}

  /// @return 0, -EINVAL or -ENOPROTOOPT
  static int check(SocketOption option, int value) {
    return switch (option) {
      case NODELAY, KEEPALIVE -> within(value, 0, 1);
      case KEEPALIVE_IDLE_SECONDS, KEEPALIVE_INTERVAL_SECONDS -> within(value, 1, SECONDS_MAX);
      case KEEPALIVE_COUNT -> within(value, 1, 127);
      case SEND_BUFFER_BYTES, RECEIVE_BUFFER_BYTES -> within(value, 1, Integer.MAX_VALUE);
      case LINGER_SECONDS -> within(value, -1, SECONDS_MAX);
      case REUSEADDR, REUSEPORT, V6ONLY, PUSH_COMPLETION, PUSH_QUIET -> -Errno.ENOPROTOOPT;
    };
  }

  private static int within(int value, int least, int most) {
    return value >= least && value <= most ? 0 : -Errno.EINVAL;
  }

  static int set(TcpShared shared, TcpConnection c, SocketOption option, int value) {
    int result = check(option, value);
    if (result != 0) {
      return result;
    }
    TcpConfig config = shared.config;
    switch (option) {
      case NODELAY -> {
        c.nodelay = value == 1;
        shared.markDirty(c);
      }
      case KEEPALIVE -> {
        c.keepalive = value == 1;
        shared.lifecycle.armLife(c);
      }
      case KEEPALIVE_IDLE_SECONDS -> {
        c.keepaliveIdleSeconds = value;
        shared.lifecycle.armLife(c);
      }
      case KEEPALIVE_INTERVAL_SECONDS -> c.keepaliveIntervalSeconds = value;
      case KEEPALIVE_COUNT -> c.keepaliveCount = value;
      case SEND_BUFFER_BYTES -> {
        c.sendBufferBytes =
            Math.max(BUFFER_BYTES_MIN, Math.min(value, config.sendBufferBytesMax()));
        c.sendAutotune = false;
      }
      case RECEIVE_BUFFER_BYTES -> {
        c.receiveBufferBytes =
            Math.max(BUFFER_BYTES_MIN, Math.min(value, config.receiveBufferBytesMax()));
        c.receiveAutotune = false;
      }
      case LINGER_SECONDS -> c.lingerSeconds = value;
      case REUSEADDR, REUSEPORT, V6ONLY, PUSH_COMPLETION, PUSH_QUIET -> {}
    }
    return 0;
  }
}
