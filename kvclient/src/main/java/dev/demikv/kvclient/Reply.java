package dev.demikv.kvclient;

import dev.demikv.libos.lang.Nullable;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/// A reply as values: RESP2 and RESP3 alike (RESP3 specification,
/// redis.io/docs/reference/protocol).
///
/// Errors inside of aggregates and pipelines are values too ([Failure]). Attributes are dropped,
/// and pushes never appear here: they answer nothing.
public sealed interface Reply {
  /// No value: RESP3 `_`, RESP2 `$-1` and `*-1`.
  record Null() implements Reply {
    /// The one that replies contain.
    public static final Null INSTANCE = new Null();
  }

  /// A simple string, `+OK`.
  record Status(String text) implements Reply {}

  /// An error, `-ERR …` or `!…`.
  ///
  /// @param text as sent, code included
  record Failure(String text) implements Reply {
    /// First word of the error, as `ERR`.
    public String code() {
      return code(text);
    }

    static String code(String text) {
      int end = text.indexOf(' ');
      return end < 0 ? text : text.substring(0, end);
    }
  }

  /// An integer, `:1`.
  record Int(long value) implements Reply {}

  /// A bulk string, `$3`.
  final class Bulk implements Reply {
    private final byte[] bytes;

    /// Takes the array over.
    public Bulk(byte[] bytes) {
      this.bytes = bytes;
    }

    /// The bytes: the array itself, not a copy.
    @Override
    public byte[] bytes() {
      return bytes;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Bulk bulk && Arrays.equals(bytes, bulk.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
      return "Bulk[" + new String(bytes, StandardCharsets.UTF_8) + "]";
    }
  }

  /// An array, `*2`.
  record Array(List<Reply> elements) implements Reply {
    public Array {
      elements = List.copyOf(elements);
    }
  }

  /// A map, `%1`: keys and values in turn, in the order they came.
  record Pairs(List<Reply> elements) implements Reply {
    public Pairs {
      elements = List.copyOf(elements);
    }
  }

  /// A set, `~2`, in the order it came.
  record Unordered(List<Reply> elements) implements Reply {
    public Unordered {
      elements = List.copyOf(elements);
    }
  }

  /// A double, `,1.5`.
  ///
  /// @param text as sent: `inf`, `-inf` and `nan` included
  record Real(double value, String text) implements Reply {}

  /// A boolean, `#t`.
  record Bool(boolean value) implements Reply {}

  /// A big number, `(123`.
  record BigNumber(BigInteger value) implements Reply {}

  /// A string with a format, `=15 txt:…`.
  ///
  /// @param format three characters, as `txt`, `mkd`
  record Verbatim(String format, String text) implements Reply {}

  /// Whether this is [Null].
  default boolean isNull() {
    return this instanceof Null;
  }

  /// The bytes of a string of any kind, or `null` for [Null].
  ///
  /// @throws KvException.ServerError when this is an error
  /// @throws KvException.ProtocolViolation when this is something else
  default byte @Nullable [] bytes() {
    return switch (this) {
      case Null _ -> null;
      case Bulk bulk -> bulk.bytes;
      case Status status -> status.text.getBytes(StandardCharsets.UTF_8);
      case Verbatim verbatim -> verbatim.text.getBytes(StandardCharsets.UTF_8);
      default -> throw unexpected("a string");
    };
  }

  /// The text of a string of any kind, or `null` for [Null]; throws as [#bytes].
  default @Nullable String text() {
    byte[] bytes = bytes();
    return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
  }

  /// The value of an integer or boolean; throws as [#bytes].
  default long integer() {
    return switch (this) {
      case Int number -> number.value;
      case Bool bool -> bool.value ? 1 : 0;
      default -> throw unexpected("an integer");
    };
  }

  /// The elements of an aggregate of any kind (of a map: keys and values in turn); throws as
  /// [#bytes].
  default List<Reply> elements() {
    return switch (this) {
      case Array array -> array.elements;
      case Pairs pairs -> pairs.elements;
      case Unordered unordered -> unordered.elements;
      default -> throw unexpected("an aggregate");
    };
  }

  /// This, unless it is an error.
  ///
  /// @throws KvException.ServerError when this is an error
  default Reply orThrow() {
    if (this instanceof Failure failure) {
      throw new KvException.ServerError(failure.text);
    }
    return this;
  }

  private KvException unexpected(String wanted) {
    if (this instanceof Failure failure) {
      return new KvException.ServerError(failure.text);
    }
    return new KvException.ProtocolViolation(
        "expected " + wanted + " and got " + getClass().getSimpleName());
  }
}
