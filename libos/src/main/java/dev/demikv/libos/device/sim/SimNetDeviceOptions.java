package dev.demikv.libos.device.sim;

import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.NetDeviceOptions;
import java.util.List;
import java.util.Locale;

/// What a port of a [SimWire] is like.
///
/// @param macAddress hardware address; 0 makes one of the segment's and the host's name
/// @param mtuBytes longest network-layer packet, 68 to 65,535
/// @param ringFrames frames that wait in each direction, 1 to 65,536
/// @param checksums who does transport checksums
/// @param holdNanos how long the device keeps the buffers of a frame after the flush, as hardware
///   does that reads them by itself; a sender that changes them meanwhile is found out
public record SimNetDeviceOptions(
    long macAddress, int mtuBytes, int ringFrames, Checksums checksums, long holdNanos) {
  /// An MTU of 1,500, rings of 256 frames, no offload, no hold.
  public static final SimNetDeviceOptions DEFAULT =
      new SimNetDeviceOptions(0, 1500, 256, Checksums.SOFTWARE, 0);

  static final OptionSpec SEGMENT =
      new OptionSpec("network.wire.segment", "lan", "Name of the Ethernet segment in its world.");
  static final OptionSpec HOST =
      new OptionSpec("network.wire.host", "host", "Name of the host, whose port is opened.");
  private static final OptionSpec MAC =
      new OptionSpec(
          "network.wire.mac", "", "Hardware address; absent: one that follows from the names.");
  private static final OptionSpec MTU =
      new OptionSpec("network.wire.mtu", "1500", "Longest packet in bytes, 68 to 65535.");
  private static final OptionSpec RING =
      new OptionSpec("network.wire.ring", "256", "Frames that wait in each direction, 1 to 65536.");
  private static final OptionSpec CHECKSUMS =
      new OptionSpec(
          "network.wire.checksums",
          "software",
          "Who does transport checksums: software, offload (the device, both ways), or partial"
              + " (they are left out, as between two ends on one machine).");
  private static final OptionSpec HOLD =
      new OptionSpec(
          "network.wire.hold",
          "0",
          "How long the device keeps sent buffers, 0 to 1s: a change of them is found out.");

  static final List<OptionSpec> SPECS = List.of(SEGMENT, HOST, MAC, MTU, RING, CHECKSUMS, HOLD);

  /// Who does transport checksums.
  public enum Checksums {
    /// The stack.
    SOFTWARE,
    /// The device completes those of frames that ask for it, and checks received ones.
    OFFLOAD,
    /// Nobody: frames that ask for a checksum travel without and say so, as over virtual devices
    /// between two ends on one machine.
    PARTIAL
  }

  public SimNetDeviceOptions {
    if (ringFrames < 1 || ringFrames > 65_536 || holdNanos < 0) {
      throw new IllegalArgumentException(
          "rings of " + ringFrames + " frames, hold of " + holdNanos + " ns");
    }
  }

  static SimNetDeviceOptions of(Options options) {
    String mac = options.text(MAC.key(), "");
    String checksums = options.text(CHECKSUMS.key(), CHECKSUMS.defaultValue());
    Checksums mode;
    try {
      mode = Checksums.valueOf(checksums.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "option " + CHECKSUMS.key() + ": '" + checksums + "' is not software, offload or partial",
          e);
    }
    return new SimNetDeviceOptions(
        mac.isEmpty() ? 0 : NetDeviceOptions.parseMac(MAC.key(), mac),
        (int) options.integer(MTU.key(), 1500, 68, 65_535),
        (int) options.integer(RING.key(), 256, 1, 65_536),
        mode,
        options.nanos(HOLD.key(), 0, 0, 1_000_000_000));
  }

  /// These with another MTU.
  public SimNetDeviceOptions withMtu(int bytes) {
    return new SimNetDeviceOptions(macAddress, bytes, ringFrames, checksums, holdNanos);
  }

  /// These with other rings.
  public SimNetDeviceOptions withRing(int frames) {
    return new SimNetDeviceOptions(macAddress, mtuBytes, frames, checksums, holdNanos);
  }

  /// These with checksums done elsewhere.
  public SimNetDeviceOptions withChecksums(Checksums mode) {
    return new SimNetDeviceOptions(macAddress, mtuBytes, ringFrames, mode, holdNanos);
  }

  /// These with another hold.
  public SimNetDeviceOptions withHold(long nanos) {
    return new SimNetDeviceOptions(macAddress, mtuBytes, ringFrames, checksums, nanos);
  }
}
