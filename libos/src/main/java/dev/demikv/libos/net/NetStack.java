package dev.demikv.libos.net;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.QueueShare;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.net.arp.Arp;
import dev.demikv.libos.net.arp.NeighborCache;
import dev.demikv.libos.net.icmp.Icmp;
import dev.demikv.libos.net.icmp.Icmpv6;
import dev.demikv.libos.net.icmp.NeighborDiscovery;
import dev.demikv.libos.wire.EthernetHeader;
import dev.demikv.libos.wire.IpAddress;
import dev.demikv.libos.wire.Ipv4Header;
import dev.demikv.libos.wire.Ipv6Header;
import dev.demikv.libos.wire.MacAddress;
import java.lang.foreign.MemorySegment;
import java.util.random.RandomGenerator;

/// The network layer over one device: frames in, packets out. See the package for the picture.
///
/// ```
///   frame ─▶ Ethernet ─┬▶ Arp ───────────▶ NeighborCache ◀── IpOutput ◀─ send ─ Tcp, Udp, Icmp
///                      ├▶ Ipv4Input ┬▶ Delivery ─▶ Tcp, Udp, Icmp
///                      └▶ Ipv6Input ┘   ▲
///                              Loopback ┘ ◀── IpOutput (to ourselves)
/// ```
///
/// Everything a peer sends is checked before it is read further; what is wrong is counted by its
/// [DropReason] and dropped. Nothing allocates per packet, and every table has a limit.
public final class NetStack implements FrameSink, PacketOutput, ErrorOutput {
  /// Frames taken from the device in one turn.
  private static final int FRAMES_MAX = 256;

  /// Packets to ourselves taken in one turn.
  private static final int LOOPBACK_MAX = 256;

  /// How often a link that is down is looked at, for the announcements that wait for it.
  private static final long LINK_DOWN_CHECK_NANOS = 100_000_000;

  /// How often one that is up is looked at, in turns that there are anyway.
  private static final long LINK_UP_CHECK_NANOS = 1_000_000_000;

  private static final long AGE_INTERVAL_NANOS = 10_000_000_000L;

  private final NetDevice device;
  private final QueueShare share;
  private final StackConfig config;
  private final StackCounters counters = new StackCounters();
  private final EthernetOutput link;
  private final RouteTable routes;
  private final PathMtuCache mtus;
  private final NeighborCache neighbors;
  private final Loopback loopback;
  private final FragmentTable fragments;
  private final IpOutput output;
  private final PathCache paths;
  private final Arp arp;
  private final NeighborDiscovery discovery;
  private final Icmp icmp;
  private final Icmpv6 icmpv6;
  private final Packet expired = new Packet();
  private final PathError error = new PathError();
  private @Nullable Ipv4Input ipv4;
  private @Nullable Ipv6Input ipv6;
  private @Nullable TransportProtocol tcp;
  private @Nullable TransportProtocol udp;
  private long nowNanos;
  private long ageNanos;
  private long advancedNanos;
  private long linkCheckNanos;
  private boolean linkUp;

  /// @param random for identifications, hash keys and the spread of timers
  public NetStack(NetDevice device, StackConfig config, RandomGenerator random, long nowNanos) {
    this.device = device;
    this.share = device.share();
    this.config = config;
    this.nowNanos = nowNanos;
    this.ageNanos = nowNanos + AGE_INTERVAL_NANOS;
    this.advancedNanos = nowNanos - 1;
    this.linkCheckNanos = nowNanos;
    link = new EthernetOutput(device, config, counters);
    routes = new RouteTable(config, link.macAddress());
    mtus = new PathMtuCache(random.nextLong());
    neighbors = new NeighborCache(link, counters, random, config.neighborsMax(), nowNanos);
    loopback = new Loopback(config.loopbackPacketsMax());
    fragments = new FragmentTable(counters, config.fragmentsBytesMax(), this::timedOut);
    output =
        new IpOutput(
            link,
            neighbors,
            routes,
            mtus,
            loopback,
            counters,
            random,
            config.hopLimit(),
            device.info().checksumTransmit());
    paths = new PathCache(output, random.nextLong());
    arp = new Arp(link, neighbors, routes, counters, nowNanos);
    discovery = new NeighborDiscovery(link, neighbors, routes, counters, nowNanos);
    int rate = config.icmpPerSecond();
    icmp = new Icmp(output, paths, routes, counters, this::report, rate, nowNanos);
    icmpv6 = new Icmpv6(output, paths, routes, discovery, counters, this::report, rate, nowNanos);
    neighbors.start(arp, discovery, this::undeliverable);
    for (StackConfig.StaticNeighbor each : config.statics()) {
      neighbors.addStatic(each.ipv6(), each.high(), each.low(), each.macAddress(), nowNanos);
    }
  }

  /// Begins work. Once, before everything else.
  ///
  /// @param pools where packets are put together
  public void start(BufferPools pools, TransportProtocol newTcp, TransportProtocol newUdp) {
    tcp = newTcp;
    udp = newUdp;
    output.start(pools);
    fragments.start(pools);
    Delivery delivery = new Delivery(counters, icmp, icmpv6, this, newTcp, newUdp);
    ipv4 = new Ipv4Input(routes, fragments, delivery, counters);
    ipv6 = new Ipv6Input(routes, fragments, delivery, icmpv6, counters);
  }

  /// Our addresses and routes.
  public RouteTable routes() {
    return routes;
  }

  /// Ways of late, for those who send without a connection.
  public PathCache paths() {
    return paths;
  }

  /// The way from the address of ours that the route chooses.
  public @Nullable NetworkPath pathFromAny(boolean ipv6, long remoteHigh, long remoteLow) {
    if (routes.isLocal(ipv6, remoteHigh, remoteLow)) {
      return paths.path(ipv6, remoteHigh, remoteLow, remoteHigh, remoteLow);
    }
    LocalAddress from = routes.source(ipv6, remoteHigh, remoteLow);
    return from == null ? null : paths.path(ipv6, from.high(), from.low(), remoteHigh, remoteLow);
  }

  /// What was counted.
  public StackCounters counters() {
    return counters;
  }

  /// Our hardware address.
  public long macAddress() {
    return link.macAddress();
  }

  /// Longest packet on the link.
  public int mtuBytes() {
    return link.mtuBytes();
  }

  // A turn.

  /// Takes what the device and the loop-back have, bounded, and runs the timers.
  ///
  /// @return packets and frames taken
  public int poll(long now) {
    nowNanos = now;
    int work = device.receive(this, FRAMES_MAX);
    for (int left = Math.min(loopback.count(), LOOPBACK_MAX); left > 0; left--) {
      int offset = loopback.offset();
      int length = loopback.length();
      Buffer buffer = loopback.remove();
      ownPacket(buffer, offset, length);
      buffer.release();
      work++;
    }
    advance(now);
    return work;
  }

  private void advance(long now) {
    advancedNanos = now;
    if (now - linkCheckNanos >= 0) {
      lookAtLink(now);
    }
    if (linkUp) {
      arp.advance(now);
      discovery.advance(now);
    }
    neighbors.advance(now);
    fragments.advance(now);
    if (now - ageNanos >= 0) {
      ageNanos = now + AGE_INTERVAL_NANOS;
      mtus.age(now);
    }
  }

  /// Announcements wait for a link: into one that is down they would be lost, and neighbours that
  /// know our addresses by an older hardware address would go on to use that.
  private void lookAtLink(long now) {
    boolean up = device.isLinkUp();
    linkCheckNanos = now + (up ? LINK_UP_CHECK_NANOS : LINK_DOWN_CHECK_NANOS);
    if (up && !linkUp) {
      counters.linkUps++;
      arp.linkUp(now);
      discovery.linkUp(now);
    }
    linkUp = up;
  }

  /// Runs the timers, among them the announcements, unless [#poll] did so at that time.
  public void begin(long now) {
    nowNanos = now;
    if (now != advancedNanos) {
      advance(now);
    }
  }

  /// When [#poll] is needed for a timer; [Long#MAX_VALUE] if never.
  public long nextTimerNanos() {
    long next = linkUp ? earlier(arp.nextTimerNanos(), discovery.nextTimerNanos()) : linkCheckNanos;
    next = earlier(next, neighbors.nextTimerNanos());
    return earlier(next, fragments.nextTimerNanos());
  }

  private static long earlier(long a, long b) {
    return a == Long.MAX_VALUE ? b : b == Long.MAX_VALUE || a - b < 0 ? a : b;
  }

  /// Whether packets to ourselves wait for [#poll].
  public boolean hasOwnPackets() {
    return loopback.count() > 0;
  }

  // In.

  @Override
  public void frame(Buffer buffer, int offset, int length, int checksum) {
    counters.framesIn++;
    ethernet(buffer, offset, length, checksum);
    buffer.release();
  }

  private void ethernet(Buffer buffer, int offset, int length, int checksum) {
    MemorySegment memory = buffer.segment();
    if (length < EthernetHeader.BYTES) {
      counters.drop(DropReason.ETHERNET_SHORT);
      return;
    }
    long destination = EthernetHeader.destination(memory, offset);
    boolean group = MacAddress.isGroup(destination);
    if (!group && destination != link.macAddress()) {
      counters.drop(DropReason.ETHERNET_NOT_FOR_US);
      return;
    }
    if (MacAddress.isGroup(EthernetHeader.source(memory, offset))) {
      counters.drop(DropReason.ETHERNET_SOURCE);
      return;
    }
    int type = EthernetHeader.type(memory, offset);
    int header = EthernetHeader.BYTES;
    int vlan = 0;
    if (type == EthernetHeader.TYPE_VLAN) {
      header += EthernetHeader.TAG_BYTES;
      if (length < header) {
        counters.drop(DropReason.ETHERNET_SHORT);
        return;
      }
      vlan = EthernetHeader.vlan(memory, offset);
      type = EthernetHeader.taggedType(memory, offset);
    }
    if (config.vlan() >= 0 && vlan != config.vlan()) {
      counters.drop(DropReason.ETHERNET_VLAN);
      return;
    }
    if (checksum == CHECKSUM_BAD) {
      counters.drop(DropReason.DEVICE_CHECKSUM);
      return;
    }
    network(buffer, offset + header, length - header, type, checksum, group);
  }

  private void network(
      Buffer buffer, int offset, int length, int type, int checksum, boolean group) {
    Ipv4Input four = ipv4;
    Ipv6Input six = ipv6;
    if (type == EthernetHeader.TYPE_IPV4 && four != null) {
      four.receive(buffer, offset, length, checksum, group, false, nowNanos);
    } else if (type == EthernetHeader.TYPE_ARP) {
      arp.receive(buffer.segment(), offset, length, nowNanos);
    } else if (type == EthernetHeader.TYPE_IPV6 && six != null && config.ipv6()) {
      six.receive(buffer, offset, length, checksum, group, false, nowNanos);
    } else {
      counters.drop(DropReason.ETHERNET_TYPE);
    }
  }

  private void ownPacket(Buffer buffer, int offset, int length) {
    Ipv4Input four = ipv4;
    Ipv6Input six = ipv6;
    if (four != null && Ipv4Header.version(buffer.segment(), offset) == 4) {
      four.receive(buffer, offset, length, CHECKSUM_PARTIAL, false, true, nowNanos);
    } else if (six != null) {
      six.receive(buffer, offset, length, CHECKSUM_PARTIAL, false, true, nowNanos);
    }
  }

  // Out.

  @Override
  public @Nullable NetworkPath path(
      boolean ofIpv6, long localHigh, long localLow, long remoteHigh, long remoteLow) {
    return ofIpv6 && !config.ipv6() && !IpAddress.isIpv6Loopback(remoteHigh, remoteLow)
        ? null
        : output.path(ofIpv6, localHigh, localLow, remoteHigh, remoteLow);
  }

  @Override
  public boolean arrivesHere(NetworkPath path, int localPort, int remotePort) {
    return share.arrivesHere(
        path.isIpv6(),
        path.localHigh(),
        path.localLow(),
        localPort,
        path.remoteHigh(),
        path.remoteLow(),
        remotePort);
  }

  @Override
  public @Nullable TxFrame begin(NetworkPath path, int bytes) {
    return output.begin(path, bytes);
  }

  @Override
  public int send(NetworkPath path, TxFrame frame, int protocol, long now) {
    return output.send(path, frame, protocol, now);
  }

  @Override
  public void drop(TxFrame frame) {
    output.drop(frame);
  }

  // Errors.

  @Override
  public void portUnreachable(Packet packet, long now) {
    if (packet.isIpv6()) {
      icmpv6.portUnreachable(packet, now);
    } else {
      icmp.portUnreachable(packet, now);
    }
  }

  @Override
  public void protocolUnreachable(Packet packet, long now) {
    if (packet.isIpv6()) {
      icmpv6.protocolUnreachable(packet, now);
    } else {
      icmp.protocolUnreachable(packet, now);
    }
  }

  /// An ICMP error, or a failure of our own, about a packet of ours.
  private boolean report(PathError about, int protocol, int packetBytes, long now) {
    boolean tooBig = about.kind() == PathError.Kind.PACKET_TOO_BIG;
    int current = 0;
    int reduced = 0;
    if (tooBig) {
      current = mtus.lookup(about.isIpv6(), about.remoteHigh(), about.remoteLow(), link.mtuBytes());
      reduced = PathMtuCache.reduced(about.isIpv6(), about.mtuBytes(), packetBytes, current);
      if (reduced >= current) {
        return false;
      }
      about.set(PathError.Kind.PACKET_TOO_BIG, Errno.EMSGSIZE, reduced);
    }
    TransportProtocol receiver =
        switch (protocol) {
          case PROTOCOL_TCP -> tcp;
          case PROTOCOL_UDP -> udp;
          default -> null;
        };
    // RFC 5927, RFC 8201 §4: only what quotes a flow that there is is believed.
    if (receiver == null || !receiver.error(about, now)) {
      return false;
    }
    if (tooBig) {
      counters.pathMtuReductions++;
      mtus.learn(about.isIpv6(), about.remoteHigh(), about.remoteLow(), reduced, now);
    }
    return true;
  }

  /// A packet of ours waited for a neighbour that does not answer.
  private void undeliverable(TxFrame frame, int etherType, long now) {
    MemorySegment memory = frame.buffer(0).segment();
    int at = frame.offset(0);
    int length = frame.length(0);
    boolean six = etherType == EthernetHeader.TYPE_IPV6;
    int header = six ? Ipv6Header.BYTES : Ipv4Header.BYTES;
    if (length < header + 8 || !six && Ipv4Header.fragmentOffsetBytes(memory, at) != 0) {
      return;
    }
    error
        .set(PathError.Kind.NEIGHBOR_FAILED, Errno.EHOSTUNREACH, 0)
        .setQuote(memory, at + header, length - header);
    if (six) {
      error.setAddresses(
          true,
          Ipv6Header.sourceHigh(memory, at),
          Ipv6Header.sourceLow(memory, at),
          Ipv6Header.destinationHigh(memory, at),
          Ipv6Header.destinationLow(memory, at));
    } else {
      error.setAddresses(
          false,
          0,
          Ipv4Header.source(memory, at) & 0xffff_ffffL,
          0,
          Ipv4Header.destination(memory, at) & 0xffff_ffffL);
    }
    int protocol = six ? Ipv6Header.nextHeader(memory, at) : Ipv4Header.protocol(memory, at);
    report(error, protocol, length, now);
  }

  /// A packet could not be put together in time.
  private void timedOut(boolean six, Buffer buffer, int offset, int length, long now) {
    MemorySegment memory = buffer.segment();
    if (six) {
      expired
          .set(buffer, offset + Ipv6Header.BYTES, length - Ipv6Header.BYTES)
          .setIpv6Source(
              Ipv6Header.sourceHigh(memory, offset), Ipv6Header.sourceLow(memory, offset))
          .setIpv6Destination(
              Ipv6Header.destinationHigh(memory, offset),
              Ipv6Header.destinationLow(memory, offset),
              0,
              0)
          .setOrigin(offset, IpAddress.isIpv6Multicast(Ipv6Header.destinationHigh(memory, offset)));
      icmpv6.reassemblyTimeExceeded(expired, now);
    } else {
      int header = Ipv4Header.headerBytes(memory, offset);
      int destination = Ipv4Header.destination(memory, offset);
      expired
          .set(buffer, offset + header, length - header)
          .setIpv4(Ipv4Header.source(memory, offset), destination, 0, 0)
          .setOrigin(offset, routes.isIpv4Broadcast(destination));
      icmp.reassemblyTimeExceeded(expired, now);
    }
  }

  /// Releases every buffer.
  public void close() {
    loopback.close();
    fragments.close();
    neighbors.close();
  }
}
