package dev.demikv.libos.wire;

/// Arithmetic of sequence numbers modulo 2^32, RFC 9293 §3.4. Two numbers can be compared while
/// they are less than 2^31 apart.
public final class SequenceNumber {
  private SequenceNumber() {}

  /// Whether `a` comes before `b`.
  public static boolean before(int a, int b) {
    return a - b < 0;
  }

  /// Whether `a` is `b` or comes before it.
  public static boolean atOrBefore(int a, int b) {
    return a - b <= 0;
  }

  /// Whether `a` comes after `b`.
  public static boolean after(int a, int b) {
    return a - b > 0;
  }

  /// Whether `a` is `b` or comes after it.
  public static boolean atOrAfter(int a, int b) {
    return a - b >= 0;
  }

  /// The later one.
  public static int later(int a, int b) {
    return a - b >= 0 ? a : b;
  }

  /// The earlier one.
  public static int earlier(int a, int b) {
    return a - b <= 0 ? a : b;
  }

  /// Whether `a` lies in `start` to `start + length - 1`.
  public static boolean within(int a, int start, int length) {
    return Integer.compareUnsigned(a - start, length) < 0;
  }
}
