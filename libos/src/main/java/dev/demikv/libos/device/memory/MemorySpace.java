package dev.demikv.libos.device.memory;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.lang.Nullable;
import java.util.HashMap;
import java.util.Map;

/// A namespace of ports that the LibOses of one thread share: `network.memory.space`.
///
/// The first LibOs to open a space makes it its thread's; another thread is refused until the last
/// one is closed. Whoever is in a space may therefore touch the sockets of the others directly.
final class MemorySpace {
  private static final Map<String, MemorySpace> BY_NAME = new HashMap<>();
  private static final int LOOPBACK = 0x7f000001;
  private static final int PORT_COUNT = 65_536;
  private static final int EPHEMERAL_PORT_FIRST = 32_768;
  private static final int EPHEMERAL_PORT_COUNT = 28_232;

  private final String name;
  private final Thread owner = Thread.currentThread();
  private final @Nullable MemorySocket[] streams = new MemorySocket[PORT_COUNT];
  private final @Nullable MemorySocket[] datagrams = new MemorySocket[PORT_COUNT];
  private int nextEphemeral;
  private int openCount;

  private MemorySpace(String name) {
    this.name = name;
  }

  /// Enters a space; every enter is followed by a [#leave].
  ///
  /// @throws LibOsException EBUSY when it is another thread's
  static MemorySpace enter(String name) {
    synchronized (BY_NAME) {
      MemorySpace space = BY_NAME.get(name);
      if (space == null || !space.owner.isAlive()) {
        space = new MemorySpace(name);
        BY_NAME.put(name, space);
      }
      if (!space.owner.equals(Thread.currentThread())) {
        throw new LibOsException(
            "open the memory network '" + name + "'",
            Errno.EBUSY,
            "It joins LibOses of one thread and is in use by thread '"
                + space.owner.getName()
                + "': open them in one thread, or set another network.memory.space.");
      }
      space.openCount++;
      return space;
    }
  }

  /// Leaves it; the last one frees the name.
  void leave() {
    synchronized (BY_NAME) {
      openCount--;
      if (openCount == 0) {
        BY_NAME.remove(name, this);
      }
    }
  }

  /// Gives a socket a port.
  ///
  /// @param wanted 0 for any that is free
  /// @return the port, or -EADDRINUSE
  int bind(MemorySocket socket, int wanted) {
    @Nullable MemorySocket[] ports = ports(socket.type());
    int port = wanted == 0 ? ephemeral(ports) : wanted;
    if (port < 0 || ports[port] != null) {
      return -Errno.EADDRINUSE;
    }
    ports[port] = socket;
    return port;
  }

  private int ephemeral(@Nullable MemorySocket[] ports) {
    for (int i = 0; i < EPHEMERAL_PORT_COUNT; i++) {
      int port = EPHEMERAL_PORT_FIRST + nextEphemeral;
      nextEphemeral = (nextEphemeral + 1) % EPHEMERAL_PORT_COUNT;
      if (ports[port] == null) {
        return port;
      }
    }
    return -1;
  }

  void unbind(MemorySocket socket, int port) {
    ports(socket.type())[port] = null;
  }

  /// The socket that has a port, or `null`.
  @Nullable
  MemorySocket find(SocketType type, int port) {
    return ports(type)[port];
  }

  private @Nullable MemorySocket[] ports(SocketType type) {
    return type == SocketType.STREAM ? streams : datagrams;
  }

  /// Whether an address lies in the space: 127.0.0.1, or the wildcard, which stands for it.
  static boolean isReachable(Endpoint address) {
    return address.isAny() || address.ipv4Address() == LOOPBACK;
  }
}
