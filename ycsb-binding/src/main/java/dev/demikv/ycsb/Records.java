package dev.demikv.ycsb;

import dev.demikv.libos.lang.Nullable;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import site.ycsb.ByteArrayByteIterator;
import site.ycsb.ByteIterator;

/// A YCSB record as one string value:
///
/// ```
///   record = version (1 byte, 1), field*
///   field  = name length, name (UTF-8), value length, value
///   length = unsigned LEB128: 7 bits a byte, lowest first, the high bit set on all but the last
/// ```
///
/// Fields stand in the order in which they were first written. A default record, 10 fields of 100
/// bytes, has 1,081 bytes.
final class Records {
  private static final byte VERSION = 1;

  private Records() {}

  /// Encodes fields.
  static byte[] encode(Map<String, byte[]> fields) {
    int length = 1;
    for (Map.Entry<String, byte[]> field : fields.entrySet()) {
      length += room(utf8Length(field.getKey())) + room(field.getValue().length);
    }
    byte[] record = new byte[length];
    record[0] = VERSION;
    int at = 1;
    for (Map.Entry<String, byte[]> field : fields.entrySet()) {
      at = put(record, at, field.getKey().getBytes(StandardCharsets.UTF_8));
      at = put(record, at, field.getValue());
    }
    return at == length ? record : Arrays.copyOf(record, at);
  }

  /// Decodes all fields.
  ///
  /// @throws IllegalArgumentException when it is no record
  static Map<String, byte[]> decode(byte[] record) {
    Map<String, byte[]> fields = new LinkedHashMap<>();
    Cursor cursor = new Cursor(record);
    while (cursor.hasNext()) {
      String name = cursor.nextName();
      int length = cursor.nextLength();
      fields.put(name, Arrays.copyOfRange(record, cursor.at, cursor.at + length));
      cursor.at += length;
    }
    return fields;
  }

  /// Hands fields to YCSB, as views of the record.
  ///
  /// @param wanted names; `null` or empty for all
  /// @throws IllegalArgumentException when it is no record
  static void decodeInto(
      byte[] record, @Nullable Set<String> wanted, Map<String, ByteIterator> into) {
    Cursor cursor = new Cursor(record);
    while (cursor.hasNext()) {
      String name = cursor.nextName();
      int length = cursor.nextLength();
      if (wanted == null || wanted.isEmpty() || wanted.contains(name)) {
        into.put(name, new ByteArrayByteIterator(record, cursor.at, length));
      }
      cursor.at += length;
    }
  }

  private static int utf8Length(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  private static int room(int length) {
    return (38 - Integer.numberOfLeadingZeros(length | 1)) / 7 + length;
  }

  private static int put(byte[] record, int start, byte[] bytes) {
    int at = start;
    int length = bytes.length;
    while (length > 0x7f) {
      record[at++] = (byte) (length | 0x80);
      length >>>= 7;
    }
    record[at++] = (byte) length;
    System.arraycopy(bytes, 0, record, at, bytes.length);
    return at + bytes.length;
  }

  /// Walks over a record.
  private static final class Cursor {
    private final byte[] record;
    private int at;

    Cursor(byte[] record) {
      if (record.length == 0 || record[0] != VERSION) {
        throw new IllegalArgumentException("not a record of this binding");
      }
      this.record = record;
      this.at = 1;
    }

    boolean hasNext() {
      return at < record.length;
    }

    String nextName() {
      int length = nextLength();
      String name = new String(record, at, length, StandardCharsets.UTF_8);
      at += length;
      return name;
    }

    int nextLength() {
      long length = 0;
      for (int shift = 0; shift < 35; shift += 7) {
        if (at == record.length) {
          break;
        }
        byte b = record[at++];
        length |= (long) (b & 0x7f) << shift;
        if (b >= 0) {
          if (length > record.length - at) {
            break;
          }
          return (int) length;
        }
      }
      throw new IllegalArgumentException("the record is cut short at byte " + at);
    }
  }
}
