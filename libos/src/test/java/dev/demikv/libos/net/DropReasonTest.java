package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.wire.ArpPacket;
import dev.demikv.libos.wire.EthernetHeader;
import dev.demikv.libos.wire.IcmpHeader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// Reasons for drops that no other test is about: each is counted once, under its name.
final class DropReasonTest {
  private static final byte[] DATA = Frames.content(40);

  private static void assertDropped(byte[] frame, DropReason reason) {
    assertDropped(frame, FrameSink.CHECKSUM_UNKNOWN, reason);
  }

  private static void assertDropped(byte[] frame, int checksum, DropReason reason) {
    try (StackHarness host = new StackHarness().settled()) {
      host.arrive(frame, checksum);
      assertThat(host.drops(reason)).as("%s", reason).isOne();
      assertThat(host.stack.counters().dropsTotal()).as("drops for any reason").isOne();
      assertThat(host.tcpSegments).isEmpty();
      Map<String, Long> reported = new TreeMap<>();
      host.stack.counters().report((name, value) -> reported.put(name, value));
      assertThat(reported).containsEntry(reason.counter(), 1L);
    }
  }

  @Test
  void whatIsNoArpOverEthernet() {
    byte[] whole = Frames.arp(ArpPacket.REQUEST, Frames.PEER_MAC, Frames.PEER_IP, 0, Frames.OUR_IP);
    assertDropped(Arrays.copyOf(whole, 14 + 20), DropReason.ARP_MALFORMED);
    byte[] reverse = whole.clone();
    reverse[21] = 3;
    assertDropped(reverse, DropReason.ARP_MALFORMED);
  }

  @Test
  void anIpv6PacketThatIsNone() {
    byte[] shorter = Arrays.copyOf(Frames.ipv6(17, DATA), 14 + 39);
    assertDropped(shorter, DropReason.IPV6_MALFORMED);
    byte[] version = Frames.ipv6(17, DATA);
    version[14] = 0x40;
    assertDropped(version, DropReason.IPV6_MALFORMED);
    byte[] length = Frames.ipv6(17, DATA);
    length[19]++;
    assertDropped(length, DropReason.IPV6_MALFORMED);
  }

  @Test
  void anOptionThatWantsThePacketDropped() {
    byte[] options = new byte[8 + DATA.length];
    options[0] = 17;
    options[2] = 0x5e; // Unknown, its first bits 01: discard.
    options[3] = 4;
    assertDropped(Frames.ipv6(0, options), DropReason.IPV6_OPTION);
  }

  @Test
  void aMessageThatNobodyTakes() {
    byte[] reply = Frames.icmp(IcmpHeader.ECHO_REPLY, 0, 1, DATA);
    assertDropped(Frames.ipv4(Frames.PEER_IP, Frames.OUR_IP, 1, reply), DropReason.ICMP_TYPE);
  }

  @Test
  void aSegmentThatIsDamagedOrTooShort() {
    byte[] segment = new byte[30];
    segment[12] = 0x50;
    byte[] frame = Frames.ipv4(Frames.PEER_IP, Frames.OUR_IP, 6, segment);
    assertDropped(frame, DropReason.TCP_CHECKSUM);
    assertDropped(frame, FrameSink.CHECKSUM_BAD, DropReason.DEVICE_CHECKSUM);
    byte[] cut = Frames.ipv4(Frames.PEER_IP, Frames.OUR_IP, 6, new byte[19]);
    assertDropped(cut, DropReason.TCP_MALFORMED);
  }

  @Test
  void aProtocolThatNobodyTakesIsRefused() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      host.arrive(Frames.ipv4(Frames.PEER_IP, Frames.OUR_IP, 99, DATA));
      assertThat(host.drops(DropReason.IP_PROTOCOL)).isOne();
      byte[] packet = host.takePacket();
      assertThat(packet[20]).isEqualTo((byte) IcmpHeader.UNREACHABLE);
      assertThat(packet[21]).isEqualTo((byte) IcmpHeader.CODE_PROTOCOL);
    }
  }

  @Test
  void packetsToOurselvesBeyondTheirQueue() {
    TestNetDevice device = new TestNetDevice(1500, 20, false);
    try (StackHarness host =
        new StackHarness(StackHarness.options().with("network.loopback-packets-max", "16"), device)
            .settled()) {
      StackHarness.Receiver sender = host.bound(7000);
      Endpoint ourselves = Endpoint.ipv4(Frames.OUR_IP, 9);
      for (int i = 0; i < 16; i++) {
        assertThat(host.push(sender.socket, DATA, ourselves)).isEqualTo(DATA.length);
      }
      assertThat(host.push(sender.socket, DATA, ourselves)).isEqualTo(-Errno.EAGAIN);
      assertThat(host.drops(DropReason.LOOPBACK_FULL)).isOne();
    }
  }

  @Test
  void whatFindsNoBuffer() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      List<Buffer> all = new ArrayList<>();
      for (Buffer b = host.buffers.take(1); b != null; b = host.buffers.take(1)) {
        all.add(b);
      }
      NetworkPath path = host.stack.path(false, 0, 0, 0, Frames.PEER_IP & 0xffff_ffffL);
      assertThat(host.stack.begin(path, 8)).isNull();
      assertThat(host.drops(DropReason.OUTPUT_NO_BUFFER)).isOne();
      all.forEach(Buffer::release);
    }
  }

  @Test
  void aSegmentThatDoesNotFitThePath() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      NetworkPath path = host.stack.path(false, 0, 0, 0, Frames.PEER_IP & 0xffff_ffffL);
      TxFrame frame = host.stack.begin(path, 1_481);
      assertThat(host.stack.send(path, frame, PacketOutput.PROTOCOL_TCP, host.now))
          .isEqualTo(-Errno.EMSGSIZE);
      assertThat(host.drops(DropReason.OUTPUT_TOO_LONG)).isOne();
    }
  }

  @Test
  void aNeighbourWhereAllPlacesAreTaken() {
    StringBuilder statics = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      statics.append(i == 0 ? "" : ",").append("10.77.0.").append(100 + i);
      statics.append("=02:00:00:00:01:0").append(i);
    }
    TestNetDevice device = new TestNetDevice(1500, 20, false);
    try (StackHarness host =
        new StackHarness(
                StackHarness.options()
                    .with("network.neighbors-max", "8")
                    .with("network.arp", statics.toString()),
                device)
            .settled()) {
      StackHarness.Receiver sender = host.bound(7000);
      assertThat(host.push(sender.socket, DATA, Endpoint.ipv4(Frames.PEER_IP, 9)))
          .isEqualTo(-Errno.EHOSTUNREACH);
      assertThat(host.drops(DropReason.OUTPUT_UNREACHABLE)).isOne();
      assertThat(host.push(sender.socket, DATA, Endpoint.ipv4(0x0a4d_0064, 9))).isPositive();
      assertThat(EthernetHeader.destination(StackHarness.view(host.takeSent().getFirst()), 0))
          .isEqualTo(0x0200_0000_0100L);
    }
  }

  @Test
  void aWholePacketThatFindsNoBuffer() {
    try (StackHarness host = new StackHarness().settled()) {
      byte[] all = Frames.udp(5000, 7000, Frames.content(4_000), 0);
      host.arrive(Frames.fragment(9, 0, true, 17, all, 1_200));
      host.arrive(Frames.fragment(9, 1_200, true, 17, all, 1_200));
      host.arrive(Frames.fragment(9, 2_400, true, 17, all, 1_200));
      List<Buffer> larger = new ArrayList<>();
      for (Buffer b = host.buffers.takeWhole(4_100); b != null; ) {
        larger.add(b);
        b = host.buffers.takeWhole(4_100);
      }
      host.arrive(Frames.fragment(9, 3_600, false, 17, all, 408));
      assertThat(host.drops(DropReason.FRAGMENT_NO_BUFFER)).isEqualTo(4);
      larger.forEach(Buffer::release);
    }
  }
}
