package dev.demikv.libos.device.dpdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.demikv.libos.lang.Nullable;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The contract over a driver for interfaces of the kernel on one end of a veth pair that the test
/// makes; the peer is net_af_packet on the other.
abstract class DpdkVethContract extends DpdkPairContract {
  private @Nullable VethPair cable;

  abstract String driver();

  @Override
  DpdkDevice openPair() throws Exception {
    DpdkTestPorts.assumeDriver(driver());
    VethPair made;
    try {
      made = VethPair.make();
    } catch (IOException e) {
      return abort(e.getMessage());
    }
    cable = made;
    DpdkDevice near = port(driver(), "iface=" + made.near());
    joined(port("net_af_packet", "iface=" + made.far()));
    return near;
  }

  @AfterEach
  void removeInterfaces() {
    VethPair made = cable;
    if (made != null) {
      made.close();
    }
  }

  @Test
  void theLoopSleepsOnTheDriversSocket() {
    assertThat(device.readinessFd()).isNotNegative();
    assertThat(device.idleWaitNanosMax()).isEqualTo(Long.MAX_VALUE);
  }
}
