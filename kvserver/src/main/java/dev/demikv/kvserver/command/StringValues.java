package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Entry;
import dev.demikv.kvserver.engine.Slice;
import dev.demikv.kvserver.engine.ValueType;
import dev.demikv.kvserver.resp.ByteText;

/// What is true of all strings: how long they may be and what OBJECT ENCODING calls them.
///
/// Values are stored as bytes, however they came; the encodings are what Redis would have chosen.
public final class StringValues {
  /// Longest string, whatever the configuration: what a write does must follow from the state.
  public static final int BYTES_MAX = 512 << 20;

  /// Longest string that Redis keeps in one piece with its header (`embstr`).
  static final int EMBEDDED_BYTES_MAX = 44;

  private static final long SHARED_INTEGERS = 10_000;

  private StringValues() {}

  /// Name of the encoding of a string.
  static String encoding(Entry entry) {
    if (isInteger(entry)) {
      return "int";
    }
    boolean raw =
        entry.type == ValueType.RAW_STRING_CODE || entry.value.length() > EMBEDDED_BYTES_MAX;
    return raw ? "raw" : "embstr";
  }

  /// References that Redis would have: small numbers are shared for good.
  static int referenceCount(Entry entry) {
    if (!isInteger(entry)) {
      return 1;
    }
    long number = ByteText.toLong(entry.value);
    return number >= 0 && number < SHARED_INTEGERS ? Integer.MAX_VALUE : 1;
  }

  private static boolean isInteger(Entry entry) {
    Slice value = entry.value;
    return entry.type == ValueType.STRING.code() && ByteText.isLong(value);
  }
}
