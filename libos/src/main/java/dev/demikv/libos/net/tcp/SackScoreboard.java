package dev.demikv.libos.net.tcp;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.wire.SequenceNumber;
import dev.demikv.libos.wire.TcpOption;

/// The SACK blocks of the last acknowledgement of one connection, so that the next one's are read
/// only as far as they are news: a block tells the same again and again while it grows.
///
/// What was SACKed is marked in the [RetransmitQueue]. RFC 2018, RFC 6675 §4.
final class SackScoreboard {
  private final int[] starts = new int[TcpOption.SACK_BLOCKS_MAX];
  private final int[] ends = new int[TcpOption.SACK_BLOCKS_MAX];
  private int count;

  void clear() {
    count = 0;
  }

  /// Where what is new of a block begins: behind a known block that has the same start.
  int newsOf(int start, int end) {
    for (int i = 0; i < count; i++) {
      if (SequenceNumber.atOrBefore(starts[i], start) && SequenceNumber.after(ends[i], start)) {
        return SequenceNumber.earlier(ends[i], end);
      }
    }
    return start;
  }

  /// Remembers the blocks of an acknowledgement, the first `skip` ones left out.
  void remember(TcpOptions options, int skip) {
    count = 0;
    for (int i = skip; i < options.sackCount; i++) {
      starts[count] = options.sackStart[i];
      ends[count] = options.sackEnd[i];
      count++;
    }
  }

  /// Whether the first block is a D-SACK, RFC 2883 §4: of what is acknowledged already, or within
  /// the second one.
  static boolean isDuplicateReport(TcpOptions options, int ack) {
    if (options.sackCount == 0) {
      return false;
    }
    int start = options.sackStart[0];
    int end = options.sackEnd[0];
    if (SequenceNumber.before(start, ack)) {
      return SequenceNumber.atOrBefore(end, ack) && SequenceNumber.before(start, end);
    }
    return options.sackCount > 1
        && SequenceNumber.atOrAfter(start, options.sackStart[1])
        && SequenceNumber.atOrBefore(end, options.sackEnd[1]);
  }

  /// The scoreboard of a connection, made with its first SACK.
  static SackScoreboard of(TcpConnection c) {
    @Nullable SackScoreboard known = c.scoreboard;
    if (known == null) {
      known = new SackScoreboard();
      c.scoreboard = known;
    }
    return known;
  }
}
