package dev.demikv.libos.net.tcp;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.net.NetworkPath;
import dev.demikv.libos.net.Packet;
import dev.demikv.libos.net.PacketOutput;

/// The ways back to those who sent us something lately, so that answering a peer again, or opening
/// another connection from it, makes no new path.
final class PathCache {
  private static final int ENTRIES = 256;

  private final PacketOutput output;
  private final @Nullable NetworkPath[] entries = new @Nullable NetworkPath[ENTRIES];

  PathCache(PacketOutput output) {
    this.output = output;
  }

  /// The way back to the sender of a packet, from the address it was sent to; `null` when there is
  /// none.
  @Nullable
  NetworkPath replyTo(Packet p) {
    long mixed = (p.sourceLow() * 31 + p.sourceHigh()) * 31 + p.destinationLow();
    int at = (int) (mixed * 0x9e37_79b9_7f4a_7c15L >>> 56) & ENTRIES - 1;
    NetworkPath known = entries[at];
    if (known != null
        && known.isIpv6() == p.isIpv6()
        && known.remoteLow() == p.sourceLow()
        && known.remoteHigh() == p.sourceHigh()
        && known.localLow() == p.destinationLow()
        && known.localHigh() == p.destinationHigh()) {
      return known;
    }
    NetworkPath made =
        output.path(
            p.isIpv6(), p.destinationHigh(), p.destinationLow(), p.sourceHigh(), p.sourceLow());
    if (made != null) {
      entries[at] = made;
    }
    return made;
  }
}
