package dev.demikv.libos.device.dpdk;

final class DpdkAfPacketContractTest extends DpdkVethContract {
  @Override
  String driver() {
    return "net_af_packet";
  }
}
