package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.wire.EthernetHeader;
import dev.demikv.libos.wire.MacAddress;
import dev.demikv.libos.wire.NetworkOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// Frames: whose they are, tags, and who looks at checksums.
final class EthernetTest {
  private static final byte[] DATA = Frames.content(20);

  private static byte[] datagram() {
    return Frames.udpOverIpv4(Frames.PEER_IP, 5000, 7000, DATA);
  }

  @Test
  void aFrameForAnotherStationIsDropped() {
    try (StackHarness host = new StackHarness().settled()) {
      byte[] frame = datagram();
      NetworkOrder.setU48(StackHarness.view(frame), 0, 0x0200_0000_0099L);
      host.arrive(frame);
      assertThat(host.drops(DropReason.ETHERNET_NOT_FOR_US)).isOne();
      assertThat(host.takeSent()).isEmpty();
    }
  }

  @Test
  void aGroupCannotSend() {
    try (StackHarness host = new StackHarness().settled()) {
      byte[] frame = datagram();
      NetworkOrder.setU48(StackHarness.view(frame), 6, MacAddress.BROADCAST);
      host.arrive(frame);
      assertThat(host.drops(DropReason.ETHERNET_SOURCE)).isOne();
    }
  }

  @Test
  void aTagIsPassed() {
    try (StackHarness host = new StackHarness().settled()) {
      StackHarness.Receiver receiver = host.bound(7000);
      host.arrive(Frames.tagged(12, datagram()));
      assertThat(receiver.take()).isEqualTo(DATA);
    }
  }

  @Test
  void aConfiguredVlanIsOnOurFramesAndOnTheirs() {
    TestNetDevice device = new TestNetDevice(1500, 20, false);
    try (StackHarness host =
        new StackHarness(StackHarness.options().with("network.vlan", "12"), device)) {
      StackHarness.Receiver receiver = host.bound(7000);
      host.arrive(datagram());
      host.arrive(Frames.tagged(13, datagram()));
      assertThat(host.drops(DropReason.ETHERNET_VLAN)).isEqualTo(2);
      host.arrive(Frames.tagged(12, datagram()));
      assertThat(receiver.take()).isEqualTo(DATA);
      assertThat(host.takeSent())
          .isNotEmpty()
          .allMatch(sent ->
              EthernetHeader.type(StackHarness.view(sent), 0) == EthernetHeader.TYPE_VLAN
                  && EthernetHeader.vlan(StackHarness.view(sent), 0) == 12);
    }
  }

  @Test
  void whatIsNotIpNorArpIsDropped() {
    try (StackHarness host = new StackHarness().settled()) {
      host.arrive(Frames.ethernet(Frames.OUR_MAC, 0x88cc, DATA));
      assertThat(host.drops(DropReason.ETHERNET_TYPE)).isOne();
      host.arrive(new byte[13]);
      host.arrive(new byte[0]);
      assertThat(host.drops(DropReason.ETHERNET_SHORT)).isEqualTo(2);
    }
  }

  @Test
  void aCorruptedPacketIsDroppedWhoeverLooksAtTheChecksum() {
    for (int checksum : new int[] {FrameSink.CHECKSUM_UNKNOWN, FrameSink.CHECKSUM_BAD}) {
      TestNetDevice device = new TestNetDevice(1500, 20, checksum == FrameSink.CHECKSUM_BAD);
      try (StackHarness host = new StackHarness(StackHarness.options(), device).settled()) {
        StackHarness.Receiver receiver = host.bound(7000);
        byte[] frame = datagram();
        frame[frame.length - 1] ^= 1;
        host.arrive(frame, checksum);
        assertThat(receiver.socket.count()).isZero();
        assertThat(host.drops(DropReason.UDP_CHECKSUM) + host.drops(DropReason.DEVICE_CHECKSUM))
            .isOne();
      }
    }
  }

  @Test
  void whatTheDeviceFoundGoodIsNotSummedAgain() {
    try (StackHarness host = new StackHarness().settled()) {
      StackHarness.Receiver receiver = host.bound(7000);
      byte[] frame = datagram();
      frame[frame.length - 1] ^= 1;
      host.arrive(frame, FrameSink.CHECKSUM_GOOD);
      assertThat(receiver.socket.count()).isOne();
      receiver.take();
    }
  }

  @Test
  void theDeviceIsAskedForChecksumsWhereItOffersThem() {
    for (boolean offload : new boolean[] {false, true}) {
      TestNetDevice device = new TestNetDevice(1500, 20, offload);
      try (StackHarness host =
          new StackHarness(StackHarness.options(), device).settled().knowPeer()) {
        StackHarness.Receiver sender = host.bound(7000);
        host.push(sender.socket, DATA, Endpoint.ipv4(Frames.PEER_IP, 5000));
        assertThat(device.wantedChecksums).containsExactly(offload);
        byte[] packet = host.takePacket();
        assertThat(Ipv4Packets.isUdpChecksumGood(packet)).isEqualTo(!offload);
      }
    }
  }

  @Test
  void aDeviceThatTakesOnePartGetsOne() {
    TestNetDevice device = new TestNetDevice(1500, 1, false);
    try (StackHarness host =
        new StackHarness(StackHarness.options(), device).settled().knowPeer()) {
      StackHarness.Receiver sender = host.bound(7000);
      byte[] content = Frames.content(1400);
      assertThat(host.push(sender.socket, content, Endpoint.ipv4(Frames.PEER_IP, 5000)))
          .isEqualTo(1400);
      byte[] packet = host.takePacket();
      assertThat(Arrays.copyOfRange(packet, 28, 1428)).isEqualTo(content);
      assertThat(Ipv4Packets.isUdpChecksumGood(packet)).isTrue();
      assertThat(host.stack.counters().linearized).isOne();
    }
  }
}
