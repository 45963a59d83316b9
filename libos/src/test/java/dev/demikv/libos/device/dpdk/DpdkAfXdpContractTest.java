package dev.demikv.libos.device.dpdk;

final class DpdkAfXdpContractTest extends DpdkVethContract {
  @Override
  String driver() {
    return "net_af_xdp";
  }
}
