package dev.demikv.libos.device;

import dev.demikv.libos.memory.Buffer;

/// Where a network device hands received frames to.
@FunctionalInterface
public interface FrameSink {
  /// The device has not looked at the checksums.
  int CHECKSUM_UNKNOWN = 0;

  /// The device found the network and transport checksums right.
  int CHECKSUM_GOOD = 1;

  /// The device found a checksum wrong.
  int CHECKSUM_BAD = 2;

  /// The sender is on the same machine and left the checksum to a device that there is not: the
  /// bytes never were on a wire.
  int CHECKSUM_PARTIAL = 3;

  /// A frame. Takes over one reference on the buffer.
  ///
  /// @param buffer holds the frame
  /// @param offset where it starts
  /// @param length its bytes, without frame check sequence; from the peer, so it may be anything
  ///   from 0
  /// @param checksum one of the constants above
  void frame(Buffer buffer, int offset, int length, int checksum);
}
