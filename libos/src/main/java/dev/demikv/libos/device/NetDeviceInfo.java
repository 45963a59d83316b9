package dev.demikv.libos.device;

/// Fixed properties of a network device.
///
/// @param name as `tap0`, for messages
/// @param macAddress hardware address, the first byte on the wire in bits 47 to 40
/// @param mtuBytes longest network-layer packet, 68 (RFC 791) to 65,535
/// @param partsMax most parts of a frame given to [NetDevice#transmit], at least 1; the stack
///   copies when it has more
/// @param checksumTransmit whether the device completes the transport checksum of frames that ask
///   for it (TCP and UDP)
/// @param checksumReceive whether the device says of received frames that their checksums are good
public record NetDeviceInfo(
    String name,
    long macAddress,
    int mtuBytes,
    int partsMax,
    boolean checksumTransmit,
    boolean checksumReceive) {
  /// Bytes of an Ethernet header with one 802.1Q tag, which frames may have above the MTU.
  public static final int LINK_BYTES_MAX = 18;

  public NetDeviceInfo {
    if (mtuBytes < 68 || mtuBytes > 65_535) {
      throw new IllegalArgumentException("MTU of " + mtuBytes + " is not within 68 to 65535");
    }
    if (partsMax < 1 || macAddress >>> 48 != 0) {
      throw new IllegalArgumentException(
          "parts " + partsMax + ", hardware address " + Long.toHexString(macAddress));
    }
  }

  /// Longest frame, without the frame check sequence.
  public int frameBytesMax() {
    return mtuBytes + LINK_BYTES_MAX;
  }
}
