package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.net.udp.UdpSocket;
import dev.demikv.libos.wire.NetworkOrder;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/// UDP sockets.
final class UdpTest {
  private static final byte[] DATA = Frames.content(16);

  private static UdpSocket socket(StackHarness host, boolean ipv6, String name) {
    StackHarness.Receiver receiver = new StackHarness.Receiver();
    receiver.socket = host.udp.open(ipv6, receiver);
    int result = host.udp.bind(receiver.socket, new StackName().set(Endpoint.parse(name)));
    assertThat(result).isZero();
    return receiver.socket;
  }

  private static void drain(StackHarness host, UdpSocket... sockets) {
    for (UdpSocket each : sockets) {
      host.udp.close(each);
    }
  }

  @Test
  void theMostSpecificSocketGetsTheDatagram() {
    try (StackHarness host = new StackHarness().settled()) {
      UdpSocket six = socket(host, true, "[::]:7000");
      host.arrive(Frames.udpOverIpv4(Frames.PEER_IP, 5000, 7000, DATA));
      assertThat(six.count()).as("dual stack").isOne();
      host.udp.close(six);
      UdpSocket any = socket(host, false, "*:7000");
      host.arrive(Frames.udpOverIpv4(Frames.PEER_IP, 5000, 7000, DATA));
      assertThat(any.count()).isOne();
      UdpSocket connected = socket(host, false, "*:7001");
      host.udp.connect(connected, new StackName().set(Endpoint.ipv4(Frames.PEER_IP, 5000)));
      host.arrive(Frames.udpOverIpv4(Frames.PEER_IP, 5000, 7001, DATA));
      host.arrive(Frames.udpOverIpv4(Frames.PEER_IP, 5001, 7001, DATA));
      assertThat(connected.count()).as("from its peer only").isOne();
      assertThat(host.drops(DropReason.UDP_NO_PORT)).isOne();
      drain(host, any, connected);
    }
  }

  @Test
  void namesThatCannotBothBeAreRefused() {
    try (StackHarness host = new StackHarness().settled()) {
      UdpSocket any = socket(host, false, "*:7000");
      UdpSocket six = host.udp.open(true, new StackHarness.Receiver());
      StackName sixAny = new StackName().set(Endpoint.parse("[::]:7000"));
      assertThat(host.udp.bind(six, sixAny)).isEqualTo(-Errno.EADDRINUSE);
      host.udp.setV6Only(six, true);
      assertThat(host.udp.bind(six, sixAny)).isZero();
      UdpSocket specific = host.udp.open(false, new StackHarness.Receiver());
      assertThat(host.udp.bind(specific, new StackName().set(Endpoint.parse("10.77.0.1:7000"))))
          .isEqualTo(-Errno.EADDRINUSE);
      assertThat(host.udp.bind(specific, new StackName().set(Endpoint.parse("10.77.0.9:7001"))))
          .isEqualTo(-Errno.EADDRNOTAVAIL);
      drain(host, any, six, specific);
    }
  }

  @Test
  @Rfc(number = 6056, section = "3.3.1")
  void ephemeralPortsAreInTheirRangeAndNotInOrder() {
    try (StackHarness host = new StackHarness().settled()) {
      int last = 0;
      int neighbours = 0;
      for (int i = 0; i < 100; i++) {
        UdpSocket each = socket(host, false, "*:0");
        assertThat(each.localName().port()).isBetween(49_152, 65_535);
        neighbours += Math.abs(each.localName().port() - last) == 1 ? 1 : 0;
        last = each.localName().port();
      }
      assertThat(neighbours).isLessThan(10);
    }
  }

  @Test
  void aQueueIsBoundedInDatagramsAndInMemory() {
    TestNetDevice device = new TestNetDevice(1500, 20, false);
    try (StackHarness host =
        new StackHarness(StackHarness.options().with("network.udp.datagrams-max", "20"), device)
            .settled()) {
      UdpSocket many = socket(host, false, "*:7000");
      UdpSocket few = socket(host, false, "*:7001");
      few.setBytesMax(10 * 2_048);
      for (int i = 0; i < 40; i++) {
        host.arrive(Frames.udpOverIpv4(Frames.PEER_IP, 5000, 7000, DATA));
        host.arrive(Frames.udpOverIpv4(Frames.PEER_IP, 5000, 7001, DATA));
      }
      assertThat(many.count()).isEqualTo(20);
      assertThat(few.count()).isEqualTo(10);
      assertThat(host.drops(DropReason.UDP_QUEUE_FULL)).isEqualTo(50);
      drain(host, many, few);
    }
  }

  @Test
  void datagramsThatWaitDoNotStarveTheDevice() {
    TestNetDevice device = new TestNetDevice(1500, 20, false);
    try (StackHarness host =
        new StackHarness(
                StackHarness.options()
                    .with("network.udp.datagrams-max", "65536")
                    .with("network.udp.receive-bytes", "1GiB"),
                device)
            .settled()) {
      UdpSocket slow = socket(host, false, "*:7000");
      for (int i = 0; i < 2_000; i++) {
        host.arrive(Frames.udpOverIpv4(Frames.PEER_IP, 5000, 7000, DATA));
      }
      assertThat(host.drops(DropReason.UDP_NO_MEMORY)).isPositive();
      assertThat(host.buffers.pool(0).freeCount()).isGreaterThan(50);
      drain(host, slow);
    }
  }

  @Test
  void aDatagramKeepsTheDevicesBufferUntilItIsPopped() {
    try (StackHarness host = new StackHarness().settled()) {
      StackHarness.Receiver receiver = host.bound(7000);
      host.arrive(Frames.udpOverIpv4(Frames.PEER_IP, 5000, 7000, DATA));
      assertThat(host.buffersOut()).isOne();
      assertThat(receiver.take()).isEqualTo(DATA);
      assertThat(host.buffersOut()).isZero();
    }
  }

  @Test
  @Rfc(number = 768, section = "Format")
  void aLengthThatDoesNotFitIsDroppedAndAShorterOneIsBelieved() {
    try (StackHarness host = new StackHarness().settled()) {
      StackHarness.Receiver receiver = host.bound(7000);
      for (int length : new int[] {7, 25, 65_535}) {
        byte[] frame = Frames.udpOverIpv4(Frames.PEER_IP, 5000, 7000, DATA);
        NetworkOrder.setU16(MemorySegment.ofArray(frame), 38, length);
        host.arrive(frame);
      }
      assertThat(host.drops(DropReason.UDP_MALFORMED)).isEqualTo(3);
      byte[] shorter = Frames.udpOverIpv4(Frames.PEER_IP, 5000, 7000, DATA);
      NetworkOrder.setU16(MemorySegment.ofArray(shorter), 38, 12);
      NetworkOrder.setU16(MemorySegment.ofArray(shorter), 40, 0);
      host.arrive(shorter);
      assertThat(receiver.take()).hasSize(4);
    }
  }

  @Test
  void aBroadcastDestinationIsRefused() {
    try (StackHarness host = new StackHarness().settled()) {
      StackHarness.Receiver sender = host.bound(7000);
      assertThat(host.push(sender.socket, DATA, Endpoint.ipv4(0x0a4d_00ff, 9)))
          .isEqualTo(-Errno.EACCES);
      assertThat(host.push(sender.socket, DATA, Endpoint.ipv4(-1, 9))).isEqualTo(-Errno.EACCES);
    }
  }
}
