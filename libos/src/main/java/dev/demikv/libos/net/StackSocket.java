package dev.demikv.libos.net;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.PushCompletion;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.Shutdown;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.device.PendingOperations;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.wire.IpAddress;
import java.util.Arrays;

/// A socket of a [StackTransport]: what stream and datagram sockets share.
abstract sealed class StackSocket permits StackStreamSocket, StackDatagramSocket {
  /// Most operations of one sort that wait on a socket.
  static final int PENDING_MAX = 1_024;

  private static final int BUFFER_BYTES_MIN = 2_048;
  private static final int BUFFER_BYTES_MAX = 1 << 29;

  final StackTransport transport;
  final int sid;
  final boolean ipv6;
  final PendingOperations pops = new PendingOperations(PENDING_MAX);

  /// Values by option; which of them the application set itself.
  private final int[] options = new int[SocketOption.values().length];

  private final boolean[] chosen = new boolean[options.length];

  /// Whether it waits in the transport's list of those that want memory.
  boolean starved;

  StackSocket(StackTransport transport, int sid, boolean ipv6) {
    this.transport = transport;
    this.sid = sid;
    this.ipv6 = ipv6;
    setDefault(SocketOption.LINGER_SECONDS, -1);
  }

  final void setDefault(SocketOption option, int value) {
    options[option.ordinal()] = value;
  }

  // Options.

  final int option(SocketOption option) {
    return options[option.ordinal()];
  }

  final boolean isChosen(SocketOption option) {
    return chosen[option.ordinal()];
  }

  final void inheritOptions(StackSocket from) {
    System.arraycopy(from.options, 0, options, 0, options.length);
    Arrays.fill(chosen, false);
  }

  /// Whether this kind of socket has an option.
  abstract boolean hasOption(SocketOption option);

  /// Hands an option to the protocol.
  ///
  /// @return 0 or -errno
  abstract int apply(SocketOption option, int value);

  final int getOption(SocketOption option) {
    if (!hasOption(option)) {
      throw new LibOsException(
          "getsockopt " + option, Errno.ENOPROTOOPT, "Not an option of this kind of socket.");
    }
    return option(option);
  }

  final void setOption(SocketOption option, int value) {
    String operation = "setsockopt " + option + " = " + value;
    if (!hasOption(option)) {
      throw new LibOsException(
          operation, Errno.ENOPROTOOPT, "Not an option of this kind of socket.");
    }
    if (option == SocketOption.PUSH_COMPLETION
        && value != PushCompletion.ACCEPTED.level()
        && (value != PushCompletion.ACKED.level() || this instanceof StackDatagramSocket)) {
      throw new LibOsException(operation, Errno.EOPNOTSUPP, "This socket cannot tell so much.");
    }
    if (option != SocketOption.LINGER_SECONDS && value < 0) {
      throw new LibOsException(operation, Errno.EINVAL, "The value is negative.");
    }
    boolean isBuffer =
        option == SocketOption.SEND_BUFFER_BYTES || option == SocketOption.RECEIVE_BUFFER_BYTES;
    int applied = isBuffer ? Math.clamp(value, BUFFER_BYTES_MIN, BUFFER_BYTES_MAX) : value;
    int result = apply(option, applied);
    if (result < 0) {
      throw new LibOsException(operation, -result, "The protocol refused the value.");
    }
    options[option.ordinal()] = applied;
    chosen[option.ordinal()] = true;
  }

  // Names.

  /// The wildcard of its family.
  final Endpoint anyName(int port) {
    return Endpoint.any(ipv6 ? AddressFamily.INET6 : AddressFamily.INET, port);
  }

  /// Writes a name as this socket's application sees it.
  final Endpoint name(Endpoint into, boolean ofIpv6, long high, long low, int port) {
    if (ofIpv6) {
      return into.setIpv6(high, low, 0, port);
    }
    return ipv6
        ? into.setIpv6(0, IpAddress.ipv4MappedLow((int) low), 0, port)
        : into.setIpv4((int) low, port);
  }

  /// Whether it can have such an address: the family, and IPv4 on a socket for both.
  final boolean isOfFamily(StackName name) {
    return name.ipv6 ? ipv6 : !ipv6 || option(SocketOption.V6ONLY) == 0;
  }

  abstract void bind(Endpoint local);

  abstract Endpoint localName();

  abstract Endpoint remoteName();

  // Operations; results as in dev.demikv.libos.device.Transport.

  abstract int connect(Endpoint remote, long qtoken);

  abstract int push(ScatterGatherArray sga, @Nullable Endpoint to, long qtoken);

  abstract int pop(int bytesMax, long qtoken);

  abstract int cancel(long qtoken);

  abstract void shutdown(Shutdown how);

  /// Answers pops as far as there is something.
  abstract void progress();

  /// Cancels all that waits and lets go of the protocol's part.
  abstract void close();

  final void cancelPops() {
    while (!pops.isEmpty()) {
      transport.sink().popped(pops.removeHead(), -Errno.ECANCELED, null, null);
    }
  }
}
