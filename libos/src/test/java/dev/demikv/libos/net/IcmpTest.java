package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.wire.IcmpHeader;
import dev.demikv.libos.wire.InternetChecksum;
import dev.demikv.libos.wire.Ipv4Header;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// ICMP for IPv4.
final class IcmpTest {
  private static final Endpoint PEER = Endpoint.ipv4(Frames.PEER_IP, 5000);

  private static byte[] icmp(int type, int code, int rest, byte[] data) {
    return Frames.ipv4(Frames.PEER_IP, Frames.OUR_IP, 1, Frames.icmp(type, code, rest, data));
  }

  @Test
  @Rfc(number = 792, section = "Echo or Echo Reply Message")
  void anEchoRequestIsAnsweredWithItsData() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      byte[] data = Frames.content(57);
      host.arrive(icmp(IcmpHeader.ECHO_REQUEST, 0, 0x0007_0001, data));
      byte[] reply = host.takePacket();
      MemorySegment memory = MemorySegment.ofArray(reply);
      assertThat(IcmpHeader.type(memory, 20)).isEqualTo(IcmpHeader.ECHO_REPLY);
      assertThat(IcmpHeader.rest(memory, 20)).isEqualTo(0x0007_0001);
      assertThat(Arrays.copyOfRange(reply, 28, reply.length)).isEqualTo(data);
      assertThat(InternetChecksum.isGood(InternetChecksum.sum(memory, 20, reply.length - 20)))
          .isTrue();
      assertThat(Ipv4Header.destination(memory, 0)).isEqualTo(Frames.PEER_IP);
    }
  }

  @Test
  void aCorruptedMessageIsDropped() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      byte[] frame = icmp(IcmpHeader.ECHO_REQUEST, 0, 1, Frames.content(20));
      frame[frame.length - 1] ^= 1;
      host.arrive(frame);
      assertThat(host.drops(DropReason.ICMP_CHECKSUM)).isOne();
      assertThat(host.takeSent()).isEmpty();
    }
  }

  @Test
  void echoRepliesAreLimitedInRate() {
    TestNetDevice device = new TestNetDevice(1500, 20, false);
    try (StackHarness host =
        new StackHarness(StackHarness.options().with("network.icmp.per-second", "100"), device)
            .settled()
            .knowPeer()) {
      for (int i = 0; i < 50; i++) {
        host.arrive(icmp(IcmpHeader.ECHO_REQUEST, 0, i, new byte[8]));
      }
      assertThat(host.takeSent()).hasSize(10);
      assertThat(host.drops(DropReason.ICMP_RATE_LIMITED)).isEqualTo(40);
      host.pass(StackHarness.SECOND / 10);
      host.arrive(icmp(IcmpHeader.ECHO_REQUEST, 0, 99, new byte[8]));
      assertThat(host.takeSent()).hasSize(1);
    }
  }

  @Test
  @Rfc(number = 1122, section = "3.2.2.6")
  void anEchoToABroadcastAddressIsNotAnswered() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      host.arrive(
          Frames.ipv4(
              Frames.PEER_IP,
              0x0a4d_00ff,
              1,
              Frames.icmp(IcmpHeader.ECHO_REQUEST, 0, 1, new byte[8])));
      assertThat(host.takeSent()).isEmpty();
      assertThat(host.drops(DropReason.ICMP_NEVER_REPLY)).isOne();
    }
  }

  @Test
  @Rfc(number = 1122, section = "4.1.3.1")
  void aPortThatNobodyHasIsUnreachable() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      byte[] frame = Frames.udpOverIpv4(Frames.PEER_IP, 5000, 7000, Frames.content(900));
      host.arrive(frame);
      byte[] error = host.takePacket();
      MemorySegment memory = MemorySegment.ofArray(error);
      assertThat(IcmpHeader.type(memory, 20)).isEqualTo(IcmpHeader.UNREACHABLE);
      assertThat(IcmpHeader.code(memory, 20)).isEqualTo(IcmpHeader.CODE_PORT);
      assertThat(error).hasSize(576);
      assertThat(Arrays.copyOfRange(error, 28, 576)).isEqualTo(Arrays.copyOfRange(frame, 14, 562));
    }
  }

  @Test
  @Rfc(number = 1122, section = "3.2.2.1")
  void aProtocolThatNobodyTakesIsUnreachable() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      host.arrive(Frames.ipv4(Frames.PEER_IP, Frames.OUR_IP, 99, new byte[30]));
      MemorySegment memory = MemorySegment.ofArray(host.takePacket());
      assertThat(IcmpHeader.code(memory, 20)).isEqualTo(IcmpHeader.CODE_PROTOCOL);
    }
  }

  @Test
  @Rfc(number = 1122, section = "3.2.2")
  void errorsAreNeverAnsweredWithErrorsNorSentToGroups() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      byte[] broadcast =
          Frames.ipv4(
              Frames.PEER_IP,
              0x0a4d_00ff,
              17,
              Frames.udp(
                  1,
                  2,
                  new byte[4],
                  InternetChecksum.pseudoHeaderIpv4(Frames.PEER_IP, 0x0a4d_00ff, 17, 0)));
      host.arrive(broadcast);
      byte[] quoted = Frames.ipv4Packet(Frames.OUR_IP, Frames.PEER_IP, 17, new byte[8]);
      host.arrive(icmp(IcmpHeader.UNREACHABLE, IcmpHeader.CODE_PORT, 0, quoted));
      assertThat(host.takeSent()).isEmpty();
      assertThat(host.drops(DropReason.ICMP_NEVER_REPLY)).isOne();
      assertThat(host.drops(DropReason.ICMP_UNMATCHED)).isOne();
    }
  }

  /// An error about the last frame that was sent.
  private static byte[] about(byte[] sent, int type, int code, int rest) {
    return icmp(type, code, rest, Arrays.copyOfRange(sent, 14, Math.min(sent.length, 14 + 28)));
  }

  @Test
  @Rfc(number = 1122, section = "4.1.3.3")
  void aConnectedSocketIsTold() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      StackHarness.Receiver sender = host.bound(7000);
      host.udp.connect(sender.socket, new StackName().set(PEER));
      host.push(sender.socket, new byte[4], null);
      byte[] sent = host.takeSent().get(0);
      host.arrive(about(sent, IcmpHeader.UNREACHABLE, IcmpHeader.CODE_PORT, 0));
      assertThat(sender.error).isEqualTo(Errno.ECONNREFUSED);
      assertThat(host.stack.counters().icmpErrorsIn).isOne();
    }
  }

  @Test
  void anErrorAboutWhatNobodySentIsIgnored() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      StackHarness.Receiver sender = host.bound(7000);
      host.udp.connect(sender.socket, new StackName().set(PEER));
      host.push(sender.socket, new byte[4], null);
      byte[] sent = host.takeSent().get(0);
      byte[] otherPort = sent.clone();
      otherPort[35] ^= 1;
      byte[] otherHost = sent.clone();
      otherHost[26] ^= 1;
      for (byte[] forged : List.of(otherPort, otherHost)) {
        host.arrive(about(forged, IcmpHeader.UNREACHABLE, IcmpHeader.CODE_PORT, 0));
      }
      host.arrive(icmp(IcmpHeader.UNREACHABLE, IcmpHeader.CODE_PORT, 0, new byte[7]));
      assertThat(sender.error).isZero();
      assertThat(host.drops(DropReason.ICMP_UNMATCHED)).isEqualTo(2);
      assertThat(host.drops(DropReason.ICMP_MALFORMED)).isOne();
    }
  }

  @Test
  @Rfc(number = 1191, section = "3")
  void thePathMtuIsLearnedAndPacketsShrink() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      StackHarness.Receiver sender = host.bound(7000);
      host.push(sender.socket, new byte[1400], PEER);
      byte[] sent = host.takeSent().get(0);
      host.arrive(about(sent, IcmpHeader.UNREACHABLE, IcmpHeader.CODE_FRAGMENTATION_NEEDED, 1000));
      assertThat(host.stack.counters().pathMtuReductions).isOne();
      host.push(sender.socket, new byte[1400], PEER);
      assertThat(host.takeSent()).hasSize(2).allMatch(f -> f.length <= 1014);
      host.pass(700 * StackHarness.SECOND);
      host.arrive(Frames.arpReply());
      host.takeSent();
      host.push(sender.socket, new byte[1400], PEER);
      assertThat(host.takeSent().stream().filter(f -> f.length > 1014))
          .as("after ten minutes the path is tried again")
          .hasSize(1);
    }
  }

  @Test
  @Rfc(number = 1191, section = "7.1")
  void anOldRouterThatSaysNoMtuIsGuessedByPlateaus() {
    assertThat(PathMtuCache.reduced(false, 0, 1500, 1500)).isEqualTo(1492);
    assertThat(PathMtuCache.reduced(false, 0, 1492, 1492)).isEqualTo(1006);
    assertThat(PathMtuCache.reduced(false, 0, 1006, 1006)).isEqualTo(552);
  }

  @Test
  void noMessageMakesThePathTinyOrWider() {
    assertThat(PathMtuCache.reduced(false, 68, 1500, 1500)).isEqualTo(552);
    assertThat(PathMtuCache.reduced(false, 9000, 1500, 1500)).isEqualTo(1500);
    assertThat(PathMtuCache.reduced(true, 500, 1500, 1500)).isEqualTo(1280);
  }

  @Test
  @Rfc(number = 5927, section = "7.2")
  void tcpDecidesWhetherAPacketTooBigIsBelieved() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      byte[] segment = new byte[28];
      byte[] quoted = Frames.ipv4Packet(Frames.OUR_IP, Frames.PEER_IP, 6, segment);
      byte[] error =
          icmp(IcmpHeader.UNREACHABLE, IcmpHeader.CODE_FRAGMENTATION_NEEDED, 1200, quoted);
      host.tcpBelieves = false;
      host.arrive(error);
      assertThat(host.stack.counters().pathMtuReductions).isZero();
      host.tcpBelieves = true;
      host.arrive(error);
      assertThat(host.stack.counters().pathMtuReductions).isOne();
      assertThat(host.tcpErrorMtu).isEqualTo(1200);
      NetworkPath path = host.stack.path(false, 0, 0, 0, Frames.PEER_IP);
      assertThat(path.mtuBytes()).isEqualTo(1200);
    }
  }

  @Test
  void redirectsAreIgnored() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      host.arrive(icmp(IcmpHeader.REDIRECT, 1, 0x0a4d_0066, new byte[28]));
      assertThat(host.drops(DropReason.ICMP_REDIRECT)).isOne();
    }
  }

  @Test
  void aLongEchoComesBackInFragments() {
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      byte[] message = Frames.icmp(IcmpHeader.ECHO_REQUEST, 0, 1, Frames.content(2_000));
      host.arrive(Frames.fragment(3, 0, true, 1, message, 1000));
      host.arrive(Frames.fragment(3, 1000, false, 1, message, 1008));
      assertThat(host.takeSent()).hasSize(2);
      assertThat(host.stack.counters().echoReplies).isOne();
    }
  }
}
