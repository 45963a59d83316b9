package dev.demikv.kvserver.persist;

import dev.demikv.kvserver.resp.CommandArgs;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Commands as they are logged, and as they wait in memory to be applied.
///
/// ```
///   0  u32  bytes behind this field
///   4  u16  database
///   6  u16  kind: 0 command, 1 remove keys whose time has come
///   8  u32  arguments
///  12       for each argument: u32 length, bytes
/// ```
///
/// Kind 1 has keys as arguments. Whether a key's time has come is judged when the batch is applied,
/// by the time of the batch: a key that was written again meanwhile stays.
public final class CommandCodec {
  /// A command of a client.
  public static final int COMMAND = 0;

  /// Keys to remove if their time has come.
  public static final int EXPIRE = 1;

  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int LENGTH_AT = 0;
  private static final int DB_AT = 4;
  private static final int KIND_AT = 6;
  private static final int COUNT_AT = 8;
  private static final int HEAD_BYTES = 12;
  private static final int ARGUMENT_HEAD_BYTES = 4;

  private CommandCodec() {}

  /// Bytes that a command takes.
  public static long encodedBytes(CommandArgs args) {
    return HEAD_BYTES + args.bytes() + (long) ARGUMENT_HEAD_BYTES * args.count();
  }

  /// Writes a command; there must be room for [#encodedBytes].
  ///
  /// @return where it ends
  public static long encode(int db, int kind, CommandArgs args, MemorySegment target, long offset) {
    MemorySegment source = args.memory();
    long at = offset + HEAD_BYTES;
    int count = args.count();
    for (int i = 0; i < count; i++) {
      int length = args.length(i);
      target.set(U32, at, length);
      MemorySegment.copy(source, args.offset(i), target, at + ARGUMENT_HEAD_BYTES, length);
      at += ARGUMENT_HEAD_BYTES + length;
    }
    target.set(U32, offset + LENGTH_AT, (int) (at - offset - ARGUMENT_HEAD_BYTES));
    target.set(U16, offset + DB_AT, (short) db);
    target.set(U16, offset + KIND_AT, (short) kind);
    target.set(U32, offset + COUNT_AT, count);
    return at;
  }

  /// Database of the command at a place.
  public static int db(MemorySegment memory, long offset) {
    return memory.get(U16, offset + DB_AT) & 0xffff;
  }

  /// Kind of the command at a place.
  public static int kind(MemorySegment memory, long offset) {
    return memory.get(U16, offset + KIND_AT) & 0xffff;
  }

  /// Reads the command at a place; its arguments point into the memory.
  ///
  /// @param limit end of the bytes that are there
  /// @return where it ends; -1 when the bytes are no command
  public static long decode(MemorySegment memory, long offset, long limit, CommandArgs args) {
    args.clear();
    if (limit - offset < HEAD_BYTES) {
      return -1;
    }
    long end = offset + ARGUMENT_HEAD_BYTES + (memory.get(U32, offset + LENGTH_AT) & 0xffff_ffffL);
    int count = memory.get(U32, offset + COUNT_AT);
    if (end > limit) {
      return -1;
    }
    long at = offset + HEAD_BYTES;
    for (int i = 0; i < count; i++) {
      if (end - at < ARGUMENT_HEAD_BYTES) {
        return -1;
      }
      int length = memory.get(U32, at);
      at += ARGUMENT_HEAD_BYTES;
      if (length < 0 || length > end - at) {
        return -1;
      }
      args.add((int) (at - offset), length);
      at += length;
    }
    args.bind(memory, offset);
    return at == end ? end : -1;
  }
}
