package dev.demikv.libos.wire;

import java.lang.foreign.MemorySegment;

/// An IPv6 header, RFC 8200 §3, and the fragment header, §4.5.
///
/// ```
///   0 version, traffic class, flow · 4 payload length · 6 next header · 7 hop limit
///   8 source · 24 destination
/// ```
public final class Ipv6Header {
  /// Bytes of the fixed header.
  public static final int BYTES = 40;

  /// Bytes of a fragment header.
  public static final int FRAGMENT_BYTES = 8;

  /// RFC 8200 §5: every link carries packets of so many bytes.
  public static final int MTU_BYTES_MIN = 1280;

  /// Next header: hop-by-hop options.
  public static final int HOP_BY_HOP = 0;

  /// Next header: routing.
  public static final int ROUTING = 43;

  /// Next header: fragment.
  public static final int FRAGMENT = 44;

  /// Next header: authentication, RFC 4302.
  public static final int AUTHENTICATION = 51;

  /// Next header: nothing follows.
  public static final int NO_NEXT_HEADER = 59;

  /// Next header: destination options.
  public static final int DESTINATION_OPTIONS = 60;

  private static final int VERSION_CLASS_FLOW = 0;
  private static final int PAYLOAD_LENGTH = 4;
  private static final int NEXT_HEADER = 6;
  private static final int HOP_LIMIT = 7;
  private static final int SOURCE_HIGH = 8;
  private static final int SOURCE_LOW = 16;
  private static final int DESTINATION_HIGH = 24;
  private static final int DESTINATION_LOW = 32;

  private static final int FRAGMENT_NEXT_HEADER = 0;
  private static final int FRAGMENT_OFFSET = 2;
  private static final int FRAGMENT_IDENTIFICATION = 4;
  private static final int VERSION_6 = 0x6000_0000;

  private Ipv6Header() {}

  /// IP version.
  public static int version(MemorySegment memory, long offset) {
    return NetworkOrder.u8(memory, offset) >>> 4;
  }

  /// DSCP and ECN.
  public static int trafficClass(MemorySegment memory, long offset) {
    return NetworkOrder.u32(memory, offset + VERSION_CLASS_FLOW) >>> 20 & 0xff;
  }

  /// Bytes behind the fixed header, as it says.
  public static int payloadLength(MemorySegment memory, long offset) {
    return NetworkOrder.u16(memory, offset + PAYLOAD_LENGTH);
  }

  /// What follows the fixed header.
  public static int nextHeader(MemorySegment memory, long offset) {
    return NetworkOrder.u8(memory, offset + NEXT_HEADER);
  }

  /// Hops it may still make.
  public static int hopLimit(MemorySegment memory, long offset) {
    return NetworkOrder.u8(memory, offset + HOP_LIMIT);
  }

  /// First eight bytes of the sender's address.
  public static long sourceHigh(MemorySegment memory, long offset) {
    return NetworkOrder.u64(memory, offset + SOURCE_HIGH);
  }

  /// Last eight bytes of the sender's address.
  public static long sourceLow(MemorySegment memory, long offset) {
    return NetworkOrder.u64(memory, offset + SOURCE_LOW);
  }

  /// First eight bytes of the receiver's address.
  public static long destinationHigh(MemorySegment memory, long offset) {
    return NetworkOrder.u64(memory, offset + DESTINATION_HIGH);
  }

  /// Last eight bytes of the receiver's address.
  public static long destinationLow(MemorySegment memory, long offset) {
    return NetworkOrder.u64(memory, offset + DESTINATION_LOW);
  }

  /// Writes what is before the addresses, with traffic class and flow 0.
  public static void set(
      MemorySegment memory, long offset, int payloadLength, int nextHeader, int hopLimit) {
    NetworkOrder.setU32(memory, offset + VERSION_CLASS_FLOW, VERSION_6);
    NetworkOrder.setU16(memory, offset + PAYLOAD_LENGTH, payloadLength);
    NetworkOrder.setU8(memory, offset + NEXT_HEADER, nextHeader);
    NetworkOrder.setU8(memory, offset + HOP_LIMIT, hopLimit);
  }

  /// Writes the addresses.
  public static void setAddresses(
      MemorySegment memory,
      long offset,
      long sourceHigh,
      long sourceLow,
      long destinationHigh,
      long destinationLow) {
    NetworkOrder.setU64(memory, offset + SOURCE_HIGH, sourceHigh);
    NetworkOrder.setU64(memory, offset + SOURCE_LOW, sourceLow);
    NetworkOrder.setU64(memory, offset + DESTINATION_HIGH, destinationHigh);
    NetworkOrder.setU64(memory, offset + DESTINATION_LOW, destinationLow);
  }

  /// Of a fragment header: what the first fragment starts with.
  public static int fragmentNextHeader(MemorySegment memory, long offset) {
    return NetworkOrder.u8(memory, offset + FRAGMENT_NEXT_HEADER);
  }

  /// Of a fragment header: where the fragment starts in its packet's fragmentable part, in bytes.
  public static int fragmentOffsetBytes(MemorySegment memory, long offset) {
    return NetworkOrder.u16(memory, offset + FRAGMENT_OFFSET) & 0xfff8;
  }

  /// Of a fragment header: whether more fragments follow.
  public static boolean hasMoreFragments(MemorySegment memory, long offset) {
    return (NetworkOrder.u16(memory, offset + FRAGMENT_OFFSET) & 1) != 0;
  }

  /// Of a fragment header: names the packet.
  public static int fragmentIdentification(MemorySegment memory, long offset) {
    return NetworkOrder.u32(memory, offset + FRAGMENT_IDENTIFICATION);
  }

  /// Writes a fragment header.
  public static void setFragment(
      MemorySegment memory,
      long offset,
      int nextHeader,
      int fragmentOffsetBytes,
      boolean more,
      int identification) {
    NetworkOrder.setU16(memory, offset + FRAGMENT_NEXT_HEADER, nextHeader << 8);
    NetworkOrder.setU16(memory, offset + FRAGMENT_OFFSET, fragmentOffsetBytes | (more ? 1 : 0));
    NetworkOrder.setU32(memory, offset + FRAGMENT_IDENTIFICATION, identification);
  }

  /// Makes the fixed header of a first fragment that of the whole packet.
  public static void setUnfragmented(
      MemorySegment memory, long offset, int payloadLength, int nextHeader) {
    NetworkOrder.setU16(memory, offset + PAYLOAD_LENGTH, payloadLength);
    NetworkOrder.setU8(memory, offset + NEXT_HEADER, nextHeader);
  }
}
