package dev.demikv.libos.log;

import static dev.demikv.libos.log.LogFormat.U32;
import static dev.demikv.libos.log.LogFormat.U64;

import dev.demikv.libos.device.LogDeviceGeometry;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.zip.CRC32C;

/// The tables of a store, and their form on the device.
///
/// Two copies lie in segment 0, at its start and in its middle. An update writes one, waits until
/// it is durable, then the other; so at any time at least one is intact, and after an update both
/// are current: the damage of either copy loses nothing.
final class Superblock {
  final LogDeviceGeometry geometry;
  final long deviceId;
  final int groupBytesMax;
  final @Nullable LogState[] logs = new LogState[LogFormat.LOGS_MAX];
  int logCount;
  int nextGeneration = 1;
  long sequence;
  private final CRC32C crc32c = new CRC32C();

  Superblock(LogDeviceGeometry geometry, long deviceId, int groupBytesMax) {
    this.geometry = geometry;
    this.deviceId = deviceId;
    this.groupBytesMax = groupBytesMax;
  }

  /// Room that a copy needs, a multiple of the block.
  static long slotBytes(LogDeviceGeometry geometry) {
    return LogFormat.alignUp(
        LogFormat.superblockBytesMax(geometry.segmentCount()), geometry.blockBytes());
  }

  /// Where a copy lies on the device.
  static long slotPosition(LogDeviceGeometry geometry, int copy) {
    return copy == 0 ? 0 : LogFormat.alignDown(geometry.segmentBytes() / 2, geometry.blockBytes());
  }

  LogState log(int id) {
    LogState log = logs[id];
    if (log == null) {
      throw new IllegalStateException("log " + id);
    }
    return log;
  }

  /// Adds a log, which gets the next id.
  LogState addLog(String name) {
    LogState log = new LogState(logCount, name, geometry.segmentBytes(), geometry.segmentCount());
    logs[logCount++] = log;
    return log;
  }

  /// Takes the log that was added last away again.
  void removeLast(LogState log) {
    assert log.id == logCount - 1 : log.name;
    logs[--logCount] = null;
  }

  /// Writes the tables as they are now, and zeros to the end of the block.
  ///
  /// @return bytes to write, a multiple of the block
  int encode(MemorySegment m, ByteBuffer view) {
    m.set(U64, LogFormat.SUPER_MAGIC, LogFormat.MAGIC);
    m.set(U32, LogFormat.SUPER_VERSION, LogFormat.VERSION);
    m.set(U32, LogFormat.SUPER_BLOCK_BYTES, geometry.blockBytes());
    m.set(U64, LogFormat.SUPER_SEGMENT_BYTES, geometry.segmentBytes());
    m.set(U32, LogFormat.SUPER_SEGMENT_COUNT, geometry.segmentCount());
    m.set(U32, LogFormat.SUPER_GROUP_BYTES_MAX, groupBytesMax);
    m.set(U64, LogFormat.SUPER_DEVICE_ID, deviceId);
    m.set(U64, LogFormat.SUPER_SEQUENCE, sequence);
    m.set(U32, LogFormat.SUPER_NEXT_GENERATION, nextGeneration);
    m.set(U32, LogFormat.SUPER_LOG_COUNT, logCount);
    zero(m, LogFormat.SUPER_LOG_COUNT + 4L, LogFormat.SUPER_HEADER_BYTES);
    int at = LogFormat.SUPER_HEADER_BYTES;
    for (int i = 0; i < logCount; i++) {
      encodeEntry(m, at, log(i));
      at += LogFormat.LOG_ENTRY_BYTES;
    }
    for (int i = 0; i < logCount; i++) {
      LogState log = log(i);
      for (long o = log.keepFromOrdinal(); o < log.endOrdinal(); o++) {
        m.set(U32, (long) at + LogFormat.SEGMENT_NUMBER, log.segment(o));
        m.set(U32, (long) at + LogFormat.SEGMENT_GENERATION, log.generation(o));
        at += LogFormat.SEGMENT_ENTRY_BYTES;
      }
    }
    int padded = LogFormat.alignUp(at, geometry.blockBytes());
    zero(m, at, padded);
    m.set(U32, LogFormat.SUPER_LENGTH, at);
    m.set(U32, LogFormat.SUPER_CRC, crc(view, at));
    return padded;
  }

  private static void encodeEntry(MemorySegment m, long at, LogState log) {
    zero(m, at, at + LogFormat.LOG_ENTRY_BYTES);
    for (int i = 0; i < log.name.length(); i++) {
      m.set(ValueLayout.JAVA_BYTE, at + LogFormat.LOG_NAME + i, (byte) log.name.charAt(i));
    }
    m.set(U32, at + LogFormat.LOG_EPOCH, log.epoch);
    m.set(U32, at + LogFormat.LOG_MARK_LINK, log.durableLink);
    m.set(U64, at + LogFormat.LOG_EPOCH_START, log.epochStart);
    m.set(U64, at + LogFormat.LOG_HEAD, log.head);
    m.set(U64, at + LogFormat.LOG_MARK, log.durableEnd);
    m.set(U64, at + LogFormat.LOG_FIRST_ORDINAL, log.keepFromOrdinal());
    m.set(U32, at + LogFormat.LOG_SEGMENT_COUNT, (int) (log.endOrdinal() - log.keepFromOrdinal()));
  }

  private static void zero(MemorySegment m, long from, long to) {
    for (long at = from; at < to; at += 4) {
      m.set(U32, at, 0);
    }
  }

  private int crc(ByteBuffer view, int length) {
    view.limit(length).position(LogFormat.SUPER_LENGTH);
    crc32c.reset();
    crc32c.update(view);
    return (int) crc32c.getValue();
  }

  /// What a copy says, or why it says nothing.
  ///
  /// @param superblock `null` if the copy is not intact
  /// @param problem a clause for people, empty if there is none
  /// @param blank whether the copy holds only zeros
  /// @param refused whether the copy is intact and must not be used with this device or version
  record Decoded(@Nullable Superblock superblock, String problem, boolean blank, boolean refused) {}

  /// Reads a copy. Whatever the bytes are: nothing is allocated from a stored length, and nothing
  /// is thrown.
  ///
  /// @param m a slot of [#slotBytes]
  static Decoded decode(MemorySegment m, ByteBuffer view, LogDeviceGeometry geometry) {
    int length = m.get(U32, LogFormat.SUPER_LENGTH);
    if (m.get(U64, LogFormat.SUPER_MAGIC) != LogFormat.MAGIC) {
      return isBlank(m) ? new Decoded(null, "is blank", true, false) : bad("has no magic number");
    }
    if (length < LogFormat.SUPER_HEADER_BYTES || length > m.byteSize()) {
      return bad("has a length of " + length);
    }
    long deviceId = m.get(U64, LogFormat.SUPER_DEVICE_ID);
    int groupBytesMax = m.get(U32, LogFormat.SUPER_GROUP_BYTES_MAX);
    Superblock s = new Superblock(geometry, deviceId, groupBytesMax);
    if (s.crc(view, length) != m.get(U32, LogFormat.SUPER_CRC)) {
      return bad("does not match its CRC32C");
    }
    String refusal = refusal(m, geometry, groupBytesMax);
    if (!refusal.isEmpty()) {
      return new Decoded(null, refusal, false, true);
    }
    s.sequence = m.get(U64, LogFormat.SUPER_SEQUENCE);
    s.nextGeneration = m.get(U32, LogFormat.SUPER_NEXT_GENERATION);
    int count = m.get(U32, LogFormat.SUPER_LOG_COUNT);
    if (count < 0
        || count > LogFormat.LOGS_MAX
        || LogFormat.SUPER_HEADER_BYTES + count * LogFormat.LOG_ENTRY_BYTES > length) {
      return bad("has " + count + " logs");
    }
    String problem = s.decodeLogs(m, count, length);
    return problem.isEmpty() ? new Decoded(s, "", false, false) : bad(problem);
  }

  private static String refusal(MemorySegment m, LogDeviceGeometry geometry, int groupBytesMax) {
    int version = m.get(U32, LogFormat.SUPER_VERSION);
    int block = m.get(U32, LogFormat.SUPER_BLOCK_BYTES);
    long segment = m.get(U64, LogFormat.SUPER_SEGMENT_BYTES);
    int segments = m.get(U32, LogFormat.SUPER_SEGMENT_COUNT);
    if (version != LogFormat.VERSION) {
      return "is of format version " + version + "; this is version " + LogFormat.VERSION;
    }
    if (block != geometry.blockBytes() || segment != geometry.segmentBytes()) {
      return "was made with blocks of %d B and segments of %d B; the device now has %d and %d"
          .formatted(block, segment, geometry.blockBytes(), geometry.segmentBytes());
    }
    if (segments > geometry.segmentCount()) {
      return "was made with %d segments; the device now has %d"
          .formatted(segments, geometry.segmentCount());
    }
    if (groupBytesMax < block
        || groupBytesMax % block != 0
        || groupBytesMax > geometry.segmentBytes()
        || groupBytesMax > LogFormat.GROUP_BYTES_CEILING
        || groupBytesMax > geometry.transferBytesMax()) {
      return "was made with groups of up to %d B; the device now transfers up to %d B"
          .formatted(groupBytesMax, geometry.transferBytesMax());
    }
    return "";
  }

  private String decodeLogs(MemorySegment m, int count, int length) {
    int list = LogFormat.SUPER_HEADER_BYTES + count * LogFormat.LOG_ENTRY_BYTES;
    BitSet taken = new BitSet(geometry.segmentCount());
    taken.set(0);
    for (int i = 0; i < count; i++) {
      int at = LogFormat.SUPER_HEADER_BYTES + i * LogFormat.LOG_ENTRY_BYTES;
      String name = decodeName(m, at);
      if (!isName(name) || find(name) >= 0) {
        return "names log " + i + " wrongly";
      }
      LogState log = addLog(name);
      log.epoch = m.get(U32, (long) at + LogFormat.LOG_EPOCH);
      log.durableLink = m.get(U32, (long) at + LogFormat.LOG_MARK_LINK);
      log.epochStart = m.get(U64, (long) at + LogFormat.LOG_EPOCH_START);
      log.head = m.get(U64, (long) at + LogFormat.LOG_HEAD);
      log.durableEnd = m.get(U64, (long) at + LogFormat.LOG_MARK);
      long first = m.get(U64, (long) at + LogFormat.LOG_FIRST_ORDINAL);
      int segments = m.get(U32, (long) at + LogFormat.LOG_SEGMENT_COUNT);
      if (segments < 0 || segments > (length - list) / LogFormat.SEGMENT_ENTRY_BYTES) {
        return "gives log '" + name + "' " + segments + " segments";
      }
      if (!isPlausible(log, first, segments)) {
        return "gives log '" + name + "' impossible positions";
      }
      log.startAt(first);
      for (int k = 0; k < segments; k++, list += LogFormat.SEGMENT_ENTRY_BYTES) {
        int segment = m.get(U32, (long) list + LogFormat.SEGMENT_NUMBER);
        if (segment <= 0 || segment >= geometry.segmentCount() || taken.get(segment)) {
          return "gives log '" + name + "' segment " + segment + " wrongly";
        }
        taken.set(segment);
        log.addSegment(segment, m.get(U32, (long) list + LogFormat.SEGMENT_GENERATION));
      }
      log.usableEndOrdinal = log.endOrdinal();
    }
    return list == length ? "" : "has " + (length - list) + " B too many";
  }

  private boolean isPlausible(LogState log, long first, int segments) {
    long segmentBytes = geometry.segmentBytes();
    if (first < 0
        || first > LogFormat.POSITION_MAX / segmentBytes
        || log.head < 0
        || log.head > LogFormat.POSITION_MAX
        || log.epochStart < 0
        || log.durableEnd < log.epochStart) {
      return false;
    }
    long end = (first + segments) * segmentBytes;
    return log.durableEnd <= end
        && log.durableEnd % geometry.blockBytes() == 0
        && log.epochStart % geometry.blockBytes() == 0
        && log.head >= first * segmentBytes
        && log.head <= end
        && log.epoch >= 0;
  }

  /// The id of the log of this name, or -1.
  int find(String name) {
    for (int i = 0; i < logCount; i++) {
      if (log(i).name.equals(name)) {
        return i;
      }
    }
    return -1;
  }

  /// Whether a name is 1 to 32 characters of `a-z 0-9 - _ .`
  static boolean isName(String name) {
    return !name.isEmpty()
        && name.length() <= LogFormat.NAME_BYTES_MAX
        && name.chars()
            .allMatch(c -> c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || "-_.".indexOf(c) >= 0);
  }

  private static String decodeName(MemorySegment m, int at) {
    byte[] bytes =
        m.asSlice((long) at + LogFormat.LOG_NAME, LogFormat.NAME_BYTES_MAX)
            .toArray(ValueLayout.JAVA_BYTE);
    int length = 0;
    while (length < bytes.length && bytes[length] != 0) {
      length++;
    }
    return new String(bytes, 0, length, StandardCharsets.US_ASCII);
  }

  private static boolean isBlank(MemorySegment m) {
    for (long i = 0; i < m.byteSize(); i += 8) {
      if (m.get(U64, i) != 0) {
        return false;
      }
    }
    return true;
  }

  private static Decoded bad(String problem) {
    return new Decoded(null, problem, false, false);
  }
}
