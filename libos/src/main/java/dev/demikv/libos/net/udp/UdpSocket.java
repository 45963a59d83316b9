package dev.demikv.libos.net.udp;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.net.NetworkPath;
import dev.demikv.libos.net.StackName;
import dev.demikv.libos.wire.IpAddress;
import java.util.Arrays;

/// A UDP socket: its names, and the datagrams that wait, which hold their buffers.
///
/// Addresses of IPv4 are kept as such also on an IPv6 socket that takes both; what the application
/// sees there are mapped addresses.
public final class UdpSocket {
  private static final int QUEUE_INITIAL = 16;

  final UdpUser user;
  final boolean ipv6;
  boolean v6Only;

  // Local name. Port 0: not bound.
  int localPort;
  boolean wildcard = true;
  boolean localIpv6;
  long localHigh;
  long localLow;

  // The peer of a connected socket. Port 0: not connected.
  int remotePort;
  boolean remoteIpv6;
  long remoteHigh;
  long remoteLow;
  @Nullable NetworkPath path;

  @Nullable UdpSocket nextInBucket;

  private final int datagramsMax;
  private int bytesMax;
  private @Nullable Buffer[] buffers = new Buffer[QUEUE_INITIAL];
  private int[] offsets = new int[QUEUE_INITIAL];
  private int[] lengths = new int[QUEUE_INITIAL];
  private boolean[] sourceIpv6s = new boolean[QUEUE_INITIAL];
  private long[] sourceHighs = new long[QUEUE_INITIAL];
  private long[] sourceLows = new long[QUEUE_INITIAL];
  private char[] sourcePorts = new char[QUEUE_INITIAL];
  private int head;
  private int count;
  private long heldBytes;

  UdpSocket(UdpUser user, boolean ipv6, int datagramsMax, int bytesMax) {
    this.user = user;
    this.ipv6 = ipv6;
    this.datagramsMax = datagramsMax;
    this.bytesMax = bytesMax;
  }

  /// Whether it has a peer.
  public boolean isConnected() {
    return remotePort != 0;
  }

  /// Whether it has a port.
  public boolean isBound() {
    return localPort != 0;
  }

  /// Sets what datagrams that wait may hold.
  public void setBytesMax(int bytes) {
    bytesMax = bytes;
  }

  /// Its own name.
  public Endpoint localName() {
    return localPort == 0 || wildcard
        ? Endpoint.any(ipv6 ? AddressFamily.INET6 : AddressFamily.INET, localPort)
        : name(new Endpoint(), localIpv6, localHigh, localLow, localPort);
  }

  /// The name of its peer.
  public Endpoint remoteName() {
    return name(new Endpoint(), remoteIpv6, remoteHigh, remoteLow, remotePort);
  }

  private Endpoint name(Endpoint into, boolean ofIpv6, long high, long low, int port) {
    if (ofIpv6) {
      return into.setIpv6(high, low, 0, port);
    }
    return ipv6
        ? into.setIpv6(0, IpAddress.ipv4MappedLow((int) low), 0, port)
        : into.setIpv4((int) low, port);
  }

  // The queue.

  /// Datagrams that wait.
  public int count() {
    return count;
  }

  /// Memory that they hold.
  public long heldBytes() {
    return heldBytes;
  }

  /// Whether another datagram in such a buffer has room. An empty queue takes any.
  boolean hasRoom(Buffer buffer) {
    return count == 0 || count < datagramsMax && heldBytes + buffer.capacityBytes() <= bytesMax;
  }

  /// Appends a datagram; takes a reference of its own on the buffer.
  void add(Buffer buffer, int offset, int length, boolean v6, long high, long low, int port) {
    if (count == buffers.length) {
      grow();
    }
    int tail = (head + count) % buffers.length;
    buffer.retain();
    heldBytes += buffer.capacityBytes();
    buffers[tail] = buffer;
    offsets[tail] = offset;
    lengths[tail] = length;
    sourceIpv6s[tail] = v6;
    sourceHighs[tail] = high;
    sourceLows[tail] = low;
    sourcePorts[tail] = (char) port;
    count++;
  }

  private void grow() {
    int old = buffers.length;
    int capacity = Math.min(2 * old, Math.max(datagramsMax, old + 1));
    int[] from = new int[count];
    for (int i = 0; i < count; i++) {
      from[i] = (head + i) % old;
    }
    @Nullable Buffer[] newBuffers = new Buffer[capacity];
    int[] newOffsets = new int[capacity];
    int[] newLengths = new int[capacity];
    boolean[] newIpv6s = new boolean[capacity];
    long[] newHighs = new long[capacity];
    long[] newLows = new long[capacity];
    char[] newPorts = new char[capacity];
    for (int i = 0; i < count; i++) {
      newBuffers[i] = buffers[from[i]];
      newOffsets[i] = offsets[from[i]];
      newLengths[i] = lengths[from[i]];
      newIpv6s[i] = sourceIpv6s[from[i]];
      newHighs[i] = sourceHighs[from[i]];
      newLows[i] = sourceLows[from[i]];
      newPorts[i] = sourcePorts[from[i]];
    }
    buffers = newBuffers;
    offsets = newOffsets;
    lengths = newLengths;
    sourceIpv6s = newIpv6s;
    sourceHighs = newHighs;
    sourceLows = newLows;
    sourcePorts = newPorts;
    head = 0;
  }

  /// Payload bytes of the oldest datagram.
  public int length() {
    return lengths[head];
  }

  /// Where the payload of the oldest datagram starts in its buffer.
  public int offset() {
    return offsets[head];
  }

  /// Writes who sent the oldest datagram.
  public void sourceTo(Endpoint into) {
    name(into, sourceIpv6s[head], sourceHighs[head], sourceLows[head], sourcePorts[head]);
  }

  /// Takes the oldest datagram's buffer out, with its reference.
  public Buffer remove() {
    Buffer buffer = buffers[head];
    if (count == 0 || buffer == null) {
      throw new IllegalStateException("no datagram waits");
    }
    buffers[head] = null;
    head = (head + 1) % buffers.length;
    count--;
    heldBytes -= buffer.capacityBytes();
    return buffer;
  }

  /// Drops all that wait.
  void clear() {
    while (count > 0) {
      remove().release();
    }
    Arrays.fill(buffers, null);
  }

  // Who gets what.

  /// How well a datagram fits: -1 not at all, otherwise the more the better.
  int fit(boolean ofIpv6, long destHigh, long destLow, long srcHigh, long srcLow, int srcPort) {
    int fit = 0;
    if (wildcard) {
      if (ofIpv6 ? !ipv6 : ipv6 && v6Only) {
        return -1;
      }
      fit += ofIpv6 == ipv6 ? 1 : 0;
    } else {
      if (localIpv6 != ofIpv6 || localLow != destLow || localHigh != destHigh) {
        return -1;
      }
      fit += 2;
    }
    if (remotePort != 0) {
      if (remotePort != srcPort
          || remoteIpv6 != ofIpv6
          || remoteLow != srcLow
          || remoteHigh != srcHigh) {
        return -1;
      }
      fit += 4;
    }
    return fit;
  }

  /// Whether both cannot have the same port.
  boolean conflicts(boolean otherIpv6, boolean otherV6Only, boolean otherWildcard, StackName name) {
    if (wildcard || otherWildcard) {
      boolean mineTakes4 = wildcard ? !ipv6 || !v6Only : !localIpv6;
      boolean mineTakes6 = wildcard ? ipv6 : localIpv6;
      boolean othersTakes4 = otherWildcard ? !otherIpv6 || !otherV6Only : !name.ipv6;
      boolean othersTakes6 = otherWildcard ? otherIpv6 : name.ipv6;
      return mineTakes4 && othersTakes4 || mineTakes6 && othersTakes6;
    }
    return localIpv6 == name.ipv6 && localLow == name.low && localHigh == name.high;
  }
}
