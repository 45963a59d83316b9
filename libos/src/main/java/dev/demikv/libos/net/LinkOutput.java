package dev.demikv.libos.net;

import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.lang.Nullable;

/// The link layer as those see it who send frames.
public interface LinkOutput {
  /// Our hardware address.
  long macAddress();

  /// Longest network-layer packet.
  int mtuBytes();

  /// Room that the first part of a frame must have in front for the link header.
  int headerBytes();

  /// Begins a frame that is not an IP packet of a transport protocol: its first part covers `bytes`
  /// behind the room for the link header. Apart from [PacketOutput#begin], so that a request can be
  /// sent while a packet is under way.
  ///
  /// @return `null` when there is no buffer at present
  @Nullable
  TxFrame beginControl(int bytes);

  /// Writes the link header and gives the frame to the device. Takes over one reference on the
  /// buffer of each part, whatever the result.
  ///
  /// @return 0 or what the device said
  int transmit(TxFrame frame, long destinationMac, int etherType);
}
