package dev.demikv.kvclient.cli;

import dev.demikv.libos.lang.Nullable;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Splits a line into words as redis-cli does (sdssplitargs): `"…"` with `\n \r \t \a \b \xHH` and
/// `\` before anything else, `'…'` with `\'`, blanks between words.
final class Words {
  private final byte[] line;
  private final List<byte[]> words = new ArrayList<>();
  private int at;

  private Words(String line) {
    this.line = line.getBytes(StandardCharsets.UTF_8);
  }

  /// The words of a line, or `null` when a quote is not closed or is followed by no blank.
  static @Nullable List<byte[]> split(String line) {
    Words split = new Words(line);
    return split.all() ? split.words : null;
  }

  private boolean all() {
    for (; ; ) {
      while (at < line.length && isBlank(line[at])) {
        at++;
      }
      if (at == line.length) {
        return true;
      }
      if (!word()) {
        return false;
      }
    }
  }

  private boolean word() {
    ByteArrayOutputStream word = new ByteArrayOutputStream();
    while (at < line.length && !isBlank(line[at])) {
      byte c = line[at++];
      if (c != '"' && c != '\'') {
        word.write(c);
      } else if (!quoted(word, c) || at < line.length && !isBlank(line[at])) {
        return false;
      } else {
        break;
      }
    }
    words.add(word.toByteArray());
    return true;
  }

  private boolean quoted(ByteArrayOutputStream word, byte quote) {
    while (at < line.length) {
      byte c = line[at++];
      if (c == quote) {
        return true;
      }
      if (c != '\\' || at == line.length) {
        word.write(c);
      } else if (quote == '\'') {
        word.write(line[at] == '\'' ? line[at++] : c);
      } else {
        escape(word);
      }
    }
    return false;
  }

  private void escape(ByteArrayOutputStream word) {
    byte c = line[at++];
    if (c == 'x' && at + 1 < line.length && hex(line[at]) >= 0 && hex(line[at + 1]) >= 0) {
      word.write(hex(line[at]) << 4 | hex(line[at + 1]));
      at += 2;
      return;
    }
    word.write(
        switch (c) {
          case 'n' -> '\n';
          case 'r' -> '\r';
          case 't' -> '\t';
          case 'a' -> 7;
          case 'b' -> '\b';
          default -> c;
        });
  }

  private static int hex(byte c) {
    return Character.digit(c, 16);
  }

  private static boolean isBlank(byte c) {
    return c == ' ' || c >= '\t' && c <= '\r' || c == 0;
  }
}
