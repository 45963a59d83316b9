package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.wire.ArpPacket;
import dev.demikv.libos.wire.IcmpHeader;
import dev.demikv.libos.wire.Icmpv6Header;
import dev.demikv.libos.wire.IpAddress;
import dev.demikv.libos.wire.NdpOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Frames that anybody may send: no exception, no reading beyond the frame, no growth, no leak.
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class NetStackMutationTest {
  private static final List<byte[]> SOUND = soundFrames();

  static LongStream seeds() {
    return LongStream.range(0, 10);
  }

  static LongStream manySeeds() {
    return LongStream.range(100, 600);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void mutatedFramesDoNoHarm(long seed) {
    run(seed, 4_000);
  }

  @Tag("slow")
  @ParameterizedTest(name = "seed {0}")
  @MethodSource("manySeeds")
  void manyMutatedFramesDoNoHarm(long seed) {
    run(seed, 10_000);
  }

  /// One frame of each kind that the stack knows.
  static List<byte[]> soundFrames() {
    List<byte[]> frames = new ArrayList<>();
    byte[] data = Frames.content(60);
    frames.add(Frames.arp(ArpPacket.REQUEST, Frames.PEER_MAC, Frames.PEER_IP, 0, Frames.OUR_IP));
    frames.add(Frames.arpReply());
    frames.add(Frames.udpOverIpv4(Frames.PEER_IP, 5000, 7000, data));
    frames.add(Frames.udpOverIpv4(Frames.PEER_IP, 5000, 7999, data));
    frames.add(Frames.udpOverIpv6(5000, 7000, data));
    frames.add(Frames.tagged(5, Frames.udpOverIpv6(5000, 7999, data)));
    frames.add(Frames.ipv4(Frames.PEER_IP, Frames.OUR_IP, 6, data));
    frames.add(Frames.ipv6(6, data));
    frames.add(
        Frames.ipv4(
            Frames.PEER_IP, Frames.OUR_IP, 1, Frames.icmp(IcmpHeader.ECHO_REQUEST, 0, 1, data)));
    byte[] quoted4 =
        Arrays.copyOf(
            Frames.ipv4Packet(Frames.OUR_IP, Frames.PEER_IP, 17, Frames.udp(7000, 5000, data, 0)),
            60);
    for (int code : new int[] {1, 3, 4}) {
      frames.add(
          Frames.ipv4(
              Frames.PEER_IP,
              Frames.OUR_IP,
              1,
              Frames.icmp(IcmpHeader.UNREACHABLE, code, 1200, quoted4)));
    }
    byte[] quoted6 =
        Frames.ipv6Packet(Frames.NET6, 1, Frames.NET6, 2, 17, 64, Frames.udp(7000, 5000, data, 0));
    for (int type : new int[] {1, 2, 3, 4, 128}) {
      frames.add(
          Frames.ipv6(58, Frames.icmpv6(Frames.NET6, 2, Frames.NET6, 1, type, 0, 1300, quoted6)));
    }
    frames.add(Frames.advertisementOfPeer());
    frames.add(
        Frames.neighbor(
            Icmpv6Header.NEIGHBOR_SOLICITATION,
            0,
            Frames.NET6,
            2,
            IpAddress.LINK_MULTICAST_HIGH,
            IpAddress.solicitedNodeLow(1),
            Frames.NET6,
            1,
            NdpOptions.SOURCE_LINK_ADDRESS,
            Frames.PEER_MAC,
            255));
    byte[] extended = new byte[16 + data.length];
    extended[0] = 60;
    extended[2] = 1;
    extended[3] = 4;
    extended[8] = 17;
    extended[10] = 1;
    extended[11] = 4;
    frames.add(Frames.ipv6(0, extended));
    byte[] all = Frames.udp(5000, 7000, Frames.content(1_200), 0);
    frames.add(Frames.fragment(9, 0, true, 17, all, 400));
    frames.add(Frames.fragment(9, 400, true, 17, all, 400));
    frames.add(Frames.fragment(9, 800, false, 17, all, 408));
    frames.add(Frames.fragment6(9, 0, true, all, 400));
    frames.add(Frames.fragment6(9, 400, true, all, 400));
    frames.add(Frames.fragment6(9, 800, false, all, 408));
    return frames;
  }

  private static void run(long seed, int frames) {
    SplittableRandom random = new SplittableRandom(seed);
    try (StackHarness host = new StackHarness().settled().knowPeer()) {
      StackHarness.Receiver receiver = host.bound(7000);
      StackHarness.Receiver connected = host.bound(7001);
      host.udp.connect(connected.socket, new StackName().set(Endpoint.ipv4(Frames.PEER_IP, 5000)));
      for (int i = 0; i < frames; i++) {
        byte[] frame = mutated(random);
        int checksum =
            random.nextInt(4) == 0 ? FrameSink.CHECKSUM_GOOD : FrameSink.CHECKSUM_UNKNOWN;
        try {
          host.arrive(frame, checksum);
          step(host, receiver, random, i);
        } catch (RuntimeException | AssertionError e) {
          throw new AssertionError("seed " + seed + ", frame " + i + ": " + e, e);
        }
      }
      long reasons =
          Arrays.stream(DropReason.values()).filter(reason -> host.drops(reason) > 0).count();
      assertThat(reasons).as("reasons for drops that were reached").isGreaterThan(25);
      host.udp.close(receiver.socket);
      host.udp.close(connected.socket);
    }
  }

  private static void step(
      StackHarness host, StackHarness.Receiver receiver, SplittableRandom random, int i) {
    if (random.nextInt(8) == 0) {
      host.pass(random.nextLong(2 * StackHarness.SECOND));
    }
    if (random.nextInt(4) == 0 && receiver.socket.count() > 0) {
      receiver.take();
    }
    if (random.nextInt(8) == 0) {
      host.push(
          receiver.socket,
          Frames.content(random.nextInt(3_000)),
          random.nextBoolean()
              ? Endpoint.ipv4(Frames.PEER_IP, 5000)
              : Endpoint.ipv6(Frames.NET6, random.nextInt(2, 5), 0, 5000));
    }
    host.device.sent.clear();
    host.device.wantedChecksums.clear();
    host.tcpSegments.clear();
    host.tcpErrors.clear();
    assertThat(host.buffersOut()).as("buffers out after frame %d", i).isLessThan(500);
  }

  private static byte[] mutated(SplittableRandom random) {
    byte[] frame = SOUND.get(random.nextInt(SOUND.size())).clone();
    int mutations = random.nextInt(4);
    for (int k = 0; k < mutations && frame.length > 0; k++) {
      int at = random.nextInt(Math.min(frame.length, random.nextBoolean() ? 70 : frame.length));
      int kind = random.nextInt(6);
      switch (kind) {
        case 3 -> frame = Arrays.copyOf(frame, random.nextInt(frame.length + 20));
        case 4 -> {
          byte[] other = SOUND.get(random.nextInt(SOUND.size()));
          int length = Math.min(random.nextInt(64), Math.min(other.length, frame.length) - at);
          if (length > 0) {
            System.arraycopy(other, at, frame, at, length);
          }
        }
        default -> FrameMutations.changeOctet(frame, at, kind, random);
      }
    }
    return random.nextInt(4) == 0 ? frame : FrameMutations.repaired(frame);
  }
}
