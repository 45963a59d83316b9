package dev.demikv.libos.wire;

import java.lang.foreign.MemorySegment;

/// A walk over the extension headers of an IPv6 packet, RFC 8200 §4, up to the transport header or
/// a fragment header. An object that is reused for every packet; the walk is bounded by
/// [#HEADERS_MAX] and by [#OPTIONS_MAX] per header (RFC 8504 §5.3).
public final class Ipv6Extensions {
  /// Most extension headers of a packet.
  public static final int HEADERS_MAX = 8;

  /// Most options of a header, padding included.
  public static final int OPTIONS_MAX = 16;

  /// How a walk ended.
  public enum End {
    /// At [#protocol], which begins at [#offset].
    PAYLOAD,
    /// At a fragment header, at [#offset].
    FRAGMENT,
    /// Nothing follows (next header 59).
    NOTHING,
    /// A header does not lie within the packet, or there are too many of them: drop.
    BAD,
    /// Drop and say nothing.
    DISCARD,
    /// Drop and send a parameter problem with [#code] that points to [#pointer].
    PARAMETER_PROBLEM
  }

  /// Parameter problem: erroneous field, RFC 4443 §3.4.
  private static final int CODE_FIELD = 0;

  /// Parameter problem: unrecognized option.
  private static final int CODE_OPTION = 2;

  private static final int OPTION_PAD1 = 0;
  private static final int OPTION_PADN = 1;
  private static final int OPTION_ROUTER_ALERT = 5;

  private int protocol;
  private int offset;
  private int code;
  private int pointer;
  private boolean multicastReport;

  /// A walk that has not begun.
  public Ipv6Extensions() {}

  /// Walks.
  ///
  /// @param start where the headers start in memory
  /// @param length bytes of headers and payload
  /// @param firstHeader what is at the start
  public End walk(MemorySegment memory, int start, int length, int firstHeader) {
    protocol = firstHeader;
    offset = start;
    code = 0;
    pointer = start;
    multicastReport = false;
    int end = start + length;
    for (int headers = 0; headers <= HEADERS_MAX; headers++) {
      switch (protocol) {
        case Ipv6Header.FRAGMENT -> {
          return end - offset < Ipv6Header.FRAGMENT_BYTES ? End.BAD : End.FRAGMENT;
        }
        case Ipv6Header.NO_NEXT_HEADER -> {
          return End.NOTHING;
        }
        case Ipv6Header.HOP_BY_HOP,
            Ipv6Header.DESTINATION_OPTIONS,
            Ipv6Header.ROUTING,
            Ipv6Header.AUTHENTICATION -> {
          // RFC 8200 §4.1: hop-by-hop options come first or not at all.
          if (headers == HEADERS_MAX || protocol == Ipv6Header.HOP_BY_HOP && headers > 0) {
            return End.BAD;
          }
          End stopped = step(memory, end);
          if (stopped != End.PAYLOAD) {
            return stopped;
          }
        }
        default -> {
          return End.PAYLOAD;
        }
      }
    }
    return End.BAD;
  }

  /// Passes one header.
  ///
  /// @return PAYLOAD to go on
  private End step(MemorySegment memory, int end) {
    if (end - offset < 8) {
      return End.BAD;
    }
    int units = NetworkOrder.u8(memory, offset + 1L);
    // RFC 4302 §2.2: the authentication header counts words of four bytes, less two.
    int bytes = protocol == Ipv6Header.AUTHENTICATION ? (units + 2) * 4 : (units + 1) * 8;
    if (bytes > end - offset) {
      return End.BAD;
    }
    End stopped =
        switch (protocol) {
          case Ipv6Header.ROUTING -> routing(memory);
          case Ipv6Header.AUTHENTICATION -> End.PAYLOAD;
          default -> options(memory, offset + bytes);
        };
    protocol = NetworkOrder.u8(memory, offset);
    offset += bytes;
    return stopped;
  }

  /// RFC 8200 §4.4: a routing header that is used up is passed; another one would make us a router.
  /// Type 0 is gone altogether (RFC 5095).
  private End routing(MemorySegment memory) {
    if (NetworkOrder.u8(memory, offset + 3L) == 0) {
      return End.PAYLOAD;
    }
    code = CODE_FIELD;
    pointer = offset + 2;
    return End.PARAMETER_PROBLEM;
  }

  private End options(MemorySegment memory, int end) {
    int at = offset + 2;
    for (int i = 0; i < OPTIONS_MAX && at < end; i++) {
      int type = NetworkOrder.u8(memory, at);
      if (type == OPTION_PAD1) {
        at++;
        continue;
      }
      if (end - at < 2) {
        return End.BAD;
      }
      int bytes = 2 + NetworkOrder.u8(memory, at + 1L);
      if (bytes > end - at) {
        return End.BAD;
      }
      multicastReport |= type == OPTION_ROUTER_ALERT;
      if (type != OPTION_PADN && type != OPTION_ROUTER_ALERT) {
        // RFC 8200 §4.2: the two highest bits say what to do with an option nobody knows.
        switch (type >>> 6) {
          case 0 -> {}
          case 1 -> {
            return End.DISCARD;
          }
          default -> {
            code = CODE_OPTION;
            pointer = at;
            return End.PARAMETER_PROBLEM;
          }
        }
      }
      at += bytes;
    }
    return at < end ? End.BAD : End.PAYLOAD;
  }

  /// Protocol that the walk ended at.
  public int protocol() {
    return protocol;
  }

  /// Where the walk ended in memory.
  public int offset() {
    return offset;
  }

  /// Code of the parameter problem.
  public int code() {
    return code;
  }

  /// Place of the parameter problem in memory.
  public int pointer() {
    return pointer;
  }

  /// Whether an unknown option at [#pointer] must be kept silent about when the packet went to a
  /// multicast address (its highest bits are 11, RFC 8200 §4.2).
  public boolean isSilentForMulticast(MemorySegment memory) {
    return code == CODE_OPTION && NetworkOrder.u8(memory, pointer) >>> 6 == 3;
  }

  /// Whether a router alert was seen, as on multicast listener reports.
  public boolean hasRouterAlert() {
    return multicastReport;
  }
}
