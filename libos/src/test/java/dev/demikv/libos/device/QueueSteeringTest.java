package dev.demikv.libos.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.MemoryRegion;
import dev.demikv.libos.wire.ArpPacket;
import dev.demikv.libos.wire.EthernetHeader;
import dev.demikv.libos.wire.IcmpHeader;
import dev.demikv.libos.wire.Icmpv6Header;
import dev.demikv.libos.wire.Ipv4Header;
import dev.demikv.libos.wire.Ipv6Header;
import dev.demikv.libos.wire.MacAddress;
import dev.demikv.libos.wire.NetworkOrder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Three LibOses on one device, of which the one of queue 0 receives.
final class QueueSteeringTest {
  private static final int QUEUES = 3;
  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final int OF_QUEUE_2 = 65_535;
  private static final int SERVER_PORT = 6_379;
  private static final int PEER_IP = 0x0a4d_0002;
  private static final int OUR_IP = 0x0a4d_0001;
  private static final long PEER_MAC = 0x0200_0000_0002L;

  private final Arena arena = Arena.ofShared();
  private final BufferPools pools =
      new BufferPools(
          new BufferPool(new MemoryRegion(arena.allocate(2048 * 512, 64), 64, 0), 2048, 512));
  private final QueueHandover handover = new QueueHandover(QUEUES, 1_518);
  private final QueueSteering steering =
      new QueueSteering(new QueueShare(0, QUEUES, null), handover, arena);

  @AfterEach
  void close() {
    assertThat(pools.pool(0).freeCount()).as("buffers free").isEqualTo(512);
    handover.close();
    arena.close();
  }

  /// Receives a frame at queue 0.
  ///
  /// @return what each LibOs got
  private List<List<byte[]>> receive(byte[] frame) {
    List<List<byte[]>> got = new ArrayList<>();
    for (int queue = 0; queue < QUEUES; queue++) {
      List<byte[]> frames = new ArrayList<>();
      got.add(frames);
      FrameSink sink = (buffer, offset, length, checksum) -> take(frames, buffer, offset, length);
      if (queue == 0) {
        Buffer buffer = pools.take(frame.length);
        MemorySegment.copy(MemorySegment.ofArray(frame), 0, buffer.segment(), 3, frame.length);
        steering.before(sink).frame(buffer, 3, frame.length, FrameSink.CHECKSUM_GOOD);
      }
      handover.drain(queue, sink, pools, 256);
    }
    return got;
  }

  private static void take(List<byte[]> frames, Buffer buffer, int offset, int length) {
    byte[] bytes = new byte[length];
    MemorySegment.copy(buffer.segment(), offset, MemorySegment.ofArray(bytes), 0, length);
    frames.add(bytes);
    buffer.release();
  }

  private void assertGoesTo(byte[] frame, int... queues) {
    List<List<byte[]>> got = receive(frame);
    for (int queue = 0; queue < QUEUES; queue++) {
      boolean expected = false;
      for (int each : queues) {
        expected |= each == queue;
      }
      assertThat(got.get(queue)).as("queue " + queue).hasSize(expected ? 1 : 0);
      if (expected) {
        assertThat(got.get(queue).get(0)).isEqualTo(frame);
      }
    }
  }

  private static byte[] ipv4(int protocol, byte[] payload, int fragment) {
    byte[] frame = new byte[EthernetHeader.BYTES + Ipv4Header.BYTES + payload.length];
    MemorySegment memory = MemorySegment.ofArray(frame);
    EthernetHeader.set(memory, 0, 0x0200_0000_0001L, PEER_MAC, EthernetHeader.TYPE_IPV4);
    Ipv4Header.set(memory, 14, 20 + payload.length, 1, fragment, 64, protocol, PEER_IP, OUR_IP);
    System.arraycopy(payload, 0, frame, 34, payload.length);
    return frame;
  }

  private static byte[] ipv6(int protocol, byte[] payload) {
    byte[] frame = new byte[EthernetHeader.BYTES + Ipv6Header.BYTES + payload.length];
    MemorySegment memory = MemorySegment.ofArray(frame);
    EthernetHeader.set(memory, 0, 0x0200_0000_0001L, PEER_MAC, EthernetHeader.TYPE_IPV6);
    Ipv6Header.set(memory, 14, payload.length, protocol, 64);
    System.arraycopy(payload, 0, frame, 54, payload.length);
    return frame;
  }

  private static byte[] ports(int source, int destination) {
    byte[] header = new byte[20];
    NetworkOrder.setU16(MemorySegment.ofArray(header), 0, source);
    NetworkOrder.setU16(MemorySegment.ofArray(header), 2, destination);
    return header;
  }

  private static byte[] icmp(int type, byte[] packet) {
    byte[] message = new byte[IcmpHeader.BYTES + packet.length];
    message[0] = (byte) type;
    System.arraycopy(packet, 0, message, IcmpHeader.BYTES, packet.length);
    return message;
  }

  private static byte[] withoutLink(byte[] frame) {
    return Arrays.copyOfRange(frame, EthernetHeader.BYTES, frame.length);
  }

  private static byte[] arp(int operation, int senderIp) {
    byte[] frame = new byte[EthernetHeader.BYTES + ArpPacket.BYTES];
    MemorySegment memory = MemorySegment.ofArray(frame);
    EthernetHeader.set(memory, 0, MacAddress.BROADCAST, PEER_MAC, EthernetHeader.TYPE_ARP);
    ArpPacket.set(memory, 14, operation, PEER_MAC, senderIp, 0x0200_0000_0001L, OUR_IP);
    return frame;
  }

  @Test
  void aPortThatBelongsToAQueueDecides() {
    assertGoesTo(ipv4(TCP, ports(80, OF_QUEUE_2), 0), 2);
    assertGoesTo(ipv4(UDP, ports(80, OF_QUEUE_2), 0), 2);
    assertGoesTo(ipv6(TCP, ports(80, OF_QUEUE_2)), 2);
    assertGoesTo(ipv4(TCP, ports(80, QueueShare.DYNAMIC_PORT_MIN), 0), 0);
    assertThat(counters()).containsEntry("steering.handed-over", 3L);
  }

  @Test
  void otherPortsStayWhereTheDeviceBroughtThem() {
    assertGoesTo(ipv4(TCP, ports(OF_QUEUE_2, SERVER_PORT), 0), 0);
    assertGoesTo(ipv6(UDP, ports(OF_QUEUE_2, SERVER_PORT)), 0);
    assertGoesTo(ipv4(47, ports(80, OF_QUEUE_2), 0), 0);
  }

  @Test
  void fragmentsStay() {
    assertGoesTo(ipv4(UDP, ports(80, OF_QUEUE_2), Ipv4Header.MORE_FRAGMENTS), 0);
    assertGoesTo(ipv4(UDP, ports(80, OF_QUEUE_2), 5), 0);
  }

  @Test
  void anErrorGoesToWhomItIsAbout() {
    byte[] ours = withoutLink(ipv4(TCP, ports(OF_QUEUE_2, 80), 0));
    assertGoesTo(ipv4(1, icmp(IcmpHeader.UNREACHABLE, ours), 0), 2);
    byte[] ours6 = withoutLink(ipv6(TCP, ports(OF_QUEUE_2, 80)));
    assertGoesTo(ipv6(58, icmp(Icmpv6Header.PACKET_TOO_BIG, ours6)), 2);
  }

  @Test
  void anErrorAboutASharedPortGoesToEverybody() {
    byte[] ours = withoutLink(ipv4(TCP, ports(SERVER_PORT, 80), 0));
    assertGoesTo(ipv4(1, icmp(IcmpHeader.TIME_EXCEEDED, ours), 0), 0, 1, 2);
    byte[] ours6 = withoutLink(ipv6(TCP, ports(SERVER_PORT, 80)));
    assertGoesTo(ipv6(58, icmp(Icmpv6Header.UNREACHABLE, ours6)), 0, 1, 2);
  }

  @Test
  void anEchoRequestIsAnsweredOnce() {
    assertGoesTo(ipv4(1, icmp(IcmpHeader.ECHO_REQUEST, new byte[56]), 0), 0);
    assertGoesTo(ipv6(58, icmp(Icmpv6Header.ECHO_REQUEST, new byte[56])), 0);
  }

  @Test
  void answersOfNeighboursGoToEverybody() {
    assertGoesTo(arp(ArpPacket.REPLY, PEER_IP), 0, 1, 2);
    assertGoesTo(ipv6(58, icmp(Icmpv6Header.NEIGHBOR_ADVERTISEMENT, new byte[16])), 0, 1, 2);
    assertGoesTo(ipv6(58, icmp(Icmpv6Header.ROUTER_ADVERTISEMENT, new byte[16])), 0, 1, 2);
  }

  @Test
  void othersLearnFromARequestAndDoNotAnswerIt() {
    byte[] request = arp(ArpPacket.REQUEST, PEER_IP);

    List<List<byte[]>> got = receive(request);

    assertThat(got.get(0)).hasSize(1);
    assertThat(got.get(0).get(0)).isEqualTo(request);
    for (int queue = 1; queue < QUEUES; queue++) {
      assertThat(got.get(queue)).hasSize(1);
      MemorySegment copy = MemorySegment.ofArray(got.get(queue).get(0));
      assertThat(ArpPacket.operation(copy, 14)).isEqualTo(ArpPacket.REPLY);
      assertThat(ArpPacket.senderIp(copy, 14)).isEqualTo(PEER_IP);
      assertThat(ArpPacket.senderMac(copy, 14)).isEqualTo(PEER_MAC);
      assertThat(ArpPacket.targetIp(copy, 14)).isEqualTo(PEER_IP);
    }
  }

  @Test
  void aProbeAndNonsenseStay() {
    assertGoesTo(arp(ArpPacket.REQUEST, 0), 0);
    assertGoesTo(new byte[14], 0);
    byte[] whole = ipv4(1, icmp(IcmpHeader.UNREACHABLE, new byte[40]), 0);
    for (int length = 1; length < whole.length; length++) {
      receive(Arrays.copyOf(whole, length));
    }
    byte[] six = ipv6(58, icmp(Icmpv6Header.UNREACHABLE, new byte[60]));
    for (int length = 1; length < six.length; length++) {
      receive(Arrays.copyOf(six, length));
    }
  }

  @Test
  void aFullRingLosesFramesAndCounts() {
    byte[] frame = ipv4(TCP, ports(80, OF_QUEUE_2), 0);
    FrameSink none = (buffer, offset, length, checksum) -> buffer.release();
    for (int i = 0; i < 300; i++) {
      Buffer buffer = pools.take(frame.length);
      MemorySegment.copy(MemorySegment.ofArray(frame), 0, buffer.segment(), 0, frame.length);
      steering.before(none).frame(buffer, 0, frame.length, FrameSink.CHECKSUM_GOOD);
    }

    assertThat(counters())
        .containsEntry("steering.handed-over", 256L)
        .containsEntry("steering.handover-full", 44L);
    assertThat(handover.drain(2, none, pools, 1_000)).isEqualTo(256);
  }

  @Test
  void aLoopThatSleepsIsWoken() {
    CallState state = new CallState(arena);
    MemorySegment eight = arena.allocate(8, 8);
    byte[] frame = ipv4(TCP, ports(80, OF_QUEUE_2), 0);

    assertThat(handover.sleep(2)).as("nothing has come").isTrue();
    assertThat(LibC.read(state, handover.descriptor(2), eight.address(), 8)).isNegative();
    handover.offer(2, MemorySegment.ofArray(frame), 0, frame.length, 0);
    assertThat(LibC.read(state, handover.descriptor(2), eight.address(), 8)).isEqualTo(8);
    assertThat(handover.sleep(2)).as("a frame waits").isFalse();
    handover.awake(2);
    handover.offer(2, MemorySegment.ofArray(frame), 0, frame.length, 0);
    assertThat(LibC.read(state, handover.descriptor(2), eight.address(), 8))
        .as("no call for a loop that is awake")
        .isNegative();
  }

  private Map<String, Long> counters() {
    Map<String, Long> all = new TreeMap<>();
    steering.counters(all::put);
    return all;
  }
}
