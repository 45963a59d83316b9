package dev.demikv.libos.wire;

import java.lang.foreign.MemorySegment;

/// Ethernet II, IEEE 802.3 §3.2.6, with one tag of IEEE 802.1Q §9.6 where there is one. The caller
/// has checked that [#BYTES] bytes are there.
///
/// ```
///   0 destination · 6 source · 12 type · 14 payload
///   0 destination · 6 source · 12 0x8100 · 14 tag · 16 type · 18 payload
/// ```
public final class EthernetHeader {
  /// Bytes of the header without a tag.
  public static final int BYTES = 14;

  /// Bytes of a tag.
  public static final int TAG_BYTES = 4;

  /// Type of IPv4.
  public static final int TYPE_IPV4 = 0x0800;

  /// Type of ARP.
  public static final int TYPE_ARP = 0x0806;

  /// Type of IPv6.
  public static final int TYPE_IPV6 = 0x86dd;

  /// Type of a frame with an 802.1Q tag.
  public static final int TYPE_VLAN = 0x8100;

  private static final int SOURCE = 6;
  private static final int TYPE = 12;
  private static final int TAG = 14;
  private static final int VLAN_MASK = 0xfff;

  private EthernetHeader() {}

  /// Hardware address of the receiver.
  public static long destination(MemorySegment frame, long offset) {
    return NetworkOrder.u64(frame, offset) >>> 16;
  }

  /// Hardware address of the sender.
  public static long source(MemorySegment frame, long offset) {
    return NetworkOrder.u64(frame, offset + SOURCE) >>> 16;
  }

  /// The type at its first place: [#TYPE_VLAN] for a tagged frame.
  public static int type(MemorySegment frame, long offset) {
    return NetworkOrder.u16(frame, offset + TYPE);
  }

  /// VLAN of a tagged frame, 0 to 4095; 0 carries a priority only.
  public static int vlan(MemorySegment frame, long offset) {
    return NetworkOrder.u16(frame, offset + TAG) & VLAN_MASK;
  }

  /// The type behind the tag of a tagged frame.
  public static int taggedType(MemorySegment frame, long offset) {
    return NetworkOrder.u16(frame, offset + TAG + 2);
  }

  /// Writes a header without a tag.
  public static void set(
      MemorySegment frame, long offset, long destination, long source, int type) {
    // Two stores that overlap in the first two octets of the source.
    NetworkOrder.setU64(frame, offset, destination << 16 | source >>> 32);
    NetworkOrder.setU64(frame, offset + SOURCE, source << 16 | type);
  }

  /// Writes a header with a tag.
  public static void setTagged(
      MemorySegment frame, long offset, long destination, long source, int vlan, int type) {
    set(frame, offset, destination, source, TYPE_VLAN);
    NetworkOrder.setU16(frame, offset + TAG, vlan & VLAN_MASK);
    NetworkOrder.setU16(frame, offset + TAG + 2, type);
  }
}
