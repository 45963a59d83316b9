package dev.demikv.kvserver.persist;

import dev.demikv.kvserver.engine.Entry;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Records of a snapshot log: one header, entries, one footer.
///
/// ```
///   every record     0  u8   version, 1
///                    1  u8   kind: 1 header, 2 entries, 3 footer
///                    2  u16  0
///                    4  u32  place in the snapshot, from 0
///                    8  i64  number of the snapshot, one more than that of the snapshot before
///
///   header          16  i64  number of the last batch that the state contains
///                   24  i64  position in the commands log from which it is to be replayed
///                   32  i64  time in milliseconds since the Unix epoch
///                   40  u32  databases
///
///   entries         16       a run of entries, which may be cut anywhere between records:
///       entry        0  u16  database
///                    2  u8   type
///                    3  u8   0
///                    4  i64  expiry in milliseconds since the Unix epoch, -1 never
///                   12  u32  length of the key
///                   16  u32  length of the value
///                   20       key, value
///
///   footer          16  i64  entries
///                   24  i64  bytes of all entries
///                   32  u32  CRC32C of all entries
/// ```
final class SnapshotFormat {
  static final byte VERSION = 1;
  static final byte HEADER = 1;
  static final byte ENTRIES = 2;
  static final byte FOOTER = 3;

  static final int RECORD_HEAD_BYTES = 16;
  static final int HEADER_BYTES = 44;
  static final int FOOTER_BYTES = 36;
  static final int ENTRY_HEAD_BYTES = 20;

  private static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong I64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private SnapshotFormat() {}

  static void putRecordHead(MemorySegment m, byte kind, int place, long snapshot) {
    m.set(U8, 0, VERSION);
    m.set(U8, 1, kind);
    m.set(U16, 2, (short) 0);
    m.set(U32, 4, place);
    m.set(I64, 8, snapshot);
  }

  static int version(MemorySegment m) {
    return m.get(U8, 0);
  }

  static int kind(MemorySegment m) {
    return m.get(U8, 1);
  }

  static int place(MemorySegment m) {
    return m.get(U32, 4);
  }

  static long snapshot(MemorySegment m) {
    return m.get(I64, 8);
  }

  static void putHeader(MemorySegment m, long sequence, long position, long millis, int databases) {
    m.set(I64, 16, sequence);
    m.set(I64, 24, position);
    m.set(I64, 32, millis);
    m.set(U32, 40, databases);
  }

  static long headerSequence(MemorySegment m) {
    return m.get(I64, 16);
  }

  static long headerPosition(MemorySegment m) {
    return m.get(I64, 24);
  }

  static long headerMillis(MemorySegment m) {
    return m.get(I64, 32);
  }

  static int headerDatabases(MemorySegment m) {
    return m.get(U32, 40);
  }

  static void putFooter(MemorySegment m, long entries, long bytes, int checksum) {
    m.set(I64, 16, entries);
    m.set(I64, 24, bytes);
    m.set(U32, 32, checksum);
  }

  static long footerEntries(MemorySegment m) {
    return m.get(I64, 16);
  }

  static long footerBytes(MemorySegment m) {
    return m.get(I64, 24);
  }

  static int footerChecksum(MemorySegment m) {
    return m.get(U32, 32);
  }

  static void putEntryHead(MemorySegment m, long offset, int db, Entry entry) {
    m.set(U16, offset, (short) db);
    m.set(U8, offset + 2, (byte) entry.type);
    m.set(U8, offset + 3, (byte) 0);
    m.set(I64, offset + 4, entry.expireAtMillis);
    m.set(U32, offset + 12, entry.key.length());
    m.set(U32, offset + 16, entry.value.length());
  }

  static int entryDb(MemorySegment m, long offset) {
    return m.get(U16, offset) & 0xffff;
  }

  static int entryType(MemorySegment m, long offset) {
    return m.get(U8, offset + 2);
  }

  static long entryExpireAtMillis(MemorySegment m, long offset) {
    return m.get(I64, offset + 4);
  }

  static int entryKeyLength(MemorySegment m, long offset) {
    return m.get(U32, offset + 12);
  }

  static int entryValueLength(MemorySegment m, long offset) {
    return m.get(U32, offset + 16);
  }
}
