package dev.demikv.libos.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// The header of TCP, RFC 9293 §3.1, at an offset of a segment of memory. The caller has checked
/// that [#BYTES_MIN] bytes are there.
///
/// ```
///  0  source port      destination port
///  4  sequence number
///  8  acknowledgement number
/// 12  data offset (4 bits), reserved (4), flags (8)      window
/// 16  checksum         urgent pointer
/// 20  options
/// ```
public final class TcpHeader {
  /// Length without options.
  public static final int BYTES_MIN = 20;

  /// Length with all options that fit.
  public static final int BYTES_MAX = 60;

  /// No more data from the sender.
  public static final int FIN = 0x01;

  /// Synchronize sequence numbers.
  public static final int SYN = 0x02;

  /// Reset the connection.
  public static final int RST = 0x04;

  /// Push.
  public static final int PSH = 0x08;

  /// The acknowledgement number counts.
  public static final int ACK = 0x10;

  /// The urgent pointer counts; RFC 6093 advises not to use it.
  public static final int URG = 0x20;

  private static final ValueLayout.OfShort U16_BE =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt U32_BE =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final ValueLayout.OfLong U64_BE =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final long LOW_WORD = 0xffff_ffffL;

  private static final int SOURCE_PORT = 0;
  private static final int DESTINATION_PORT = 2;
  private static final int SEQUENCE = 4;
  private static final int ACKNOWLEDGEMENT = 8;
  private static final int DATA_OFFSET = 12;
  private static final int FLAGS = 13;
  private static final int WINDOW = 14;
  private static final int CHECKSUM = 16;

  private TcpHeader() {}

  /// Source port, 0 to 65535.
  public static int sourcePort(MemorySegment memory, long offset) {
    return memory.get(U16_BE, offset + SOURCE_PORT) & 0xffff;
  }

  /// Destination port, 0 to 65535.
  public static int destinationPort(MemorySegment memory, long offset) {
    return memory.get(U16_BE, offset + DESTINATION_PORT) & 0xffff;
  }

  /// Octets 0 to 7 for who needs all of them, for each access to memory is checked: the source port
  /// in the highest 16 bits, the destination port in the next, the sequence number in the low 32.
  public static long portsAndSequence(MemorySegment memory, long offset) {
    return memory.get(U64_BE, offset + SOURCE_PORT);
  }

  /// Octets 8 to 15: the acknowledgement number in the high 32 bits; [#headerBytes(long)],
  /// [#flags(long)] and [#window(long)] take out the others.
  public static long acknowledgementToWindow(MemorySegment memory, long offset) {
    return memory.get(U64_BE, offset + ACKNOWLEDGEMENT);
  }

  /// Length of the header in [#acknowledgementToWindow], 0 to 60.
  public static int headerBytes(long octets) {
    return (int) (octets >>> 26) & 0x3c;
  }

  /// The flags in [#acknowledgementToWindow].
  public static int flags(long octets) {
    return (int) (octets >>> 16) & 0xff;
  }

  /// The window field in [#acknowledgementToWindow].
  public static int window(long octets) {
    return (int) octets & 0xffff;
  }

  /// Sequence number.
  public static int sequence(MemorySegment memory, long offset) {
    return memory.get(U32_BE, offset + SEQUENCE);
  }

  /// Acknowledgement number.
  public static int acknowledgement(MemorySegment memory, long offset) {
    return memory.get(U32_BE, offset + ACKNOWLEDGEMENT);
  }

  /// Length of the header in bytes, as the data offset says: 0 to 60.
  public static int headerBytes(MemorySegment memory, long offset) {
    return (memory.get(ValueLayout.JAVA_BYTE, offset + DATA_OFFSET) & 0xf0) >>> 2;
  }

  /// The flags.
  public static int flags(MemorySegment memory, long offset) {
    return memory.get(ValueLayout.JAVA_BYTE, offset + FLAGS) & 0xff;
  }

  /// The window field, not scaled.
  public static int window(MemorySegment memory, long offset) {
    return memory.get(U16_BE, offset + WINDOW) & 0xffff;
  }

  /// The checksum field.
  public static int checksum(MemorySegment memory, long offset) {
    return memory.get(U16_BE, offset + CHECKSUM) & 0xffff;
  }

  /// Writes everything but the options; checksum and urgent pointer become 0.
  ///
  /// @param headerBytes length with options, a multiple of 4
  /// @param window the field, already scaled
  public static void write(
      MemorySegment memory,
      long offset,
      int sourcePort,
      int destinationPort,
      int sequence,
      int acknowledgement,
      int headerBytes,
      int flags,
      int window) {
    int ports = sourcePort << 16 | destinationPort;
    memory.set(U64_BE, offset + SOURCE_PORT, (long) ports << 32 | sequence & LOW_WORD);
    int rest = headerBytes << 26 | flags << 16 | window;
    memory.set(U64_BE, offset + ACKNOWLEDGEMENT, (long) acknowledgement << 32 | rest & LOW_WORD);
    memory.set(U32_BE, offset + CHECKSUM, 0);
  }

  /// A 32-bit number among the options.
  public static int optionInt(MemorySegment memory, long offset) {
    return memory.get(U32_BE, offset);
  }

  /// Writes a 32-bit number among the options.
  public static void setOptionInt(MemorySegment memory, long offset, int value) {
    memory.set(U32_BE, offset, value);
  }

  /// Two 32-bit numbers in a row among the options, the first in the high half.
  public static long optionLong(MemorySegment memory, long offset) {
    return memory.get(U64_BE, offset);
  }

  /// Writes two 32-bit numbers in a row among the options.
  public static void setOptionInts(MemorySegment memory, long offset, int first, int second) {
    memory.set(U64_BE, offset, (long) first << 32 | second & LOW_WORD);
  }

  /// A 16-bit number among the options.
  public static int optionShort(MemorySegment memory, long offset) {
    return memory.get(U16_BE, offset) & 0xffff;
  }

  /// An octet among the options.
  public static int optionByte(MemorySegment memory, long offset) {
    return memory.get(ValueLayout.JAVA_BYTE, offset) & 0xff;
  }
}
