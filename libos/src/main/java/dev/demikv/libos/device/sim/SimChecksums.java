package dev.demikv.libos.device.sim;

import dev.demikv.libos.device.FrameSink;

/// Checksum offload of a simulated device: RFC 1071 over the bytes of a frame. It shares no code
/// with the stack, so that each finds the other's mistakes.
final class SimChecksums {
  private static final int ETHERTYPE_IPV4 = 0x0800;
  private static final int ETHERTYPE_IPV6 = 0x86dd;
  private static final int ETHERTYPE_VLAN = 0x8100;
  private static final int PROTOCOL_TCP = 6;
  private static final int PROTOCOL_UDP = 17;

  private SimChecksums() {}

  /// Fills in the checksum of everything from `start` on; its field holds the sum over the pseudo
  /// header.
  static void complete(byte[] frame, int start, int offset) {
    int at = start + offset;
    if (start > frame.length || at + 2 > frame.length) {
      throw new IllegalStateException(
          "checksum wanted at " + start + " + " + offset + " of " + frame.length + " B");
    }
    int value = ~fold(sum(frame, start, frame.length - start)) & 0xffff;
    // RFC 768: a UDP checksum of zero would mean none; both are zero in ones' complement.
    if (value == 0) {
      value = 0xffff;
    }
    frame[at] = (byte) (value >>> 8);
    frame[at + 1] = (byte) value;
  }

  /// What a device says of a frame: one of [FrameSink]'s constants.
  static int check(byte[] frame) {
    if (frame.length < 14) {
      return FrameSink.CHECKSUM_UNKNOWN;
    }
    boolean tagged = u16(frame, 12) == ETHERTYPE_VLAN && frame.length >= 18;
    int at = tagged ? 18 : 14;
    return switch (u16(frame, at - 2)) {
      case ETHERTYPE_IPV4 -> checkIpv4(frame, at);
      case ETHERTYPE_IPV6 -> checkIpv6(frame, at);
      default -> FrameSink.CHECKSUM_UNKNOWN;
    };
  }

  private static int checkIpv4(byte[] frame, int at) {
    if (frame.length < at + 20) {
      return FrameSink.CHECKSUM_UNKNOWN;
    }
    int headerBytes = (frame[at] & 15) * 4;
    int totalBytes = u16(frame, at + 2);
    boolean isFragment = (u16(frame, at + 6) & 0x3fff) != 0;
    if (headerBytes < 20 || totalBytes < headerBytes || at + totalBytes > frame.length) {
      return FrameSink.CHECKSUM_UNKNOWN;
    }
    if (fold(sum(frame, at, headerBytes)) != 0xffff) {
      return FrameSink.CHECKSUM_BAD;
    }
    if (isFragment) {
      return FrameSink.CHECKSUM_UNKNOWN;
    }
    long pseudo = sum(frame, at + 12, 8);
    return checkTransport(
        frame, at + headerBytes, totalBytes - headerBytes, frame[at + 9] & 0xff, pseudo);
  }

  /// Extension headers are not looked behind.
  private static int checkIpv6(byte[] frame, int at) {
    if (frame.length < at + 40 || at + 40 + u16(frame, at + 4) > frame.length) {
      return FrameSink.CHECKSUM_UNKNOWN;
    }
    long pseudo = sum(frame, at + 8, 32);
    return checkTransport(frame, at + 40, u16(frame, at + 4), frame[at + 6] & 0xff, pseudo);
  }

  private static int checkTransport(
      byte[] frame, int at, int length, int protocol, long pseudoAddresses) {
    boolean isUdp = protocol == PROTOCOL_UDP && length >= 8;
    boolean isTcp = protocol == PROTOCOL_TCP && length >= 20;
    if (!isUdp && !isTcp || isUdp && u16(frame, at + 6) == 0) {
      return FrameSink.CHECKSUM_UNKNOWN;
    }
    long sum = pseudoAddresses + protocol + length + sum(frame, at, length);
    return fold(sum) == 0xffff ? FrameSink.CHECKSUM_GOOD : FrameSink.CHECKSUM_BAD;
  }

  private static int u16(byte[] frame, int at) {
    return (frame[at] & 0xff) << 8 | frame[at + 1] & 0xff;
  }

  private static long sum(byte[] frame, int at, int length) {
    long sum = 0;
    for (int i = 0; i < length; i++) {
      int octet = frame[at + i] & 0xff;
      sum += (i & 1) == 0 ? octet << 8 : octet;
    }
    return sum;
  }

  private static int fold(long sum) {
    long folded = sum;
    while (folded >>> 16 != 0) {
      folded = (folded & 0xffff) + (folded >>> 16);
    }
    return (int) folded;
  }
}
