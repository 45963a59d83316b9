package dev.demikv.kvserver.engine;

import java.lang.foreign.MemorySegment;

/// An entry as it is stored: a cell. Its address does not change while the key exists, so that the
/// indexes hold addresses and an overwrite touches none of them.
///
///      0  u32  length of the value          8  u32  place in the expiry index, 0 if none
///      4  u32  length of the key           12  u32  epoch (24 bits), flags (4), type (4)
///     16  key
///      …  value, or the address (8 bytes) of the block it is in, if [#EXTERNAL]
///
/// The length of the key and the key lie where the ordered index expects them in anything it
/// compares.
final class CellLayout {
  static final int VALUE_LENGTH = 0;
  static final int KEY_LENGTH = 4;
  static final int EXPIRY_PLACE = 8;
  static final int META = 12;
  static final int KEY = 16;

  /// The value is in a block of its own.
  static final int EXTERNAL = 1 << 4;

  /// The block is also that of a copy kept for a snapshot: it must not be changed or freed here.
  static final int SHARED = 1 << 5;

  static final int TYPE_MASK = 0xf;
  static final int EPOCH_SHIFT = 8;
  static final int EPOCH_MASK = 0xffffff;

  /// Values up to this length are stored in the cell of a new key. It is also what a cell may waste
  /// when its value is made shorter later.
  static final int INLINE_VALUE_BYTES_MAX = 256;

  /// The least room for a value: an address must fit.
  static final int VALUE_ROOM_BYTES_MIN = Long.BYTES;

  private CellLayout() {}

  /// Bytes of a cell with room for a value.
  static long bytes(int keyLength, long valueRoom) {
    return KEY + (long) keyLength + Math.max(valueRoom, VALUE_ROOM_BYTES_MIN);
  }

  static int keyLength(MemorySegment memory, long offset) {
    return memory.get(Bytes.I32, offset + KEY_LENGTH);
  }

  static int valueLength(MemorySegment memory, long offset) {
    return memory.get(Bytes.I32, offset + VALUE_LENGTH);
  }

  static int meta(MemorySegment memory, long offset) {
    return memory.get(Bytes.I32, offset + META);
  }

  static void setMeta(MemorySegment memory, long offset, int meta) {
    memory.set(Bytes.I32, offset + META, meta);
  }

  static int expiryPlace(MemorySegment memory, long offset) {
    return memory.get(Bytes.I32, offset + EXPIRY_PLACE);
  }

  static void setExpiryPlace(MemorySegment memory, long offset, int place) {
    memory.set(Bytes.I32, offset + EXPIRY_PLACE, place);
  }

  static boolean keyEquals(MemorySegment memory, long offset, Slice key) {
    int length = key.length();
    return keyLength(memory, offset) == length
        && Bytes.equal(memory, offset + KEY, key.memory(), key.offset(), length);
  }
}
