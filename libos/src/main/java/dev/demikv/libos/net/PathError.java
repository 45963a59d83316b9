package dev.demikv.libos.net;

import java.lang.foreign.MemorySegment;

/// What the network said of a packet of ours, as the transport protocols see it: a view that is
/// reused. The bytes of the packet come from whoever wrote the error; everything in here may be
/// forged.
public final class PathError {
  /// What kind of error.
  public enum Kind {
    /// Nobody has the port.
    PORT_UNREACHABLE,
    /// The protocol is not known there.
    PROTOCOL_UNREACHABLE,
    /// The host or the network cannot be reached at present.
    HOST_UNREACHABLE,
    /// The next hop does not answer on our own link.
    NEIGHBOR_FAILED,
    /// Somebody forbids it.
    PROHIBITED,
    /// The packet does not fit the path: [PathError#mtuBytes] does.
    PACKET_TOO_BIG,
    /// It was under way too long.
    TIME_EXCEEDED,
    /// Something in a header of ours.
    PARAMETER_PROBLEM
  }

  private Kind kind = Kind.HOST_UNREACHABLE;
  private boolean ipv6;
  private long localHigh;
  private long localLow;
  private long remoteHigh;
  private long remoteLow;
  private MemorySegment memory = MemorySegment.NULL;
  private int offset;
  private int length;
  private int mtuBytes;
  private int errno;

  /// An empty view.
  public PathError() {}

  /// Sets what happened.
  ///
  /// @param newErrno positive
  /// @param newMtuBytes 0 unless the packet was too big
  public PathError set(Kind newKind, int newErrno, int newMtuBytes) {
    kind = newKind;
    errno = newErrno;
    mtuBytes = newMtuBytes;
    return this;
  }

  /// Sets the addresses of the packet we sent.
  public PathError setAddresses(
      boolean newIpv6, long newLocalHigh, long newLocalLow, long newRemoteHigh, long newRemoteLow) {
    ipv6 = newIpv6;
    localHigh = newLocalHigh;
    localLow = newLocalLow;
    remoteHigh = newRemoteHigh;
    remoteLow = newRemoteLow;
    return this;
  }

  /// Sets where the transport header is quoted.
  ///
  /// @param newLength bytes of it, at least 8
  public PathError setQuote(MemorySegment newMemory, int newOffset, int newLength) {
    memory = newMemory;
    offset = newOffset;
    length = newLength;
    return this;
  }

  /// What kind of error.
  public Kind kind() {
    return kind;
  }

  /// As an error number, positive.
  public int errno() {
    return errno;
  }

  /// What fits the path, when the packet did not.
  public int mtuBytes() {
    return mtuBytes;
  }

  /// Whether it is of IPv6.
  public boolean isIpv6() {
    return ipv6;
  }

  /// First eight bytes of our address.
  public long localHigh() {
    return localHigh;
  }

  /// Last eight bytes of our address, or the IPv4 address.
  public long localLow() {
    return localLow;
  }

  /// First eight bytes of the address we sent to.
  public long remoteHigh() {
    return remoteHigh;
  }

  /// Last eight bytes of the address we sent to, or the IPv4 address.
  public long remoteLow() {
    return remoteLow;
  }

  /// Memory with the quoted transport header.
  public MemorySegment memory() {
    return memory;
  }

  /// Where it starts.
  public int offset() {
    return offset;
  }

  /// Bytes of it that are there, at least 8.
  public int length() {
    return length;
  }
}
