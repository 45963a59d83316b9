package dev.demikv.kvserver.resp;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Splits an inline command into arguments as Redis does (sdssplitargs): words between spaces,
/// `"quoted \x41 \n"` with escapes, `'quoted'` with `\'` alone. A NUL ends the line.
///
/// In place: no argument is longer than what stands for it. One per split; it is a few ints that
/// the compiler keeps in registers.
final class InlineSplitter {
  private static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;

  private final MemorySegment memory;
  private final long start;
  private final int end;

  /// Next byte to read, and where the next byte of the argument goes: never behind it.
  private int at;

  private int to;

  private InlineSplitter(MemorySegment memory, long start, int end) {
    this.memory = memory;
    this.start = start;
    this.end = end;
  }

  /// Appends the arguments of a line to `args`, with offsets from the line's start.
  ///
  /// @return false for quotes that do not match
  static boolean split(MemorySegment memory, long start, int length, CommandArgs args) {
    int end = 0;
    while (end < length && memory.get(U8, start + end) != 0) {
      end++;
    }
    return new InlineSplitter(memory, start, end).split(args);
  }

  private boolean split(CommandArgs args) {
    while (true) {
      while (at < end && isSpace(byteAt(at))) {
        at++;
      }
      if (at == end) {
        return true;
      }
      int from = at;
      to = at;
      if (!word()) {
        return false;
      }
      args.add(from, to - from);
    }
  }

  /// Reads one argument; a closing quote ends it.
  private boolean word() {
    while (at < end) {
      byte b = byteAt(at);
      switch (b) {
        case ' ', '\n', '\r', '\t' -> {
          return true;
        }
        case '"', '\'' -> {
          at++;
          return b == '"' ? doubleQuoted() : singleQuoted();
        }
        default -> {
          put(b);
          at++;
        }
      }
    }
    return true;
  }

  private boolean doubleQuoted() {
    while (at < end) {
      byte b = byteAt(at);
      if (b == '"') {
        return closed();
      }
      if (b == '\\' && at + 3 < end && byteAt(at + 1) == 'x' && isHex(at + 2) && isHex(at + 3)) {
        put((byte) (hex(at + 2) << 4 | hex(at + 3)));
        at += 4;
      } else if (b == '\\' && at + 1 < end) {
        put(escaped(byteAt(at + 1)));
        at += 2;
      } else {
        put(b);
        at++;
      }
    }
    return false;
  }

  private boolean singleQuoted() {
    while (at < end) {
      byte b = byteAt(at);
      if (b == '\'') {
        return closed();
      }
      if (b == '\\' && at + 1 < end && byteAt(at + 1) == '\'') {
        at++;
        b = '\'';
      }
      put(b);
      at++;
    }
    return false;
  }

  /// A closing quote must be followed by a space or nothing.
  private boolean closed() {
    at++;
    return at == end || isSpace(byteAt(at));
  }

  private byte byteAt(int index) {
    return memory.get(U8, start + index);
  }

  private void put(byte b) {
    memory.set(U8, start + to++, b);
  }

  private boolean isHex(int index) {
    return Character.digit(byteAt(index), 16) >= 0;
  }

  private int hex(int index) {
    return Character.digit(byteAt(index), 16);
  }

  private static byte escaped(byte b) {
    return switch (b) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'b' -> '\b';
      case 'a' -> 0x07;
      default -> b;
    };
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || (b >= '\t' && b <= '\r');
  }
}
