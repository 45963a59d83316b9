package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.wire.ArpPacket;
import dev.demikv.libos.wire.EthernetHeader;
import dev.demikv.libos.wire.MacAddress;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Who is on the link, by ARP.
final class ArpTest {
  private static final long NEVER = Long.MAX_VALUE;

  private static final Endpoint PEER = Endpoint.ipv4(Frames.PEER_IP, 9);

  private static List<byte[]> arps(List<byte[]> frames) {
    return frames.stream()
        .filter(f -> EthernetHeader.type(MemorySegment.ofArray(f), 0) == EthernetHeader.TYPE_ARP)
        .toList();
  }

  private static int operation(byte[] frame) {
    return ArpPacket.operation(MemorySegment.ofArray(frame), 14);
  }

  @Test
  @Rfc(number = 826, section = "Packet reception")
  void aRequestForUsIsAnsweredAndItsSenderRemembered() {
    try (StackHarness host = new StackHarness().settled()) {
      host.arrive(Frames.arp(ArpPacket.REQUEST, Frames.PEER_MAC, Frames.PEER_IP, 0, Frames.OUR_IP));
      byte[] reply = host.takeSent().get(0);
      MemorySegment memory = MemorySegment.ofArray(reply);
      assertThat(EthernetHeader.destination(memory, 0)).isEqualTo(Frames.PEER_MAC);
      assertThat(operation(reply)).isEqualTo(ArpPacket.REPLY);
      assertThat(ArpPacket.senderMac(memory, 14)).isEqualTo(Frames.OUR_MAC);
      assertThat(ArpPacket.senderIp(memory, 14)).isEqualTo(Frames.OUR_IP);
      host.push(host.bound(7000).socket, new byte[4], PEER);
      assertThat(EthernetHeader.destination(MemorySegment.ofArray(host.takeSent().get(0)), 0))
          .as("no need to ask")
          .isEqualTo(Frames.PEER_MAC);
    }
  }

  @Test
  void aRequestForAnotherHostIsNotAnswered() {
    try (StackHarness host = new StackHarness().settled()) {
      host.arrive(
          Frames.arp(ArpPacket.REQUEST, Frames.PEER_MAC, Frames.PEER_IP, 0, Frames.OUR_IP + 7));
      assertThat(host.takeSent()).isEmpty();
    }
  }

  @Test
  void packetsWaitForTheAnswerAndLeaveInOrder() {
    try (StackHarness host = new StackHarness().settled()) {
      StackHarness.Receiver sender = host.bound(7000);
      for (int i = 0; i < 3; i++) {
        assertThat(host.push(sender.socket, new byte[] {(byte) i}, PEER)).isOne();
      }
      assertThat(host.takeSent()).hasSize(1).allMatch(f -> operation(f) == ArpPacket.REQUEST);
      host.arrive(Frames.arpReply());
      assertThat(host.takeSent())
          .extracting(f -> f[42])
          .containsExactly((byte) 0, (byte) 1, (byte) 2);
    }
  }

  @Test
  @Rfc(number = 1122, section = "2.3.2.1")
  void requestsAreOneASecondAndEndWithAFailure() {
    try (StackHarness host = new StackHarness().settled()) {
      StackHarness.Receiver sender = host.bound(7000);
      host.udp.connect(sender.socket, new StackName().set(PEER));
      host.push(sender.socket, new byte[4], PEER);
      host.push(sender.socket, new byte[4], PEER);
      host.pass(StackHarness.SECOND * 9 / 10);
      assertThat(host.takeSent()).hasSize(1);
      host.pass(5 * StackHarness.SECOND / 2);
      assertThat(arps(host.takeSent())).hasSize(2);
      assertThat(host.drops(DropReason.NEIGHBOR_FAILED)).isEqualTo(2);
      assertThat(sender.error).isEqualTo(Errno.EHOSTUNREACH);
      assertThat(host.push(sender.socket, new byte[4], PEER)).isEqualTo(-Errno.EHOSTUNREACH);
      assertThat(host.takeSent()).isEmpty();
      host.pass(4 * StackHarness.SECOND);
      host.push(sender.socket, new byte[4], PEER);
      assertThat(arps(host.takeSent())).as("another attempt").hasSize(1);
    }
  }

  @Test
  void theQueueForANeighbourIsBounded() {
    try (StackHarness host = new StackHarness().settled()) {
      StackHarness.Receiver sender = host.bound(7000);
      int accepted = 0;
      for (int i = 0; i < 200; i++) {
        int result = host.push(sender.socket, new byte[4], PEER);
        accepted += result > 0 ? 1 : 0;
        assertThat(result).isIn(4, -Errno.EAGAIN);
      }
      assertThat(accepted).isEqualTo(64);
      assertThat(host.drops(DropReason.NEIGHBOR_QUEUE_FULL)).isEqualTo(136);
    }
  }

  @Test
  void anUnsolicitedReplyCreatesNoEntry() {
    try (StackHarness host = new StackHarness().settled()) {
      host.arrive(Frames.arpReply());
      assertThat(host.drops(DropReason.ARP_UNSOLICITED)).isOne();
      host.push(host.bound(7000).socket, new byte[4], PEER);
      assertThat(host.takeSent()).hasSize(1).allMatch(f -> operation(f) == ArpPacket.REQUEST);
    }
  }

  @Test
  void aStaticEntryIsNotOverwritten() {
    TestNetDevice device = new TestNetDevice(1500, 20, false);
    try (StackHarness host =
        new StackHarness(
                StackHarness.options().with("network.arp", "10.77.0.2=02:00:00:00:00:02"), device)
            .settled()) {
      host.arrive(Frames.arp(ArpPacket.REPLY, 0x0200_0000_0066L, Frames.PEER_IP, 0, Frames.OUR_IP));
      assertThat(host.drops(DropReason.NEIGHBOR_LOCKED)).isOne();
      host.push(host.bound(7000).socket, new byte[4], PEER);
      assertThat(EthernetHeader.destination(MemorySegment.ofArray(host.takeSent().get(0)), 0))
          .isEqualTo(Frames.PEER_MAC);
    }
  }

  @Test
  void aStaleEntryIsProbedByUnicastWhenItIsUsed() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      host.pass(60 * StackHarness.SECOND);
      host.takeSent();
      host.push(host.bound(7000).socket, new byte[4], PEER);
      List<byte[]> sent = host.takeSent();
      assertThat(sent).hasSize(2);
      MemorySegment probe = MemorySegment.ofArray(arps(sent).get(0));
      assertThat(EthernetHeader.destination(probe, 0)).isEqualTo(Frames.PEER_MAC);
      host.arrive(Frames.arpReply());
      host.pass(5 * StackHarness.SECOND);
      assertThat(host.takeSent()).as("confirmed").isEmpty();
    }
  }

  @Test
  @Rfc(number = 4861, section = "7.3.1")
  void aNeighbourOfWhichTcpSeesProgressIsNotAskedFor() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      StackHarness.Receiver sender = host.bound(7000);
      NetworkPath path = host.stack.pathFromAny(false, 0, Frames.PEER_IP & 0xffff_ffffL);
      for (int i = 0; i < 100; i++) {
        host.pass(2 * StackHarness.SECOND);
        assertThat(host.push(sender.socket, new byte[4], PEER)).isEqualTo(4);
        path.confirm(host.now);
      }
      assertThat(arps(host.takeSent())).isEmpty();
      // The neighbour is gone: found out as ever.
      for (int i = 0; i < 100; i++) {
        host.pass(2 * StackHarness.SECOND);
        host.push(sender.socket, new byte[4], PEER);
      }
      assertThat(arps(host.takeSent())).isNotEmpty();
      assertThat(host.drops(DropReason.NEIGHBOR_FAILED)).isNotZero();
    }
  }

  @Test
  @Rfc(number = 4861, section = "7.3.1")
  void progressBehindAProbeIsAnAnswer() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      StackHarness.Receiver sender = host.bound(7000);
      NetworkPath path = host.stack.pathFromAny(false, 0, Frames.PEER_IP & 0xffff_ffffL);
      host.push(sender.socket, new byte[4], PEER);
      host.pass(60 * StackHarness.SECOND);
      path.confirm(host.now); // Of what was sent before the probe: proves nothing new.
      host.pass(StackHarness.SECOND);
      host.takeSent();
      host.push(sender.socket, new byte[4], PEER);
      assertThat(arps(host.takeSent())).as("a probe").hasSize(1);
      host.pass(3 * StackHarness.SECOND / 2);
      assertThat(arps(host.takeSent())).as("and another").hasSize(1);
      path.confirm(host.now);
      host.pass(5 * StackHarness.SECOND);
      assertThat(arps(host.takeSent())).as("no more").isEmpty();
      assertThat(host.push(sender.socket, new byte[4], PEER)).isEqualTo(4);
      assertThat(arps(host.takeSent())).isEmpty();
    }
  }

  @Test
  @Rfc(number = 5227, section = "2.3")
  void ourAddressIsAnnouncedTwiceAtStart() {
    try (StackHarness host = new StackHarness()) {
      host.pass(10 * StackHarness.SECOND);
      List<byte[]> announcements = arps(host.takeSent());
      assertThat(announcements).hasSize(2);
      MemorySegment memory = MemorySegment.ofArray(announcements.get(0));
      assertThat(EthernetHeader.destination(memory, 0)).isEqualTo(MacAddress.BROADCAST);
      assertThat(ArpPacket.senderIp(memory, 14)).isEqualTo(Frames.OUR_IP);
      assertThat(ArpPacket.targetIp(memory, 14)).isEqualTo(Frames.OUR_IP);
    }
  }

  @Test
  @Rfc(number = 5227, section = "2.3")
  void announcementsWaitForTheLinkAndAreRepeatedWhenItComesBack() {
    TestNetDevice device = new TestNetDevice(1500, 20, false);
    device.linkUp = false;
    try (StackHarness host = new StackHarness(StackHarness.options(), device)) {
      host.pass(10 * StackHarness.SECOND);
      assertThat(host.takeSent()).isEmpty();
      device.linkUp = true;
      host.pass(StackHarness.SECOND / 5);
      assertThat(arps(host.takeSent())).hasSize(1);
      host.pass(10 * StackHarness.SECOND);
      assertThat(arps(host.takeSent())).hasSize(1);
      assertThat(host.stack.nextTimerNanos()).as("no timer of a link that is up").isEqualTo(NEVER);
      device.linkUp = false;
      host.pass(10 * StackHarness.SECOND);
      assertThat(host.takeSent()).isEmpty();
      device.linkUp = true;
      host.pass(10 * StackHarness.SECOND);
      assertThat(arps(host.takeSent())).hasSize(2);
      assertThat(host.stack.counters().linkUps).isEqualTo(2);
    }
  }

  @Test
  @Rfc(number = 5227, section = "2.4")
  void aConflictIsCountedAndDefendedButNotAsAStorm() {
    try (StackHarness host = new StackHarness().settled()) {
      byte[] conflict =
          Frames.arp(ArpPacket.REPLY, 0x0200_0000_0066L, Frames.OUR_IP, 0, Frames.PEER_IP);
      for (int i = 0; i < 10; i++) {
        host.arrive(conflict);
      }
      assertThat(host.stack.counters().addressConflicts).isEqualTo(10);
      assertThat(arps(host.takeSent())).hasSize(1);
    }
  }

  @Test
  @Rfc(number = 5227, section = "2.1.1")
  void aProbeForOurAddressIsAnswered() {
    try (StackHarness host = new StackHarness().settled()) {
      host.arrive(Frames.arp(ArpPacket.REQUEST, Frames.PEER_MAC, 0, 0, Frames.OUR_IP));
      assertThat(host.takeSent()).hasSize(1).allMatch(f -> operation(f) == ArpPacket.REPLY);
    }
  }

  @Test
  void sendersThatCannotBeNeighboursAreIgnored() {
    try (StackHarness host = new StackHarness().settled()) {
      for (int sender : new int[] {0x7f00_0001, 0xe000_0001, -1, 0x0a4d_00ff, Frames.FAR_IP}) {
        host.arrive(Frames.arp(ArpPacket.REQUEST, Frames.PEER_MAC, sender, 0, Frames.OUR_IP));
      }
      host.arrive(
          Frames.arp(ArpPacket.REQUEST, MacAddress.BROADCAST, Frames.PEER_IP, 0, Frames.OUR_IP));
      assertThat(host.drops(DropReason.ARP_SENDER)).isEqualTo(6);
      assertThat(host.takeSent()).isEmpty();
    }
  }

  @Test
  void theCacheIsBoundedAndGivesUpTheLeastUseful() {
    TestNetDevice device = new TestNetDevice(1500, 20, false);
    try (StackHarness host =
        new StackHarness(StackHarness.options().with("network.neighbors-max", "8"), device)
            .settled()
            .knowPeer()) {
      StackHarness.Receiver sender = host.bound(7000);
      for (int i = 10; i < 100; i++) {
        host.push(sender.socket, new byte[4], Endpoint.ipv4(0x0a4d_0000 | i, 9));
      }
      host.takeSent();
      assertThat(host.push(sender.socket, new byte[4], PEER)).isEqualTo(4);
      assertThat(arps(host.takeSent())).as("the one that answered is still known").isEmpty();
    }
  }

  @Test
  void aFarHostIsReachedByTheGateway() {
    try (StackHarness host = new StackHarness().settled()) {
      host.push(host.bound(7000).socket, new byte[4], Endpoint.ipv4(Frames.FAR_IP, 9));
      byte[] request = host.takeSent().get(0);
      assertThat(ArpPacket.targetIp(MemorySegment.ofArray(request), 14)).isEqualTo(0x0a4d_00fe);
    }
  }
}
