package dev.demikv.libos.net.arp;

import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.lang.Nullable;

/// A place for a packet that waits for the hardware address of its next hop. It holds the
/// references on the buffers of its frame.
final class WaitingPacket {
  final TxFrame frame = new TxFrame();
  int etherType;
  @Nullable WaitingPacket next;

  WaitingPacket() {}

  /// Takes over a frame's parts and requests.
  void set(TxFrame from, int newEtherType) {
    frame.clear();
    for (int i = 0; i < from.partCount(); i++) {
      frame.add(from.buffer(i), from.offset(i), from.length(i));
    }
    if (from.wantsChecksum()) {
      frame.requestChecksum(from.checksumStart(), from.checksumOffset());
    }
    etherType = newEtherType;
  }
}
