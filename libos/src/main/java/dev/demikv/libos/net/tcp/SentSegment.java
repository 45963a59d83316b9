package dev.demikv.libos.net.tcp;

import dev.demikv.libos.lang.Nullable;

/// A segment that was sent and is not acknowledged: an entry of a [RetransmitQueue]. Pooled.
final class SentSegment {
  /// The receiver has it, by a SACK.
  static final int SACKED = 1;

  /// It is thought to be lost.
  static final int LOST = 2;

  /// It was sent again since it was thought lost.
  static final int RETRANSMITTED = 4;

  /// It was sent more than once: its acknowledgement says nothing about the round-trip time.
  static final int EVER_RETRANSMITTED = 8;

  /// It carries our SYN, in front of its data.
  static final int SYN = 16;

  /// It carries our FIN, behind its data.
  static final int FIN = 32;

  /// It carried PSH: nothing was behind its data when it was first sent.
  static final int PUSH = 64;

  /// Sequence number of its first octet.
  int start;

  /// Sequence number behind its last octet, SYN and FIN counted.
  int end;

  int flags;

  /// When it was last sent.
  long sentNanos;

  /// Where its first byte of data lies.
  @Nullable SendChunk chunk;

  int chunkOffset;

  /// Neighbours by sequence number.
  @Nullable SentSegment next;

  @Nullable SentSegment previous;

  /// Neighbours by time of sending, among those that are neither SACKed nor lost.
  @Nullable SentSegment newer;

  @Nullable SentSegment older;

  /// Octets of sequence space.
  int length() {
    return end - start;
  }

  /// Bytes of data.
  int dataBytes() {
    return end - start - ((flags & SYN) == 0 ? 0 : 1) - ((flags & FIN) == 0 ? 0 : 1);
  }

  boolean is(int flag) {
    return (flags & flag) != 0;
  }
}
