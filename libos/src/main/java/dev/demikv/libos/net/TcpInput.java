package dev.demikv.libos.net;

import dev.demikv.libos.net.tcp.Tcp;
import dev.demikv.libos.wire.NetworkOrder;
import java.lang.foreign.MemorySegment;

/// TCP as the network layer sees it: packets, and errors as TCP wants to hear them.
final class TcpInput implements TransportProtocol {
  private static final int REMOTE_PORT = 2;
  private static final int SEQUENCE = 4;

  private final Tcp tcp;

  TcpInput(Tcp tcp) {
    this.tcp = tcp;
  }

  @Override
  public void receive(Packet packet, long nowNanos) {
    tcp.receive(packet, nowNanos);
  }

  @Override
  public boolean error(PathError error, long nowNanos) {
    MemorySegment memory = error.memory();
    int localPort = NetworkOrder.u16(memory, error.offset());
    int remotePort = NetworkOrder.u16(memory, error.offset() + (long) REMOTE_PORT);
    int sequence = NetworkOrder.u32(memory, error.offset() + (long) SEQUENCE);
    if (error.kind() == PathError.Kind.PACKET_TOO_BIG) {
      return tcp.pathMtu(
          error.isIpv6(),
          error.localHigh(),
          error.localLow(),
          localPort,
          error.remoteHigh(),
          error.remoteLow(),
          remotePort,
          sequence,
          error.mtuBytes(),
          nowNanos);
    }
    tcp.icmpError(
        error.isIpv6(),
        error.localHigh(),
        error.localLow(),
        localPort,
        error.remoteHigh(),
        error.remoteLow(),
        remotePort,
        sequence,
        error.errno(),
        isHard(error.kind()),
        nowNanos);
    return true;
  }

  /// RFC 1122 §4.2.3.9 and RFC 5461: what ends a connection that is being opened.
  private static boolean isHard(PathError.Kind kind) {
    return switch (kind) {
      case PORT_UNREACHABLE, PROTOCOL_UNREACHABLE, PROHIBITED, NEIGHBOR_FAILED -> true;
      case HOST_UNREACHABLE, PACKET_TOO_BIG, TIME_EXCEEDED, PARAMETER_PROBLEM -> false;
    };
  }
}
