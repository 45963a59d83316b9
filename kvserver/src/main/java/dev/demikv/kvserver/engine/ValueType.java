package dev.demikv.kvserver.engine;

/// Type of a value, as TYPE names it. The code is stored in the engine, in log and snapshots: codes
/// are never used again for something else.
///
/// The lower four bits of a stored code are the type. The upper four are the commands' own: engines
/// keep them as they are.
public enum ValueType {
  /// A run of bytes.
  STRING("string", 0),
  /// Fields and values.
  HASH("hash", 1),
  /// Members ordered by score.
  ZSET("zset", 2);

  /// Bit beside the code of a string that was changed in place: OBJECT ENCODING calls it `raw`.
  public static final int RAW_BIT = 0x10;

  /// Bit beside the code of a string that holds a number as text: OBJECT ENCODING never calls it
  /// `int`.
  public static final int TEXT_BIT = 0x20;

  private static final int TYPE_MASK = 0x0f;

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

  /// The type of a stored code, whatever its upper bits.
  ///
  /// @throws IllegalArgumentException for an unknown code
  public static ValueType ofCode(int code) {
    return switch (code & TYPE_MASK) {
      case 0 -> STRING;
      case 1 -> HASH;
      case 2 -> ZSET;
      default -> throw new IllegalArgumentException("value type " + code);
    };
  }
}
