package dev.demikv.libos.wire;

import java.lang.foreign.MemorySegment;

/// An ARP packet for IPv4 over Ethernet, RFC 826.
///
/// ```
///   0 hardware 1 · 2 protocol 0x0800 · 4 lengths 6, 4 · 6 operation
///   8 sender hardware · 14 sender protocol · 18 target hardware · 24 target protocol
/// ```
public final class ArpPacket {
  /// Bytes of a packet.
  public static final int BYTES = 28;

  /// Asks for the hardware address of the target.
  public static final int REQUEST = 1;

  /// Answers.
  public static final int REPLY = 2;

  private static final int HARDWARE_TYPE = 0;
  private static final int PROTOCOL_TYPE = 2;
  private static final int HARDWARE_LENGTH = 4;
  private static final int PROTOCOL_LENGTH = 5;
  private static final int OPERATION = 6;
  private static final int SENDER_MAC = 8;
  private static final int SENDER_IP = 14;
  private static final int TARGET_MAC = 18;
  private static final int TARGET_IP = 24;

  private static final int HARDWARE_ETHERNET = 1;
  private static final int LENGTHS = 6 << 8 | 4;

  private ArpPacket() {}

  /// Whether it is about IPv4 over Ethernet, in the right lengths.
  public static boolean isIpv4OverEthernet(MemorySegment memory, long offset) {
    return NetworkOrder.u16(memory, offset + HARDWARE_TYPE) == HARDWARE_ETHERNET
        && NetworkOrder.u16(memory, offset + PROTOCOL_TYPE) == EthernetHeader.TYPE_IPV4
        && NetworkOrder.u8(memory, offset + HARDWARE_LENGTH) == 6
        && NetworkOrder.u8(memory, offset + PROTOCOL_LENGTH) == 4;
  }

  /// What it is for.
  public static int operation(MemorySegment memory, long offset) {
    return NetworkOrder.u16(memory, offset + OPERATION);
  }

  /// Hardware address of the sender.
  public static long senderMac(MemorySegment memory, long offset) {
    return NetworkOrder.u48(memory, offset + SENDER_MAC);
  }

  /// IPv4 address of the sender; 0 in a probe (RFC 5227 §1.1).
  public static int senderIp(MemorySegment memory, long offset) {
    return NetworkOrder.u32(memory, offset + SENDER_IP);
  }

  /// Hardware address of the target; nothing in a request.
  public static long targetMac(MemorySegment memory, long offset) {
    return NetworkOrder.u48(memory, offset + TARGET_MAC);
  }

  /// IPv4 address of the target.
  public static int targetIp(MemorySegment memory, long offset) {
    return NetworkOrder.u32(memory, offset + TARGET_IP);
  }

  /// Writes a packet.
  public static void set(
      MemorySegment memory,
      long offset,
      int operation,
      long senderMac,
      int senderIp,
      long targetMac,
      int targetIp) {
    NetworkOrder.setU16(memory, offset + HARDWARE_TYPE, HARDWARE_ETHERNET);
    NetworkOrder.setU16(memory, offset + PROTOCOL_TYPE, EthernetHeader.TYPE_IPV4);
    NetworkOrder.setU16(memory, offset + HARDWARE_LENGTH, LENGTHS);
    NetworkOrder.setU16(memory, offset + OPERATION, operation);
    NetworkOrder.setU48(memory, offset + SENDER_MAC, senderMac);
    NetworkOrder.setU32(memory, offset + SENDER_IP, senderIp);
    NetworkOrder.setU48(memory, offset + TARGET_MAC, targetMac);
    NetworkOrder.setU32(memory, offset + TARGET_IP, targetIp);
  }
}
