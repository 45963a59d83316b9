package dev.demikv.libos.device.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.NetDeviceContract;
import dev.demikv.libos.device.NetworkNamespace;
import dev.demikv.libos.device.RawSocket;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.time.SystemClock;
import dev.demikv.libos.wire.MacAddress;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The contract on packet sockets over one end of a veth pair, with another packet socket on the
/// other end as the peer.
final class PacketDeviceTest extends NetDeviceContract {
  private static final String OURS = "dkveth0";
  private static final String PEERS = "dkveth1";
  private static final int RING = 32;

  private NetworkNamespace namespace;
  private RawSocket peer;

  @Override
  protected NetDevice open() {
    var here = new PacketDeviceProvider().availability(Options.empty());
    assumeTrue(here.available(), here.reason());
    namespace = NetworkNamespace.enter();
    namespace.disableIpv6();
    namespace.ip("link", "add", OURS, "type", "veth", "peer", "name", PEERS);
    namespace.ip("link", "set", OURS, "up");
    namespace.ip("link", "set", PEERS, "up");
    peer = new RawSocket(PEERS);
    return openPacket(Options.empty());
  }

  private static NetDevice openPacket(Options more) {
    Options options =
        more.with("network.interface", OURS)
            .with("network.packet.rx-frames", "20") // Rounded up to what a block holds.
            .with("network.packet.tx-frames", "64");
    return new PacketDeviceProvider().open(options, SystemClock.INSTANCE, new Random(1));
  }

  private void reopen(Options more) {
    device.close();
    device = openPacket(more);
    device.start(pools);
  }

  @AfterEach
  void leave() {
    if (peer != null) {
      peer.close();
    }
    if (namespace != null) {
      namespace.close();
    }
  }

  @Override
  protected void inject(byte[] bytes) {
    peer.send(bytes);
  }

  @Override
  protected byte @Nullable [] capture() {
    return peer.receive();
  }

  @Override
  protected void pass() {
    LockSupport.parkNanos(200_000);
  }

  @Test
  void aTagThatTheKernelTookOutIsPutBack() {
    byte[] bytes = frameToUs(1518);
    bytes[12] = (byte) 0x81;
    bytes[13] = 0;
    bytes[14] = 0x60;
    bytes[15] = 0x2a; // Priority 3, VLAN 42.
    bytes[16] = (byte) 0x88;
    bytes[17] = (byte) 0xb5;
    peer.send(bytes);
    assertThat(await().getFirst()).isEqualTo(bytes);
  }

  @Test
  void framesForOthersAreTakenOnlyInPromiscuousMode() {
    byte[] bytes = frameToUs(100);
    bytes[5] ^= 1;
    peer.send(bytes);
    byte[] ours = frameToUs(101);
    peer.send(ours);
    assertThat(await()).hasSize(1).first().isEqualTo(ours);
    assertThat(counters()).containsEntry("packet.rx-for-others", 1L);

    reopen(Options.empty().with("network.packet.promiscuous", "true"));
    peer.send(bytes);
    assertThat(await().getFirst()).isEqualTo(bytes);
  }

  @Test
  void anotherHardwareAddressIsOurs() {
    reopen(Options.empty().with("network.mac", "02:00:5e:00:53:77"));
    assertThat(MacAddress.format(device.info().macAddress())).isEqualTo("02:00:5e:00:53:77");
    byte[] bytes = frameToUs(100);
    peer.send(bytes);
    assertThat(await().getFirst()).isEqualTo(bytes);
  }

  @Test
  void framesThatFindTheRingFullAreCounted() {
    for (int i = 0; i < RING + 30; i++) {
      peer.send(frameToUs(100));
    }
    List<byte[]> received = await();
    assertThat(received).hasSize(RING);
    assertThat(counters()).containsEntry("packet.rx-ring-full", 30L);
    peer.send(frameToUs(100));
    assertThat(await()).hasSize(1);
    assertThat(counters()).containsEntry("packet.rx-ring-full", 30L);
  }

  @Test
  void sendsManyFramesWithOneCall() {
    TxFrame frame = new TxFrame();
    for (int i = 0; i < 20; i++) {
      assertThat(device.transmit(frame(frame, 60 + i))).isZero();
    }
    assertThat(device.flush()).isEqualTo(20);
    assertThat(counters()).containsEntry("packet.tx-calls", 1L);
  }

  @Test
  void anInterfaceThatGoesDownAndUpAgainIsUsableAgain() {
    TxFrame frame = new TxFrame();
    namespace.ip("link", "set", OURS, "down");
    assertThat(device.isLinkUp()).isFalse();
    assertThat(device.transmit(frame(frame, 60))).isZero();
    device.flush();
    frame(frame, 60);
    assertThat(device.transmit(frame)).isEqualTo(-Errno.ENETDOWN);
    frame.releaseParts();
    for (int i = 0; i < 200; i++) {
      device.receive((b, o, l, c) -> b.release(), 1);
    }
    namespace.ip("link", "set", OURS, "up");
    awaitLinkUp();
    byte[] bytes = frameToUs(100);
    peer.send(bytes);
    assertThat(await().getFirst()).isEqualTo(bytes);
    assertThat(device.transmit(frame(frame, 77))).isZero();
    device.flush();
    byte[] left = null;
    for (int i = 0; i < 1000 && (left == null || left.length != 77); i++) {
      left = peer.receive();
      pass();
    }
    assertThat(left).hasSize(77);
  }

  @Test
  void aChecksumThatTheKernelLeftOutIsPartial() throws IOException {
    namespace.ip("addr", "add", "10.77.0.1/24", "dev", PEERS);
    namespace.ip(
        "neigh",
        "add",
        "10.77.0.2",
        "lladdr",
        MacAddress.format(device.info().macAddress()),
        "dev",
        PEERS);
    assertThat(checksumOfDatagram()).isEqualTo(FrameSink.CHECKSUM_PARTIAL);
    assumeTrue(NetworkNamespace.canRun("ethtool", "--version"), "no program `ethtool` here");
    namespace.run("ethtool", "-K", PEERS, "tx", "off");
    assertThat(checksumOfDatagram()).isNotEqualTo(FrameSink.CHECKSUM_PARTIAL);
  }

  private int checksumOfDatagram() throws IOException {
    try (DatagramChannel channel = DatagramChannel.open()) {
      channel.send(ByteBuffer.wrap(new byte[100]), new InetSocketAddress("10.77.0.2", 7));
    }
    int[] checksum = {-1};
    for (int i = 0; i < 1000 && checksum[0] < 0; i++) {
      device.receive(
          (buffer, offset, length, c) -> {
            if (length == 142) {
              checksum[0] = c;
            }
            buffer.release();
          },
          8);
      pass();
    }
    return checksum[0];
  }

  @Test
  void saysWhetherItCanBeUsed() {
    PacketDeviceProvider provider = new PacketDeviceProvider();
    Options options = Options.empty().with("network.interface", OURS);
    assertThat(provider.availability(options).reason()).contains("ethtool -K");
    namespace.ip("link", "set", OURS, "down");
    assertThat(provider.availability(options).advice()).isEqualTo("ip link set dkveth0 up");
    Options other = Options.empty().with("network.interface", "dknone0");
    assertThat(provider.availability(other).available()).isFalse();
    assertThatThrownBy(() -> provider.open(other, SystemClock.INSTANCE, new Random(1)))
        .hasMessageContaining("ENODEV");
    assertThatThrownBy(() -> provider.open(Options.empty(), SystemClock.INSTANCE, new Random(1)))
        .hasMessageContaining("network.interface");
  }

  private TxFrame frame(TxFrame frame, int length) {
    Buffer buffer = device.takeFrame(length);
    buffer.segment().fill((byte) 0);
    frame.clear();
    frame.add(buffer, 0, length);
    return frame;
  }

  private byte[] frameToUs(int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) length);
    long mac = device.info().macAddress();
    for (int i = 0; i < 6; i++) {
      bytes[i] = (byte) (mac >>> (40 - 8 * i));
    }
    return bytes;
  }

  private List<byte[]> await() {
    List<byte[]> received = new ArrayList<>();
    for (int i = 0; i < 1000 && received.isEmpty(); i++) {
      pass();
      device.receive(
          (buffer, offset, length, checksum) -> {
            received.add(buffer.segment().asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE));
            buffer.release();
          },
          2 * RING);
    }
    return received;
  }
}
