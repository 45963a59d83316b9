package dev.demikv.libos.device;

/// Fixed properties of a log device.
///
/// @param blockBytes unit of position and length of transfers, a power of two, 512 to 65,536
/// @param transferBytesMax longest single transfer, a multiple of the block
/// @param queueDepth most operations in flight
/// @param segmentBytes size of a segment, a multiple of the block
/// @param segmentCount segments in all; the capacity is their product
/// @param atomicWriteBytes a write of up to so many aligned bytes is whole or absent after a power
///   failure; 0 when nothing is promised
public record LogDeviceGeometry(
    int blockBytes,
    int transferBytesMax,
    int queueDepth,
    long segmentBytes,
    int segmentCount,
    int atomicWriteBytes) {
  public LogDeviceGeometry {
    if (Integer.bitCount(blockBytes) != 1 || blockBytes < 512 || blockBytes > 65_536) {
      throw new IllegalArgumentException("block of " + blockBytes + " B");
    }
    if (transferBytesMax < blockBytes
        || transferBytesMax % blockBytes != 0
        || segmentBytes < 2L * blockBytes
        || segmentBytes % blockBytes != 0
        || segmentCount < 2
        || queueDepth < 1) {
      throw new IllegalArgumentException(
          "transfer %d B, segment %d B x %d, depth %d"
              .formatted(transferBytesMax, segmentBytes, segmentCount, queueDepth));
    }
  }

  /// Bytes in all segments.
  public long capacityBytes() {
    return segmentBytes * segmentCount;
  }
}
