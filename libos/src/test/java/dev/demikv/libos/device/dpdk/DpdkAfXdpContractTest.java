package dev.demikv.libos.device.dpdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.demikv.libos.lang.Nullable;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The contract over net_af_xdp on one end of a veth pair that the test makes; the peer is
/// net_af_packet on the other.
final class DpdkAfXdpContractTest extends DpdkPairContract {
  private @Nullable VethPair cable;

  @Override
  DpdkDevice openPair() throws Exception {
    DpdkTestPorts.assumeDriver("net_af_xdp");
    VethPair made;
    try {
      made = VethPair.make();
    } catch (IOException e) {
      return abort(e.getMessage());
    }
    cable = made;
    DpdkTestPorts.assumeAvailable(
        DpdkTestPorts.options("net_af_xdp99", "net_af_xdp99,iface=" + made.near()));
    DpdkDevice near = port("net_af_xdp", "iface=" + made.near());
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
