package dev.demikv.libos.net.pkt;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// Reads a [Segment] from the text of a script.
final class SegmentParser {
  private static final int OPTIONS_BYTES_MAX = 40;
  private static final long DATA_BYTES_MAX = 65_000;

  private final boolean injected;

  private SegmentParser(boolean injected) {
    this.injected = injected;
  }

  /// Reads a segment.
  ///
  /// @param injected whether the script sends it, so that every number must be known
  /// @throws IllegalArgumentException saying what is wrong
  static Segment parse(String text, boolean injected) {
    return new SegmentParser(injected).segment(text);
  }

  private Segment segment(String text) {
    String head = text;
    List<SegmentOption> options = new ArrayList<>();
    boolean open = false;
    int at = text.indexOf(" <");
    while (at >= 0 && text.startsWith(" <=", at)) {
      at = text.indexOf(" <", at + 1);
    }
    if (at >= 0) {
      if (!text.endsWith(">")) {
        throw new IllegalArgumentException("options do not end with '>'");
      }
      head = text.substring(0, at);
      for (String option : text.substring(at + 2, text.length() - 1).split(",", -1)) {
        if (option.strip().equals("...") && !injected) {
          open = true;
        } else {
          options.add(option(option.strip()));
        }
      }
    }
    if (injected && options.stream().mapToInt(SegmentOption::bytes).sum() > OPTIONS_BYTES_MAX) {
      throw new IllegalArgumentException("a header holds 40 bytes of options");
    }
    String[] words = head.strip().split("\\s+", -1);
    if (words.length < 2) {
      throw new IllegalArgumentException("a segment is flags, a sequence number, …");
    }
    int flags = flags(words[0]);
    String[] range = words[1].split(":", -1);
    Field sequence = field(range[0], "sequence number");
    Field end = range.length == 1 ? sequence : field(range[1], "sequence number");
    if (range.length > 2
        || end.kind() == Field.Kind.EXACT
            && sequence.kind() == Field.Kind.EXACT
            && (end.value() < sequence.value()
                || end.value() - sequence.value() > DATA_BYTES_MAX)) {
      throw new IllegalArgumentException("not a range of sequence numbers: " + words[1]);
    }
    Field ack = null;
    Field window = injected ? Field.of(65_535) : Field.ANY;
    int urgent = 0;
    int dataOffset = 0;
    for (int i = 2; i < words.length; i += 2) {
      if (i + 1 == words.length) {
        throw new IllegalArgumentException("'" + words[i] + "' without a number");
      }
      switch (words[i]) {
        case "ack" -> ack = field(words[i + 1], "acknowledgement");
        case "win" -> window = field(words[i + 1], "window");
        case "urg" -> urgent = small(words[i + 1], 0xffff);
        case "doff" -> dataOffset = small(words[i + 1], 15);
        default -> throw new IllegalArgumentException("'" + words[i] + "' is not known here");
      }
    }
    boolean acknowledges = (flags & Segment.ACK) != 0;
    if (acknowledges != (ack != null)) {
      throw new IllegalArgumentException("'ack' and the flag '.' go together");
    }
    return new Segment(
        flags,
        sequence,
        end,
        ack == null ? Field.of(0) : ack,
        window,
        urgent,
        dataOffset,
        List.copyOf(options),
        open);
  }

  private static int flags(String letters) {
    int flags = 0;
    if (letters.equals("-")) {
      return flags;
    }
    for (int i = 0; i < letters.length(); i++) {
      int bit = Segment.LETTERS.indexOf(letters.charAt(i));
      if (bit < 0) {
        throw new IllegalArgumentException("'" + letters.charAt(i) + "' is not a flag");
      }
      flags |= 1 << bit;
    }
    return flags;
  }

  private Field field(String word, String what) {
    Field field = Field.parse(word);
    if (field == null || !field.isFor(injected)) {
      throw new IllegalArgumentException("not a " + what + ": " + word);
    }
    return field;
  }

  private static int small(String word, int most) {
    int value = Integer.parseInt(word);
    if (value < 0 || value > most) {
      throw new IllegalArgumentException(word + " is not within 0 to " + most);
    }
    return value;
  }

  private SegmentOption option(String text) {
    String[] words = text.split("\\s+", -1);
    return switch (words[0]) {
      case "eol" -> plain(words, SegmentOption.EOL);
      case "nop" -> plain(words, SegmentOption.NOP);
      case "sackOK" -> plain(words, SegmentOption.SACK_OK);
      case "mss" -> one(words, SegmentOption.MSS);
      case "wscale" -> one(words, SegmentOption.WSCALE);
      case "TS" -> timestamps(words);
      case "sack" -> sack(words);
      case "raw" -> raw(words);
      case "kind" -> {
        if (injected || words.length != 2) {
          throw new IllegalArgumentException("'kind N' is for expected segments");
        }
        yield SegmentOption.of(small(words[1], 255));
      }
      default -> throw new IllegalArgumentException("not an option: " + text);
    };
  }

  private static SegmentOption plain(String[] words, int kind) {
    if (words.length != 1) {
      throw new IllegalArgumentException("'" + words[0] + "' has no value");
    }
    return SegmentOption.of(kind);
  }

  private SegmentOption one(String[] words, int kind) {
    if (words.length != 2) {
      throw new IllegalArgumentException("'" + words[0] + "' has one value");
    }
    return SegmentOption.of(kind, field(words[1], words[0]));
  }

  private SegmentOption timestamps(String[] words) {
    if (words.length != 5 || !words[1].equals("val") || !words[3].equals("ecr")) {
      throw new IllegalArgumentException("timestamps are 'TS val N ecr N'");
    }
    return SegmentOption.of(
        SegmentOption.TIMESTAMPS, field(words[2], "timestamp"), field(words[4], "timestamp"));
  }

  private SegmentOption sack(String[] words) {
    if (words.length < 2) {
      throw new IllegalArgumentException("SACK blocks are 'sack A:B C:D …'");
    }
    List<Field> fields = new ArrayList<>();
    for (int i = 1; i < words.length; i++) {
      String[] edges = words[i].split(":", -1);
      if (edges.length != 2) {
        throw new IllegalArgumentException("not a SACK block: " + words[i]);
      }
      fields.add(field(edges[0], "SACK edge"));
      fields.add(field(edges[1], "SACK edge"));
    }
    return new SegmentOption(SegmentOption.SACK, List.copyOf(fields), "");
  }

  private SegmentOption raw(String[] words) {
    if (!injected || words.length != 2) {
      throw new IllegalArgumentException("'raw HEX' is for injected segments");
    }
    return SegmentOption.raw(HexFormat.of().formatHex(HexFormat.of().parseHex(words[1])));
  }
}
