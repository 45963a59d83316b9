package dev.demikv.libos.net;

import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.lang.Nullable;

/// The network layer as the transport protocols see it when they send.
///
/// ```
/// TxFrame frame = output.begin(path, headerBytes + copiedBytes);
/// if (frame == null) … // out of buffers: try later, as if the packet were lost
/// MemorySegment memory = frame.buffer(0).segment();
/// int at = frame.offset(0); // the transport header goes here
/// …
/// buffer.retain(); frame.add(buffer, offset, length); // payload by reference
/// output.send(path, frame, PROTOCOL_TCP, nowNanos);
/// ```
public interface PacketOutput {
  /// Protocol number of ICMP, RFC 792.
  int PROTOCOL_ICMP = 1;

  /// Protocol number of TCP, RFC 9293.
  int PROTOCOL_TCP = 6;

  /// Protocol number of UDP, RFC 768.
  int PROTOCOL_UDP = 17;

  /// Protocol number of ICMPv6, RFC 4443.
  int PROTOCOL_ICMPV6 = 58;

  /// Finds the way to a destination. Control path: allocates.
  ///
  /// @param localLow our address, or all zeros to let the route choose it
  /// @return `null` when there is no route, or the local address is not ours
  @Nullable
  NetworkPath path(boolean ipv6, long localHigh, long localLow, long remoteHigh, long remoteLow);

  /// Whether packets of the peer's for a local port come to us without a detour, where several
  /// LibOses share a device.
  default boolean arrivesHere(NetworkPath path, int localPort, int remotePort) {
    return true;
  }

  /// Begins a packet: a frame whose first part is a fresh buffer that covers `bytes` for the
  /// transport header and copied payload, with room in front for the lower headers. The frame
  /// object is the same on every call; it must be sent or dropped before the next one.
  ///
  /// @return `null` when there is no buffer at present
  @Nullable
  TxFrame begin(NetworkPath path, int bytes);

  /// Completes the packet (transport checksum, network and link headers) and gives it to the
  /// device, or lets it wait for the neighbour's address. Takes over one reference on the buffer of
  /// each part, whatever the result.
  ///
  /// The checksum field of TCP, UDP and ICMPv6 may hold anything before; it is filled in here, by
  /// the device where that can do it. A UDP header's length is the caller's.
  ///
  /// @param protocol one of the constants above
  /// @return 0; -EAGAIN when the device is full or the queue for the neighbour is; -EHOSTUNREACH,
  ///   -ENETUNREACH, -EMSGSIZE. The packet is then lost, as it may be on any network
  int send(NetworkPath path, TxFrame frame, int protocol, long nowNanos);

  /// Gives up a packet that was begun: drops one reference on the buffer of each part.
  void drop(TxFrame frame);
}
