package dev.demikv.libos.device.sim;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.lang.Nullable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The network of a [SimWorld]: hosts, and a link for each direction between two of them.
public final class SimNetwork {
  private final SimWorld world;
  private final Map<String, SimHost> hosts = new LinkedHashMap<>();
  private final Map<String, SimLink> links = new LinkedHashMap<>();
  private final SimLink defaults;

  SimNetwork(SimWorld world) {
    this.world = world;
    this.defaults = new SimLink(world.random("link defaults"));
  }

  /// What links are like that do not exist yet.
  public SimLink defaults() {
    return defaults;
  }

  /// The host of a name; made at the first call, with these addresses (as `10.1.0.1` or `fd00::1`),
  /// or else with `10.0.0.n` and `fd00::n` for the n-th host. Every host also has `127.0.0.1` and
  /// `::1`.
  public SimHost host(String name, String... addresses) {
    SimHost host = hosts.get(name);
    if (host == null) {
      List<Endpoint> parsed = new ArrayList<>();
      for (String address : addresses) {
        boolean v6 = address.indexOf(':') >= 0;
        parsed.add(Endpoint.parse(v6 ? "[" + address + "]:0" : address + ":0"));
      }
      if (parsed.isEmpty()) {
        int number = hosts.size() + 1;
        parsed.add(Endpoint.ipv4(0x0a00_0000 | number, 0));
        parsed.add(Endpoint.ipv6(0xfd00L << 48, number, 0, 0));
      }
      host = new SimHost(world, this, name, parsed);
      hosts.put(name, host);
    }
    return host;
  }

  /// All hosts, in the order they were made.
  public List<SimHost> hosts() {
    return List.copyOf(hosts.values());
  }

  /// The link from one host to another, or to itself.
  public SimLink link(SimHost from, SimHost to) {
    String name = from.name() + " -> " + to.name();
    return links.computeIfAbsent(name, n -> new SimLink(world.random("link " + n), defaults));
  }

  /// Cuts both directions between two hosts.
  public void partition(SimHost a, SimHost b) {
    link(a, b).cut();
    link(b, a).cut();
  }

  /// Cuts a host off from all others.
  public void isolate(SimHost host) {
    for (SimHost other : hosts.values()) {
      if (other != host) {
        partition(host, other);
      }
    }
  }

  /// Heals every link.
  public void healAll() {
    List.copyOf(links.values()).forEach(SimLink::heal);
  }

  /// The host that has an address, seen from a host.
  @Nullable
  SimHost find(SimHost from, Endpoint address) {
    if (SimAddresses.isLoopback(address)) {
      return from;
    }
    for (SimHost host : hosts.values()) {
      if (host.hasAddress(address)) {
        return host;
      }
    }
    return null;
  }

  void resumeLinksTo(SimHost host) {
    for (SimHost from : hosts()) {
      link(from, host).resume();
    }
  }
}
