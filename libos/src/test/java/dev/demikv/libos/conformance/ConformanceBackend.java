package dev.demikv.libos.conformance;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.config.LibOsConfig;
import java.util.EnumSet;
import java.util.Set;

/// What the suite must know of a backend.
abstract class ConformanceBackend implements AutoCloseable {
  /// Sizes small enough that limits are reached in a test.
  static final LibOsConfig.Limits LIMITS = new LibOsConfig.Limits(256, 1024, 1024, 512, 128, 24);

  /// What not every backend has.
  enum Feature {
    DATAGRAM,
    IPV6,
    /// A `::` listener takes IPv4 peers.
    DUAL_STACK,
    /// Two LibOses can reach each other from one thread.
    TWO_LIBOSES,
    /// Acknowledgements of the peer's transport are told.
    ACKED,
    /// Statistics of a connection are told.
    CONNECTION_INFO,
    /// A connected datagram socket learns that nobody listens.
    DATAGRAM_REFUSED,
    /// A host answers for its address also while no LibOs is open on it.
    HOST_OUTLIVES_LIBOS,
    /// What a LibOs had open may be opened again by the next one of the process.
    REOPENS,
    /// Content survives the close of the LibOs.
    DURABLE
  }

  /// Name for messages.
  abstract String name();

  /// Opens a LibOs for a host; equal names mean the same machine and the same storage.
  abstract LibOs open(String host);

  /// What it lacks.
  Set<Feature> lacks() {
    return EnumSet.noneOf(Feature.class);
  }

  /// How a LibOs reaches another one of a host.
  Endpoint address(String host, AddressFamily family, int port) {
    return Endpoint.loopback(family, port);
  }

  /// Whether time passes only when somebody waits for it.
  boolean isVirtualTime() {
    return false;
  }

  /// Makes time pass when several LibOses take turns in virtual time.
  void pass() {}

  @Override
  public void close() {}
}
