package dev.demikv.kvserver.engine;

/// Type of a value, as TYPE names it. The code is stored in the engine, in log and snapshots: codes
/// are never used again for something else. They have four bits.
///
/// Strings have two more codes, which only the commands tell apart; engines keep them as they are.
public enum ValueType {
  /// A run of bytes.
  STRING("string", 0),
  /// Fields and values.
  HASH("hash", 1),
  /// Members ordered by score.
  ZSET("zset", 2);

  /// Stored code of a string that was changed in place: OBJECT ENCODING calls it `raw`.
  public static final int RAW_STRING_CODE = 14;

  /// Stored code of a string that holds a number as text: OBJECT ENCODING never calls it `int`.
  public static final int TEXT_STRING_CODE = 15;

  private final String redisName;
  private final int code;

  ValueType(String redisName, int code) {
    this.redisName = redisName;
    this.code = code;
  }

  /// What the TYPE command answers.
  public String redisName() {
    return redisName;
  }

  /// What is stored.
  public int code() {
    return code;
  }

  /// The type of a stored code.
  ///
  /// @throws IllegalArgumentException for an unknown code
  public static ValueType ofCode(int code) {
    return switch (code) {
      case 0, RAW_STRING_CODE, TEXT_STRING_CODE -> STRING;
      case 1 -> HASH;
      case 2 -> ZSET;
      default -> throw new IllegalArgumentException("value type " + code);
    };
  }
}
