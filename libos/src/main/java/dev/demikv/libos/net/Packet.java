package dev.demikv.libos.net;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import java.lang.foreign.MemorySegment;

/// A received packet that passed the network layer, as the transport protocols see it: a view that
/// is reused for every packet. Lengths were checked against the frame; the transport checksum was
/// verified.
///
/// The receiver of a packet borrows it. Whoever keeps bytes of it retains [#buffer].
public final class Packet {
  private @Nullable Buffer buffer;
  private int offset;
  private int length;
  private boolean ipv6;
  private long sourceHigh;
  private long sourceLow;
  private long destinationHigh;
  private long destinationLow;
  private int trafficClass;
  private int hopLimit;
  private int networkOffset;
  private boolean group;

  /// An empty view.
  public Packet() {}

  /// Points it at the payload of a network-layer packet.
  ///
  /// @param newOffset where the transport header starts in the buffer
  /// @param newLength bytes of transport header and payload
  public Packet set(Buffer newBuffer, int newOffset, int newLength) {
    buffer = newBuffer;
    offset = newOffset;
    length = newLength;
    return this;
  }

  /// Sets IPv4 addresses, as numbers with the first byte most significant.
  public Packet setIpv4(int source, int destination, int newTrafficClass, int newHopLimit) {
    ipv6 = false;
    sourceHigh = 0;
    sourceLow = source & 0xffff_ffffL;
    destinationHigh = 0;
    destinationLow = destination & 0xffff_ffffL;
    trafficClass = newTrafficClass;
    hopLimit = newHopLimit;
    return this;
  }

  /// Sets the IPv6 source address.
  public Packet setIpv6Source(long high, long low) {
    ipv6 = true;
    sourceHigh = high;
    sourceLow = low;
    return this;
  }

  /// Sets the IPv6 destination address.
  public Packet setIpv6Destination(long high, long low, int newTrafficClass, int newHopLimit) {
    ipv6 = true;
    destinationHigh = high;
    destinationLow = low;
    trafficClass = newTrafficClass;
    hopLimit = newHopLimit;
    return this;
  }

  /// Sets where the packet came from: its network header and how it was addressed.
  ///
  /// @param newNetworkOffset where the network header starts in the buffer
  /// @param newGroup whether it went to a group of hosts, on the link or the network layer
  public Packet setOrigin(int newNetworkOffset, boolean newGroup) {
    networkOffset = newNetworkOffset;
    group = newGroup;
    return this;
  }

  /// Where the network header starts in the buffer.
  public int networkOffset() {
    return networkOffset;
  }

  /// Whether it went to a group of hosts (broadcast, multicast), on the link or the network layer.
  public boolean isGroup() {
    return group;
  }

  /// The buffer that holds the packet.
  public Buffer buffer() {
    Buffer b = buffer;
    if (b == null) {
      throw new IllegalStateException("no packet");
    }
    return b;
  }

  /// Its memory.
  public MemorySegment memory() {
    return buffer().segment();
  }

  /// Where the transport header starts in the buffer.
  public int offset() {
    return offset;
  }

  /// Bytes of transport header and payload.
  public int length() {
    return length;
  }

  /// Whether the addresses are of IPv6.
  public boolean isIpv6() {
    return ipv6;
  }

  /// First eight bytes of the source address; 0 for IPv4.
  public long sourceHigh() {
    return sourceHigh;
  }

  /// Last eight bytes of the source address, or the IPv4 address in the low 32 bits.
  public long sourceLow() {
    return sourceLow;
  }

  /// First eight bytes of the destination address; 0 for IPv4.
  public long destinationHigh() {
    return destinationHigh;
  }

  /// Last eight bytes of the destination address, or the IPv4 address in the low 32 bits.
  public long destinationLow() {
    return destinationLow;
  }

  /// DSCP and ECN: the type of service of IPv4, the traffic class of IPv6.
  public int trafficClass() {
    return trafficClass;
  }

  /// Time to live or hop limit.
  public int hopLimit() {
    return hopLimit;
  }
}
