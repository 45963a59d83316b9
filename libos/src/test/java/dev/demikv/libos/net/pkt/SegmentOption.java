package dev.demikv.libos.net.pkt;

import java.util.List;

/// A TCP option as a script writes it.
///
/// @param kind its kind on the wire; -1 for raw bytes
/// @param fields its numbers: one for MSS and window scale, two for timestamps and for each SACK
///   block
/// @param raw bytes of an option that has no syntax of its own, hexadecimal
record SegmentOption(int kind, List<Field> fields, String raw) {
  static final int EOL = 0;
  static final int NOP = 1;
  static final int MSS = 2;
  static final int WSCALE = 3;
  static final int SACK_OK = 4;
  static final int SACK = 5;
  static final int TIMESTAMPS = 8;
  static final int RAW = -1;

  static SegmentOption of(int kind, Field... fields) {
    return new SegmentOption(kind, List.of(fields), "");
  }

  static SegmentOption raw(String bytes) {
    return new SegmentOption(RAW, List.of(), bytes);
  }

  /// Bytes on the wire of an injected one.
  int bytes() {
    return switch (kind) {
      case EOL, NOP -> 1;
      case MSS -> 4;
      case WSCALE -> 3;
      case SACK_OK -> 2;
      case SACK -> 2 + 4 * fields.size();
      case TIMESTAMPS -> 10;
      default -> raw.length() / 2;
    };
  }

  /// Whether an actual option fits this expected one. Sequence numbers of SACK blocks are relative
  /// on both sides.
  boolean matches(SegmentOption actual) {
    if (kind != actual.kind || fields.size() > actual.fields.size()) {
      return false;
    }
    if (kind == SACK && fields.size() != actual.fields.size()) {
      return false;
    }
    for (int i = 0; i < fields.size(); i++) {
      if (!fields.get(i).matches(actual.fields.get(i).value(), 0)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return switch (kind) {
      case EOL -> "eol";
      case NOP -> "nop";
      case MSS -> "mss " + fields.getFirst();
      case WSCALE -> "wscale " + fields.getFirst();
      case SACK_OK -> "sackOK";
      case SACK -> {
        StringBuilder text = new StringBuilder("sack");
        for (int i = 0; i + 1 < fields.size(); i += 2) {
          text.append(' ').append(fields.get(i)).append(':').append(fields.get(i + 1));
        }
        yield text.toString();
      }
      case TIMESTAMPS -> "TS val " + fields.getFirst() + " ecr " + fields.getLast();
      case RAW -> "raw " + raw;
      default -> "kind " + kind;
    };
  }
}
