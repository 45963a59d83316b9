package dev.demikv.libos.ffi.struct;

/// `struct rte_eth_fp_ops`, rte_ethdev_core.h: the burst functions of one port. Where they are in
/// it depends on the version, see [dev.demikv.libos.ffi.DpdkAbi].
public final class RteEthFpOps {
  /// Size in bytes, and the distance of two in the table of ports.
  public static final int BYTES = 128;

  private RteEthFpOps() {}
}
