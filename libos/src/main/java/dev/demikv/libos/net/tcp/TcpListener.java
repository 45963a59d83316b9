package dev.demikv.libos.net.tcp;

import dev.demikv.libos.api.Errno;

/// A port that takes connections. Made by [Tcp#listen].

public final class TcpListener {
  TcpListener() {}

  /// Whether the local address is of IPv6.
  public boolean isIpv6() {
    return false;
  }

  /// First eight bytes of the local address; 0 for IPv4 and wildcards.
  public long localHigh() {
    return Long.MAX_VALUE;
  }

  /// Last eight bytes of the local address, or the IPv4 address; 0 for wildcards.
  public long localLow() {
    return Long.MAX_VALUE;
  }

  /// The local port.
  public int localPort() {
    return -Errno.ENOSYS;
  }

  /// Connections that wait for [Tcp#accept].
  public int waitingCount() {
    return -Errno.ENOSYS;
  }

  /// Whatever the user attached: a socket id. -1 at first.
  public int attachment() {
    return -Errno.ENOSYS;
  }

  /// Attaches a number of the user's.
  public void setAttachment(int attachment) {}

  /// Sets an option that accepted connections inherit; see [TcpConnection#setOption].
  public int setOption(dev.demikv.libos.api.SocketOption option, int value) {
    return -Errno.ENOSYS;
  }

  /// Changes the backlog, at least 1.
  public void setBacklog(int backlog) {}

  /// Stops listening. Connections that wait for accept are reset.
  public void close() {}
}
