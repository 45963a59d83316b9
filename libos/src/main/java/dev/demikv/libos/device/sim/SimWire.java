package dev.demikv.libos.device.sim;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.wire.MacAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ObjLongConsumer;

/// An Ethernet segment of a [SimWorld]: ports, one per host, and a link for each direction between
/// two of them.
///
/// It is a switch: a frame to one interface goes to the port with that address, frames to a group
/// go to all others. As a hub ([#flood]) it gives every frame to all others. A frame is padded with
/// zeros to the 60 bytes that Ethernet wants at least.
///
/// ```
/// SimWire wire = world.wire("lan");
/// wire.defaults().delay(20_000, 20_000).loss(0.01);
/// wire.link("client", "server").bandwidth(100_000_000, 64 << 10);
/// ```
public final class SimWire {
  /// Least bytes of a frame without its check sequence, IEEE 802.3 §4.2.3.3.
  private static final int FRAME_BYTES_MIN = 60;

  private final SimWorld world;
  private final String name;
  private final Map<String, SimWireLink> links = new LinkedHashMap<>();
  private final List<SimNetDevice> ports = new ArrayList<>();
  private final SimWireLink defaults;
  private @Nullable Observer observer;
  private boolean floods;
  private long frames;
  private long unknownDestination;

  /// Who sees every frame that enters a segment.
  @FunctionalInterface
  public interface Observer {
    /// A frame, before any fault of a link.
    ///
    /// @param host who sent it
    /// @param frame its bytes; not to be changed
    void sent(String host, byte[] frame);
  }

  SimWire(SimWorld world, String name) {
    this.world = world;
    this.name = name;
    this.defaults = new SimWireLink(world, world.random("wire " + name + " defaults"));
  }

  /// Its name.
  public String name() {
    return name;
  }

  /// The world it is in.
  public SimWorld world() {
    return world;
  }

  /// What links are like that do not exist yet.
  public SimWireLink defaults() {
    return defaults;
  }

  /// The link from one host's port to another's; the ports need not be there yet.
  public SimWireLink link(String from, String to) {
    String direction = from + " -> " + to;
    return links.computeIfAbsent(
        direction,
        d -> new SimWireLink(world, world.random("wire " + name + " link " + d), defaults));
  }

  /// Attaches a device to the port of a host.
  ///
  /// @throws IllegalStateException when the port is taken, or its hardware address
  public SimNetDevice attach(String host, SimNetDeviceOptions options) {
    long macAddress =
        options.macAddress() == 0 ? MacAddress.ofName(name + ":" + host) : options.macAddress();
    for (SimNetDevice port : ports) {
      if (port.host().equals(host) || port.info().macAddress() == macAddress) {
        throw new IllegalStateException(
            "segment " + name + " has " + port.info() + " and cannot take another " + host);
      }
    }
    SimNetDevice device = new SimNetDevice(this, host, macAddress, options);
    ports.add(device);
    return device;
  }

  /// The open device of a host.
  ///
  /// @throws IllegalArgumentException when there is none
  public SimNetDevice port(String host) {
    for (SimNetDevice port : ports) {
      if (port.host().equals(host)) {
        return port;
      }
    }
    throw new IllegalArgumentException("segment " + name + " has no port of host " + host);
  }

  /// Whether every frame goes to all ports, as on a hub.
  public SimWire flood(boolean value) {
    floods = value;
    return this;
  }

  /// Shows every frame to an observer; `null` for none.
  public SimWire observe(@Nullable Observer newObserver) {
    observer = newObserver;
    return this;
  }

  /// Cuts both directions between two hosts.
  public void partition(String a, String b) {
    link(a, b).cut();
    link(b, a).cut();
  }

  /// Cuts a host off from all others that have a port.
  public void isolate(String host) {
    for (SimNetDevice port : ports) {
      if (!port.host().equals(host)) {
        partition(host, port.host());
      }
    }
  }

  /// Heals every link.
  public void healAll() {
    List.copyOf(links.values()).forEach(SimWireLink::heal);
  }

  /// Reports the sums over all links by name.
  public void counters(ObjLongConsumer<String> visitor) {
    visitor.accept("wire.frames", frames);
    visitor.accept("wire.unknown-destination", unknownDestination);
    Map<String, Long> sums = new LinkedHashMap<>();
    links.values().forEach(link -> link.counters((n, v) -> sums.merge(n, v, Long::sum)));
    sums.forEach((n, v) -> visitor.accept("wire.links." + n, v));
  }

  void detach(SimNetDevice device) {
    ports.remove(device);
  }

  /// Carries a frame from a port.
  ///
  /// @param partial whether its transport checksum was left to the receiver
  void carry(SimNetDevice from, byte[] bytes, boolean partial) {
    frames++;
    byte[] frame = bytes.length < FRAME_BYTES_MIN ? Arrays.copyOf(bytes, FRAME_BYTES_MIN) : bytes;
    Observer shown = observer;
    if (shown != null) {
      shown.sent(from.host(), frame);
    }
    long destination = 0;
    for (int i = 0; i < MacAddress.BYTES; i++) {
      destination = destination << 8 | frame[i] & 0xff;
    }
    boolean toAll = floods || MacAddress.isGroup(destination);
    boolean known = toAll;
    for (SimNetDevice port : List.copyOf(ports)) {
      if (port != from && (toAll || port.info().macAddress() == destination)) {
        known = true;
        link(from.host(), port.host()).carry(frame, partial, port);
      }
    }
    if (!known) {
      unknownDestination++;
    }
  }
}
