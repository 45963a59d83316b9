package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.wire.InternetChecksum;
import dev.demikv.libos.wire.Ipv4Header;
import dev.demikv.libos.wire.MacAddress;
import dev.demikv.libos.wire.NetworkOrder;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// IPv4: what is taken, what is dropped, fragments in both directions.
final class Ipv4Test {
  private static final byte[] DATA = Frames.content(40);
  private static final Endpoint PEER = Endpoint.ipv4(Frames.PEER_IP, 5000);

  private static byte[] datagram() {
    return Frames.udpOverIpv4(Frames.PEER_IP, 5000, 7000, DATA);
  }

  private static byte[] edited(int offset, int value) {
    byte[] frame = datagram();
    NetworkOrder.setU8(MemorySegment.ofArray(frame), offset, value);
    return Frames.sealed(frame);
  }

  @Test
  void paddingBehindThePacketIsNotRead() {
    try (StackHarness host = new StackHarness().settled()) {
      StackHarness.Receiver receiver = host.bound(7000);
      byte[] frame = Frames.udpOverIpv4(Frames.PEER_IP, 5000, 7000, new byte[] {42});
      host.arrive(Arrays.copyOf(frame, 60));
      assertThat(receiver.take()).containsExactly(42);
    }
  }

  @Test
  @Rfc(number = 1122, section = "3.2.1")
  void aHeaderMustMakeSense() {
    try (StackHarness host = new StackHarness().settled()) {
      host.arrive(edited(14, 0x65)); // version
      host.arrive(edited(14, 0x44)); // header shorter than 20
      host.arrive(edited(14, 0x4f)); // header longer than sums
      host.arrive(edited(16, 0x02)); // longer than the frame
      host.arrive(Arrays.copyOf(datagram(), 30));
      assertThat(host.drops(DropReason.IPV4_MALFORMED) + host.drops(DropReason.IPV4_CHECKSUM))
          .isEqualTo(5);
      byte[] frame = datagram();
      frame[22] ^= 1;
      host.arrive(frame);
      assertThat(host.drops(DropReason.IPV4_CHECKSUM)).isPositive();
    }
  }

  @Test
  @Rfc(number = 1122, section = "3.2.1.8")
  void optionsArePassedButSourceRoutesAreNot() {
    try (StackHarness host = new StackHarness().settled()) {
      StackHarness.Receiver receiver = host.bound(7000);
      host.arrive(withOptions(1, 1, 1, 0));
      assertThat(receiver.take()).isEqualTo(DATA);
      host.arrive(withOptions(148, 4, 0, 0)); // router alert
      assertThat(receiver.take()).isEqualTo(DATA);
      host.arrive(withOptions(131, 3, 4, 0));
      assertThat(host.drops(DropReason.IPV4_SOURCE_ROUTE)).isOne();
      host.arrive(withOptions(7, 9, 0, 0));
      assertThat(host.drops(DropReason.IPV4_MALFORMED)).isOne();
    }
  }

  private static byte[] withOptions(int... options) {
    byte[] plain = datagram();
    byte[] frame = new byte[plain.length + options.length];
    System.arraycopy(plain, 0, frame, 0, 34);
    for (int i = 0; i < options.length; i++) {
      frame[34 + i] = (byte) options[i];
    }
    System.arraycopy(plain, 34, frame, 34 + options.length, plain.length - 34);
    MemorySegment memory = MemorySegment.ofArray(frame);
    NetworkOrder.setU8(memory, 14, 0x46);
    NetworkOrder.setU16(memory, 16, frame.length - 14);
    NetworkOrder.setU16(memory, 24, 0);
    NetworkOrder.setU16(memory, 24, InternetChecksum.finish(InternetChecksum.sum(memory, 14, 24)));
    return frame;
  }

  @Test
  @Rfc(number = 1122, section = "3.2.1.3")
  void martiansAreDropped() {
    try (StackHarness host = new StackHarness().settled()) {
      int[] sources = {0, 0x7f00_0001, 0xe000_0001, 0xf000_0001, -1, 0x0a4d_00ff, Frames.OUR_IP};
      for (int source : sources) {
        host.arrive(Frames.udpOverIpv4(source, 5000, 7000, DATA));
      }
      assertThat(host.drops(DropReason.IP_MARTIAN)).isEqualTo(sources.length);
      host.arrive(Frames.ipv4(Frames.PEER_IP, 0x7f00_0001, 17, DATA));
      assertThat(host.drops(DropReason.IP_MARTIAN)).isEqualTo(sources.length + 1);
      assertThat(host.takeSent()).isEmpty();
    }
  }

  @Test
  void packetsForOthersAreNotForwarded() {
    try (StackHarness host = new StackHarness().settled()) {
      host.arrive(Frames.ipv4(Frames.PEER_IP, Frames.FAR_IP, 17, DATA));
      assertThat(host.drops(DropReason.IP_NOT_FOR_US)).isOne();
      assertThat(host.takeSent()).isEmpty();
    }
  }

  @Test
  @Rfc(number = 1122, section = "3.3.6")
  void aPacketForUsInABroadcastFrameIsDropped() {
    try (StackHarness host = new StackHarness().settled()) {
      byte[] frame = datagram();
      NetworkOrder.setU48(MemorySegment.ofArray(frame), 0, MacAddress.BROADCAST);
      host.arrive(frame);
      assertThat(host.drops(DropReason.IP_LINK_BROADCAST)).isOne();
    }
  }

  @Test
  @Rfc(number = 1122, section = "3.2.1.7")
  void aPacketAtTheEndOfItsLifeHasArrivedAllTheSame() {
    try (StackHarness host = new StackHarness().settled()) {
      StackHarness.Receiver receiver = host.bound(7000);
      host.arrive(edited(22, 1));
      host.arrive(edited(22, 0));
      assertThat(receiver.socket.count()).isEqualTo(2);
      receiver.take();
      receiver.take();
    }
  }

  // Fragments in.

  private static byte[] whole(int payload) {
    return Frames.udp(
        5000,
        7000,
        Frames.content(payload),
        InternetChecksum.pseudoHeaderIpv4(Frames.PEER_IP, Frames.OUR_IP, 17, 0));
  }

  @Test
  @Rfc(number = 791, section = "3.2")
  void fragmentsInAnyOrderMakeTheWhole() {
    int[][] orders = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {1, 0, 2}};
    for (int[] order : orders) {
      try (StackHarness host = new StackHarness().settled()) {
        StackHarness.Receiver receiver = host.bound(7000);
        byte[] all = whole(2_500);
        byte[][] pieces = {
          Frames.fragment(9, 0, true, 17, all, 1000),
          Frames.fragment(9, 1000, true, 17, all, 1000),
          Frames.fragment(9, 2000, false, 17, all, 508)
        };
        for (int i : order) {
          host.arrive(pieces[i]);
        }
        assertThat(receiver.take()).isEqualTo(Frames.content(2_500));
        assertThat(host.stack.counters().reassembled).isOne();
      }
    }
  }

  @Test
  void fragmentsOfDifferentPacketsAreNotMixed() {
    try (StackHarness host = new StackHarness().settled()) {
      StackHarness.Receiver receiver = host.bound(7000);
      byte[] all = whole(1_500);
      host.arrive(Frames.fragment(1, 0, true, 17, all, 1000));
      host.arrive(Frames.fragment(2, 1000, false, 17, all, 508));
      assertThat(receiver.socket.count()).isZero();
      host.arrive(Frames.fragment(1, 1000, false, 17, all, 508));
      assertThat(receiver.take()).isEqualTo(Frames.content(1_500));
      host.pass(40 * StackHarness.SECOND);
    }
  }

  @Test
  @Rfc(number = 5722, section = "3")
  void anOverlapSpoilsThePacketForGood() {
    try (StackHarness host = new StackHarness().settled()) {
      StackHarness.Receiver receiver = host.bound(7000);
      byte[] all = whole(2_500);
      host.arrive(Frames.fragment(9, 0, true, 17, all, 1000));
      host.arrive(Frames.fragment(9, 992, true, 17, all, 1008));
      host.arrive(Frames.fragment(9, 1000, true, 17, all, 1000));
      host.arrive(Frames.fragment(9, 2000, false, 17, all, 508));
      host.arrive(Frames.fragment(9, 0, true, 17, all, 1000));
      assertThat(receiver.socket.count()).isZero();
      assertThat(host.drops(DropReason.FRAGMENT_OVERLAP)).isEqualTo(5);
      assertThat(host.buffersOut()).as("a spoiled packet holds nothing").isZero();
    }
  }

  @Test
  void aFragmentThatComesTwiceDoesNoHarm() {
    try (StackHarness host = new StackHarness().settled()) {
      StackHarness.Receiver receiver = host.bound(7000);
      byte[] all = whole(1_500);
      host.arrive(Frames.fragment(9, 0, true, 17, all, 1000));
      host.arrive(Frames.fragment(9, 0, true, 17, all, 1000));
      host.arrive(Frames.fragment(9, 1000, false, 17, all, 508));
      assertThat(receiver.take()).isEqualTo(Frames.content(1_500));
      assertThat(host.drops(DropReason.FRAGMENT_DUPLICATE)).isOne();
    }
  }

  @Test
  void fragmentsBeyondTheLongestPacketOrInHalfUnitsAreDropped() {
    try (StackHarness host = new StackHarness().settled()) {
      byte[] all = new byte[66_000];
      host.arrive(Frames.fragment(9, 65_528, false, 17, all, 100));
      host.arrive(Frames.fragment(9, 0, true, 17, all, 1001));
      host.arrive(Frames.fragment(9, 0, true, 17, all, 0));
      assertThat(host.drops(DropReason.FRAGMENT_MALFORMED)).isEqualTo(3);
    }
  }

  @Test
  void aLastFragmentThatContradictsAnotherSpoilsThePacket() {
    try (StackHarness host = new StackHarness().settled()) {
      byte[] all = whole(2_500);
      host.arrive(Frames.fragment(9, 1000, false, 17, all, 100));
      host.arrive(Frames.fragment(9, 2000, true, 17, all, 104));
      assertThat(host.drops(DropReason.FRAGMENT_OVERLAP)).isEqualTo(2);
    }
  }

  @Test
  @Rfc(number = 1122, section = "3.3.2")
  void unfinishedPacketsAreGivenUpAndTheSenderIsTold() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      byte[] all = whole(2_500);
      host.arrive(Frames.fragment(9, 0, true, 17, all, 1000));
      host.arrive(Frames.fragment(10, 1000, true, 17, all, 1000));
      host.pass(20 * StackHarness.SECOND);
      assertThat(host.buffersOut()).isEqualTo(2);
      host.takeSent();
      host.pass(20 * StackHarness.SECOND);
      assertThat(host.drops(DropReason.FRAGMENT_TIMEOUT)).isEqualTo(2);
      assertThat(host.buffersOut()).isZero();
      List<byte[]> sent = host.takeSent();
      assertThat(sent).anyMatch(f -> f[23] == 1 && f[34] == 11 && f[35] == 1);
      assertThat(host.stack.counters().icmpErrorsOut).as("first fragment only").isOne();
    }
  }

  @Test
  void aFloodOfFragmentsHoldsBoundedMemory() {
    try (StackHarness host = new StackHarness().settled()) {
      byte[] all = whole(2_500);
      for (int i = 0; i < 5_000; i++) {
        byte[] frame = Frames.fragment(i, 0, true, 17, all, 1000);
        NetworkOrder.setU32(MemorySegment.ofArray(frame), 26, 0x0a4d_0003 + i % 100);
        host.arrive(Frames.sealed(frame));
        assertThat(host.buffersOut()).isLessThanOrEqualTo(FragmentTable.PACKETS_MAX);
      }
      assertThat(host.drops(DropReason.FRAGMENT_EVICTED)).isPositive();
    }
  }

  // Fragments out.

  @Test
  void aLongDatagramLeavesInFragmentsThatFitTheLink() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      StackHarness.Receiver sender = host.bound(7000);
      byte[] content = Frames.content(20_000);
      assertThat(host.push(sender.socket, content, PEER)).isEqualTo(20_000);
      List<byte[]> frames = host.takeSent();
      assertThat(frames).hasSize(14).allMatch(f -> f.length <= 1514);
      byte[] all = new byte[20_008];
      for (byte[] frame : frames) {
        MemorySegment memory = MemorySegment.ofArray(frame);
        assertThat(Ipv4Header.isChecksumGood(memory, 14, 20)).isTrue();
        assertThat(Ipv4Header.identification(memory, 14))
            .isEqualTo(Ipv4Header.identification(MemorySegment.ofArray(frames.get(0)), 14));
        System.arraycopy(
            frame, 34, all, Ipv4Header.fragmentOffsetBytes(memory, 14), frame.length - 34);
      }
      assertThat(Arrays.copyOfRange(all, 8, all.length)).isEqualTo(content);
      long sum = InternetChecksum.pseudoHeaderIpv4(Frames.OUR_IP, Frames.PEER_IP, 17, all.length);
      MemorySegment view = MemorySegment.ofArray(all);
      assertThat(InternetChecksum.isGood(sum + InternetChecksum.sum(view, 0, all.length))).isTrue();
    }
  }

  @Test
  @Rfc(number = 6864, section = "4.1")
  void aPacketThatFitsMustNotBeFragmented() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      host.push(host.bound(7000).socket, DATA, PEER);
      assertThat(Ipv4Header.isDontFragment(MemorySegment.ofArray(host.takePacket()), 0)).isTrue();
    }
  }

  // To ourselves.

  @Test
  void packetsToOurselvesNeverReachTheWire() {
    try (StackHarness host = new StackHarness().settled()) {
      StackHarness.Receiver receiver = host.bound(7000);
      for (Endpoint to :
          List.of(
              Endpoint.ipv4(Frames.OUR_IP, 7000),
              Endpoint.ipv4(0x7f01_0203, 7000),
              Endpoint.ipv6(0, 1, 0, 7000),
              Endpoint.ipv6(Frames.NET6, 1, 0, 7000))) {
        byte[] content = Frames.content(30_000);
        assertThat(host.push(receiver.socket, content, to)).isEqualTo(30_000);
        assertThat(host.stack.hasOwnPackets()).isTrue();
        host.stack.poll(host.now);
        assertThat(receiver.take()).as("%s", to).isEqualTo(content);
      }
      assertThat(host.takeSent()).isEmpty();
    }
  }

  @Test
  void theQueueToOurselvesIsBounded() {
    TestNetDevice device = new TestNetDevice(1500, 20, false);
    try (StackHarness host =
        new StackHarness(StackHarness.options().with("network.loopback-packets-max", "16"), device)
            .settled()) {
      StackHarness.Receiver receiver = host.bound(7000);
      int refused = 0;
      for (int i = 0; i < 20; i++) {
        int result = host.push(receiver.socket, DATA, Endpoint.ipv4(Frames.OUR_IP, 7000));
        refused += result == -Errno.EAGAIN ? 1 : 0;
      }
      assertThat(refused).isEqualTo(4);
      host.stack.poll(host.now);
      assertThat(receiver.socket.count()).isEqualTo(16);
      host.udp.close(receiver.socket);
    }
  }

  @Test
  void aDeviceThatIsFullSaysSoAndNothingLeaks() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      host.device.room = 0;
      assertThat(host.push(host.bound(7000).socket, DATA, PEER)).isEqualTo(-Errno.EAGAIN);
      assertThat(host.drops(DropReason.OUTPUT_DEVICE_FULL)).isOne();
    }
  }

  @Test
  void noPacketIsMadeForADeviceThatTellsThatItIsFull() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      host.device.room = 0;
      host.device.tellsThatItIsFull = true;
      int before = host.device.transmitCount;
      assertThat(host.push(host.bound(7000).socket, DATA, PEER)).isEqualTo(-Errno.EAGAIN);
      assertThat(host.drops(DropReason.OUTPUT_DEVICE_FULL)).isOne();
      assertThat(host.device.transmitCount).isEqualTo(before);
    }
  }
}
