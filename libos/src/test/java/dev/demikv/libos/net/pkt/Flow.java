package dev.demikv.libos.net.pkt;

/// What the script's side knows of one flow: the numbers that everything is counted from, and how
/// far the streams were pushed and popped.
final class Flow {
  /// The port of the listener.
  static final int LISTEN_PORT = 8080;

  private static final int PEER_PORT_BASE = 7000;

  /// Close below the wrap, so that every script's peer passes it soon.
  private static final int PEER_ISN = -300;

  final int number;
  final int peerPort;
  int localPort = LISTEN_PORT;
  int peerIsn = PEER_ISN;
  int localIsn;
  boolean localIsnKnown;

  /// Last timestamp value the stack sent.
  int lastTimestamp;

  /// Sequence number, relative, of the next byte to push and to pop.
  long pushNext = 1;

  long popNext = 1;

  Flow(int number) {
    this.number = number;
    peerPort = PEER_PORT_BASE + number;
  }

  /// The flow of a peer's port.
  static int numberOf(int peerPort) {
    return peerPort - PEER_PORT_BASE;
  }

  /// Counts anew: a further incarnation of the connection.
  void rebase(int peerDistance) {
    peerIsn += peerDistance;
    localIsnKnown = false;
    localIsn = 0;
    pushNext = 1;
    popNext = 1;
  }

  /// What the byte at a relative sequence number of the stack's stream is.
  static byte pushedByte(long sequence) {
    return (byte) (sequence * 31 + (sequence >> 8) + 3);
  }

  /// What the byte at a relative sequence number of the peer's stream is.
  static byte poppedByte(long sequence) {
    return (byte) (sequence * 17 + (sequence >> 8) + 101);
  }
}
