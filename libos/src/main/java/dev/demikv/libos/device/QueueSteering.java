package dev.demikv.libos.device;

import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.wire.ArpPacket;
import dev.demikv.libos.wire.EthernetHeader;
import dev.demikv.libos.wire.IcmpHeader;
import dev.demikv.libos.wire.Icmpv6Header;
import dev.demikv.libos.wire.Ipv4Header;
import dev.demikv.libos.wire.Ipv6Header;
import dev.demikv.libos.wire.MacAddress;
import dev.demikv.libos.wire.UdpHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.ObjLongConsumer;

/// Between a queue and its stack, where several LibOses share a device: decides for which of them a
/// received frame is, and hands it over.
///
/// | frame | goes to |
/// |---|---|
/// | TCP, UDP to a dynamic port | the LibOs whose port it is ([QueueShare]) |
/// | ICMP error about such a port of ours | the same |
/// | ICMP error about another port; ARP; neighbour and router advertisement | everybody |
/// | everything else, fragments with it | the LibOs whose queue it came to |
///
/// Who gets an ARP request answers it; the others get it as a gratuitous reply (RFC 5227 §3), from
/// which they learn what RFC 826 wants and which nobody answers.
public final class QueueSteering implements FrameSink {
  private static final int HERE = -1;
  private static final int EVERYBODY = -2;
  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final int ICMP = 1;
  private static final int ICMPV6 = 58;
  private static final int PORTS_BYTES = 4;

  private final QueueShare share;
  private final QueueHandover handover;
  private final MemorySegment copy;
  private FrameSink stack = (buffer, offset, length, checksum) -> buffer.release();
  private long handedOver;
  private long shared;
  private long lost;

  /// @param arena for a few bytes
  public QueueSteering(QueueShare share, QueueHandover handover, Arena arena) {
    this.share = share;
    this.handover = handover;
    copy = arena.allocate(EthernetHeader.BYTES + EthernetHeader.TAG_BYTES + ArpPacket.BYTES, 8);
  }

  /// The sink for a burst: what is ours goes on to this one.
  public FrameSink before(FrameSink sink) {
    stack = sink;
    return this;
  }

  @Override
  public void frame(Buffer buffer, int offset, int length, int checksum) {
    MemorySegment memory = buffer.segment();
    int queue = length < EthernetHeader.BYTES ? HERE : queueOf(memory, offset, length);
    if (queue == EVERYBODY) {
      shareWithAll(memory, offset, length, checksum);
    } else if (queue != HERE && queue != share.queue()) {
      if (handover.offer(queue, memory, offset, length, checksum)) {
        handedOver++;
      } else {
        lost++;
      }
      buffer.release();
      return;
    }
    stack.frame(buffer, offset, length, checksum);
  }

  private void shareWithAll(MemorySegment memory, int offset, int length, int checksum) {
    MemorySegment from = memory;
    int at = offset;
    int bytes = length;
    int header = headerBytes(memory, offset);
    if (etherType(memory, offset, header) == EthernetHeader.TYPE_ARP) {
      from = copy;
      at = 0;
      bytes = header + ArpPacket.BYTES;
      MemorySegment.copy(memory, offset, copy, 0, bytes);
      if (ArpPacket.operation(copy, header) == ArpPacket.REQUEST) {
        long mac = ArpPacket.senderMac(copy, header);
        int ip = ArpPacket.senderIp(copy, header);
        ArpPacket.set(copy, header, ArpPacket.REPLY, mac, ip, mac, ip);
      }
    }
    for (int queue = 0; queue < share.queues(); queue++) {
      if (queue == share.queue()) {
        continue;
      }
      if (handover.offer(queue, from, at, bytes, checksum)) {
        shared++;
      } else {
        lost++;
      }
    }
  }

  private static int headerBytes(MemorySegment memory, int offset) {
    return EthernetHeader.type(memory, offset) == EthernetHeader.TYPE_VLAN
        ? EthernetHeader.BYTES + EthernetHeader.TAG_BYTES
        : EthernetHeader.BYTES;
  }

  private static int etherType(MemorySegment memory, int offset, int header) {
    return header == EthernetHeader.BYTES
        ? EthernetHeader.type(memory, offset)
        : EthernetHeader.taggedType(memory, offset);
  }

  private int queueOf(MemorySegment memory, int offset, int length) {
    int header = headerBytes(memory, offset);
    int left = length - header;
    if (left < 0) {
      return HERE;
    }
    int at = offset + header;
    return switch (etherType(memory, offset, header)) {
      case EthernetHeader.TYPE_IPV4 -> ipv4(memory, at, left);
      case EthernetHeader.TYPE_IPV6 -> ipv6(memory, at, left);
      case EthernetHeader.TYPE_ARP -> arp(memory, at, left);
      default -> HERE;
    };
  }

  /// Probes (RFC 5227 §2.1.1) teach nobody anything.
  private static int arp(MemorySegment memory, int at, int left) {
    return left >= ArpPacket.BYTES
            && ArpPacket.isIpv4OverEthernet(memory, at)
            && ArpPacket.senderIp(memory, at) != 0
            && !MacAddress.isGroup(ArpPacket.senderMac(memory, at))
        ? EVERYBODY
        : HERE;
  }

  private int ipv4(MemorySegment memory, int at, int left) {
    if (left < Ipv4Header.BYTES
        || Ipv4Header.version(memory, at) != 4
        || Ipv4Header.isFragment(memory, at)) {
      return HERE;
    }
    int header = Ipv4Header.headerBytes(memory, at);
    int payload = left - header;
    if (header < Ipv4Header.BYTES || payload < IcmpHeader.BYTES) {
      return HERE;
    }
    int protocol = Ipv4Header.protocol(memory, at);
    if (protocol != ICMP) {
      return destination(protocol, memory, at + header);
    }
    return switch (IcmpHeader.type(memory, at + header)) {
      case IcmpHeader.UNREACHABLE, IcmpHeader.TIME_EXCEEDED, IcmpHeader.PARAMETER_PROBLEM ->
          quotedIpv4(memory, at + header + IcmpHeader.BYTES, payload - IcmpHeader.BYTES);
      default -> HERE;
    };
  }

  private int quotedIpv4(MemorySegment memory, int at, int left) {
    if (left < Ipv4Header.BYTES || Ipv4Header.version(memory, at) != 4) {
      return HERE;
    }
    int header = Ipv4Header.headerBytes(memory, at);
    return header >= Ipv4Header.BYTES && left >= header + PORTS_BYTES
        ? source(Ipv4Header.protocol(memory, at), memory, at + header)
        : HERE;
  }

  private int ipv6(MemorySegment memory, int at, int left) {
    int payload = left - Ipv6Header.BYTES;
    if (payload < IcmpHeader.BYTES || Ipv6Header.version(memory, at) != 6) {
      return HERE;
    }
    int next = Ipv6Header.nextHeader(memory, at);
    int inner = at + Ipv6Header.BYTES;
    if (next != ICMPV6) {
      return destination(next, memory, inner);
    }
    int type = IcmpHeader.type(memory, inner);
    if (type == Icmpv6Header.NEIGHBOR_ADVERTISEMENT || type == Icmpv6Header.ROUTER_ADVERTISEMENT) {
      return EVERYBODY;
    }
    if (type >= Icmpv6Header.INFORMATIONAL_MIN) {
      return HERE;
    }
    int quoted = inner + IcmpHeader.BYTES;
    int room = payload - IcmpHeader.BYTES;
    return room >= Ipv6Header.BYTES + PORTS_BYTES && Ipv6Header.version(memory, quoted) == 6
        ? source(Ipv6Header.nextHeader(memory, quoted), memory, quoted + Ipv6Header.BYTES)
        : HERE;
  }

  private int destination(int protocol, MemorySegment memory, int at) {
    if (protocol != TCP && protocol != UDP) {
      return HERE;
    }
    int owner = share.owner(UdpHeader.destinationPort(memory, at));
    return owner < 0 ? HERE : owner;
  }

  /// Of a packet of ours that came back in an error. TCP has its ports where UDP has them.
  private int source(int protocol, MemorySegment memory, int at) {
    if (protocol != TCP && protocol != UDP) {
      return HERE;
    }
    int owner = share.owner(UdpHeader.sourcePort(memory, at));
    return owner < 0 ? EVERYBODY : owner;
  }

  /// Reports what was handed over.
  public void counters(ObjLongConsumer<String> visitor) {
    visitor.accept("steering.handed-over", handedOver);
    visitor.accept("steering.shared-with-all", shared);
    visitor.accept("steering.handover-full", lost);
  }
}
