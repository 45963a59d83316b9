package dev.demikv.libos.device;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.wire.ToeplitzHash;

/// A LibOs's share of a device that several LibOses of one process use, each by a receive and a
/// transmit queue of its own. They have one hardware address and one set of IP addresses.
///
/// A port number says whose a packet is where the device's own choice of a queue does not:
///
/// ```
///   1 ............. 49151 | 49152 ........................ 65535
///   as the device chooses | queue 0 | queue 1 | … | the last one      equal parts
/// ```
///
/// - Below 49152 (RFC 6335 §6) the queue is the device's choice, by a hash of addresses and ports:
///   a server listens at each LibOs, and each gets its part of the connections.
/// - From there on each LibOs has a part of the ports for itself. Its outgoing connections and
///   sockets bound to port 0 use only these; a frame for one that arrives at another queue is
///   handed over by the LibOs that got it.
///
/// Immutable, and shared by threads.
public final class QueueShare {
  /// The only user of a device.
  public static final QueueShare WHOLE = new QueueShare(0, 1, null);

  /// RFC 6335 §6: the first dynamic port.
  public static final int DYNAMIC_PORT_MIN = 49_152;

  private static final int DYNAMIC_PORTS = 65_536 - DYNAMIC_PORT_MIN;

  private final int queue;
  private final int queues;
  private final @Nullable Steering steering;

  /// How a device chooses the queue of a received packet: receive side scaling (RSS).
  public static final class Steering {
    private final ToeplitzHash hash;
    private final int[] queueByHash;

    /// A device's choice.
    ///
    /// @param key of its Toeplitz hash, 40 bytes or more
    /// @param queueByHash the queue for each value of the hash's low bits; a power of two
    public Steering(byte[] key, int[] queueByHash) {
      if (Integer.bitCount(queueByHash.length) != 1) {
        throw new IllegalArgumentException("a table of " + queueByHash.length);
      }
      this.hash = new ToeplitzHash(key);
      this.queueByHash = queueByHash.clone();
    }

    /// The queue of a TCP or UDP packet. Addresses are pairs of longs, IPv4 in the low 32 bits.
    public int queueOf(
        boolean ipv6,
        long sourceHigh,
        long sourceLow,
        long destinationHigh,
        long destinationLow,
        int sourcePort,
        int destinationPort) {
      int value =
          hash.ofPorts(
              ipv6,
              sourceHigh,
              sourceLow,
              destinationHigh,
              destinationLow,
              sourcePort,
              destinationPort);
      return queueByHash[value & queueByHash.length - 1];
    }
  }

  /// A share.
  ///
  /// @param queue 0 to `queues - 1`
  /// @param queues 1 to 64
  /// @param steering how the device chooses, `null` if that is not known
  public QueueShare(int queue, int queues, @Nullable Steering steering) {
    if (queues < 1 || queues > 64 || queue < 0 || queue >= queues) {
      throw new IllegalArgumentException("queue " + queue + " of " + queues);
    }
    this.queue = queue;
    this.queues = queues;
    this.steering = steering;
  }

  /// Which queue is ours.
  public int queue() {
    return queue;
  }

  /// How many there are.
  public int queues() {
    return queues;
  }

  /// First dynamic port that is ours alone.
  public int portMin() {
    return DYNAMIC_PORT_MIN + queue * (DYNAMIC_PORTS / queues);
  }

  /// Last one.
  public int portMax() {
    return queue == queues - 1 ? 65_535 : portMin() + DYNAMIC_PORTS / queues - 1;
  }

  /// Whose alone a port is; -1 for ports where the device chooses.
  public int owner(int port) {
    if (port < DYNAMIC_PORT_MIN) {
      return -1;
    }
    return Math.min((port - DYNAMIC_PORT_MIN) / (DYNAMIC_PORTS / queues), queues - 1);
  }

  /// Whether packets for a port can come to us.
  public boolean mayUse(int port) {
    int owner = owner(port);
    return owner < 0 || owner == queue;
  }

  /// Whether the device itself gives us the packets of a flow, so that none need be handed over.
  /// True if it is not known.
  public boolean arrivesHere(
      boolean ipv6,
      long localHigh,
      long localLow,
      int localPort,
      long remoteHigh,
      long remoteLow,
      int remotePort) {
    Steering s = steering;
    if (s == null || queues == 1) {
      return true;
    }
    return s.queueOf(ipv6, remoteHigh, remoteLow, localHigh, localLow, remotePort, localPort)
        == queue;
  }
}
