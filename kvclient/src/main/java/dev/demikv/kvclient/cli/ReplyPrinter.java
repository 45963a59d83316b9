package dev.demikv.kvclient.cli;

import dev.demikv.kvclient.Reply;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Prints a reply byte for byte as redis-cli 7 does, in each of its formats.
final class ReplyPrinter {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private ReplyPrinter() {}

  /// The text of a reply, its last line feed included.
  static byte[] print(Reply reply, ReplyFormat format) {
    ReplyPrinter printer = new ReplyPrinter();
    switch (format) {
      case STANDARD -> printer.standard(reply, "");
      case RAW -> {
        printer.raw(reply);
        printer.text("\n");
      }
      case JSON -> {
        printer.json(reply);
        printer.text("\n");
      }
    }
    return printer.out.toByteArray();
  }

  // ---- standard

  private void standard(Reply reply, String prefix) {
    switch (reply) {
      case Reply.Null _ -> text("(nil)\n");
      case Reply.Status status -> text(status.text() + "\n");
      case Reply.Failure failure -> text("(error) " + failure.text() + "\n");
      case Reply.Int number -> text("(integer) " + number.value() + "\n");
      case Reply.Real real -> text("(double) " + real.text() + "\n");
      case Reply.Bool bool -> text(bool.value() ? "(true)\n" : "(false)\n");
      case Reply.BigNumber number -> text(number.value() + "\n");
      case Reply.Verbatim verbatim -> text(verbatim.text() + "\n");
      case Reply.Bulk bulk -> {
        quoted(bulk.bytes());
        text("\n");
      }
      case Reply.Array array -> numbered(array.elements(), "array", ')', prefix);
      case Reply.Unordered set -> numbered(set.elements(), "set", '~', prefix);
      case Reply.Pairs pairs -> paired(pairs.elements(), prefix);
    }
  }

  private void numbered(List<Reply> elements, String kind, char mark, String prefix) {
    if (elements.isEmpty()) {
      text("(empty " + kind + ")\n");
      return;
    }
    int width = Integer.toString(elements.size()).length();
    String deeper = prefix + " ".repeat(width + 2);
    for (int i = 0; i < elements.size(); i++) {
      number(i, i == 0 ? "" : prefix, width, mark);
      standard(elements.get(i), deeper);
    }
  }

  private void paired(List<Reply> elements, String prefix) {
    if (elements.isEmpty()) {
      text("(empty hash)\n");
      return;
    }
    int width = Integer.toString(elements.size() / 2).length();
    String deeper = prefix + " ".repeat(width + 2);
    for (int i = 0; i < elements.size(); i += 2) {
      number(i / 2, i == 0 ? "" : prefix, width, '#');
      ReplyPrinter key = new ReplyPrinter();
      key.standard(elements.get(i), deeper);
      out.write(key.out.toByteArray(), 0, Math.max(0, key.out.size() - 1)); // No line feed.
      text(" => ");
      standard(elements.get(i + 1), deeper);
    }
  }

  private void number(int index, String prefix, int width, char mark) {
    String digits = Integer.toString(index + 1);
    text(prefix + " ".repeat(width - digits.length()) + digits + mark + " ");
  }

  /// sdscatrepr.
  private void quoted(byte[] bytes) {
    text("\"");
    for (byte b : bytes) {
      switch (b) {
        case '\\' -> text("\\\\");
        case '"' -> text("\\\"");
        case '\n' -> text("\\n");
        case '\r' -> text("\\r");
        case '\t' -> text("\\t");
        case 7 -> text("\\a");
        case '\b' -> text("\\b");
        default -> {
          if (b >= ' ' && b < 127) {
            out.write(b);
          } else {
            text("\\x");
            hexByte(b);
          }
        }
      }
    }
    text("\"");
  }

  // ---- raw

  private void raw(Reply reply) {
    switch (reply) {
      case Reply.Null _ -> {}
      case Reply.Status status -> text(status.text());
      case Reply.Failure failure -> text(failure.text() + "\n");
      case Reply.Int number -> text(Long.toString(number.value()));
      case Reply.Real real -> text(real.text());
      case Reply.Bool bool -> text(bool.value() ? "(true)" : "(false)");
      case Reply.BigNumber number -> text(number.value().toString());
      case Reply.Verbatim verbatim -> text(verbatim.text());
      case Reply.Bulk bulk -> out.writeBytes(bulk.bytes());
      case Reply.Array array -> rawLines(array.elements(), "\n");
      case Reply.Unordered set -> rawLines(set.elements(), "\n");
      case Reply.Pairs pairs -> rawLines(pairs.elements(), " ");
    }
  }

  /// Elements one a line; `inPair` stands between an element of even and the next of odd place.
  private void rawLines(List<Reply> elements, String inPair) {
    for (int i = 0; i < elements.size(); i++) {
      if (i > 0) {
        text(i % 2 == 0 ? "\n" : inPair);
      }
      raw(elements.get(i));
    }
  }

  // ---- JSON

  private void json(Reply reply) {
    switch (reply) {
      case Reply.Null _ -> text("null");
      case Reply.Status status -> jsonString(status.text().getBytes(StandardCharsets.UTF_8));
      case Reply.Failure failure -> {
        text("error:");
        jsonString(failure.text().getBytes(StandardCharsets.UTF_8));
      }
      case Reply.Int number -> text(Long.toString(number.value()));
      case Reply.Real real -> text(real.text());
      case Reply.Bool bool -> text(Boolean.toString(bool.value()));
      case Reply.BigNumber number -> text(number.value().toString());
      case Reply.Verbatim verbatim -> jsonString(verbatim.text().getBytes(StandardCharsets.UTF_8));
      case Reply.Bulk bulk -> jsonString(bulk.bytes());
      case Reply.Array array -> jsonArray(array.elements());
      case Reply.Unordered set -> jsonArray(set.elements());
      case Reply.Pairs pairs -> jsonObject(pairs.elements());
    }
  }

  private void jsonArray(List<Reply> elements) {
    text("[");
    for (int i = 0; i < elements.size(); i++) {
      text(i == 0 ? "" : ",");
      json(elements.get(i));
    }
    text("]");
  }

  private void jsonObject(List<Reply> elements) {
    text("{");
    for (int i = 0; i < elements.size(); i += 2) {
      text(i == 0 ? "" : ",");
      Reply key = elements.get(i);
      if (key instanceof Reply.Bulk || key instanceof Reply.Status) {
        json(key);
      } else {
        // JSON's keys are strings.
        ReplyPrinter inner = new ReplyPrinter();
        inner.json(key);
        jsonString(inner.out.toByteArray());
      }
      text(":");
      json(elements.get(i + 1));
    }
    text("}");
  }

  private void jsonString(byte[] bytes) {
    text("\"");
    for (byte b : bytes) {
      switch (b) {
        case '\\' -> text("\\\\");
        case '"' -> text("\\\"");
        case '\n' -> text("\\n");
        case '\f' -> text("\\f");
        case '\r' -> text("\\r");
        case '\t' -> text("\\t");
        case '\b' -> text("\\b");
        default -> {
          if (b >= 0 && b < ' ') {
            text("\\u00");
            hexByte(b);
          } else {
            out.write(b);
          }
        }
      }
    }
    text("\"");
  }

  private void hexByte(byte b) {
    text(Character.toString(Character.forDigit(b >> 4 & 15, 16)));
    text(Character.toString(Character.forDigit(b & 15, 16)));
  }

  private void text(String text) {
    out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
  }
}
