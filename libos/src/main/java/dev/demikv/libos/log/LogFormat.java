package dev.demikv.libos.log;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.ValueLayout;

/// Every number of the on-disk format. All fields are little-endian; frames start at multiples of
/// [#FRAME_ALIGN], groups and superblocks at multiples of the device's block.
///
/// ```
///  frame   0      4      8        16         20    24     26   27       28           32
///          crc32c length position generation epoch log id type reserved record bytes payload
///
///  group   a frame of type GROUP with this payload, then its data frames, then zeros to the block:
///          32           36    40            48            52        64
///          group bytes  link  durable mark  frame count   reserved  first data frame
/// ```
final class LogFormat {
  static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);

  /// Version of what is described here; another one is refused.
  static final int VERSION = 1;

  /// Frames are padded to multiples of this.
  static final int FRAME_ALIGN = 8;

  /// CRC32C of the frame from [#FRAME_LENGTH] to the end of its payload, xor the device's salt.
  static final int FRAME_CRC = 0;

  /// Payload length in bytes without padding, ≥ 1.
  static final int FRAME_LENGTH = 4;

  /// Position of this frame in its log.
  static final int FRAME_POSITION = 8;

  /// Generation of the segment: what tells data of its earlier uses apart.
  static final int FRAME_GENERATION = 16;

  /// Epoch of the log: how often it has been recovered. Tells apart what a recovery cut off.
  static final int FRAME_EPOCH = 20;

  /// Id of the log.
  static final int FRAME_LOG = 24;

  /// One of the types below.
  static final int FRAME_TYPE = 26;

  /// Length of the whole record that the frame is a piece of; 0 in a group's frame.
  static final int FRAME_RECORD_BYTES = 28;

  static final int FRAME_HEADER_BYTES = 32;

  /// Starts a group.
  static final int TYPE_GROUP = 1;

  /// A whole record.
  static final int TYPE_FULL = 2;

  /// The first piece of a record that is cut over groups.
  static final int TYPE_FIRST = 3;

  /// A middle piece.
  static final int TYPE_MIDDLE = 4;

  /// The last piece.
  static final int TYPE_LAST = 5;

  /// Length of the group with header and padding, a multiple of the block.
  static final int GROUP_BYTES = 32;

  /// [#FRAME_CRC] of the group before, 0 if there is none: chains the groups.
  static final int GROUP_LINK = 36;

  /// Every record that starts before this position was durable when the group was written.
  static final int GROUP_DURABLE_MARK = 40;

  /// Data frames in the group, ≥ 1.
  static final int GROUP_FRAME_COUNT = 48;

  static final int GROUP_HEADER_BYTES = 64;
  static final int GROUP_PAYLOAD_BYTES = GROUP_HEADER_BYTES - FRAME_HEADER_BYTES;

  /// A record is cut only if its first piece gets at least so many bytes.
  static final int FRAGMENT_BYTES_MIN = 64;

  /// Longest group that any format of this version has.
  static final int GROUP_BYTES_CEILING = 1 << 20;

  /// CRC32C of the superblock from [#SUPER_LENGTH] on.
  static final int SUPER_CRC = 0;

  /// Bytes in use from [#SUPER_CRC] on.
  static final int SUPER_LENGTH = 4;

  static final int SUPER_MAGIC = 8;
  static final int SUPER_VERSION = 16;
  static final int SUPER_BLOCK_BYTES = 20;
  static final int SUPER_SEGMENT_BYTES = 24;
  static final int SUPER_SEGMENT_COUNT = 32;

  /// Longest group on this device, fixed when it was formatted.
  static final int SUPER_GROUP_BYTES_MAX = 36;

  static final int SUPER_DEVICE_ID = 40;

  /// Counts the versions of the superblock; the highest intact one holds.
  static final int SUPER_SEQUENCE = 48;

  static final int SUPER_NEXT_GENERATION = 56;
  static final int SUPER_LOG_COUNT = 60;
  static final int SUPER_HEADER_BYTES = 128;

  /// `DEMIKVLG` as it stands on the disk.
  static final long MAGIC = 0x474C_564B_494D_4544L;

  /// Per log: name in ASCII, padded with zeros.
  static final int LOG_NAME = 0;

  static final int LOG_EPOCH = 32;

  /// Link of the group that ends at the mark.
  static final int LOG_MARK_LINK = 36;

  /// Where the current epoch begins; every group behind it is of this epoch or void.
  static final int LOG_EPOCH_START = 40;

  static final int LOG_HEAD = 48;

  /// Every record that starts before this position was durable when the superblock was written.
  static final int LOG_MARK = 56;

  static final int LOG_FIRST_ORDINAL = 64;
  static final int LOG_SEGMENT_COUNT = 72;
  static final int LOG_ENTRY_BYTES = 96;

  /// Per segment of a log, in order: its number on the device, its generation.
  static final int SEGMENT_NUMBER = 0;

  static final int SEGMENT_GENERATION = 4;
  static final int SEGMENT_ENTRY_BYTES = 8;

  /// Longest name of a log.
  static final int NAME_BYTES_MAX = 32;

  /// Most logs on one device.
  static final int LOGS_MAX = 64;

  /// Positions stay below this, so that sums of them cannot overflow.
  static final long POSITION_MAX = 1L << 60;

  private LogFormat() {}

  /// `value` rounded up to a multiple of `unit`, a power of two.
  static long alignUp(long value, int unit) {
    return (value + unit - 1) & -(long) unit;
  }

  /// `value` rounded up to a multiple of `unit`, a power of two.
  static int alignUp(int value, int unit) {
    return (value + unit - 1) & -unit;
  }

  /// `value` rounded down to a multiple of `unit`, a power of two.
  static long alignDown(long value, int unit) {
    return value & -(long) unit;
  }

  /// Bytes of a superblock with every table full, before padding.
  static long superblockBytesMax(int segmentCount) {
    return SUPER_HEADER_BYTES
        + (long) LOGS_MAX * LOG_ENTRY_BYTES
        + (long) segmentCount * SEGMENT_ENTRY_BYTES;
  }
}
