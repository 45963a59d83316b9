package dev.demikv.libos.net;

import dev.demikv.libos.wire.InternetChecksum;
import dev.demikv.libos.wire.Ipv4Header;
import java.lang.foreign.MemorySegment;

/// What tests ask of IPv4 packets.
final class Ipv4Packets {
  private Ipv4Packets() {}

  static boolean isUdpChecksumGood(byte[] packet) {
    MemorySegment memory = MemorySegment.ofArray(packet);
    int length = Ipv4Header.totalLength(memory, 0) - 20;
    return InternetChecksum.isGood(
        InternetChecksum.pseudoHeaderIpv4(
                Ipv4Header.source(memory, 0), Ipv4Header.destination(memory, 0), 17, length)
            + InternetChecksum.sum(memory, 20, length));
  }
}
