package dev.demikv.libos.net.pkt;

/// A number of a segment as a script writes it.
///
/// @param kind what it means
/// @param value the number, where there is one
record Field(Kind kind, long value) {
  /// What a [Field] means.
  enum Kind {
    /// This number, counted from the initial sequence number where it is a sequence number.
    EXACT,
    /// This number as it is on the wire.
    ABSOLUTE,
    /// Any number. Expected segments only.
    ANY,
    /// This number or more. Expected segments only.
    AT_LEAST,
    /// This number or less. Expected segments only.
    AT_MOST,
    /// The last timestamp value the stack sent, less this number. Injected segments only.
    LAST
  }

  static final Field ANY = new Field(Kind.ANY, 0);

  static Field of(long value) {
    return new Field(Kind.EXACT, value);
  }

  /// Parses it; `null` when it is none.
  static Field parse(String text) {
    if (text.equals("*")) {
      return ANY;
    }
    if (text.equals("last")) {
      return new Field(Kind.LAST, 0);
    }
    if (text.startsWith("last-")) {
      return number(Kind.LAST, text.substring(5));
    }
    if (text.startsWith(">=")) {
      return number(Kind.AT_LEAST, text.substring(2));
    }
    if (text.startsWith("<=")) {
      return number(Kind.AT_MOST, text.substring(2));
    }
    if (text.startsWith("=")) {
      return number(Kind.ABSOLUTE, text.substring(1));
    }
    return number(Kind.EXACT, text);
  }

  private static Field number(Kind kind, String digits) {
    try {
      return new Field(kind, Long.parseLong(digits));
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /// Whether a segment may have it in the direction.
  boolean isFor(boolean injected) {
    return switch (kind) {
      case EXACT, ABSOLUTE -> true;
      case LAST -> injected;
      case ANY, AT_LEAST, AT_MOST -> !injected;
    };
  }

  /// Whether an actual value fits.
  ///
  /// @param base the initial sequence number that `actual` was counted from, or 0
  boolean matches(long actual, int base) {
    return switch (kind) {
      case EXACT -> actual == value;
      case ABSOLUTE -> (int) actual + base == (int) value;
      case ANY -> true;
      case AT_LEAST -> actual >= value;
      case AT_MOST -> actual <= value;
      case LAST -> false;
    };
  }

  @Override
  public String toString() {
    return switch (kind) {
      case EXACT -> Long.toString(value);
      case ABSOLUTE -> "=" + value;
      case ANY -> "*";
      case AT_LEAST -> ">=" + value;
      case AT_MOST -> "<=" + value;
      case LAST -> value == 0 ? "last" : "last-" + value;
    };
  }
}
