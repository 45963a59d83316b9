package dev.demikv.libos.net.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.wire.TcpHeader;
import java.nio.ByteBuffer;

/// A peer that the test plays by hand, segment by segment, on a wire without delay.
final class RawPeer {
  static final int ADDRESS = 99;
  static final int PORT = 5_000;
  static final int FIN = TcpHeader.FIN;
  static final int SYN = TcpHeader.SYN;
  static final int RST = TcpHeader.RST;
  static final int PSH = TcpHeader.PSH;
  static final int ACK = TcpHeader.ACK;
  static final byte[] NONE = {};

  final TestWire wire;
  final TestHost host;
  int port = PORT;
  int hostPort;

  /// Next sequence number to send.
  int seq = 1_000;

  /// Next one expected.
  int ack;

  int window = 60_000;

  /// Options of segments without SYN.
  byte[] options = NONE;

  /// How long the ACK of the handshake takes.
  long handshakeNanos;

  TcpConnection connection;

  RawPeer(TcpConfig config) {
    this(new TestWire(1), config);
  }

  RawPeer(TestWire wire, TcpConfig config) {
    this.wire = wire;
    wire.delayNanos = 0;
    host = wire.host(config);
  }

  static byte[] mss(int mss) {
    return new byte[] {2, 4, (byte) (mss >> 8), (byte) mss};
  }

  static byte[] sackPermitted() {
    return new byte[] {1, 1, 4, 2};
  }

  static byte[] windowShift(int shift) {
    return new byte[] {1, 3, 3, (byte) shift};
  }

  static byte[] timestamps(int value, int echo) {
    return ByteBuffer.allocate(12).putInt(0x0101080a).putInt(value).putInt(echo).array();
  }

  static byte[] sack(int... edges) {
    ByteBuffer bytes = ByteBuffer.allocate(4 + edges.length * 4);
    bytes.putInt(0x01010500 + 2 + edges.length * 4);
    for (int edge : edges) {
      bytes.putInt(edge);
    }
    return bytes.array();
  }

  static byte[] join(byte[]... parts) {
    ByteBuffer bytes = ByteBuffer.allocate(40);
    for (byte[] part : parts) {
      bytes.put(part);
    }
    byte[] joined = new byte[bytes.position()];
    bytes.flip().get(joined);
    return joined;
  }

  /// Opens a connection to a listener of the host.
  RawPeer open(int toPort, byte[]... synOptions) {
    if (host.tcp.counter(TcpCounter.PASSIVE_OPENS) == 0) {
      host.listen(toPort, 10);
    }
    hostPort = toPort;
    send(SYN, seq++, 0, join(synOptions), NONE);
    TestSegment reply = next();
    assertThat(reply.flags()).isEqualTo(SYN | ACK);
    assertThat(reply.ack()).isEqualTo(seq);
    ack = reply.sequence() + 1;
    wire.run(handshakeNanos);
    send(ACK);
    assertThat(host.accepted).isNotEmpty();
    connection = host.accepted.getLast();
    return this;
  }

  void send(int flags) {
    send(flags, seq, ack, options, NONE);
  }

  /// Sends the next bytes.
  void sendData(byte[] payload) {
    send(ACK | PSH, seq, ack, options, payload);
    seq += payload.length;
  }

  void send(int flags, int sequence, int acknowledgement, byte[] segmentOptions, byte[] payload) {
    forge(flags, sequence, acknowledgement, window, segmentOptions, payload);
  }

  void forge(
      int flags,
      int sequence,
      int acknowledgement,
      int win,
      byte[] segmentOptions,
      byte[] payload) {
    host.receive(
        TestSegment.forge(
            ADDRESS,
            port,
            host.address,
            hostPort,
            sequence,
            acknowledgement,
            flags,
            win,
            segmentOptions,
            payload));
    wire.run(0);
  }

  /// The next segment that the host sent; it must be there.
  TestSegment next() {
    wire.run(0);
    TestSegment segment = wire.strays.pollFirst();
    assertThat(segment).as("a segment from the host" + wire.describe()).isNotNull();
    return segment;
  }

  /// The next segment carries data in sequence; it is noted as received.
  TestSegment nextData() {
    TestSegment segment = next();
    assertThat(segment.payloadBytes()).as(segment.toString()).isPositive();
    assertThat(segment.sequence()).isEqualTo(ack);
    ack += segment.payloadBytes();
    return segment;
  }

  void nothingMore() {
    wire.run(0);
    assertThat(wire.strays).isEmpty();
  }

  void forgetSent() {
    wire.run(0);
    wire.strays.clear();
  }
}
