package dev.demikv.libos.wire;

import java.lang.foreign.MemorySegment;

/// An IPv4 header, RFC 791 §3.1.
///
/// ```
///   0 version, words · 1 type of service · 2 total length · 4 identification · 6 flags, fragment
///   8 time to live · 9 protocol · 10 checksum · 12 source · 16 destination · 20 options
/// ```
public final class Ipv4Header {
  /// Bytes without options.
  public static final int BYTES = 20;

  /// Bytes with the most options there can be.
  public static final int BYTES_MAX = 60;

  /// Longest packet.
  public static final int PACKET_BYTES_MAX = 65_535;

  /// Flag: routers must not fragment it.
  public static final int DONT_FRAGMENT = 0x4000;

  /// Flag: more fragments follow.
  public static final int MORE_FRAGMENTS = 0x2000;

  private static final int VERSION_AND_WORDS = 0;
  private static final int TYPE_OF_SERVICE = 1;
  private static final int TOTAL_LENGTH = 2;
  private static final int IDENTIFICATION = 4;
  private static final int FRAGMENT = 6;
  private static final int TIME_TO_LIVE = 8;
  private static final int PROTOCOL = 9;
  private static final int CHECKSUM = 10;
  private static final int SOURCE = 12;
  private static final int DESTINATION = 16;

  private static final int FRAGMENT_OFFSET_MASK = 0x1fff;
  private static final long VERSION_4_WORDS_5 = 0x45;
  private static final long LOW_WORD = 0xffff_ffffL;

  private Ipv4Header() {}

  // Who reads most of a header reads it in two pieces of eight octets, for each access to memory is
  // checked: the methods that take a piece take fields out of it.

  /// Octets 0 to 7: version to fragment.
  public static long first(MemorySegment memory, long offset) {
    return NetworkOrder.u64(memory, offset);
  }

  /// Octets 8 to 15: time to live to source.
  public static long second(MemorySegment memory, long offset) {
    return NetworkOrder.u64(memory, offset + TIME_TO_LIVE);
  }

  /// IP version in [#first].
  public static int version(long first) {
    return (int) (first >>> 60);
  }

  /// Bytes of the header in [#first], as [#headerBytes(MemorySegment, long)].
  public static int headerBytes(long first) {
    return (int) (first >>> 56 & 0xf) * 4;
  }

  /// DSCP and ECN in [#first].
  public static int typeOfService(long first) {
    return (int) (first >>> 48) & 0xff;
  }

  /// Bytes of header and payload in [#first].
  public static int totalLength(long first) {
    return (int) (first >>> 32) & 0xffff;
  }

  /// Whether [#first] is of a piece of a packet.
  public static boolean isFragment(long first) {
    return (first & (MORE_FRAGMENTS | FRAGMENT_OFFSET_MASK)) != 0;
  }

  /// Hops in [#second].
  public static int timeToLive(long second) {
    return (int) (second >>> 56);
  }

  /// Protocol in [#second].
  public static int protocol(long second) {
    return (int) (second >>> 48) & 0xff;
  }

  /// Address of the sender in [#second].
  public static int source(long second) {
    return (int) second;
  }

  /// Whether the checksum of a header without options is right.
  public static boolean isChecksumGood(long first, long second, int destination) {
    return InternetChecksum.isGood(
        (first >>> 32)
            + (first & LOW_WORD)
            + (second >>> 32)
            + (second & LOW_WORD)
            + (destination & LOW_WORD));
  }

  /// IP version.
  public static int version(MemorySegment memory, long offset) {
    return NetworkOrder.u8(memory, offset + VERSION_AND_WORDS) >>> 4;
  }

  /// Bytes of the header with its options, as it says: 0 to 60.
  public static int headerBytes(MemorySegment memory, long offset) {
    return (NetworkOrder.u8(memory, offset + VERSION_AND_WORDS) & 0xf) * 4;
  }

  /// DSCP and ECN (RFC 2474, RFC 3168).
  public static int typeOfService(MemorySegment memory, long offset) {
    return NetworkOrder.u8(memory, offset + TYPE_OF_SERVICE);
  }

  /// Bytes of header and payload, as it says.
  public static int totalLength(MemorySegment memory, long offset) {
    return NetworkOrder.u16(memory, offset + TOTAL_LENGTH);
  }

  /// Names the packet that a fragment is of.
  public static int identification(MemorySegment memory, long offset) {
    return NetworkOrder.u16(memory, offset + IDENTIFICATION);
  }

  /// Whether routers must not fragment it.
  public static boolean isDontFragment(MemorySegment memory, long offset) {
    return (NetworkOrder.u16(memory, offset + FRAGMENT) & DONT_FRAGMENT) != 0;
  }

  /// Whether more fragments follow.
  public static boolean hasMoreFragments(MemorySegment memory, long offset) {
    return (NetworkOrder.u16(memory, offset + FRAGMENT) & MORE_FRAGMENTS) != 0;
  }

  /// Whether it is a piece of a packet.
  public static boolean isFragment(MemorySegment memory, long offset) {
    return (NetworkOrder.u16(memory, offset + FRAGMENT) & (MORE_FRAGMENTS | FRAGMENT_OFFSET_MASK))
        != 0;
  }

  /// Where a fragment starts in the payload of its packet, in bytes: 0 to 65,528.
  public static int fragmentOffsetBytes(MemorySegment memory, long offset) {
    return (NetworkOrder.u16(memory, offset + FRAGMENT) & FRAGMENT_OFFSET_MASK) * 8;
  }

  /// Hops it may still make.
  public static int timeToLive(MemorySegment memory, long offset) {
    return NetworkOrder.u8(memory, offset + TIME_TO_LIVE);
  }

  /// Protocol of the payload.
  public static int protocol(MemorySegment memory, long offset) {
    return NetworkOrder.u8(memory, offset + PROTOCOL);
  }

  /// Checksum of the header.
  public static int checksum(MemorySegment memory, long offset) {
    return NetworkOrder.u16(memory, offset + CHECKSUM);
  }

  /// Whether the checksum of a header of so many bytes is right.
  public static boolean isChecksumGood(MemorySegment memory, long offset, int headerBytes) {
    return InternetChecksum.isGood(InternetChecksum.sum(memory, offset, headerBytes));
  }

  /// Address of the sender.
  public static int source(MemorySegment memory, long offset) {
    return NetworkOrder.u32(memory, offset + SOURCE);
  }

  /// Address of the receiver.
  public static int destination(MemorySegment memory, long offset) {
    return NetworkOrder.u32(memory, offset + DESTINATION);
  }

  /// Writes a header without options, with its checksum.
  ///
  /// @param fragment flags and the place of the fragment in units of eight bytes
  public static void set(
      MemorySegment memory,
      long offset,
      int totalLength,
      int identification,
      int fragment,
      int timeToLive,
      int protocol,
      int source,
      int destination) {
    long first =
        VERSION_4_WORDS_5 << 56
            | (totalLength & 0xffffL) << 32
            | (identification & 0xffffL) << 16
            | fragment & 0xffff;
    long second = (long) timeToLive << 56 | (long) protocol << 48 | source & LOW_WORD;
    long sum =
        (first >>> 32)
            + (first & LOW_WORD)
            + (second >>> 32)
            + (second & LOW_WORD)
            + (destination & LOW_WORD);
    NetworkOrder.setU64(memory, offset, first);
    NetworkOrder.setU64(
        memory, offset + TIME_TO_LIVE, second | (long) InternetChecksum.finish(sum) << 32);
    NetworkOrder.setU32(memory, offset + DESTINATION, destination);
  }

  /// Makes the header of a first fragment that of the whole packet, with its checksum.
  public static void setUnfragmented(
      MemorySegment memory, long offset, int totalLength, int headerBytes) {
    NetworkOrder.setU16(memory, offset + TOTAL_LENGTH, totalLength);
    NetworkOrder.setU16(memory, offset + FRAGMENT, 0);
    NetworkOrder.setU16(memory, offset + CHECKSUM, 0);
    NetworkOrder.setU16(
        memory,
        offset + CHECKSUM,
        InternetChecksum.finish(InternetChecksum.sum(memory, offset, headerBytes)));
  }
}
