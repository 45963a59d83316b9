package dev.demikv.libos.device.packet;

import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.NetDeviceOptions;
import java.util.List;

/// Settings of a packet socket.
///
/// @param interfaceName the interface
/// @param macAddress hardware address of the stack; 0 means the interface's own
/// @param promiscuous whether frames for others are taken too
/// @param rxFrames frames of the ring for reception, a power of two
/// @param txFrames frames of the ring for transmission, a power of two
/// @param qdiscBypass whether frames go past the queueing discipline, straight to the driver
record PacketOptions(
    String interfaceName,
    long macAddress,
    boolean promiscuous,
    int rxFrames,
    int txFrames,
    boolean qdiscBypass) {
  private static final OptionSpec PROMISCUOUS =
      new OptionSpec(
          "network.packet.promiscuous", "false", "Whether frames for others are taken too.");
  private static final OptionSpec RX_FRAMES =
      new OptionSpec(
          "network.packet.rx-frames",
          "1024",
          "Frames of the ring for reception, 8 to 65536, rounded up to a power of two.");
  private static final OptionSpec TX_FRAMES =
      new OptionSpec(
          "network.packet.tx-frames",
          "512",
          "Frames of the ring for transmission, 8 to 65536, rounded up to a power of two.");
  private static final OptionSpec QDISC_BYPASS =
      new OptionSpec(
          "network.packet.qdisc-bypass",
          "true",
          "Whether frames go past the queueing discipline: faster, but dropped when the driver is"
              + " busy.");

  static final List<OptionSpec> SPECS =
      List.of(
          NetDeviceOptions.INTERFACE,
          NetDeviceOptions.MAC,
          PROMISCUOUS,
          RX_FRAMES,
          TX_FRAMES,
          QDISC_BYPASS);

  static PacketOptions of(Options options) {
    return new PacketOptions(
        NetDeviceOptions.interfaceName(options, ""),
        NetDeviceOptions.mac(options),
        options.flag(PROMISCUOUS.key(), false),
        powerOfTwo((int) options.integer(RX_FRAMES.key(), 1024, 8, 65_536)),
        powerOfTwo((int) options.integer(TX_FRAMES.key(), 512, 8, 65_536)),
        qdiscBypass(options));
  }

  static boolean qdiscBypass(Options options) {
    return options.flag(QDISC_BYPASS.key(), true);
  }

  private static int powerOfTwo(int least) {
    return Integer.highestOneBit(2 * least - 1);
  }
}
