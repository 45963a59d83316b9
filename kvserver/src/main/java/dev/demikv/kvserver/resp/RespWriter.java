package dev.demikv.kvserver.resp;

import dev.demikv.kvserver.engine.Slice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.ByteOrder;

/// Writes replies in RESP2 or RESP3 into a [ReplySink]. One per loop; used for one connection at a
/// time, between [#begin] and [#end].
///
/// Types that RESP2 lacks are written the way Redis writes them to old clients: a map as a flat
/// array, a double as a bulk string, a null as `$-1`. Nothing is allocated for bulk strings,
/// integers, nulls, headers and the constant replies. Texts are written one byte per char.
public final class RespWriter {
  /// Longest piece that is written without looking for room in between.
  private static final int PIECE_BYTES = 32;

  private static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfShort U16_LE =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64_LE =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final long OK = 0x0a0d4b4f2bL; // +OK\r\n
  private static final int OK_BYTES = 5;
  private static final long NULL_BULK = 0x0a0d312d24L; // $-1\r\n
  private static final long NULL_ARRAY = 0x0a0d312d2aL; // *-1\r\n
  private static final int OLD_NULL_BYTES = 5;
  private static final long NULL = 0x0a0d5fL; // _\r\n
  private static final int NULL_BYTES = 3;
  private static final short CRLF = 0x0a0d;

  /// Digits that tell every double from its neighbours (`%.17g`).
  private static final MathContext DOUBLE_DIGITS = new MathContext(17, RoundingMode.HALF_EVEN);

  private ReplySink sink = Closed.INSTANCE;
  private MemorySegment memory = MemorySegment.NULL;
  private long offset;
  private long limit;
  private int protocol = 2;
  private boolean muted;
  private boolean overflowed;
  private long errorCount;

  /// A writer that has no sink yet.
  public RespWriter() {}

  /// Begins to write to a sink.
  ///
  /// @param newProtocol 2 or 3
  public void begin(ReplySink newSink, int newProtocol) {
    sink = newSink;
    protocol = newProtocol;
    muted = false;
    overflowed = false;
    takeRoom();
  }

  /// Hands what was written to the sink and lets go of it.
  public void end() {
    if (!overflowed) {
      sink.written(offset);
    }
    sink = Closed.INSTANCE;
    memory = MemorySegment.NULL;
    offset = 0;
    limit = 0;
  }

  /// Begins to drop replies, or stops dropping them: for CLIENT REPLY and for applying what nobody
  /// waits for.
  public void setMuted(boolean isMuted) {
    muted = isMuted;
  }

  /// Whether replies are dropped.
  public boolean isMuted() {
    return muted;
  }

  /// Whether the sink had no more room: the connection is to be closed.
  public boolean overflowed() {
    return overflowed;
  }

  /// Error replies written since the writer was made, muted ones included.
  public long errorCount() {
    return errorCount;
  }

  /// 2 or 3.
  public int protocol() {
    return protocol;
  }

  /// Changes the protocol from the next reply on (HELLO, RESET).
  public void setProtocol(int newProtocol) {
    protocol = newProtocol;
  }

  /// `+OK`.
  public void ok() {
    constant(OK, OK_BYTES);
  }

  /// A simple string.
  ///
  /// @param text without CR and LF
  public void simple(String text) {
    line('+', text);
  }

  /// An error.
  ///
  /// @param text code and message, as `ERR syntax error`; CR and LF become spaces, at the end
  ///   nothing
  public void error(String text) {
    errorCount++;
    line('-', oneLine(text));
  }

  /// A whole number.
  public void integer(long value) {
    header(':', value);
  }

  /// A bulk string.
  public void bulk(Slice bytes) {
    bulk(bytes.memory(), bytes.offset(), bytes.length());
  }

  /// A bulk string.
  public void bulk(MemorySegment source, long sourceOffset, int length) {
    header('$', length);
    raw(source, sourceOffset, length);
    crlf();
  }

  /// A bulk string of a text of which each char is a byte.
  public void bulk(String text) {
    header('$', text.length());
    text(text);
    crlf();
  }

  /// A bulk string of a number in decimal.
  public void bulkLong(long value) {
    int length = ByteText.lengthOfLong(value);
    header('$', length);
    if (room()) {
      offset += ByteText.putLong(memory, offset, value);
    }
    crlf();
  }

  /// No value, where a bulk string could be.
  public void nullBulk() {
    if (protocol == 2) {
      constant(NULL_BULK, OLD_NULL_BYTES);
    } else {
      constant(NULL, NULL_BYTES);
    }
  }

  /// No value, where an array could be.
  public void nullArray() {
    if (protocol == 2) {
      constant(NULL_ARRAY, OLD_NULL_BYTES);
    } else {
      constant(NULL, NULL_BYTES);
    }
  }

  /// Head of an array; its elements follow.
  public void array(long count) {
    header('*', count);
  }

  /// Head of a map; `pairs` times a key and a value follow.
  public void map(long pairs) {
    if (protocol == 2) {
      header('*', pairs * 2);
    } else {
      header('%', pairs);
    }
  }

  /// Head of a set; its elements follow.
  public void set(long count) {
    header(protocol == 2 ? '*' : '~', count);
  }

  /// Head of a message that no command asked for.
  public void push(long count) {
    header(protocol == 2 ? '*' : '>', count);
  }

  /// A truth value.
  public void bool(boolean value) {
    if (protocol == 2) {
      integer(value ? 1 : 0);
    } else {
      line('#', value ? "t" : "f");
    }
  }

  /// A floating-point number; allocates.
  public void doubleValue(double value) {
    String text = doubleText(value);
    if (protocol == 2) {
      bulk(text);
    } else {
      line(',', text);
    }
  }

  /// A whole number beyond 64 bits.
  ///
  /// @param digits in decimal
  public void bigNumber(String digits) {
    if (protocol == 2) {
      bulk(digits);
    } else {
      line('(', digits);
    }
  }

  /// A text for people.
  ///
  /// @param format three characters, as `txt`
  public void verbatim(String format, String text) {
    if (protocol == 2) {
      bulk(text);
      return;
    }
    header('=', text.length() + 4L);
    text(format);
    text(":");
    text(text);
    crlf();
  }

  /// A double as C's `%.17g` prints it.
  static String doubleText(double value) {
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0" : "0";
    }
    BigDecimal rounded = new BigDecimal(value).round(DOUBLE_DIGITS).stripTrailingZeros();
    int exponent = rounded.precision() - rounded.scale() - 1;
    if (exponent >= -4 && exponent < DOUBLE_DIGITS.getPrecision()) {
      return rounded.toPlainString();
    }
    String digits = rounded.unscaledValue().abs().toString();
    return (value < 0 ? "-" : "")
        + digits.charAt(0)
        + (digits.length() > 1 ? "." + digits.substring(1) : "")
        + (exponent < 0 ? "e-" : "e+")
        + (Math.abs(exponent) < 10 ? "0" : "")
        + Math.abs(exponent);
  }

  private static String oneLine(String text) {
    int length = text.length();
    while (length > 0 && isLineEnd(text.charAt(length - 1))) {
      length--;
    }
    for (int i = 0; i < length; i++) {
      if (isLineEnd(text.charAt(i))) {
        return text.substring(0, length).replace('\r', ' ').replace('\n', ' ');
      }
    }
    return length == text.length() ? text : text.substring(0, length);
  }

  private static boolean isLineEnd(char c) {
    return c == '\r' || c == '\n';
  }

  private void constant(long littleEndian, int length) {
    if (room()) {
      memory.set(U64_LE, offset, littleEndian);
      offset += length;
    }
  }

  private void header(char type, long value) {
    if (room()) {
      memory.set(U8, offset, (byte) type);
      long end = offset + 1;
      if (value >= 0 && value <= 9) {
        memory.set(U8, end, (byte) ('0' + value));
        end++;
      } else {
        end += ByteText.putLong(memory, end, value);
      }
      memory.set(U16_LE, end, CRLF);
      offset = end + 2;
    }
  }

  private void crlf() {
    if (room()) {
      memory.set(U16_LE, offset, CRLF);
      offset += 2;
    }
  }

  private void line(char type, String text) {
    if (room()) {
      memory.set(U8, offset++, (byte) type);
    }
    text(text);
    crlf();
  }

  private void text(String text) {
    int written = 0;
    while (written < text.length() && room()) {
      int count = (int) Math.min(text.length() - written, limit - offset);
      for (int i = 0; i < count; i++) {
        memory.set(U8, offset + i, (byte) text.charAt(written + i));
      }
      offset += count;
      written += count;
    }
  }

  private void raw(MemorySegment source, long sourceOffset, int length) {
    int written = 0;
    while (written < length && room()) {
      int count = (int) Math.min(length - written, limit - offset);
      MemorySegment.copy(source, sourceOffset + written, memory, offset, count);
      offset += count;
      written += count;
    }
  }

  /// Makes sure of [#PIECE_BYTES]; false when replies are dropped.
  private boolean room() {
    if (muted) {
      return false;
    }
    return limit - offset >= PIECE_BYTES || moreRoom();
  }

  private boolean moreRoom() {
    if (overflowed) {
      return false;
    }
    sink.written(offset);
    if (!sink.more()) {
      overflowed = true;
      limit = offset;
      return false;
    }
    takeRoom();
    assert limit - offset >= ReplySink.ROOM_LEAST_BYTES : limit - offset;
    return true;
  }

  private void takeRoom() {
    memory = sink.memory();
    offset = sink.offset();
    limit = sink.limit();
  }

  /// What a writer has between connections.
  private static final class Closed implements ReplySink {
    static final Closed INSTANCE = new Closed();

    @Override
    public MemorySegment memory() {
      return MemorySegment.NULL;
    }

    @Override
    public long offset() {
      return 0;
    }

    @Override
    public long limit() {
      return 0;
    }

    @Override
    public void written(long offset) {}

    @Override
    public boolean more() {
      return false;
    }
  }
}
