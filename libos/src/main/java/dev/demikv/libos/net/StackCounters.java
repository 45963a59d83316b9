package dev.demikv.libos.net;

import java.util.function.ObjLongConsumer;

/// What the stack counts: every drop by its reason, and what went well. One thread.
public final class StackCounters {
  private static final DropReason[] REASONS = DropReason.values();

  private final long[] drops = new long[REASONS.length];

  /// Frames from the device.
  public long framesIn;

  /// Frames that the device took.
  public long framesOut;

  /// IPv4 packets that were for us.
  public long ipv4In;

  /// IPv6 packets that were for us.
  public long ipv6In;

  /// Packets sent, fragmented ones counted once.
  public long packetsOut;

  /// Packets to ourselves.
  public long loopbackPackets;

  /// Fragments sent.
  public long fragmentsOut;

  /// Packets put together from fragments.
  public long reassembled;

  /// Frames whose parts were copied together because the device takes fewer.
  public long linearized;

  /// Neighbour requests and probes sent.
  public long solicitations;

  /// Neighbours forgotten because the table was full.
  public long neighborEvictions;

  /// Others that use an address of ours, RFC 5227 and RFC 4862.
  public long addressConflicts;

  /// Times that the link came up, the first one counted.
  public long linkUps;

  /// Echo requests answered.
  public long echoReplies;

  /// ICMP errors sent.
  public long icmpErrorsOut;

  /// ICMP errors that concerned a flow of ours.
  public long icmpErrorsIn;

  /// Times that a path's MTU was lowered.
  public long pathMtuReductions;

  /// Datagrams taken by a socket.
  public long datagramsIn;

  /// Datagrams sent.
  public long datagramsOut;

  /// Nothing counted yet.
  public StackCounters() {}

  /// Counts a drop.
  public void drop(DropReason reason) {
    drops[reason.ordinal()]++;
  }

  /// Counts several drops for one reason.
  public void drop(DropReason reason, int count) {
    drops[reason.ordinal()] += count;
  }

  /// Drops for a reason so far.
  public long drops(DropReason reason) {
    return drops[reason.ordinal()];
  }

  /// Drops for any reason so far.
  public long dropsTotal() {
    long total = 0;
    for (long each : drops) {
      total += each;
    }
    return total;
  }

  /// Reports all by name.
  public void report(ObjLongConsumer<String> visitor) {
    visitor.accept("net.frames_in", framesIn);
    visitor.accept("net.frames_out", framesOut);
    visitor.accept("net.ipv4_in", ipv4In);
    visitor.accept("net.ipv6_in", ipv6In);
    visitor.accept("net.packets_out", packetsOut);
    visitor.accept("net.loopback_packets", loopbackPackets);
    visitor.accept("net.fragments_out", fragmentsOut);
    visitor.accept("net.reassembled", reassembled);
    visitor.accept("net.linearized", linearized);
    visitor.accept("net.solicitations", solicitations);
    visitor.accept("net.neighbor_evictions", neighborEvictions);
    visitor.accept("net.address_conflicts", addressConflicts);
    visitor.accept("net.link_ups", linkUps);
    visitor.accept("net.echo_replies", echoReplies);
    visitor.accept("net.icmp_errors_out", icmpErrorsOut);
    visitor.accept("net.icmp_errors_in", icmpErrorsIn);
    visitor.accept("net.path_mtu_reductions", pathMtuReductions);
    visitor.accept("net.udp_datagrams_in", datagramsIn);
    visitor.accept("net.udp_datagrams_out", datagramsOut);
    for (DropReason reason : REASONS) {
      visitor.accept(reason.counter(), drops[reason.ordinal()]);
    }
  }
}
