package dev.demikv.kvclient;

/// Finds the end of a reply in bytes that arrive in pieces. Pure and incremental: it continues
/// where it stood, never reads a byte twice (but for the search of a line's end), allocates nothing
/// and recurses nowhere. What it passes is well-formed and within the limits, so that [ReplyReader]
/// may allocate for it.
///
/// RESP3's streamed types (`$?`, `*?`) are refused: no server sends them.
final class ReplyScanner {
  /// [#scan]: more bytes are needed.
  static final int MORE = 0;

  /// [#scan]: the reply is whole; see [#replyLength].
  static final int WHOLE = 1;

  /// [#scan]: not RESP; see [#complaint].
  static final int VIOLATION = -1;

  /// [#scan]: beyond a limit; see [#complaint].
  static final int LIMIT = -2;

  /// Of an item: it began, and its content comes next.
  private static final int OPEN = 2;

  private static final int NO_BULK = -1;

  private final ReplyLimits limits;
  private final long[] elementsLeft;
  private final boolean[] isAttribute;
  private int depth;
  private long elementCount;

  // Offsets below are from the start of the reply, so that the buffer may move between calls.
  private int position;
  private int searchedTo;
  private int bulkEnd = NO_BULK;

  private byte type;
  private int payloadOffset;
  private int payloadLength;
  private long number;
  private String complaint = "";

  ReplyScanner(ReplyLimits limits) {
    this.limits = limits;
    this.elementsLeft = new long[limits.depthMax()];
    this.isAttribute = new boolean[limits.depthMax()];
  }

  /// Forgets what was scanned: the next call begins a reply.
  void reset() {
    depth = 0;
    elementCount = 0;
    position = 0;
    searchedTo = 0;
    bulkEnd = NO_BULK;
    type = 0;
  }

  /// Goes on scanning the reply that starts at `from`. O(new bytes).
  ///
  /// @param from where the reply starts, the same byte in every call for one reply
  /// @param to end of the bytes that have arrived
  int scan(byte[] buffer, int from, int to) {
    for (; ; ) {
      int result = bulkEnd == NO_BULK ? nextItem(buffer, from, to) : endOfBulk(buffer, from, to);
      if (result == WHOLE && itemCompleted()) {
        return position > limits.replyBytesMax() ? beyond("replyBytesMax", position) : WHOLE;
      }
      if (result != WHOLE && result != OPEN) {
        return result;
      }
    }
  }

  /// Type byte of the reply, attributes skipped.
  byte type() {
    return type;
  }

  /// Bytes of the whole reply, attributes included.
  int replyLength() {
    return position;
  }

  /// Where the payload of a string, error or number starts, from the start of the reply.
  int payloadOffset() {
    return payloadOffset;
  }

  /// Length of that payload; -1 for null.
  int payloadLength() {
    return payloadLength;
  }

  /// The value of an integer, the count of an aggregate.
  long number() {
    return number;
  }

  /// What was wrong after [#VIOLATION] or [#LIMIT].
  String complaint() {
    return complaint;
  }

  /// Takes the next line: MORE, VIOLATION, LIMIT, or WHOLE (an item of its own) or OPEN.
  private int nextItem(byte[] buffer, int from, int to) {
    int start = from + position;
    int end = Math.max(from + searchedTo, start);
    while (end < to && buffer[end] != '\r') {
      if (buffer[end] == '\n') {
        return violation("a line ends without CR");
      }
      end++;
    }
    searchedTo = end - from;
    if (end - start > limits.lineBytesMax()) {
      return beyond("lineBytesMax", end - start);
    }
    if (end + 1 >= to) {
      return to - from > limits.replyBytesMax() ? beyond("replyBytesMax", to - from) : MORE;
    }
    if (buffer[end + 1] != '\n') {
      return violation("CR without LF");
    }
    if (end == start) {
      return violation("an empty line where a reply should begin");
    }
    position = end + 2 - from;
    return line(buffer, from, start, end);
  }

  /// Takes the line `start` to `end`, type byte included.
  private int line(byte[] buffer, int from, int start, int end) {
    byte kind = buffer[start];
    switch (kind) {
      case '+', '-' -> top(kind, start + 1 - from, end - start - 1, 0);
      case ':' -> {
        long value = parseLong(buffer, start + 1, end);
        if (value == Long.MIN_VALUE && !isLeastLong(buffer, start + 1, end)) {
          return violation("not an integer");
        }
        top(kind, start + 1 - from, end - start - 1, value);
      }
      case ',' -> {
        if (!isDouble(buffer, start + 1, end)) {
          return violation("not a double");
        }
        top(kind, start + 1 - from, end - start - 1, 0);
      }
      case '(' -> {
        if (!isWhole(buffer, start + 1, end)) {
          return violation("not a big number");
        }
        top(kind, start + 1 - from, end - start - 1, 0);
      }
      case '_' -> {
        if (end != start + 1) {
          return violation("a null with content");
        }
        top(kind, 0, -1, 0);
      }
      case '#' -> {
        if (end != start + 2 || buffer[start + 1] != 't' && buffer[start + 1] != 'f') {
          return violation("a boolean that is neither t nor f");
        }
        top(kind, start + 1 - from, 1, buffer[start + 1] == 't' ? 1 : 0);
      }
      case '$', '=', '!' -> {
        return beginBulk(buffer, from, kind, start, end);
      }
      case '*', '~', '%', '>', '|' -> {
        return beginAggregate(buffer, kind, start, end);
      }
      default -> {
        return violation("a reply cannot begin with " + describe(kind));
      }
    }
    return WHOLE;
  }

  private int beginBulk(byte[] buffer, int from, byte kind, int start, int end) {
    long length = parseLong(buffer, start + 1, end);
    if (length == -1 && kind == '$') {
      top((byte) '_', 0, -1, 0);
      return WHOLE;
    }
    if (length < 0 || length < 4 && kind == '=') {
      return violation("not a length");
    }
    if (length > limits.bulkBytesMax()) {
      return beyond("bulkBytesMax", length);
    }
    int payload = end + 2 - from;
    if (payload + length + 2 > limits.replyBytesMax()) {
      return beyond("replyBytesMax", payload + length + 2);
    }
    top(kind, payload, (int) length, 0);
    bulkEnd = payload + (int) length;
    return OPEN;
  }

  private int endOfBulk(byte[] buffer, int from, int to) {
    if (to - from < bulkEnd + 2) {
      return MORE;
    }
    if (buffer[from + bulkEnd] != '\r' || buffer[from + bulkEnd + 1] != '\n') {
      return violation("a bulk string does not end where its length says");
    }
    position = bulkEnd + 2;
    bulkEnd = NO_BULK;
    return WHOLE;
  }

  private int beginAggregate(byte[] buffer, byte kind, int start, int end) {
    long count = parseLong(buffer, start + 1, end);
    if (count == -1 && kind == '*') {
      top((byte) '_', 0, -1, 0);
      return WHOLE;
    }
    if (count < 0) {
      return violation("not a count");
    }
    if (kind == '>' && depth > 0) {
      return violation("a push inside of a reply");
    }
    if (count > limits.elementsMax()) {
      return beyond("elementsMax", count);
    }
    boolean attribute = kind == '|';
    long elements = kind == '%' || attribute ? 2 * count : count;
    elementCount += elements;
    if (elementCount > limits.elementsMax()) {
      return beyond("elementsMax", elementCount);
    }
    if (!attribute) {
      top(kind, 0, 0, count);
    }
    if (elements == 0) {
      return attribute ? OPEN : WHOLE; // An attribute's own item is still to come.
    }
    if (depth == limits.depthMax()) {
      return beyond("depthMax", depth + 1L);
    }
    elementsLeft[depth] = elements;
    isAttribute[depth] = attribute;
    depth++;
    return OPEN;
  }

  /// Counts an item that is complete; true when the reply is.
  private boolean itemCompleted() {
    while (depth > 0) {
      if (--elementsLeft[depth - 1] > 0) {
        return false;
      }
      depth--;
      if (isAttribute[depth]) {
        return false; // The item that it describes comes next, in its place.
      }
    }
    return true;
  }

  /// Notes what the reply is, when the item is the reply itself.
  private void top(byte kind, int offset, int length, long value) {
    if (depth == 0) {
      type = kind;
      payloadOffset = offset;
      payloadLength = length;
      number = value;
    }
  }

  private int violation(String what) {
    complaint = "the peer does not speak RESP: " + what;
    return VIOLATION;
  }

  private int beyond(String limit, long value) {
    complaint = "a reply exceeds " + limit + " (" + value + ")";
    return LIMIT;
  }

  private static String describe(byte kind) {
    return kind > ' ' && kind < 127 ? "'" + (char) kind + "'" : "byte " + (kind & 0xff);
  }

  /// The number, or [Long#MIN_VALUE] when it is none (or that number).
  static long parseLong(byte[] buffer, int start, int end) {
    int at = start;
    boolean negative = at < end && buffer[at] == '-';
    if (negative || at < end && buffer[at] == '+') {
      at++;
    }
    if (at == end || end - at > 19) {
      return Long.MIN_VALUE;
    }
    long value = 0;
    for (; at < end; at++) {
      int digit = buffer[at] - '0';
      if (digit < 0 || digit > 9) {
        return Long.MIN_VALUE;
      }
      value = value * 10 + digit;
      if (value < 0) {
        return Long.MIN_VALUE;
      }
    }
    return negative ? -value : value;
  }

  private static boolean isLeastLong(byte[] buffer, int start, int end) {
    String least = "-9223372036854775808";
    if (end - start != least.length()) {
      return false;
    }
    for (int i = 0; i < least.length(); i++) {
      if (buffer[start + i] != least.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isWhole(byte[] buffer, int start, int end) {
    int at = start < end && (buffer[start] == '-' || buffer[start] == '+') ? start + 1 : start;
    if (at == end || end - at > 10_000) {
      return false;
    }
    return skipDigits(buffer, at, end) == end;
  }

  /// RESP3: `[<+|->]<integral>[.<fractional>][<E|e>[sign]<exponent>]`, `inf`, `-inf`, `nan`.
  private static boolean isDouble(byte[] buffer, int start, int end) {
    int at = start < end && (buffer[start] == '-' || buffer[start] == '+') ? start + 1 : start;
    if (end - at == 3 && (matches(buffer, at, "inf") || matches(buffer, at, "nan"))) {
      return true;
    }
    int digits = skipDigits(buffer, at, end);
    int digitCount = digits - at;
    at = digits;
    if (at < end && buffer[at] == '.') {
      digits = skipDigits(buffer, at + 1, end);
      digitCount += digits - at - 1;
      at = digits;
    }
    if (digitCount == 0 || digitCount > 1_000) {
      return false;
    }
    if (at < end && (buffer[at] == 'e' || buffer[at] == 'E')) {
      at++;
      if (at < end && (buffer[at] == '-' || buffer[at] == '+')) {
        at++;
      }
      digits = skipDigits(buffer, at, end);
      if (digits == at || digits - at > 9) {
        return false;
      }
      at = digits;
    }
    return at == end;
  }

  private static boolean matches(byte[] buffer, int at, String word) {
    for (int i = 0; i < word.length(); i++) {
      if ((buffer[at + i] | 0x20) != word.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static int skipDigits(byte[] buffer, int start, int end) {
    int at = start;
    while (at < end && buffer[at] >= '0' && buffer[at] <= '9') {
      at++;
    }
    return at;
  }
}
