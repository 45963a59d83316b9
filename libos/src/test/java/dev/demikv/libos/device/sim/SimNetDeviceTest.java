package dev.demikv.libos.device.sim;

import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.NetDeviceContract;
import dev.demikv.libos.device.sim.SimNetDeviceOptions.Checksums;
import dev.demikv.libos.lang.Nullable;
import java.util.ArrayDeque;
import org.junit.jupiter.api.Nested;

/// The contract on simulated wires. The peer is a raw port.
final class SimNetDeviceTest {
  abstract static class OnWire extends NetDeviceContract {
    private final SimWorld world = new SimWorld(11);
    private final SimWire wire = world.wire("lan").flood(true);
    private final ArrayDeque<byte[]> captured = new ArrayDeque<>();

    abstract SimNetDeviceOptions options();

    @Override
    protected NetDevice open() {
      wire.defaults().delay(1_000, 1_000);
      // The peer's device shows that the frame could be delivered; the bytes are taken before it.
      wire.attach("peer", SimNetDeviceOptions.DEFAULT.withRing(1));
      wire.observe((host, frame) -> note(host, frame));
      return wire.attach("host", options());
    }

    private void note(String host, byte[] frame) {
      if (host.equals("host")) {
        captured.add(frame);
      }
    }

    @Override
    protected void inject(byte[] bytes) {
      wire.carry(wire.port("peer"), bytes, false);
    }

    @Override
    protected byte @Nullable [] capture() {
      return captured.poll();
    }

    @Override
    protected void pass() {
      world.runFor(2_000);
    }
  }

  @Nested
  final class Software extends OnWire {
    @Override
    SimNetDeviceOptions options() {
      return SimNetDeviceOptions.DEFAULT;
    }
  }

  @Nested
  final class Offload extends OnWire {
    @Override
    SimNetDeviceOptions options() {
      return SimNetDeviceOptions.DEFAULT.withChecksums(Checksums.OFFLOAD);
    }
  }

  @Nested
  final class Partial extends OnWire {
    @Override
    SimNetDeviceOptions options() {
      return SimNetDeviceOptions.DEFAULT.withChecksums(Checksums.PARTIAL);
    }

    @Override
    protected boolean leavesChecksumsOut() {
      return true;
    }
  }

  @Nested
  final class Holding extends OnWire {
    @Override
    SimNetDeviceOptions options() {
      return SimNetDeviceOptions.DEFAULT.withHold(10_000);
    }
  }
}
