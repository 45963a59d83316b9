package dev.demikv.libos.device.tap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.NetDeviceContract;
import dev.demikv.libos.device.NetworkNamespace;
import dev.demikv.libos.device.RawSocket;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.time.SystemClock;
import dev.demikv.libos.wire.MacAddress;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

/// The contract on tap devices, with a packet socket on the kernel's interface as the peer.
final class TapDeviceTest {
  private static final String NAME = "dktap0";

  abstract static class OnTap extends NetDeviceContract {
    private NetworkNamespace namespace;
    private RawSocket peer;

    abstract Options options();

    @Override
    protected NetDevice open() {
      namespace = NetworkNamespace.enter();
      namespace.disableIpv6();
      NetDevice opened = openTap(options());
      namespace.ip("link", "set", NAME, "up");
      peer = new RawSocket(NAME);
      return opened;
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
    void anInterfaceThatIsDownTakesNoFrames() {
      namespace.ip("link", "set", NAME, "down");
      assertThat(device.isLinkUp()).isFalse();
      TxFrame frame = new TxFrame();
      Buffer buffer = device.takeFrame(100);
      buffer.segment().fill((byte) 0);
      frame.add(buffer, 0, 100);
      assertThat(device.transmit(frame)).isEqualTo(-Errno.ENETDOWN);
      assertThat(device.transmit(frame)).isEqualTo(-Errno.ENETDOWN);
      namespace.ip("link", "set", NAME, "up");
      awaitLinkUp();
      assertThat(device.transmit(frame)).isZero();
    }

    @Test
    void anInterfaceIsOpenedOnce() {
      assertThatThrownBy(() -> openTap(options()))
          .hasMessageContaining("EBUSY")
          .hasMessageContaining("network.interface");
    }

    @Test
    void anInterfaceWithALongMtuIsUsedAsItIs() {
      device.close();
      namespace.ip("tuntap", "add", "dev", NAME, "mode", "tap");
      namespace.ip("link", "set", NAME, "mtu", "9000", "up");
      device = openTap(options());
      device.start(pools);
      assertThat(device.info().mtuBytes()).isEqualTo(9000);
      peer.close();
      peer = new RawSocket(NAME);
      byte[] bytes = new byte[9014];
      bytes[12] = (byte) 0x88;
      bytes[13] = (byte) 0xb5;
      peer.send(bytes);
      int[] length = new int[1];
      for (int i = 0; i < 1000 && length[0] == 0; i++) {
        pass();
        device.receive(
            (b, o, l, c) -> {
              length[0] = l;
              b.release();
            },
            1);
      }
      assertThat(length[0]).isEqualTo(9014);
    }
  }

  private static NetDevice openTap(Options options) {
    return new TapDeviceProvider().open(options, SystemClock.INSTANCE, new Random(1));
  }

  @Nested
  final class Offload extends OnTap {
    @Override
    Options options() {
      return Options.empty().with("network.interface", NAME);
    }

    @Override
    protected boolean leavesChecksumsOut() {
      return true;
    }
  }

  @Nested
  final class Software extends OnTap {
    @Override
    Options options() {
      return Options.empty()
          .with("network.interface", NAME)
          .with("network.tap.checksum-offload", "false");
    }
  }

  @Test
  void saysWhetherItCanBeUsed() {
    TapDeviceProvider provider = new TapDeviceProvider();
    var here = provider.availability(Options.empty());
    assertThat(here.reason()).isNotEmpty();
    if (!here.available()) {
      assertThat(here.advice()).isNotEmpty();
      throw new TestAbortedException(here.reason());
    }
    try (NetworkNamespace namespace = NetworkNamespace.enter()) {
      Options options = Options.empty().with("network.interface", NAME);
      assertThat(provider.availability(options).reason()).contains("will be made");
      namespace.ip("tuntap", "add", "dev", NAME, "mode", "tap");
      assertThat(provider.availability(options).reason()).contains("ip link set dktap0 up");
      assertThat(namespace.run("ip", "link")).contains(NAME);
      namespace.ip("tuntap", "del", "dev", NAME, "mode", "tap");
    }
  }

  @Test
  void anInterfaceOfAnotherKindIsRefused() {
    try (NetworkNamespace namespace = NetworkNamespace.enter()) {
      assertThatThrownBy(() -> openTap(Options.empty().with("network.interface", "lo")))
          .hasMessageContaining("attach to tap lo")
          .hasMessageContaining("choose another name");
      assertThat(namespace.run("ip", "link")).doesNotContain("demikv0");
    }
  }

  @Test
  void theHardwareAddressIsChosenOrFollowsFromTheName() {
    TapOptions byName = TapOptions.of(Options.empty());
    assertThat(byName.interfaceName()).isEqualTo("demikv0");
    assertThat(TapOptions.of(Options.empty()).macAddress()).isEqualTo(byName.macAddress());
    assertThat(MacAddress.format(byName.macAddress())).matches(".[26ae]:.*");
    Options chosen = Options.empty().with("network.mac", "02:00:5e:00:53:01");
    assertThat(TapOptions.of(chosen).macAddress()).isEqualTo(0x0200_5e00_5301L);
    for (String bad : new String[] {"", "a b", "a/b", "..", "sixteen-letters!"}) {
      assertThatThrownBy(() -> TapOptions.of(Options.empty().with("network.interface", bad)))
          .hasMessageContaining("network.interface");
    }
  }
}
