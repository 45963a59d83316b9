package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.wire.EthernetHeader;
import dev.demikv.libos.wire.IcmpHeader;
import dev.demikv.libos.wire.Icmpv6Header;
import dev.demikv.libos.wire.InternetChecksum;
import dev.demikv.libos.wire.IpAddress;
import dev.demikv.libos.wire.Ipv6Header;
import dev.demikv.libos.wire.NdpOptions;
import dev.demikv.libos.wire.NetworkOrder;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// IPv6, neighbour discovery and ICMPv6.
final class Ipv6Test {
  private static final byte[] DATA = Frames.content(40);
  private static final Endpoint PEER = Endpoint.ipv6(Frames.NET6, 2, 0, 5000);
  private static final long SOLICITED = IpAddress.solicitedNodeLow(1);

  private static byte[] solicitation(long srcHigh, long srcLow, int option, int hops) {
    return Frames.neighbor(
        Icmpv6Header.NEIGHBOR_SOLICITATION,
        0,
        srcHigh,
        srcLow,
        IpAddress.LINK_MULTICAST_HIGH,
        SOLICITED,
        Frames.NET6,
        1,
        option,
        Frames.PEER_MAC,
        hops);
  }

  private static byte[] message(int type, int code, int rest, byte[] data) {
    return Frames.ipv6(58, Frames.icmpv6(Frames.NET6, 2, Frames.NET6, 1, type, code, rest, data));
  }

  private static List<Integer> types(List<byte[]> frames) {
    return frames.stream()
        .filter(f -> EthernetHeader.type(MemorySegment.ofArray(f), 0) == EthernetHeader.TYPE_IPV6)
        .map(f -> IcmpHeader.type(MemorySegment.ofArray(f), 54))
        .toList();
  }

  @Test
  @Rfc(number = 4861, section = "7.2.4")
  void aSolicitationIsAnsweredWithOurHardwareAddress() {
    try (StackHarness host = new StackHarness().settled()) {
      host.arrive(solicitation(Frames.NET6, 2, NdpOptions.SOURCE_LINK_ADDRESS, 255));
      byte[] reply = host.takePacket();
      MemorySegment memory = MemorySegment.ofArray(reply);
      assertThat(IcmpHeader.type(memory, 40)).isEqualTo(Icmpv6Header.NEIGHBOR_ADVERTISEMENT);
      assertThat(Ipv6Header.hopLimit(memory, 0)).isEqualTo(255);
      assertThat(Icmpv6Header.targetLow(memory, 40)).isOne();
      assertThat(IcmpHeader.rest(memory, 40))
          .isEqualTo(Icmpv6Header.FLAG_SOLICITED | Icmpv6Header.FLAG_OVERRIDE);
      assertThat(NdpOptions.linkAddress(memory, 64, 8, NdpOptions.TARGET_LINK_ADDRESS))
          .isEqualTo(Frames.OUR_MAC);
      long pseudo = InternetChecksum.pseudoHeaderIpv6(Frames.NET6, 1, Frames.NET6, 2, 58, 32);
      assertThat(InternetChecksum.isGood(pseudo + InternetChecksum.sum(memory, 40, 32))).isTrue();
    }
  }

  @Test
  @Rfc(number = 4861, section = "7.1.1")
  void aMessageThatMadeAHopOrIsMalformedIsDropped() {
    try (StackHarness host = new StackHarness().settled()) {
      host.arrive(solicitation(Frames.NET6, 2, NdpOptions.SOURCE_LINK_ADDRESS, 254));
      host.arrive(solicitation(0, 0, NdpOptions.SOURCE_LINK_ADDRESS, 255));
      assertThat(host.drops(DropReason.NDP_MALFORMED)).isEqualTo(2);
      assertThat(host.takeSent()).isEmpty();
    }
  }

  @Test
  @Rfc(number = 4861, section = "7.2.2")
  void packetsWaitForTheAdvertisement() {
    try (StackHarness host = new StackHarness().settled()) {
      host.push(host.bound(7000).socket, DATA, PEER);
      List<byte[]> asked = host.takeSent();
      assertThat(types(asked)).containsExactly(Icmpv6Header.NEIGHBOR_SOLICITATION);
      assertThat(EthernetHeader.destination(MemorySegment.ofArray(asked.get(0)), 0))
          .isEqualTo(0x3333_ff00_0002L);
      host.arrive(Frames.advertisementOfPeer());
      byte[] packet = host.takePacket();
      assertThat(Arrays.copyOfRange(packet, 48, 88)).isEqualTo(DATA);
    }
  }

  @Test
  @Rfc(number = 4862, section = "5.4.5")
  void anAddressThatSomebodyDefendsIsNotUsed() {
    try (StackHarness host = new StackHarness()) {
      host.arrive(
          Frames.neighbor(
              Icmpv6Header.NEIGHBOR_ADVERTISEMENT,
              Icmpv6Header.FLAG_OVERRIDE,
              Frames.NET6,
              1,
              IpAddress.LINK_MULTICAST_HIGH,
              IpAddress.ALL_NODES_LOW,
              Frames.NET6,
              1,
              NdpOptions.TARGET_LINK_ADDRESS,
              0x0200_0000_0066L,
              255));
      assertThat(host.stack.counters().addressConflicts).isOne();
      assertThat(host.stack.routes().find(true, Frames.NET6, 1)).isNull();
      assertThat(host.stack.path(true, Frames.NET6, 1, Frames.NET6, 2)).isNull();
    }
  }

  @Test
  @Rfc(number = 4862, section = "5.4.2")
  void ourAddressesAreCheckedAtStart() {
    try (StackHarness host = new StackHarness()) {
      List<byte[]> sent = host.takeSent();
      assertThat(types(sent))
          .containsExactly(Icmpv6Header.NEIGHBOR_SOLICITATION, Icmpv6Header.NEIGHBOR_SOLICITATION);
      assertThat(sent.stream().skip(1))
          .allMatch(f -> Ipv6Header.sourceLow(MemorySegment.ofArray(f), 14) == 0);
    }
  }

  @Test
  @Rfc(number = 4861, section = "7.2.6")
  void ourAddressesAreAnnouncedOnceTheyAreCheckedAndWhenTheLinkComesBack() {
    try (StackHarness host = new StackHarness()) {
      host.takeSent();
      host.pass(StackHarness.SECOND / 2);
      assertThat(host.takeSent()).as("while they are checked").isEmpty();
      host.pass(10 * StackHarness.SECOND);
      List<byte[]> sent = advertisements(host);
      assertThat(sent).as("two addresses, twice").hasSize(4);
      for (byte[] frame : sent) {
        MemorySegment memory = MemorySegment.ofArray(frame);
        assertThat(IcmpHeader.rest(memory, 54)).isEqualTo(Icmpv6Header.FLAG_OVERRIDE);
        assertThat(Ipv6Header.destinationLow(memory, 14)).isEqualTo(IpAddress.ALL_NODES_LOW);
        assertThat(Ipv6Header.sourceLow(memory, 14)).isEqualTo(Icmpv6Header.targetLow(memory, 54));
      }
      host.device.linkUp = false;
      host.pass(2 * StackHarness.SECOND);
      host.device.linkUp = true;
      host.pass(10 * StackHarness.SECOND);
      assertThat(advertisements(host)).hasSize(4);
    }
  }

  private static List<byte[]> advertisements(StackHarness host) {
    List<byte[]> sent = host.takeSent();
    return sent.stream()
        .filter(f -> EthernetHeader.type(MemorySegment.ofArray(f), 0) == EthernetHeader.TYPE_IPV6)
        .filter(f ->
            IcmpHeader.type(MemorySegment.ofArray(f), 54) == Icmpv6Header.NEIGHBOR_ADVERTISEMENT)
        .toList();
  }

  @Test
  void aLinkLocalAddressIsMadeOfTheHardwareAddress() {
    try (StackHarness host = new StackHarness().settled()) {
      assertThat(
              host.stack
                  .routes()
                  .find(
                      true,
                      IpAddress.LINK_LOCAL_HIGH,
                      IpAddress.interfaceIdentifier(Frames.OUR_MAC)))
          .isNotNull();
    }
  }

  @Test
  void datagramsGoBothWays() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      StackHarness.Receiver receiver = host.bound(7000);
      host.arrive(Frames.udpOverIpv6(5000, 7000, DATA));
      assertThat(receiver.take()).isEqualTo(DATA);
      host.push(receiver.socket, DATA, PEER);
      byte[] packet = host.takePacket();
      long pseudo = InternetChecksum.pseudoHeaderIpv6(Frames.NET6, 1, Frames.NET6, 2, 17, 48);
      MemorySegment memory = MemorySegment.ofArray(packet);
      assertThat(InternetChecksum.isGood(pseudo + InternetChecksum.sum(memory, 40, 48))).isTrue();
    }
  }

  @Test
  @Rfc(number = 8200, section = "8.1")
  void aDatagramWithoutAChecksumIsDropped() {
    try (StackHarness host = new StackHarness().settled()) {
      host.bound(7000);
      byte[] frame = Frames.udpOverIpv6(5000, 7000, DATA);
      NetworkOrder.setU16(MemorySegment.ofArray(frame), 60, 0);
      host.arrive(frame);
      assertThat(host.drops(DropReason.UDP_CHECKSUM)).isOne();
    }
  }

  @Test
  void extensionHeadersArePassed() {
    try (StackHarness host = new StackHarness().settled()) {
      StackHarness.Receiver receiver = host.bound(7000);
      byte[] datagram = Arrays.copyOfRange(Frames.udpOverIpv6(5000, 7000, DATA), 54, 102);
      byte[] payload = new byte[8 + datagram.length];
      payload[0] = 17;
      payload[2] = 1;
      payload[3] = 4;
      System.arraycopy(datagram, 0, payload, 8, datagram.length);
      host.arrive(Frames.ipv6(60, payload));
      assertThat(receiver.take()).isEqualTo(DATA);
    }
  }

  @Test
  @Rfc(number = 4443, section = "3.4")
  void anOptionThatMustBeKnownIsReportedWithItsPlace() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      byte[] payload = new byte[16];
      payload[0] = 17;
      payload[2] = (byte) 0x9e;
      payload[3] = 4;
      host.arrive(Frames.ipv6(60, payload));
      MemorySegment memory = MemorySegment.ofArray(host.takePacket());
      assertThat(IcmpHeader.type(memory, 40)).isEqualTo(Icmpv6Header.PARAMETER_PROBLEM);
      assertThat(IcmpHeader.code(memory, 40)).isEqualTo(2);
      assertThat(IcmpHeader.rest(memory, 40)).isEqualTo(42);
    }
  }

  @Test
  @Rfc(number = 4443, section = "4.2")
  void anEchoRequestIsAnswered() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      host.arrive(message(Icmpv6Header.ECHO_REQUEST, 0, 77, DATA));
      byte[] reply = host.takePacket();
      assertThat(IcmpHeader.type(MemorySegment.ofArray(reply), 40))
          .isEqualTo(Icmpv6Header.ECHO_REPLY);
      assertThat(Arrays.copyOfRange(reply, 48, 88)).isEqualTo(DATA);
    }
  }

  @Test
  @Rfc(number = 4443, section = "3.1")
  void aPortThatNobodyHasIsUnreachable() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      host.arrive(Frames.udpOverIpv6(5000, 7000, DATA));
      MemorySegment memory = MemorySegment.ofArray(host.takePacket());
      assertThat(IcmpHeader.type(memory, 40)).isEqualTo(Icmpv6Header.UNREACHABLE);
      assertThat(IcmpHeader.code(memory, 40)).isEqualTo(Icmpv6Header.CODE_PORT);
    }
  }

  @Test
  @Rfc(number = 8201, section = "4")
  void packetTooBigMakesFragments() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      StackHarness.Receiver sender = host.bound(7000);
      host.push(sender.socket, new byte[1400], PEER);
      byte[] sent = host.takeSent().get(0);
      host.arrive(
          message(Icmpv6Header.PACKET_TOO_BIG, 0, 1300, Arrays.copyOfRange(sent, 14, 14 + 100)));
      host.push(sender.socket, Frames.content(1400), PEER);
      List<byte[]> pieces = host.takeSent();
      assertThat(pieces).hasSize(2).allMatch(f -> f.length <= 1314);
      assertThat(Ipv6Header.nextHeader(MemorySegment.ofArray(pieces.get(0)), 14))
          .isEqualTo(Ipv6Header.FRAGMENT);
    }
  }

  @Test
  @Rfc(number = 8200, section = "4.5")
  void fragmentsMakeTheWholeAndOverlapsDoNot() {
    try (StackHarness host = new StackHarness().settled()) {
      StackHarness.Receiver receiver = host.bound(7000);
      byte[] all =
          Arrays.copyOfRange(Frames.udpOverIpv6(5000, 7000, Frames.content(2_000)), 54, 54 + 2_008);
      host.arrive(Frames.fragment6(5, 1000, false, all, 1008));
      host.arrive(Frames.fragment6(5, 0, true, all, 1000));
      assertThat(receiver.take()).isEqualTo(Frames.content(2_000));
      host.arrive(Frames.fragment6(6, 0, true, all, 1000));
      host.arrive(Frames.fragment6(6, 992, false, all, 1016));
      assertThat(host.drops(DropReason.FRAGMENT_OVERLAP)).isEqualTo(2);
      assertThat(receiver.socket.count()).isZero();
    }
  }

  @Test
  @Rfc(number = 6946, section = "4")
  void anAtomicFragmentStandsAlone() {
    try (StackHarness host = new StackHarness().settled()) {
      StackHarness.Receiver receiver = host.bound(7000);
      byte[] all = Arrays.copyOfRange(Frames.udpOverIpv6(5000, 7000, DATA), 54, 102);
      host.arrive(Frames.fragment6(5, 0, false, all, 48));
      assertThat(receiver.take()).isEqualTo(DATA);
    }
  }

  @Test
  void martiansAreDropped() {
    try (StackHarness host = new StackHarness().settled()) {
      long mapped = IpAddress.ipv4MappedLow(Frames.PEER_IP);
      long[][] sources = {
        {0, 1}, {0, mapped}, {IpAddress.LINK_MULTICAST_HIGH, 1}, {0, 0}, {Frames.NET6, 1}
      };
      for (long[] source : sources) {
        host.arrive(
            Frames.ethernet(
                Frames.OUR_MAC,
                EthernetHeader.TYPE_IPV6,
                Frames.ipv6Packet(source[0], source[1], Frames.NET6, 1, 17, 64, new byte[8])));
      }
      assertThat(host.drops(DropReason.IP_MARTIAN)).isEqualTo(5);
      host.arrive(
          Frames.ethernet(
              Frames.OUR_MAC,
              EthernetHeader.TYPE_IPV6,
              Frames.ipv6Packet(Frames.NET6, 1, Frames.NET6, 1, 17, 64, new byte[8])),
          FrameSink.CHECKSUM_PARTIAL);
      assertThat(host.drops(DropReason.IP_MARTIAN)).as("though on this machine").isEqualTo(6);
      assertThat(host.takeSent()).isEmpty();
    }
  }

  @Test
  void routersAndRedirectsAreCountedAndIgnored() {
    try (StackHarness host = new StackHarness().settled()) {
      host.arrive(message(Icmpv6Header.ROUTER_ADVERTISEMENT, 0, 0, new byte[8]));
      host.arrive(message(Icmpv6Header.REDIRECT, 0, 0, new byte[32]));
      assertThat(host.drops(DropReason.NDP_ROUTER)).isOne();
      assertThat(host.drops(DropReason.ICMP_REDIRECT)).isOne();
    }
  }

  @Test
  void theNeighbourOfAFarHostIsTheGateway() {
    try (StackHarness host = new StackHarness().settled()) {
      host.push(host.bound(7000).socket, DATA, Endpoint.ipv6(Frames.FAR6, 9, 0, 9));
      byte[] asked = host.takeSent().get(0);
      assertThat(Icmpv6Header.targetLow(MemorySegment.ofArray(asked), 54)).isEqualTo(0xfe);
    }
  }
}
