package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Slice;
import dev.demikv.kvserver.engine.ValueType;
import dev.demikv.kvserver.resp.CommandArgs;
import dev.demikv.kvserver.resp.RespWriter;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// LCS: the longest common subsequence of two strings, by a table of the lengths for all pairs of
/// their beginnings. The table is off the heap and at most [#TABLE_BYTES_MAX]; it bounds the time
/// too.
final class LcsCommand {
  /// Largest table in bytes: two strings of 4 KiB, or one of 160 and one of 100,000 bytes.
  static final long TABLE_BYTES_MAX = 64 << 20;

  private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT;

  private final Slice a;
  private final Slice b;
  private final MemorySegment table;
  private final long rowLength;

  private LcsCommand(Slice a, Slice b, MemorySegment table) {
    this.a = a;
    this.b = b;
    this.table = table;
    this.rowLength = b.length() + 1L;
  }

  static void lcs(CommandContext c) {
    CommandArgs args = c.args();
    Slice a = new Slice().set(MemorySegment.ofArray(new byte[0]), 0, 0);
    Slice b = new Slice().set(a);
    if (!find(c, 1, a) || !find(c, 2, b)) {
      return;
    }
    boolean length = false;
    boolean index = false;
    boolean matchLengths = false;
    long matchLengthMin = 0;
    for (int i = 3; i < args.count(); i++) {
      if (args.is(i, "idx")) {
        index = true;
      } else if (args.is(i, "len")) {
        length = true;
      } else if (args.is(i, "withmatchlen")) {
        matchLengths = true;
      } else if (args.is(i, "minmatchlen") && i + 1 < args.count()) {
        if (!c.requireLong(++i)) {
          return;
        }
        matchLengthMin = Math.max(c.number(), 0);
      } else {
        c.reply().error(Errors.SYNTAX);
        return;
      }
    }
    if (index && length) {
      c.reply().error("ERR If you want both the length and indexes, please just use IDX.");
      return;
    }
    long tableBytes = (a.length() + 1L) * (b.length() + 1L) * U32.byteSize();
    if (tableBytes > TABLE_BYTES_MAX) {
      c.reply()
          .error(
              "ERR Insufficient memory, transient memory for LCS exceeds "
                  + TABLE_BYTES_MAX
                  + " bytes");
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      LcsCommand lcs = new LcsCommand(a, b, arena.allocate(tableBytes, U32.byteAlignment()));
      lcs.fill();
      if (index) {
        lcs.replyMatches(c.reply(), matchLengthMin, matchLengths);
      } else if (length) {
        c.reply().integer(lcs.at(a.length(), b.length()));
      } else {
        lcs.replySequence(c.reply(), arena);
      }
    }
  }

  private static boolean find(CommandContext c, int index, Slice out) {
    if (!c.lookup(c.args().slice(index))) {
      return true;
    }
    if (ValueType.ofCode(c.entry().type) != ValueType.STRING) {
      c.reply().error("ERR The specified keys must contain string values");
      return false;
    }
    out.set(c.entry().value);
    return true;
  }

  private int at(int i, int j) {
    return table.get(U32, (i * rowLength + j) * U32.byteSize());
  }

  private void fill() {
    for (int i = 1; i <= a.length(); i++) {
      byte fromA = a.byteAt(i - 1);
      for (int j = 1; j <= b.length(); j++) {
        int length =
            fromA == b.byteAt(j - 1) ? at(i - 1, j - 1) + 1 : Math.max(at(i - 1, j), at(i, j - 1));
        table.set(U32, (i * rowLength + j) * U32.byteSize(), length);
      }
    }
  }

  private void replySequence(RespWriter reply, Arena arena) {
    int length = at(a.length(), b.length());
    MemorySegment sequence = arena.allocate(Math.max(length, 1));
    int left = length;
    int i = a.length();
    int j = b.length();
    while (i > 0 && j > 0) {
      if (a.byteAt(i - 1) == b.byteAt(j - 1)) {
        sequence.set(ValueLayout.JAVA_BYTE, --left, a.byteAt(i - 1));
        i--;
        j--;
      } else if (at(i - 1, j) > at(i, j - 1)) {
        i--;
      } else {
        j--;
      }
    }
    reply.bulk(sequence, 0, length);
  }

  private void replyMatches(RespWriter reply, long lengthMin, boolean withLengths) {
    reply.map(2);
    reply.bulk("matches");
    reply.array(walkMatches(null, lengthMin, withLengths));
    walkMatches(reply, lengthMin, withLengths);
    reply.bulk("len");
    reply.integer(at(a.length(), b.length()));
  }

  /// Walks the matching runs from the last to the first and answers with them, if asked to; returns
  /// how many they are.
  private int walkMatches(@Nullable RespWriter reply, long lengthMin, boolean withLengths) {
    int count = 0;
    int run = 0; // Bytes of the run whose first bytes are at i in a and at j in b.
    int i = a.length();
    int j = b.length();
    while (i > 0 && j > 0) {
      boolean same = a.byteAt(i - 1) == b.byteAt(j - 1);
      if (same) {
        run++;
        i--;
        j--;
      }
      boolean ends = same ? i == 0 || j == 0 : run > 0;
      if (ends && run >= lengthMin) {
        count++;
        if (reply != null) {
          replyRun(reply, i, j, run, withLengths);
        }
      }
      if (ends) {
        run = 0;
      }
      if (!same) {
        if (at(i - 1, j) > at(i, j - 1)) {
          i--;
        } else {
          j--;
        }
      }
    }
    return count;
  }

  private static void replyRun(RespWriter reply, int i, int j, int run, boolean withLength) {
    reply.array(withLength ? 3 : 2);
    reply.array(2);
    reply.integer(i);
    reply.integer(i + run - 1L);
    reply.array(2);
    reply.integer(j);
    reply.integer(j + run - 1L);
    if (withLength) {
      reply.integer(run);
    }
  }
}
