package dev.demikv.libos.net;

import dev.demikv.libos.wire.EthernetHeader;
import dev.demikv.libos.wire.InternetChecksum;
import dev.demikv.libos.wire.Ipv4Header;
import dev.demikv.libos.wire.Ipv6Header;
import dev.demikv.libos.wire.NetworkOrder;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/// What somebody who means no good does to frames.
final class FrameMutations {
  private FrameMutations() {}

  /// Changes an octet: a bit, all of it, to an extreme, or by one.
  static void changeOctet(byte[] frame, int at, int kind, SplittableRandom random) {
    switch (kind) {
      case 0 -> frame[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> frame[at] = (byte) random.nextInt();
      case 2 -> frame[at] = (byte) (random.nextBoolean() ? 0 : 0xff);
      default -> frame[at] += (byte) (random.nextBoolean() ? 1 : -1);
    }
  }

  /// Makes the checksums right again, so that what stands behind them is reached.
  static byte[] repaired(byte[] frame) {
    MemorySegment memory = MemorySegment.ofArray(frame);
    if (frame.length < 54) {
      return frame;
    }
    int type = EthernetHeader.type(memory, 0);
    if (type == EthernetHeader.TYPE_IPV4) {
      int header = Math.min(Math.max(20, Ipv4Header.headerBytes(memory, 14)), frame.length - 14);
      NetworkOrder.setU16(memory, 24, 0);
      NetworkOrder.setU16(
          memory, 24, InternetChecksum.finish(InternetChecksum.sum(memory, 14, header)));
      int total = Math.min(Ipv4Header.totalLength(memory, 14), frame.length - 14);
      int protocol = Ipv4Header.protocol(memory, 14);
      long pseudo =
          InternetChecksum.pseudoHeaderIpv4(
              Ipv4Header.source(memory, 14),
              Ipv4Header.destination(memory, 14),
              protocol,
              total - header);
      repairTransport(memory, 14 + header, total - header, protocol, protocol == 1 ? 0 : pseudo);
    } else if (type == EthernetHeader.TYPE_IPV6) {
      int length = Math.min(Ipv6Header.payloadLength(memory, 14), frame.length - 54);
      int protocol = Ipv6Header.nextHeader(memory, 14);
      long pseudo =
          InternetChecksum.pseudoHeaderIpv6(
              Ipv6Header.sourceHigh(memory, 14),
              Ipv6Header.sourceLow(memory, 14),
              Ipv6Header.destinationHigh(memory, 14),
              Ipv6Header.destinationLow(memory, 14),
              protocol,
              length);
      repairTransport(memory, 54, length, protocol, pseudo);
    }
    return frame;
  }

  private static void repairTransport(
      MemorySegment memory, int at, int length, int protocol, long pseudo) {
    int field =
        switch (protocol) {
          case 1, 58 -> 2;
          case 6 -> 16;
          case 17 -> 6;
          default -> -1;
        };
    if (field >= 0 && length >= field + 2) {
      NetworkOrder.setU16(memory, at + (long) field, 0);
      NetworkOrder.setU16(
          memory,
          at + (long) field,
          InternetChecksum.finish(pseudo + InternetChecksum.sum(memory, at, length)));
    }
  }
}
