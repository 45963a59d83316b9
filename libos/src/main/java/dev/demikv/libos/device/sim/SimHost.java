package dev.demikv.libos.device.sim;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.lang.Nullable;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// A machine on a [SimNetwork]: its addresses and ports. One or more LibOses run on it.
public final class SimHost {
  private static final int EPHEMERAL_PORT_FIRST = 32_768;
  private static final int EPHEMERAL_PORT_COUNT = 28_232;

  private final SimNetwork network;
  private final String name;
  private final List<Endpoint> addresses;
  private final RandomGenerator random;
  private final List<SimTransport> transports = new ArrayList<>();
  private final List<SimSocket> bound = new ArrayList<>();
  private final List<SimConnection> connections = new ArrayList<>();
  private int nextEphemeral;
  private boolean up = true;

  SimHost(SimWorld world, SimNetwork network, String name, List<Endpoint> addresses) {
    this.network = network;
    this.name = name;
    this.addresses = List.copyOf(addresses);
    this.random = world.random("host " + name);
    this.nextEphemeral = random.nextInt(EPHEMERAL_PORT_COUNT);
  }

  /// Its name.
  public String name() {
    return name;
  }

  /// Its first address of a family, with a port.
  ///
  /// @throws IllegalArgumentException when it has none
  public Endpoint endpoint(AddressFamily family, int port) {
    for (Endpoint address : addresses) {
      if (address.family() == family) {
        return SimAddresses.withPort(address, port);
      }
    }
    throw new IllegalArgumentException("host " + name + " has no address of " + family);
  }

  /// The machine stops: no packet leaves it or is answered until a transport is opened on it again.
  /// The LibOses that ran on it are dead; close them, to free their memory. Its disk is another
  /// thing: [SimDisk#powerLoss] or [SimDisk#kill] ends it with the machine.
  public void crash() {
    up = false;
    bound.clear();
    List.copyOf(connections).forEach(SimConnection::vanish);
    transports.forEach(SimTransport::die);
    transports.clear();
  }

  /// Breaks every connection between this host and another: both ends see ECONNRESET.
  public void resetConnections(SimHost other) {
    for (SimConnection connection : List.copyOf(connections)) {
      SimConnection peer = connection.peer();
      if (peer != null && peer.host() == other) {
        connection.fail(Errno.ECONNRESET);
        peer.fail(Errno.ECONNRESET);
      }
    }
  }

  /// Whether it runs.
  public boolean isUp() {
    return up;
  }

  void start(SimTransport transport) {
    transports.add(transport);
    up = true;
    network.resumeLinksTo(this);
  }

  void stop(SimTransport transport) {
    transports.remove(transport);
  }

  void add(SimConnection connection) {
    connections.add(connection);
  }

  void remove(SimConnection connection) {
    connections.remove(connection);
  }

  boolean hasAddress(Endpoint address) {
    for (Endpoint own : addresses) {
      if (SimAddresses.sameAddress(own, address)) {
        return true;
      }
    }
    return false;
  }

  /// The address that this host sends from to a destination.
  Endpoint sourceFor(Endpoint destination) {
    if (SimAddresses.isLoopback(destination)) {
      return Endpoint.loopback(destination.family(), 0);
    }
    for (Endpoint address : addresses) {
      if (address.family() == destination.family()) {
        return address;
      }
    }
    throw new LibOsException(
        "reach " + destination, Errno.ENETUNREACH, "Give host " + name + " an address.");
  }

  /// Gives a socket its local endpoint.
  void bind(SimSocket socket, Endpoint wanted) {
    Endpoint local = SimAddresses.unmapped(wanted);
    if (!local.isAny() && !SimAddresses.isLoopback(local) && !hasAddress(local)) {
      throw new LibOsException(
          "bind " + wanted, Errno.EADDRNOTAVAIL, "Host " + name + " has " + addresses + ".");
    }
    int port = local.port();
    if (port == 0) {
      port = ephemeralPort(socket, local);
    } else if (isTaken(socket, SimAddresses.withPort(local, port))) {
      throw new LibOsException("bind " + wanted, Errno.EADDRINUSE, "Choose another port, or 0.");
    }
    socket.bound(SimAddresses.withPort(local, port));
    bound.add(socket);
  }

  void unbind(SimSocket socket) {
    bound.remove(socket);
  }

  private int ephemeralPort(SimSocket socket, Endpoint local) {
    for (int i = 0; i < EPHEMERAL_PORT_COUNT; i++) {
      nextEphemeral = (nextEphemeral + 1) % EPHEMERAL_PORT_COUNT;
      int port = EPHEMERAL_PORT_FIRST + nextEphemeral;
      if (!isTaken(socket, SimAddresses.withPort(local, port)) && !isConnected(port)) {
        return port;
      }
    }
    throw new LibOsException("bind " + local, Errno.EADDRINUSE, "No port is free.");
  }

  private boolean isConnected(int port) {
    for (SimConnection connection : connections) {
      if (connection.local().port() == port) {
        return true;
      }
    }
    return false;
  }

  private boolean isTaken(SimSocket socket, Endpoint local) {
    for (SimSocket other : bound) {
      Endpoint taken = other.local();
      if (other.type() == socket.type()
          && taken.port() == local.port()
          && overlap(socket, local, other, taken)
          && !(socket.isSet(SocketOption.REUSEPORT) && other.isSet(SocketOption.REUSEPORT))) {
        return true;
      }
    }
    return false;
  }

  private static boolean overlap(SimSocket a, Endpoint la, SimSocket b, Endpoint lb) {
    if (la.family() == lb.family()) {
      return la.isAny() || lb.isAny() || SimAddresses.sameAddress(la, lb);
    }
    return takesBothFamilies(a, la) || takesBothFamilies(b, lb);
  }

  /// `::` takes IPv4 too, unless it is told not to.
  private static boolean takesBothFamilies(SimSocket socket, Endpoint local) {
    return local.family() == AddressFamily.INET6
        && local.isAny()
        && !socket.isSet(SocketOption.V6ONLY);
  }

  /// The socket that takes packets to an endpoint: an exact match before a wildcard; among several
  /// that share the port, any.
  @Nullable
  SimSocket receiver(SocketType type, Endpoint to) {
    List<SimSocket> matches = new ArrayList<>();
    boolean exact = false;
    for (SimSocket socket : bound) {
      Endpoint local = socket.local();
      if (socket.type() != type
          || local.port() != to.port()
          || type == SocketType.STREAM && !socket.isListening()) {
        continue;
      }
      boolean matchesExactly = SimAddresses.sameAddress(local, to);
      boolean matchesAny =
          local.isAny() && (local.family() == to.family() || takesBothFamilies(socket, local));
      if (matchesExactly && !exact) {
        exact = true;
        matches.clear();
      }
      if (exact ? matchesExactly : matchesAny) {
        matches.add(socket);
      }
    }
    return switch (matches.size()) {
      case 0 -> null;
      case 1 -> matches.getFirst();
      default -> matches.get(random.nextInt(matches.size()));
    };
  }

  SimNetwork network() {
    return network;
  }
}
