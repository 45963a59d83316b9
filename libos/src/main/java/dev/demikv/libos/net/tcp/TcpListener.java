package dev.demikv.libos.net.tcp;

import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.lang.Nullable;

/// A port that takes connections. Made by [Tcp#listen].
///
/// The backlog limits the connections that are established and wait for [Tcp#accept]; handshakes
/// wait in the [SynQueue], which all listeners share.
public final class TcpListener {
  private static final int OPTION_UNSET = Integer.MIN_VALUE;

  private final TcpShared shared;
  private final ListenerTable table;
  private final boolean ipv6;
  private final boolean dualStack;
  private final long localHigh;
  private final long localLow;
  private final int localPort;
  private int backlog;
  private int attachment = -1;
  private @Nullable TcpConnection head;
  private @Nullable TcpConnection tail;
  private int waitingCount;
  private boolean closed;

  /// Options that accepted connections begin with, by ordinal.
  private final int[] options = new int[SocketOption.values().length];

  private boolean hasOptions;

  /// Neighbour in the chain of [ListenerTable].
  @Nullable TcpListener next;

  TcpListener(
      TcpShared shared,
      ListenerTable table,
      boolean ipv6,
      boolean dualStack,
      long localHigh,
      long localLow,
      int localPort,
      int backlog) {
    this.shared = shared;
    this.table = table;
    this.ipv6 = ipv6;
    this.dualStack = dualStack;
    this.localHigh = localHigh;
    this.localLow = localLow;
    this.localPort = localPort;
    this.backlog = Math.max(backlog, 1);
    java.util.Arrays.fill(options, OPTION_UNSET);
  }

  /// Whether the local address is of IPv6.
  public boolean isIpv6() {
    return ipv6;
  }

  /// Whether an IPv6 wildcard takes IPv4 peers too.
  public boolean isDualStack() {
    return dualStack;
  }

  /// First eight bytes of the local address; 0 for IPv4 and wildcards.
  public long localHigh() {
    return localHigh;
  }

  /// Last eight bytes of the local address, or the IPv4 address; 0 for wildcards.
  public long localLow() {
    return localLow;
  }

  /// The local port.
  public int localPort() {
    return localPort;
  }

  /// Connections that wait for [Tcp#accept].
  public int waitingCount() {
    return waitingCount;
  }

  /// Whatever the user attached: a socket id. -1 at first.
  public int attachment() {
    return attachment;
  }

  /// Attaches a number of the user's.
  public void setAttachment(int attachment) {
    this.attachment = attachment;
  }

  /// Sets an option that accepted connections inherit; see [TcpConnection#setOption].
  ///
  /// @return 0, -EINVAL or -ENOPROTOOPT
  public int setOption(SocketOption option, int value) {
    int result = ConnectionOptions.check(option, value);
    if (result == 0) {
      options[option.ordinal()] = value;
      hasOptions = true;
    }
    return result;
  }

  /// Changes the backlog, at least 1.
  public void setBacklog(int backlog) {
    this.backlog = Math.max(backlog, 1);
  }

  /// Stops listening. Connections that wait for accept are reset.
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    table.remove(this);
    shared.synQueue.removeOf(this);
    for (TcpConnection c = takeWaiting(); c != null; c = takeWaiting()) {
      shared.lifecycle.abort(c);
    }
  }

  boolean isClosed() {
    return closed;
  }

  boolean isWildcard() {
    return localHigh == 0 && localLow == 0;
  }

  boolean isFull() {
    return waitingCount >= backlog;
  }

  /// Gives a new connection the options of the listener.
  void inherit(TcpConnection c) {
    if (!hasOptions) {
      return;
    }
    for (SocketOption option : ConnectionOptions.SUPPORTED) {
      int value = options[option.ordinal()];
      if (value != OPTION_UNSET) {
        ConnectionOptions.set(shared, c, option, value);
      }
    }
  }

  void addWaiting(TcpConnection c) {
    c.acceptNext = null;
    if (tail == null) {
      head = c;
    } else {
      tail.acceptNext = c;
    }
    tail = c;
    waitingCount++;
  }

  @Nullable
  TcpConnection takeWaiting() {
    TcpConnection c = head;
    if (c == null) {
      return null;
    }
    head = c.acceptNext;
    if (head == null) {
      tail = null;
    }
    c.acceptNext = null;
    c.listener = null;
    waitingCount--;
    return c;
  }
}
