package dev.demikv.kvserver.resp;

import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Parses commands, one at a time, in place: multibulk (`*2\r\n$3\r\nGET\r\n$1\r\nk\r\n`) or inline
/// (`GET k\r\n`, with quotes and escapes).
///
/// Incremental: when bytes are missing it answers [#NEED_MORE] and goes on, at the next call, where
/// it stopped; no byte is looked at twice, so that a value of 100 MB in small pieces costs what it
/// costs in one. Everything it remembers is relative to the command's start: the caller may move
/// the bytes to other memory between two calls. The result does not depend on how the bytes were
/// cut.
///
/// Nothing is allocated, except that [CommandArgs] grows with arguments that are really there. One
/// per connection; one thread. Error words are Redis's.
public final class RespParser {
  /// The command is not complete.
  public static final int NEED_MORE = 0;

  /// The bytes are no command; [#errorText] says why. The connection is to be closed.
  public static final int PROTOCOL_ERROR = -1;

  private static final int NO_LINE = -1;
  private static final int LONG_LINE = -2;

  private static final int START = 0;
  private static final int INLINE = 1;
  private static final int COUNT_LINE = 2;
  private static final int BULK_LINE = 3;
  private static final int BULK = 4;
  private static final int FAILED = 5;

  private static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfLong U64_LE =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// `*?\r\n$?\r\n`, the digits left out: how nearly every command starts.
  private static final long SHORT_START = 0x0a0d_0024_0a0d_002aL;

  private static final long SHORT_START_MASK = 0xffff_00ff_ffff_00ffL;
  private static final int SHORT_START_BYTES = 8;

  /// `$9999`.
  private static final int SHORT_LINE_BYTES_MAX = 5;

  /// More than a short argument takes with its line.
  private static final int SHORT_ROOM_BYTES = 16 * 1024;

  private RespLimits limits;
  private boolean authenticated = true;
  private int state = START;

  /// Where to go on, from the command's start.
  private int cursor;

  /// Bytes of the line at `cursor` already searched for its end.
  private int searched;

  private int argumentsLeft;
  private int bulkLength;
  private @Nullable String errorText;

  /// A parser at the start of a command.
  public RespParser(RespLimits limits) {
    this.limits = limits;
  }

  /// Changes the limits, from the next length on.
  public void setLimits(RespLimits newLimits) {
    limits = newLimits;
  }

  /// Says whether the client has authenticated, or need not: others have tighter limits. True at
  /// first.
  public void setAuthenticated(boolean isAuthenticated) {
    authenticated = isAuthenticated;
  }

  /// Parses the command that starts at `start`.
  ///
  /// @param memory where the bytes are; an inline command is unescaped in place
  /// @param start first byte of the command: the same command's at every call until it is complete
  /// @param limit end of the bytes that are there; `limit - start` never shrinks
  /// @param args filled over the calls; bound and complete when the result is above 0
  /// @return bytes of the command when complete (`args.count()` may be 0: an empty line), else
  ///   [#NEED_MORE] or [#PROTOCOL_ERROR]
  public int parse(MemorySegment memory, long start, long limit, CommandArgs args) {
    if (state == START) {
      if (start == limit) {
        return NEED_MORE;
      }
      begin(memory, start, limit, args);
    }
    // A command is cut off before its offsets leave the range of an int.
    int available = (int) Math.min(limit - start, Integer.MAX_VALUE);
    return switch (state) {
      case INLINE -> inline(memory, start, available, args);
      case FAILED -> PROTOCOL_ERROR;
      default -> multibulk(memory, start, available, args);
    };
  }

  /// Why the last call said [#PROTOCOL_ERROR], as an error reply without its `-`.
  public String errorText() {
    return errorText == null ? "" : errorText;
  }

  /// Whether a command has begun and is not complete.
  public boolean isInside() {
    return state != START;
  }

  /// Bytes, from the command's start, without which there is no progress: 0 at a start. What the
  /// peer announced, so never to be allocated at once.
  public long bytesWanted() {
    return switch (state) {
      case START, FAILED -> 0;
      case BULK -> (long) cursor + bulkLength + 2;
      default -> (long) cursor + searched + 1;
    };
  }

  /// Forgets a command that is half there.
  public void reset() {
    state = START;
    errorText = null;
  }

  private void begin(MemorySegment memory, long start, long limit, CommandArgs args) {
    args.clear();
    cursor = 0;
    searched = 0;
    errorText = null;
    if (memory.get(U8, start) != '*') {
      state = INLINE;
      return;
    }
    state = COUNT_LINE;
    if (limit - start >= SHORT_START_BYTES) {
      long word = memory.get(U64_LE, start);
      int count = (int) (word >>> 8 & 0xff) - '0';
      int length = (int) (word >>> 40 & 0xff) - '0';
      if ((word & SHORT_START_MASK) == SHORT_START
          && count >= 1
          && count <= 9
          && length >= 0
          && length <= 9) {
        cursor = SHORT_START_BYTES;
        argumentsLeft = count;
        bulkLength = length;
        state = BULK;
      }
    }
  }

  private int multibulk(MemorySegment memory, long start, int available, CommandArgs args) {
    if (state == COUNT_LINE) {
      int line = lineEnd(memory, start, available);
      if (line < 0) {
        return line == NO_LINE ? NEED_MORE : fail("too big mbulk count string");
      }
      if (!count(memory, start, line)) {
        return PROTOCOL_ERROR;
      }
      if (argumentsLeft == 0) {
        return complete(memory, start, args);
      }
      state = BULK_LINE;
    }
    while (true) {
      if (state == BULK_LINE && !shortBulkLine(memory, start, available)) {
        int line = lineEnd(memory, start, available);
        if (line < 0) {
          return line == NO_LINE ? NEED_MORE : fail("too big bulk count string");
        }
        if (!bulk(memory, start, line)) {
          return PROTOCOL_ERROR;
        }
      }
      state = BULK;
      // The two bytes behind an argument are skipped unseen, as Redis does.
      if (available - cursor < bulkLength + 2) {
        return NEED_MORE;
      }
      args.add(cursor, bulkLength);
      cursor += bulkLength + 2;
      if (--argumentsLeft == 0) {
        return complete(memory, start, args);
      }
      state = BULK_LINE;
    }
  }

  /// Reads a line `$1\r\n` to `$9999\r\n` from one word, which is how nearly all are; whatever else
  /// there is, and what the limits might forbid, is left to [#bulk].
  private boolean shortBulkLine(MemorySegment memory, long start, int available) {
    if (searched != 0 || available - cursor < Long.BYTES || !authenticated) {
      return false;
    }
    long word = memory.get(U64_LE, start + cursor);
    int digit = (int) (word >>> 8 & 0xff) - '0';
    if ((word & 0xff) != '$' || digit < 1 || digit > 9) {
      return false;
    }
    int length = digit;
    int lineBytes = 2;
    for (long rest = word >>> 16; (rest & 0xff) != '\r'; rest >>>= 8) {
      digit = (int) (rest & 0xff) - '0';
      if (digit < 0 || digit > 9 || lineBytes == SHORT_LINE_BYTES_MAX) {
        return false;
      }
      length = length * 10 + digit;
      lineBytes++;
    }
    if (length > limits.bulkBytesMax() || cursor > limits.commandBytesMax() - SHORT_ROOM_BYTES) {
      return false;
    }
    cursor += lineBytes + 2;
    bulkLength = length;
    return true;
  }

  private int complete(MemorySegment memory, long start, CommandArgs args) {
    args.bind(memory, start);
    state = START;
    return cursor;
  }

  /// Finds the CR that ends the line at `cursor`, with one byte behind it.
  ///
  /// @return its offset from the command's start, NO_LINE or LONG_LINE
  private int lineEnd(MemorySegment memory, long start, int available) {
    int at = cursor + searched;
    int end = (int) Math.min(available, (long) cursor + RespLimits.LINE_BYTES_MAX + 1);
    while (at < end && memory.get(U8, start + at) != '\r') {
      at++;
    }
    searched = at - cursor;
    if (searched > RespLimits.LINE_BYTES_MAX) {
      return LONG_LINE;
    }
    return at + 1 < available ? at : NO_LINE;
  }

  private boolean count(MemorySegment memory, long start, int line) {
    long digits = start + cursor + 1;
    int length = line - cursor - 1;
    boolean valid = ByteText.isLong(memory, digits, length);
    long count = valid ? ByteText.toLong(memory, digits, length) : 0;
    if (!valid || count > limits.argumentsMax()) {
      fail("invalid multibulk length");
      return false;
    }
    if (count > RespLimits.UNAUTHENTICATED_ARGUMENTS_MAX && !authenticated) {
      fail("unauthenticated multibulk length");
      return false;
    }
    argumentsLeft = (int) Math.max(count, 0);
    nextLine(line);
    return true;
  }

  private boolean bulk(MemorySegment memory, long start, int line) {
    int first = memory.get(U8, start + cursor);
    if (first != '$') {
      fail("expected '$', got '" + (char) (first & 0xff) + "'");
      return false;
    }
    long digits = start + cursor + 1;
    int length = line - cursor - 1;
    boolean valid = ByteText.isLong(memory, digits, length);
    long bytes = valid ? ByteText.toLong(memory, digits, length) : -1;
    if (bytes < 0 || bytes > limits.bulkBytesMax()) {
      fail("invalid bulk length");
      return false;
    }
    if (bytes > RespLimits.UNAUTHENTICATED_BULK_BYTES_MAX && !authenticated) {
      fail("unauthenticated bulk length");
      return false;
    }
    nextLine(line);
    if (bytes > limits.commandBytesMax() - cursor - 2L) {
      fail("too big command");
      return false;
    }
    bulkLength = (int) bytes;
    return true;
  }

  private void nextLine(int line) {
    cursor = line + 2;
    searched = 0;
  }

  private int inline(MemorySegment memory, long start, int available, CommandArgs args) {
    int at = searched;
    int end = Math.min(available, limits.inlineBytesMax() + 1);
    while (at < end && memory.get(U8, start + at) != '\n') {
      at++;
    }
    searched = at;
    if (at > limits.inlineBytesMax()) {
      return fail("too big inline request");
    }
    if (at == end) {
      return NEED_MORE;
    }
    int length = at > 0 && memory.get(U8, start + at - 1) == '\r' ? at - 1 : at;
    if (!InlineSplitter.split(memory, start, length, args)) {
      return fail("unbalanced quotes in request");
    }
    cursor = at + 1;
    return complete(memory, start, args);
  }

  private int fail(String reason) {
    errorText = "ERR Protocol error: " + reason;
    state = FAILED;
    return PROTOCOL_ERROR;
  }
}
