package dev.demikv.libos.wire;

import java.lang.foreign.MemorySegment;

/// A message of ICMP, RFC 792; the layout is that of ICMPv6 too.
///
/// ```
///   0 type · 1 code · 2 checksum · 4 depends on the type · 8 data, or the packet in question
/// ```
public final class IcmpHeader {
  /// Bytes before the data.
  public static final int BYTES = 8;

  /// Type: echo reply.
  public static final int ECHO_REPLY = 0;

  /// Type: destination unreachable.
  public static final int UNREACHABLE = 3;

  /// Type: source quench, deprecated by RFC 6633.
  public static final int SOURCE_QUENCH = 4;

  /// Type: redirect.
  public static final int REDIRECT = 5;

  /// Type: echo request.
  public static final int ECHO_REQUEST = 8;

  /// Type: time exceeded.
  public static final int TIME_EXCEEDED = 11;

  /// Type: parameter problem.
  public static final int PARAMETER_PROBLEM = 12;

  /// Unreachable: network.
  public static final int CODE_NETWORK = 0;

  /// Unreachable: host.
  public static final int CODE_HOST = 1;

  /// Unreachable: protocol.
  public static final int CODE_PROTOCOL = 2;

  /// Unreachable: port.
  public static final int CODE_PORT = 3;

  /// Unreachable: it would have to be fragmented and must not be, RFC 1191.
  public static final int CODE_FRAGMENTATION_NEEDED = 4;

  /// Time exceeded: of reassembly.
  public static final int CODE_REASSEMBLY = 1;

  private static final int TYPE = 0;
  private static final int CODE = 1;
  private static final int CHECKSUM = 2;
  private static final int REST = 4;

  private IcmpHeader() {}

  /// What it is.
  public static int type(MemorySegment memory, long offset) {
    return NetworkOrder.u8(memory, offset + TYPE);
  }

  /// Which kind of it.
  public static int code(MemorySegment memory, long offset) {
    return NetworkOrder.u8(memory, offset + CODE);
  }

  /// The checksum.
  public static int checksum(MemorySegment memory, long offset) {
    return NetworkOrder.u16(memory, offset + CHECKSUM);
  }

  /// Writes the checksum.
  public static void setChecksum(MemorySegment memory, long offset, int checksum) {
    NetworkOrder.setU16(memory, offset + CHECKSUM, checksum);
  }

  /// The four bytes behind the checksum.
  public static int rest(MemorySegment memory, long offset) {
    return NetworkOrder.u32(memory, offset + REST);
  }

  /// MTU of the next hop in a fragmentation needed, RFC 1191 §4; 0 from old routers.
  public static int nextHopMtu(MemorySegment memory, long offset) {
    return NetworkOrder.u16(memory, offset + REST + 2);
  }

  /// Writes a header with checksum 0.
  public static void set(MemorySegment memory, long offset, int type, int code, int rest) {
    NetworkOrder.setU8(memory, offset + TYPE, type);
    NetworkOrder.setU8(memory, offset + CODE, code);
    NetworkOrder.setU16(memory, offset + CHECKSUM, 0);
    NetworkOrder.setU32(memory, offset + REST, rest);
  }
}
