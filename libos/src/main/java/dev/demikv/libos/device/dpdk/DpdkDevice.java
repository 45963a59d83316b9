package dev.demikv.libos.device.dpdk;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Capability.Performer;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.NetDeviceInfo;
import dev.demikv.libos.device.QueueHandover;
import dev.demikv.libos.device.QueueShare;
import dev.demikv.libos.device.QueueSteering;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.ffi.struct.RteEthLink;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.MemorySource;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.ObjLongConsumer;

/// One queue of a DPDK port.
final class DpdkDevice implements NetDevice {
  private static final System.Logger LOGGER = System.getLogger(DpdkDevice.class.getName());

  /// How often an idle receive or a full transmit ring looks at the link.
  private static final int LINK_CHECK_TURNS = 256;

  private final DpdkPort port;
  private final int queue;
  private final MbufPool pool;
  private final DpdkMemory memory;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment link;
  private final FrameReceiver receiver;
  private final FrameSender sender;
  private final NetDeviceInfo info;
  private final IdleWait idle;
  private final QueueShare share;
  private final @Nullable QueueHandover handover;
  private final @Nullable QueueSteering steering;
  private @Nullable BufferPools pools;
  private int turnsToLinkCheck;
  private boolean linkUp;
  private boolean closed;

  /// Takes over a claimed queue of a port. To be closed by the same thread.
  @SuppressWarnings("MustBeClosedChecker") // Closed by close().
  DpdkDevice(DpdkPort port, DpdkOptions options) {
    this.port = port;
    this.queue = options.queue();
    this.pool = port.pool(queue);
    this.memory = new DpdkMemory(port.eal(), port.copies());
    this.link = arena.allocate(RteEthLink.BYTES, 8);
    // What the driver's rings may hold is not for holders; of the rest a quarter stays in reserve.
    int lendable = options.mbufs() - options.rxRing() - options.txRing();
    this.receiver = new FrameReceiver(port, queue, lendable - lendable / 4, arena);
    this.sender = new FrameSender(port, queue, memory, options, arena);
    this.share = port.share(queue);
    QueueHandover shared = port.handover();
    this.handover = shared;
    this.steering = shared == null ? null : new QueueSteering(share, shared, arena);
    this.idle = new IdleWait(port, queue, options.idleSleepNanosMax(), arena);
    this.info =
        new NetDeviceInfo(
            port.name(),
            port.macAddress(),
            port.mtuBytes(),
            TxFrame.PARTS_MAX,
            port.computesChecksums(),
            port.verifiesChecksums());
    port.eal().enterThread();
    linkUp = port.isLinkUp(link);
  }

  @Override
  public NetDeviceInfo info() {
    return info;
  }

  @Override
  public List<Capability> capabilities() {
    return List.of(
        new Capability("frames", Performer.DEVICE, port.name() + " by DPDK, bursts of 32"),
        new Capability(
            "checksum",
            port.computesChecksums() ? Performer.DEVICE : Performer.LIBRARY,
            port.verifiesChecksums() ? "also verified by the device" : ""),
        new Capability("buffer management", Performer.LIBRARY, memory.describe()),
        new Capability(
            "zero copy",
            Performer.DEVICE,
            port.takesSegments()
                ? "received buffers are the device's; long payload is attached"
                : "received buffers are the device's; payload is copied behind headers"),
        new Capability(
            "idle wait", idle.byKernel() ? Performer.KERNEL : Performer.LIBRARY, idle.describe()),
        new Capability(
            "steering",
            share.queues() > 1 ? Performer.DEVICE : Performer.LIBRARY,
            share.queues() > 1
                ? "queue " + queue + " of " + share.queues() + ", " + port.describeSteering()
                : "one queue"));
  }

  @Override
  public MemorySource memorySource() {
    return memory;
  }

  @Override
  public void start(BufferPools newPools) {
    pools = newPools;
    receiver.start(newPools);
  }

  @Override
  public int receive(FrameSink sink, int framesMax) {
    idle.awake();
    QueueSteering steer = steering;
    int got = receiver.receive(steer == null ? sink : steer.before(sink), framesMax);
    QueueHandover shared = handover;
    BufferPools buffers = pools;
    if (shared != null && buffers != null) {
      got += shared.drain(queue, sink, buffers, framesMax - got);
    }
    if (got > 0) {
      idle.busy();
    } else {
      lookAtLink();
    }
    return got;
  }

  @Override
  public @Nullable Buffer takeFrame(int lengthBytes) {
    return lengthBytes <= pool.buffers().bufferBytes() ? pool.take() : null;
  }

  @Override
  public boolean isFull() {
    return !sender.hasRoom() && !dropWithoutLink();
  }

  @Override
  public int transmit(TxFrame frame) {
    int code = sender.transmit(frame);
    return code == -Errno.EAGAIN && dropWithoutLink() ? -Errno.ENETDOWN : code;
  }

  @Override
  public int flush() {
    int sent = sender.burst();
    if (sent == 0 && sender.waiting() > 0) {
      dropWithoutLink();
    }
    pool.spill();
    return sent;
  }

  /// Frames that cannot be sent must not come out when a peer returns.
  private boolean dropWithoutLink() {
    linkUp = port.isLinkUp(link);
    if (!linkUp) {
      sender.drop();
    }
    return !linkUp;
  }

  private void lookAtLink() {
    turnsToLinkCheck--;
    if (turnsToLinkCheck <= 0) {
      turnsToLinkCheck = LINK_CHECK_TURNS;
      linkUp = port.isLinkUp(link);
    }
  }

  @Override
  public boolean isLinkUp() {
    if (!linkUp) {
      linkUp = port.isLinkUp(link);
    }
    return linkUp;
  }

  @Override
  public int readinessFd() {
    return idle.descriptor();
  }

  @Override
  public long idleWaitNanosMax() {
    return idle.nanos(sender.waiting() > 0);
  }

  @Override
  public QueueShare share() {
    return share;
  }

  @Override
  public void counters(ObjLongConsumer<String> visitor) {
    receiver.counters(visitor);
    sender.counters(visitor);
    visitor.accept("dpdk.mbufs-out", pool.buffers().outCount());
    visitor.accept("dpdk.mbufs-free", pool.buffers().depositedCount());
    visitor.accept("dpdk.tx-attached", sender.attachedCount());
    visitor.accept("dpdk.link-up", port.isLinkUp(link) ? 1 : 0);
    visitor.accept("dpdk.link-mbps", port.speedMbps(link));
    visitor.accept("dpdk.interrupts-armed", idle.interruptsArmed());
    QueueSteering steer = steering;
    if (steer != null) {
      steer.counters(visitor);
    }
    port.xstats(visitor);
  }

  /// The packet buffers, for tests.
  MbufPool pool() {
    return pool;
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    sender.burst();
    sender.drop();
    idle.close();
    port.eal().close(port, queue);
    sender.close();
    port.eal().leaveThread();
    arena.close();
    if (sender.attachedCount() == 0) {
      memory.close();
    } else {
      LOGGER.log(
          Level.WARNING,
          "{0}: {1} payload buffers are still being sent; their memory stays",
          port.name(),
          sender.attachedCount());
    }
  }
}
