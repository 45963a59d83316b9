package dev.demikv.libos.net.tcp;

import dev.demikv.libos.wire.TcpHeader;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// A segment on the test wire: addresses and the bytes of header and payload. For tests: an object
/// per segment, so that they can look at and forge them.
final class TestSegment {
  private final int from;
  private final int to;
  private final byte[] bytes;

  TestSegment(int from, int to, byte[] bytes) {
    this.from = from;
    this.to = to;
    this.bytes = bytes;
  }

  int from() {
    return from;
  }

  int to() {
    return to;
  }

  byte[] bytes() {
    return bytes;
  }

  private MemorySegment memory() {
    return MemorySegment.ofArray(bytes);
  }

  static TestSegment forge(
      int from,
      int fromPort,
      int to,
      int toPort,
      int sequence,
      int ack,
      int flags,
      int window,
      byte[] options,
      byte[] payload) {
    int headerBytes = TcpHeader.BYTES_MIN + options.length;
    byte[] bytes = new byte[headerBytes + payload.length];
    TcpHeader.write(
        MemorySegment.ofArray(bytes),
        0,
        fromPort,
        toPort,
        sequence,
        ack,
        headerBytes,
        flags,
        window);
    System.arraycopy(options, 0, bytes, TcpHeader.BYTES_MIN, options.length);
    System.arraycopy(payload, 0, bytes, headerBytes, payload.length);
    return new TestSegment(from, to, bytes);
  }

  int sourcePort() {
    return TcpHeader.sourcePort(memory(), 0);
  }

  int destinationPort() {
    return TcpHeader.destinationPort(memory(), 0);
  }

  int sequence() {
    return TcpHeader.sequence(memory(), 0);
  }

  int ack() {
    return TcpHeader.acknowledgement(memory(), 0);
  }

  int flags() {
    return TcpHeader.flags(memory(), 0);
  }

  boolean has(int flag) {
    return (flags() & flag) != 0;
  }

  int window() {
    return TcpHeader.window(memory(), 0);
  }

  int payloadBytes() {
    return bytes.length - TcpHeader.headerBytes(memory(), 0);
  }

  byte[] payload() {
    return Arrays.copyOfRange(bytes, bytes.length - payloadBytes(), bytes.length);
  }

  TcpOptions options() {
    TcpOptions options = new TcpOptions();
    int headerBytes = TcpHeader.headerBytes(memory(), 0);
    options.parse(memory(), TcpHeader.BYTES_MIN, headerBytes - TcpHeader.BYTES_MIN);
    return options;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(from).append(':').append(sourcePort()).append(" > ");
    text.append(to).append(':').append(destinationPort()).append(' ');
    String names = "FSRPAU";
    for (int i = 0; i < names.length(); i++) {
      if (has(1 << i)) {
        text.append(names.charAt(i));
      }
    }
    text.append(" seq ").append(Integer.toUnsignedString(sequence()));
    text.append(" ack ").append(Integer.toUnsignedString(ack()));
    text.append(" win ").append(window()).append(" len ").append(payloadBytes());
    TcpOptions options = options();
    for (int i = 0; i < options.sackCount; i++) {
      text.append(" sack ")
          .append(Integer.toUnsignedString(options.sackStart[i]))
          .append('-')
          .append(Integer.toUnsignedString(options.sackEnd[i]));
    }
    return text.toString();
  }
}
