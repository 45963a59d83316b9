package dev.demikv.libos.device.dpdk;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.device.NetDeviceInfo;
import dev.demikv.libos.device.QueueHandover;
import dev.demikv.libos.device.QueueShare;
import dev.demikv.libos.device.dpdk.EalArguments.Vdev;
import dev.demikv.libos.ffi.Dpdk;
import dev.demikv.libos.ffi.DpdkEthdev;
import dev.demikv.libos.ffi.struct.RteEthConf;
import dev.demikv.libos.ffi.struct.RteEthDevInfo;
import dev.demikv.libos.ffi.struct.RteEthLink;
import dev.demikv.libos.ffi.struct.RteEthRss;
import dev.demikv.libos.ffi.struct.RteEthXstat;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.wire.ToeplitzHash;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ObjLongConsumer;

/// A started port, shared by the LibOses that own its queues. The methods that change it are called
/// by [Eal], one at a time.
final class DpdkPort {
  private static final System.Logger LOGGER = System.getLogger(DpdkPort.class.getName());
  private static final long CHECKSUMS = DpdkEthdev.OFFLOAD_TCP_CKSUM | DpdkEthdev.OFFLOAD_UDP_CKSUM;
  private static final long RECEIVE_CHECKSUMS = CHECKSUMS | DpdkEthdev.OFFLOAD_IPV4_CKSUM;
  private static final int MAC_BYTES = 6;
  private static final int KEY_BYTES_MAX = 64;
  private static final long RELEASE_NANOS = 50_000_000;
  private static final int MTU_BYTES = 1500; // IEEE 802.3, what drivers have by default.

  private final Eal eal;
  private final String name;
  private final int number;
  private final @Nullable Vdev vdev;
  private final int queues;
  private final int mtuBytes;
  private final MbufPool[] pools;
  private final boolean[] claimed;
  private final int[] descriptors;
  private final int[] interrupts;
  private final DpdkOptions options;
  private long receiveOffloads;
  private long transmitOffloads;
  private int ifIndex;
  private long macAddress;
  private long hashFields;
  private int retaSize;
  private QueueShare.@Nullable Steering steering;
  private @Nullable QueueHandover handover;
  private boolean started;

  /// A port that is not started.
  ///
  /// @param number DPDK's, or -1 when there is no port of this name
  /// @param vdev what it was made from, `null` for hardware
  DpdkPort(Eal eal, String name, int number, @Nullable Vdev vdev, DpdkOptions options) {
    if (number < 0) {
      throw new LibOsException(
          "open the DPDK port " + name,
          Errno.ENODEV,
          "There are: " + String.join(", ", Eal.allPorts()) + ". Set " + DpdkOptions.PORT + ".");
    }
    this.eal = eal;
    this.name = name;
    this.number = number;
    this.vdev = vdev;
    this.options = options;
    this.queues = options.queues();
    this.mtuBytes = options.mtuBytes();
    this.pools = new MbufPool[queues];
    this.claimed = new boolean[queues];
    this.descriptors = new int[queues];
    this.interrupts = new int[queues];
    Arrays.fill(interrupts, -1);
  }

  /// Configures and starts it, with interrupts where the driver has them.
  void start() {
    int frameBytes = mtuBytes + NetDeviceInfo.LINK_BYTES_MAX;
    for (int queue = 0; queue < queues; queue++) {
      pools[queue] =
          new MbufPool(
              eal.uniqueName("mbufs"),
              options.mbufs(),
              frameBytes,
              eal.indexOffset(),
              vdev != null && vdev.sharesBuffersWithKernel());
    }
    if (queues > 1) {
      handover = new QueueHandover(queues, frameBytes);
    }
    if (vdev != null) {
      start(false); // No software port has interrupts.
      return;
    }
    try {
      start(true);
      findInterrupts();
    } catch (LibOsException e) {
      // Said here only: drivers refuse in different places and with different errors.
      LOGGER.log(Level.DEBUG, "{0} has no receive interrupts: {1}", name, e.getMessage());
      start(false);
    }
  }

  private void start(boolean interrupts) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment conf = call.allocate(RteEthConf.BYTES_MAX, 64);
      choose(call, conf);
      RteEthConf.setReceiveInterrupts(conf, eal.libraries().abi().confIntrConfOffset(), interrupts);
      short port = (short) number;
      String what = "configure the DPDK port " + name;
      check(
          DpdkEthdev.rte_eth_dev_configure(port, (short) queues, (short) queues, conf.address()),
          what,
          "");
      MemorySegment rx = call.allocate(JAVA_SHORT);
      MemorySegment tx = call.allocate(JAVA_SHORT);
      rx.set(JAVA_SHORT, 0, (short) options.rxRing());
      tx.set(JAVA_SHORT, 0, (short) options.txRing());
      DpdkEthdev.rte_eth_dev_adjust_nb_rx_tx_desc(port, rx.address(), tx.address());
      for (int queue = 0; queue < queues; queue++) {
        MbufPool pool = pools[queue];
        int any = Dpdk.SOCKET_ID_ANY;
        short q = (short) queue;
        short rxRing = rx.get(JAVA_SHORT, 0);
        check(DpdkEthdev.rte_eth_rx_queue_setup(port, q, rxRing, any, 0, pool.mempool()), what, "");
        check(DpdkEthdev.rte_eth_tx_queue_setup(port, q, tx.get(JAVA_SHORT, 0), any, 0), what, "");
      }
      check(
          DpdkEthdev.rte_eth_dev_start(port),
          "start the DPDK port " + name,
          vdev != null && vdev.argument("role").equals("client")
              ? "A memif client wants its server to be there: start that one first."
              : "");
      started = true;
      // Where a driver cannot, it takes all of these anyway or the link is its own.
      DpdkEthdev.rte_eth_allmulticast_enable(port);
      if (options.promiscuous()) {
        DpdkEthdev.rte_eth_promiscuous_enable(port);
      }
      MemorySegment mac = call.allocate(8);
      check(DpdkEthdev.rte_eth_macaddr_get(port, mac.address()), what, "");
      macAddress = 0;
      for (int i = 0; i < MAC_BYTES; i++) {
        macAddress = macAddress << 8 | mac.get(JAVA_BYTE, i) & 0xff;
      }
      if (vdev != null && vdev.takesAddressOfPeer()) {
        macAddress ^= 1;
      }
      steering = queues > 1 ? readSteering(call) : null;
    }
  }

  /// The descriptors of the queues' interrupts.
  private void findInterrupts() {
    short port = (short) number;
    for (int queue = 0; queue < queues; queue++) {
      short q = (short) queue;
      int fd = DpdkEthdev.rte_eth_dev_rx_intr_ctl_q_get_fd(port, q);
      int code = fd < 0 ? -Errno.EOPNOTSUPP : DpdkEthdev.rte_eth_dev_rx_intr_enable(port, q);
      if (code < 0) {
        Arrays.fill(interrupts, -1);
        return;
      }
      DpdkEthdev.rte_eth_dev_rx_intr_disable(port, q);
      interrupts[queue] = fd;
    }
  }

  /// The hash by which the device chooses a queue, when it tells.
  private QueueShare.@Nullable Steering readSteering(Arena call) {
    MemorySegment conf = call.allocate(RteEthRss.CONF_BYTES_MAX, 8);
    MemorySegment key = call.allocate(KEY_BYTES_MAX);
    RteEthRss.setKey(conf, key.address(), KEY_BYTES_MAX);
    if (hashFields == 0
        || retaSize == 0
        || Integer.bitCount(retaSize) != 1
        || DpdkEthdev.rte_eth_dev_rss_hash_conf_get((short) number, conf.address()) < 0
        || RteEthRss.keyBytes(conf) < ToeplitzHash.KEY_BYTES
        || RteEthRss.keyBytes(conf) > KEY_BYTES_MAX) {
      return null;
    }
    int groups = (retaSize + RteEthRss.RETA_GROUP_SIZE - 1) / RteEthRss.RETA_GROUP_SIZE;
    MemorySegment table = call.allocate((long) groups * RteEthRss.RETA_BYTES, 8);
    RteEthRss.selectAll(table, groups);
    if (DpdkEthdev.rte_eth_dev_rss_reta_query((short) number, table.address(), (short) retaSize)
        < 0) {
      return null;
    }
    int[] queueByHash = new int[retaSize];
    for (int i = 0; i < retaSize; i++) {
      queueByHash[i] = RteEthRss.queue(table, i);
    }
    byte[] bytes = key.asSlice(0, RteEthRss.keyBytes(conf)).toArray(JAVA_BYTE);
    return new QueueShare.Steering(bytes, queueByHash);
  }

  private void choose(Arena call, MemorySegment conf) {
    MemorySegment info = call.allocate(RteEthDevInfo.BYTES_MAX, 64);
    String what = "open the DPDK port " + name;
    check(DpdkEthdev.rte_eth_dev_info_get((short) number, info.address()), what, "");
    int maxQueues = RteEthDevInfo.maxQueues(info, eal.libraries().abi().devInfoMaxRxQueuesOffset());
    if (queues > maxQueues) {
      throw new LibOsException(
          what + " with " + queues + " queues",
          Errno.EINVAL,
          "It has " + maxQueues + "; software ports name theirs in --vdev, as qpairs=2.");
    }
    boolean anyMtu = vdev != null && vdev.ignoresMtu();
    int maxMtu = RteEthDevInfo.maxMtu(info);
    if (!anyMtu && maxMtu != 0 && mtuBytes > maxMtu) {
      throw new LibOsException(
          what + " with an MTU of " + mtuBytes,
          Errno.EINVAL,
          "Its largest is " + maxMtu + ": lower " + DpdkOptions.MTU + ".");
    }
    receiveOffloads = RteEthDevInfo.rxOffloads(info) & RECEIVE_CHECKSUMS;
    transmitOffloads =
        RteEthDevInfo.txOffloads(info) & (CHECKSUMS | DpdkEthdev.TX_OFFLOAD_MULTI_SEGS);
    if ((transmitOffloads & CHECKSUMS) != CHECKSUMS) {
      transmitOffloads &= ~CHECKSUMS;
    }
    ifIndex = RteEthDevInfo.ifIndex(info);
    RteEthConf.setMtu(conf, anyMtu ? Math.min(mtuBytes, MTU_BYTES) : mtuBytes);
    RteEthConf.setOffloads(conf, receiveOffloads, transmitOffloads);
    hashFields = RteEthDevInfo.rssOffloads(info) & DpdkEthdev.RSS_IP_TCP_UDP;
    retaSize = RteEthDevInfo.retaSize(info);
    if (queues > 1 && hashFields != 0) {
      RteEthConf.setRss(conf, DpdkEthdev.MQ_RX_RSS, hashFields);
    }
  }

  private static void check(int code, String operation, String advice) {
    if (code < 0) {
      throw new LibOsException(operation, -code, advice);
    }
  }

  /// Finds the descriptors that the driver reads frames from, where it has any.
  ///
  /// @param xdpBefore [PacketSockets#xdp] before the port was made
  void findDescriptors(List<Integer> xdpBefore) {
    List<Integer> sockets = PacketSockets.ofPort(xdpBefore, ifIndex);
    for (int queue = 0; queue < queues; queue++) {
      descriptors[queue] = sockets.size() == queues ? sockets.get(queue) : -1;
    }
  }

  /// Gives a queue to a LibOs.
  void claim(DpdkOptions wanted) {
    if (wanted.queues() != queues || wanted.mtuBytes() != mtuBytes) {
      throw new LibOsException(
          "open the DPDK port " + name,
          Errno.EBUSY,
          "It is open with "
              + queues
              + " queues and an MTU of "
              + mtuBytes
              + ": give all its LibOses the same.");
    }
    if (claimed[wanted.queue()]) {
      throw new LibOsException(
          "open queue " + wanted.queue() + " of the DPDK port " + name,
          Errno.EBUSY,
          "Another LibOs of this process owns it.");
    }
    claimed[wanted.queue()] = true;
  }

  /// Takes a queue back.
  ///
  /// @return whether it was the last one
  boolean release(int queue) {
    claimed[queue] = false;
    for (boolean one : claimed) {
      if (one) {
        return false;
      }
    }
    return true;
  }

  /// Stops it and frees what it used.
  void close() {
    if (vdev != null && vdev.stopsOnInterruptThread()) {
      stopOnInterruptThread();
    } else {
      stop();
    }
    if (vdev != null && vdev.sharesBuffersWithKernel()) {
      // The kernel lets go of the memory and of the interface's queue in a thread of its own, and
      // refuses the next port there till then.
      LockSupport.parkNanos(RELEASE_NANOS);
    }
    QueueHandover shared = handover;
    if (shared != null) {
      shared.close();
      handover = null;
    }
    for (MbufPool pool : pools) {
      if (pool != null) {
        int lost = pool.free();
        if (lost != 0) {
          LOGGER.log(
              Level.WARNING,
              "{0}: {1} packet buffers are with a peer in this process; their memory stays",
              name,
              lost);
        }
      }
    }
  }

  private void stop() {
    if (started) {
      DpdkEthdev.rte_eth_dev_stop((short) number);
    }
    if (vdev != null) {
      eal.remove(vdev);
    } else {
      DpdkEthdev.rte_eth_dev_close((short) number);
    }
  }

  private void stopOnInterruptThread() {
    try {
      if (Dpdk.onInterruptThread(this::stop) < 0) {
        stop();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  Eal eal() {
    return eal;
  }

  String name() {
    return name;
  }

  int number() {
    return number;
  }

  int mtuBytes() {
    return mtuBytes;
  }

  long macAddress() {
    return macAddress;
  }

  MbufPool pool(int queue) {
    return pools[queue];
  }

  /// The descriptor of a queue, or -1.
  int descriptor(int queue) {
    return descriptors[queue];
  }

  /// The descriptor of a queue's interrupt, or -1.
  int interrupt(int queue) {
    return interrupts[queue];
  }

  /// What a queue's LibOs has of the port.
  QueueShare share(int queue) {
    return queues == 1 ? QueueShare.WHOLE : new QueueShare(queue, queues, steering);
  }

  /// For people: how packets come to queues.
  String describeSteering() {
    return steering != null
        ? "RSS, whose hash is known"
        : hashFields != 0 ? "RSS" : "as the driver does it";
  }

  /// Frames between its queues; `null` when there is only one.
  @Nullable
  QueueHandover handover() {
    return handover;
  }

  /// Whether the driver reads packets with the CPU, from any memory.
  boolean copies() {
    return vdev != null && vdev.copies();
  }

  boolean computesChecksums() {
    return (transmitOffloads & CHECKSUMS) == CHECKSUMS;
  }

  boolean verifiesChecksums() {
    return (receiveOffloads & CHECKSUMS) == CHECKSUMS;
  }

  boolean takesSegments() {
    return (transmitOffloads & DpdkEthdev.TX_OFFLOAD_MULTI_SEGS) != 0;
  }

  /// Whether the link is up now.
  ///
  /// @param link room for a [RteEthLink]
  boolean isLinkUp(MemorySegment link) {
    return DpdkEthdev.rte_eth_link_get_nowait((short) number, link.address()) == 0
        && RteEthLink.isUp(link);
  }

  /// Speed of the link in Mbit/s, 0 if it is not known.
  ///
  /// @param link room for a [RteEthLink]
  int speedMbps(MemorySegment link) {
    return DpdkEthdev.rte_eth_link_get_nowait((short) number, link.address()) == 0
        ? Math.max(0, RteEthLink.speedMbps(link))
        : 0;
  }

  /// Reports the driver's own counters.
  void xstats(ObjLongConsumer<String> visitor) {
    short port = (short) number;
    int count = DpdkEthdev.rte_eth_xstats_get(port, 0, 0);
    if (count <= 0) {
      return;
    }
    try (Arena call = Arena.ofConfined()) {
      MemorySegment names = call.allocate((long) count * RteEthXstat.NAME_BYTES);
      MemorySegment values = call.allocate((long) count * RteEthXstat.BYTES, 8);
      if (DpdkEthdev.rte_eth_xstats_get_names(port, names.address(), count) != count
          || DpdkEthdev.rte_eth_xstats_get(port, values.address(), count) != count) {
        return;
      }
      for (int i = 0; i < count; i++) {
        int id = (int) RteEthXstat.id(values, i);
        if (id >= 0 && id < count) {
          visitor.accept("dpdk.xstat." + RteEthXstat.name(names, id), RteEthXstat.value(values, i));
        }
      }
    }
  }
}
