package dev.demikv.kvserver.persist;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// A record of the `commands` log: a piece of a batch of write commands.
///
/// ```
///   0  u8   version, 1
///   1  u8   flags: 1 first piece of its batch, 2 last piece
///   2  u16  0
///   4  u32  commands in the whole batch
///   8  i64  number of the batch, one more than that of the batch before
///  16  i64  time of the batch in milliseconds since the Unix epoch
///  24       payload: commands, see CommandCodec; may be cut anywhere between pieces
/// ```
///
/// Nearly every batch is one record. A command that is too long for one is a batch of its own, of
/// several.
public final class BatchRecord {
  /// Version that this code writes and reads.
  public static final byte VERSION = 1;

  /// Longest record, header included.
  public static final int RECORD_BYTES_MAX = 256 << 10;

  /// Bytes before the payload.
  public static final int HEADER_BYTES = 24;

  /// Room for commands in one record.
  public static final int PAYLOAD_BYTES_MAX = RECORD_BYTES_MAX - HEADER_BYTES;

  /// First record of its batch.
  public static final int FIRST = 1;

  /// Last record of its batch.
  public static final int LAST = 2;

  private static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong I64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int VERSION_AT = 0;
  private static final int FLAGS_AT = 1;
  private static final int RESERVED_AT = 2;
  private static final int COUNT_AT = 4;
  private static final int SEQUENCE_AT = 8;
  private static final int TIME_AT = 16;

  private BatchRecord() {}

  /// Writes a header.
  public static void putHeader(
      MemorySegment memory, long offset, int flags, int count, long sequence, long millis) {
    memory.set(U8, offset + VERSION_AT, VERSION);
    memory.set(U8, offset + FLAGS_AT, (byte) flags);
    memory.set(U16, offset + RESERVED_AT, (short) 0);
    memory.set(U32, offset + COUNT_AT, count);
    memory.set(I64, offset + SEQUENCE_AT, sequence);
    memory.set(I64, offset + TIME_AT, millis);
  }

  /// Version of the record.
  public static int version(MemorySegment memory, long offset) {
    return memory.get(U8, offset + VERSION_AT);
  }

  /// FIRST and LAST.
  public static int flags(MemorySegment memory, long offset) {
    return memory.get(U8, offset + FLAGS_AT);
  }

  /// Commands in the whole batch.
  public static int count(MemorySegment memory, long offset) {
    return memory.get(U32, offset + COUNT_AT);
  }

  /// Number of the batch.
  public static long sequence(MemorySegment memory, long offset) {
    return memory.get(I64, offset + SEQUENCE_AT);
  }

  /// Time of the batch.
  public static long millis(MemorySegment memory, long offset) {
    return memory.get(I64, offset + TIME_AT);
  }
}
