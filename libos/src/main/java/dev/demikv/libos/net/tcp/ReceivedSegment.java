package dev.demikv.libos.net.tcp;

import static dev.demikv.libos.wire.TcpHeader.ACK;
import static dev.demikv.libos.wire.TcpHeader.FIN;
import static dev.demikv.libos.wire.TcpHeader.RST;
import static dev.demikv.libos.wire.TcpHeader.SYN;

import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.net.Packet;
import dev.demikv.libos.wire.TcpHeader;
import java.lang.foreign.MemorySegment;

/// The segment that is being processed, reused for every one: RFC 9293 §3.3.1, the SEG variables.
final class ReceivedSegment {
  final TcpOptions options = new TcpOptions();

  /// The packet it came in; borrowed.
  Packet packet = new Packet();

  int sourcePort;
  int destinationPort;

  /// SEG.SEQ.
  int sequence;

  /// SEG.ACK.
  int ack;

  int flags;

  /// SEG.WND, not scaled.
  int window;

  /// Where the payload starts in the packet's buffer.
  int payloadOffset;

  /// Bytes of payload.
  int payloadBytes;

  /// Reads a packet.
  ///
  /// @return false when the header is broken
  boolean read(Packet newPacket) {
    packet = newPacket;
    int length = newPacket.length();
    int offset = newPacket.offset();
    MemorySegment memory = newPacket.memory();
    if (length < TcpHeader.BYTES_MIN) {
      return false;
    }
    long second = TcpHeader.acknowledgementToWindow(memory, offset);
    int headerBytes = TcpHeader.headerBytes(second);
    if (headerBytes < TcpHeader.BYTES_MIN || headerBytes > length) {
      return false;
    }
    long first = TcpHeader.portsAndSequence(memory, offset);
    sourcePort = (int) (first >>> 48);
    destinationPort = (int) (first >>> 32) & 0xffff;
    sequence = (int) first;
    ack = (int) (second >>> 32);
    flags = TcpHeader.flags(second);
    window = TcpHeader.window(second);
    payloadOffset = offset + headerBytes;
    payloadBytes = length - headerBytes;
    options.parse(memory, (long) offset + TcpHeader.BYTES_MIN, headerBytes - TcpHeader.BYTES_MIN);
    return true;
  }

  /// The buffer of the packet.
  Buffer buffer() {
    return packet.buffer();
  }

  boolean isAck() {
    return (flags & ACK) != 0;
  }

  boolean isSyn() {
    return (flags & SYN) != 0;
  }

  boolean isFin() {
    return (flags & FIN) != 0;
  }

  boolean isRst() {
    return (flags & RST) != 0;
  }

  /// SEG.LEN: octets of sequence space, with SYN and FIN.
  int length() {
    return payloadBytes + (isSyn() ? 1 : 0) + (isFin() ? 1 : 0);
  }
}
