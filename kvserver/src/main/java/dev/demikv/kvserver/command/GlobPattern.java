package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Slice;
import dev.demikv.kvserver.resp.ByteText;

/// Glob patterns as Redis matches them (stringmatchlen): `*`, `?`, `[a-z]`, `[^a]`, `\x`.
///
/// A `*` gives way to the next one for good, which finds every match that there is and bounds the
/// work to the product of both lengths, without recursion.
final class GlobPattern {
  private static final int NO_MATCH = -1;

  private final Slice pattern;
  private final boolean foldCase;

  private GlobPattern(Slice pattern, boolean foldCase) {
    this.pattern = pattern;
    this.foldCase = foldCase;
  }

  /// A pattern over bytes as they are.
  static GlobPattern of(Slice pattern) {
    return new GlobPattern(pattern, false);
  }

  /// A pattern over ASCII in whatever case.
  static GlobPattern ignoringCase(Slice pattern) {
    return new GlobPattern(pattern, true);
  }

  /// Whether the pattern is `*` and matches everything.
  boolean matchesAll() {
    return pattern.length() == 1 && pattern.byteAt(0) == '*';
  }

  boolean matches(Slice text) {
    int patternLength = pattern.length();
    int textLength = text.length();
    int p = 0;
    int t = 0;
    int afterStar = -1;
    int starText = 0;
    while (p < patternLength && t < textLength) {
      if (pattern.byteAt(p) == '*') {
        p = lastStar(p) + 1;
        if (p == patternLength) {
          return true;
        }
        afterStar = p;
        starText = t;
        continue;
      }
      int next = element(p, text.byteAt(t));
      if (next != NO_MATCH) {
        t++;
        p = t == textLength ? skipStars(next) : next;
        if (p < patternLength && t < textLength) {
          continue;
        }
        if (p == patternLength && t == textLength) {
          return true;
        }
      }
      // The last star takes one byte more.
      if (afterStar < 0 || ++starText >= textLength) {
        return false;
      }
      p = afterStar;
      t = starText;
    }
    return p == patternLength && t == textLength;
  }

  /// Matches the element at `p` with a byte; returns where the next element is, or NO_MATCH.
  private int element(int p, byte b) {
    return switch (pattern.byteAt(p)) {
      case '?' -> p + 1;
      case '[' -> set(p + 1, b);
      case '\\' -> literal(p + 1 < pattern.length() ? p + 1 : p, b);
      default -> literal(p, b);
    };
  }

  private int literal(int p, byte b) {
    return fold(pattern.byteAt(p)) == fold(b) ? p + 1 : NO_MATCH;
  }

  /// Matches a set, whose `]` may be missing at the end of the pattern.
  private int set(int from, byte b) {
    int p = from;
    int end = pattern.length();
    boolean not = p < end && pattern.byteAt(p) == '^';
    if (not) {
      p++;
    }
    boolean match = false;
    while (p < end && pattern.byteAt(p) != ']') {
      if (pattern.byteAt(p) == '\\' && p + 1 < end) {
        p++;
        match |= pattern.byteAt(p) == b;
      } else if (p + 2 < end && pattern.byteAt(p + 1) == '-') {
        int one = fold(pattern.byteAt(p));
        int other = fold(pattern.byteAt(p + 2));
        int c = fold(b);
        match |= c >= Math.min(one, other) && c <= Math.max(one, other);
        p += 2;
      } else {
        match |= fold(pattern.byteAt(p)) == fold(b);
      }
      p++;
    }
    if (match == not) {
      return NO_MATCH;
    }
    return Math.min(p + 1, end);
  }

  private int lastStar(int p) {
    int last = p;
    while (last + 1 < pattern.length() && pattern.byteAt(last + 1) == '*') {
      last++;
    }
    return last;
  }

  private int skipStars(int p) {
    int next = p;
    while (next < pattern.length() && pattern.byteAt(next) == '*') {
      next++;
    }
    return next;
  }

  private int fold(byte b) {
    return foldCase ? ByteText.fold(b) : b;
  }
}
