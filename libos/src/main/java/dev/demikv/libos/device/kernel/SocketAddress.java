package dev.demikv.libos.device.kernel;

import static dev.demikv.libos.ffi.LibCConstants.AF_INET;
import static dev.demikv.libos.ffi.LibCConstants.AF_INET6;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.ffi.struct.SockaddrIn;
import dev.demikv.libos.ffi.struct.SockaddrIn6;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Room for one C socket address and its length, filled by us or by the kernel.
final class SocketAddress {
  private static final int CAPACITY_BYTES = 32;

  /// `::ffff:0:0/96`, RFC 4291 §2.5.5.2.
  private static final long IPV4_MAPPED = 0xffff_0000_0000L;

  private final MemorySegment address;
  private final MemorySegment length;

  SocketAddress(Arena arena) {
    address = arena.allocate(CAPACITY_BYTES, 8);
    length = arena.allocate(JAVA_INT);
  }

  /// Native address of the sockaddr.
  long pointer() {
    return address.address();
  }

  /// Native address of the length, which says how much room there is.
  long lengthPointerForResult() {
    length.set(JAVA_INT, 0, CAPACITY_BYTES);
    return length.address();
  }

  int capacityBytes() {
    return CAPACITY_BYTES;
  }

  /// Writes an endpoint for a socket of a family. An IPv4 endpoint on an IPv6 socket becomes an
  /// IPv4-mapped address.
  ///
  /// @return length of the sockaddr, or 0 when the socket cannot reach such an address
  int set(Endpoint endpoint, AddressFamily socketFamily) {
    if (socketFamily == AddressFamily.INET) {
      if (endpoint.family() != AddressFamily.INET) {
        return 0;
      }
      SockaddrIn.set(address, 0, AF_INET, endpoint.port(), endpoint.ipv4Address());
      return SockaddrIn.BYTES;
    }
    long high = endpoint.addressHigh();
    long low = endpoint.addressLow();
    if (endpoint.family() == AddressFamily.INET) {
      high = 0;
      low |= IPV4_MAPPED;
    }
    SockaddrIn6.set(address, 0, AF_INET6, endpoint.port(), high, low, endpoint.scope());
    return SockaddrIn6.BYTES;
  }

  /// Reads what the kernel wrote. Peers of a dual-stack socket stay IPv4-mapped, as the kernel
  /// says.
  void get(Endpoint endpoint) {
    if (SockaddrIn.family(address, 0) == AF_INET6) {
      endpoint.setIpv6(
          SockaddrIn6.addrHigh(address, 0),
          SockaddrIn6.addrLow(address, 0),
          SockaddrIn6.scopeId(address, 0),
          SockaddrIn6.port(address, 0));
    } else {
      endpoint.setIpv4(SockaddrIn.addr(address, 0), SockaddrIn.port(address, 0));
    }
  }
}
