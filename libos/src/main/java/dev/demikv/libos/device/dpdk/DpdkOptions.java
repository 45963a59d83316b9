package dev.demikv.libos.device.dpdk;

import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import java.util.List;

/// Settings of one DPDK device.
///
/// @param ealArguments how the EAL is started
/// @param libDir where the libraries are, empty for the linker's path
/// @param port name of the port, empty for the only one
/// @param queues receive and transmit queues of the port, one per LibOs
/// @param queue which of them is this LibOs's
/// @param mbufs packet buffers of one queue
/// @param rxRing descriptors of a receive queue
/// @param txRing descriptors of a transmit queue
/// @param attachBytes payload of this length and above is sent by reference
/// @param mtuBytes longest network-layer packet
/// @param promiscuous whether to receive frames for other stations
/// @param idleSleepNanosMax longest sleep between two looks at an idle port without a descriptor
record DpdkOptions(
    EalArguments ealArguments,
    String libDir,
    String port,
    int queues,
    int queue,
    int mbufs,
    int rxRing,
    int txRing,
    int attachBytes,
    int mtuBytes,
    boolean promiscuous,
    long idleSleepNanosMax) {
  static final String EAL_ARGS = "network.dpdk.eal-args";
  static final String LIB_DIR = "network.dpdk.lib-dir";
  static final String PORT = "network.dpdk.port";
  private static final String QUEUES = "network.dpdk.queues";
  private static final String QUEUE = "network.dpdk.queue";
  static final String MBUFS = "network.dpdk.mbufs";
  private static final String RX_RING = "network.dpdk.rx-ring";
  private static final String TX_RING = "network.dpdk.tx-ring";
  private static final String ATTACH = "network.dpdk.zero-copy-bytes";
  private static final String PROMISCUOUS = "network.dpdk.promiscuous";
  private static final String IDLE_SLEEP = "network.dpdk.idle-sleep-max";

  /// The stack's option, which a device must know before the stack is there.
  static final String MTU = "network.mtu";

  private static final int MTU_BYTES_DEFAULT = 1500;

  static final List<OptionSpec> SPECS =
      List.of(
          new OptionSpec(
              EAL_ARGS,
              "",
              "Arguments of DPDK's EAL, separated by blanks, as --in-memory --no-pci"
                  + " --vdev=net_af_packet0,iface=eth1. The same for every LibOs of a process, but"
                  + " for --vdev, which a later LibOs may add."),
          new OptionSpec(
              LIB_DIR, "", "Folder of DPDK's libraries; without it the linker's path is searched."),
          new OptionSpec(
              PORT,
              "",
              "Name of the port, as net_memif0 or 0000:00:04.0; the only one if not set."),
          new OptionSpec(
              QUEUES,
              "1",
              "Receive and transmit queues of the port, 1 to 64: one LibOs each, steered by RSS."),
          new OptionSpec(QUEUE, "0", "Which queue is this LibOs's, 0 to queues - 1."),
          new OptionSpec(
              MBUFS,
              "8191",
              "Packet buffers per queue, 1023 to 1048575; popped arrays hold them until freed."),
          new OptionSpec(RX_RING, "1024", "Descriptors of a receive queue, 32 to 8192."),
          new OptionSpec(TX_RING, "1024", "Descriptors of a transmit queue, 32 to 8192."),
          new OptionSpec(
              ATTACH,
              "512",
              "Payload of this many bytes and above is sent by reference, 1 to 65536; shorter is"
                  + " copied behind the headers."),
          new OptionSpec(PROMISCUOUS, "false", "Whether the port takes frames for other stations."),
          new OptionSpec(
              IDLE_SLEEP,
              "1ms",
              "Longest sleep between two looks at an idle port that has no descriptor to wait on,"
                  + " 50us to 100ms."));

  static DpdkOptions of(Options options) {
    int queues = (int) options.integer(QUEUES, 1, 1, 64);
    DpdkOptions made =
        new DpdkOptions(
            EalArguments.parse(options.text(EAL_ARGS, "")),
            options.text(LIB_DIR, "").trim(),
            options.text(PORT, "").trim(),
            queues,
            (int) options.integer(QUEUE, 0, 0, queues - 1),
            (int) options.integer(MBUFS, 8_191, 1_023, (1 << 20) - 1),
            (int) options.integer(RX_RING, 1_024, 32, 8_192),
            (int) options.integer(TX_RING, 1_024, 32, 8_192),
            (int) options.bytes(ATTACH, 512, 1, 65_536),
            (int) options.integer(MTU, MTU_BYTES_DEFAULT, 576, 9_000),
            options.flag(PROMISCUOUS, false) || options.has("network.mac"),
            options.nanos(IDLE_SLEEP, 1_000_000, 50_000, 100_000_000));
    if (made.mbufs < made.rxRing + made.txRing + 256) {
      throw new IllegalArgumentException(
          MBUFS
              + " = "
              + made.mbufs
              + " does not fill the rings: at least "
              + RX_RING
              + " + "
              + TX_RING
              + " + 256 = "
              + (made.rxRing + made.txRing + 256));
    }
    return made;
  }
}
