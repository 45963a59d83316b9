package dev.demikv.kvclient;

import dev.demikv.libos.lang.Nullable;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// Makes values of a reply that [ReplyScanner] found whole: lengths, counts and depth are known to
/// be right and within the limits, so recursion and allocation are bounded by them.
final class ReplyReader {
  private static final Reply.Status OK = new Reply.Status("OK");
  private static final Reply.Bool TRUE = new Reply.Bool(true);
  private static final Reply.Bool FALSE = new Reply.Bool(false);

  private final byte[] buffer;
  private int at;

  private ReplyReader(byte[] buffer, int at) {
    this.buffer = buffer;
    this.at = at;
  }

  /// Reads the reply that starts at an offset. Copies everything out of the buffer.
  static Reply read(byte[] buffer, int offset) {
    return new ReplyReader(buffer, offset).next();
  }

  private Reply next() {
    for (; ; ) {
      byte kind = buffer[at++];
      Reply reply = kind == '|' ? skipAttribute() : item(kind);
      if (reply != null) {
        return reply;
      }
    }
  }

  private Reply item(byte kind) {
    return switch (kind) {
      case '+' -> status(line());
      case '-' -> new Reply.Failure(line());
      case ':' -> new Reply.Int(number());
      case ',' -> real(line());
      case '(' -> new Reply.BigNumber(new BigInteger(line()));
      case '#' -> line().equals("t") ? TRUE : FALSE;
      case '_' -> {
        line();
        yield Reply.Null.INSTANCE;
      }
      case '$' -> {
        int length = (int) number();
        yield length < 0 ? Reply.Null.INSTANCE : new Reply.Bulk(bulk(length));
      }
      case '!' -> new Reply.Failure(new String(bulk((int) number()), StandardCharsets.UTF_8));
      case '=' -> verbatim(bulk((int) number()));
      case '*', '~', '%', '>' -> aggregate(kind, (int) number());
      default -> throw new AssertionError("the scanner let a " + kind + " pass");
    };
  }

  private @Nullable Reply skipAttribute() {
    for (long left = 2 * number(); left > 0; left--) {
      next();
    }
    return null;
  }

  private Reply aggregate(byte kind, int count) {
    if (count < 0) {
      return Reply.Null.INSTANCE;
    }
    int length = kind == '%' ? 2 * count : count;
    List<Reply> elements = new ArrayList<>(length);
    for (int i = 0; i < length; i++) {
      elements.add(next());
    }
    return switch (kind) {
      case '%' -> new Reply.Pairs(elements);
      case '~' -> new Reply.Unordered(elements);
      default -> new Reply.Array(elements);
    };
  }

  private static Reply status(String text) {
    return text.equals("OK") ? OK : new Reply.Status(text);
  }

  private static Reply real(String text) {
    double value =
        switch (text.toLowerCase(Locale.ROOT)) {
          case "inf", "+inf" -> Double.POSITIVE_INFINITY;
          case "-inf" -> Double.NEGATIVE_INFINITY;
          case "nan", "+nan", "-nan" -> Double.NaN;
          default -> Double.parseDouble(text);
        };
    return new Reply.Real(value, text);
  }

  private static Reply verbatim(byte[] bytes) {
    return new Reply.Verbatim(
        new String(bytes, 0, 3, StandardCharsets.UTF_8),
        new String(bytes, 4, bytes.length - 4, StandardCharsets.UTF_8));
  }

  private long number() {
    int end = lineEnd();
    long value = ReplyScanner.parseLong(buffer, at, end);
    at = end + 2;
    return value;
  }

  private String line() {
    int end = lineEnd();
    String text = new String(buffer, at, end - at, StandardCharsets.UTF_8);
    at = end + 2;
    return text;
  }

  private int lineEnd() {
    int end = at;
    while (buffer[end] != '\r') {
      end++;
    }
    return end;
  }

  private byte[] bulk(int length) {
    byte[] bytes = Arrays.copyOfRange(buffer, at, at + length);
    at += length + 2;
    return bytes;
  }
}
