package dev.demikv.libos.wire;

import java.lang.foreign.MemorySegment;

/// A UDP header, RFC 768.
///
/// ```
///   0 source port · 2 destination port · 4 length · 6 checksum · 8 payload
/// ```
public final class UdpHeader {
  /// Bytes of the header.
  public static final int BYTES = 8;

  /// Place of the checksum.
  public static final int CHECKSUM = 6;

  private static final int SOURCE_PORT = 0;
  private static final int DESTINATION_PORT = 2;
  private static final int LENGTH = 4;

  private UdpHeader() {}

  /// Port of the sender; 0 when it takes no answer.
  public static int sourcePort(MemorySegment memory, long offset) {
    return NetworkOrder.u16(memory, offset + SOURCE_PORT);
  }

  /// Port of the receiver.
  public static int destinationPort(MemorySegment memory, long offset) {
    return NetworkOrder.u16(memory, offset + DESTINATION_PORT);
  }

  /// Bytes of header and payload, as it says.
  public static int length(MemorySegment memory, long offset) {
    return NetworkOrder.u16(memory, offset + LENGTH);
  }

  /// The checksum; 0 means that the sender made none.
  public static int checksum(MemorySegment memory, long offset) {
    return NetworkOrder.u16(memory, offset + CHECKSUM);
  }

  /// Writes a header with checksum 0.
  public static void set(
      MemorySegment memory, long offset, int sourcePort, int destinationPort, int length) {
    NetworkOrder.setU16(memory, offset + SOURCE_PORT, sourcePort);
    NetworkOrder.setU16(memory, offset + DESTINATION_PORT, destinationPort);
    NetworkOrder.setU16(memory, offset + LENGTH, length);
    NetworkOrder.setU16(memory, offset + CHECKSUM, 0);
  }
}
