package dev.demikv.libos.device.dpdk;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.NetDeviceInfo;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.ffi.Dpdk;
import dev.demikv.libos.ffi.DpdkEthdev;
import dev.demikv.libos.ffi.struct.RteMbuf;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout.OfShort;
import java.nio.ByteOrder;
import java.util.function.ObjLongConsumer;

/// The sending half of a device: frames become packet buffers, in bursts.
///
/// The first part of a frame is most often a packet buffer of ours that nobody else holds: it is
/// handed over as it is. Long parts behind it are attached by reference, short ones are copied
/// behind what is there.
final class FrameSender {
  private static final int BURST_COUNT = 32;
  private static final OfShort U16_BE = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final int ETHER_TYPE_OFFSET = 12;
  private static final int VLAN_BYTES = 4;
  private static final int ETHER_HEADER_BYTES = 14;
  private static final short ETHER_TYPE_VLAN = (short) 0x8100;
  private static final short ETHER_TYPE_IPV6 = (short) 0x86dd;
  private static final int UDP_CHECKSUM_OFFSET = 6;

  private final MbufPool pool;
  private final MemorySegment memory;
  private final DpdkMemory reachable;
  private final AttachedBuffers attached = new AttachedBuffers();
  private final MemorySegment function;
  private final long queue;
  private final MemorySegment table;
  private final boolean takesSegments;
  private final int attachBytes;
  private final int frameBytesMax;
  private int count;

  /// The packet that is being built: its last segment, and how far that is filled.
  private @Nullable Buffer tail;

  private long tailOffset;
  private int tailDataOff;
  private int tailBytes;
  private int segments;
  private int linkBytes;

  private long frames;
  private long bytes;
  private long attachedParts;
  private long copiedParts;
  private long noBuffer;
  private long linkDown;
  private long stalls;

  FrameSender(
      DpdkPort port, int queueIndex, DpdkMemory reachable, DpdkOptions options, Arena arena) {
    this.pool = port.pool(queueIndex);
    this.memory = pool.memory();
    this.reachable = reachable;
    this.function = DpdkEthdev.txBurst(port.number());
    this.queue = DpdkEthdev.txQueue(port.number(), queueIndex);
    this.table = arena.allocate(JAVA_LONG, BURST_COUNT);
    this.takesSegments = port.takesSegments();
    this.attachBytes = options.attachBytes();
    this.frameBytesMax = port.mtuBytes() + NetDeviceInfo.LINK_BYTES_MAX;
  }

  /// Whether another frame is taken; hands a full burst to the driver to find out.
  boolean hasRoom() {
    return count < BURST_COUNT || burst() > 0;
  }

  /// Takes a frame, see [dev.demikv.libos.device.NetDevice#transmit].
  int transmit(TxFrame frame) {
    int total = frame.totalBytes();
    int parts = frame.partCount();
    if (total > frameBytesMax || total < ETHER_HEADER_BYTES) {
      return -Errno.EMSGSIZE;
    }
    if (!hasRoom()) {
      return -Errno.EAGAIN;
    }
    // Read before anything is built: the first part may be gone then.
    long checksumFlags = frame.wantsChecksum() ? checksumFlags(frame) : 0;
    Buffer first = frame.buffer(0);
    boolean handOver =
        first.references() == 1
            && first.pool() == pool.buffers()
            && (takesSegments || parts == 1 || total <= first.capacityBytes() - frame.offset(0));
    long head;
    if (parts == 1 && handOver) {
      head = pool.mbuf(first);
      RteMbuf.reset(memory, pool.offset(first), frame.offset(0), total);
      pool.buffers().surrender(first);
    } else {
      if (!pool.ensure(parts + 1) || !attached.hasRoom(parts)) {
        noBuffer++;
        attached.reclaim();
        return -Errno.EAGAIN;
      }
      head = build(frame, first, handOver);
    }
    if (checksumFlags != 0) {
      int l2 = linkBytes;
      RteMbuf.setChecksum(memory, pool.offset(head), checksumFlags, l2, frame.checksumStart() - l2);
    }
    table.setAtIndex(JAVA_LONG, count, head);
    count++;
    frames++;
    bytes += total;
    return 0;
  }

  private long build(TxFrame frame, Buffer first, boolean handOver) {
    long head;
    int next;
    segments = 0;
    tail = null;
    if (handOver) {
      next = 1;
      head = pool.mbuf(first);
      int length = frame.length(0);
      RteMbuf.reset(memory, pool.offset(first), frame.offset(0), length);
      pool.buffers().surrender(first);
      append(first, frame.offset(0), length);
    } else {
      next = 0;
      Buffer fresh = fresh();
      head = pool.mbuf(fresh);
      RteMbuf.reset(memory, pool.offset(fresh), Dpdk.RTE_PKTMBUF_HEADROOM, 0);
      append(fresh, Dpdk.RTE_PKTMBUF_HEADROOM, 0);
    }
    for (int i = next; i < frame.partCount(); i++) {
      Buffer part = frame.buffer(i);
      int length = frame.length(i);
      if (length >= attachBytes && takesSegments && i > 0 && reaches(part)) {
        attach(part, frame.offset(i), length);
      } else {
        copy(part, frame.offset(i), length);
      }
    }
    RteMbuf.setPacket(memory, pool.offset(head), segments, frame.totalBytes());
    return head;
  }

  private boolean reaches(Buffer part) {
    return part.pool() == pool.buffers() || reachable.reaches(part.address());
  }

  private Buffer fresh() {
    Buffer fresh = pool.buffers().withdraw();
    if (fresh == null) {
      throw new IllegalStateException("ensured packet buffers are not there");
    }
    return fresh;
  }

  /// Makes a segment the last of the packet, open for more bytes.
  private void append(Buffer segment, int dataOff, int length) {
    link(pool.mbuf(segment));
    tail = segment;
    tailOffset = pool.offset(segment);
    tailDataOff = dataOff;
    tailBytes = length;
  }

  private void link(long mbuf) {
    if (segments > 0) {
      RteMbuf.setNext(memory, tailOffset, mbuf);
    }
    segments++;
  }

  private void copy(Buffer part, int offset, int length) {
    copiedParts++;
    Buffer target = tail;
    if (target == null || tailDataOff + tailBytes + length > target.capacityBytes()) {
      target = fresh();
      RteMbuf.reset(memory, pool.offset(target), 0, 0);
      append(target, 0, 0);
    }
    MemorySegment.copy(
        part.segment(), offset, target.segment(), tailDataOff + (long) tailBytes, length);
    tailBytes += length;
    RteMbuf.setDataLen(memory, tailOffset, tailBytes);
    part.release();
  }

  private void attach(Buffer part, int offset, int length) {
    attachedParts++;
    Buffer carrier = fresh();
    long at = pool.offset(carrier);
    long address = part.address() + offset;
    RteMbuf.reset(memory, at, 0, length);
    RteMbuf.attach(memory, at, address, address + iovaDelta(part), length, attached.add(part));
    link(pool.mbuf(carrier));
    tail = null;
    tailOffset = at;
  }

  /// What is added to an address of a buffer for the device.
  private long iovaDelta(Buffer part) {
    if (part.pool() != pool.buffers()) {
      return part.deviceKey();
    }
    return RteMbuf.bufIova(memory, pool.offset(part)) - part.address();
  }

  private long checksumFlags(TxFrame frame) {
    MemorySegment link = frame.buffer(0).segment();
    int at = frame.offset(0) + ETHER_TYPE_OFFSET;
    linkBytes = ETHER_HEADER_BYTES;
    short type = link.get(U16_BE, at);
    if (type == ETHER_TYPE_VLAN) {
      linkBytes += VLAN_BYTES;
      type = link.get(U16_BE, at + VLAN_BYTES);
    }
    return (type == ETHER_TYPE_IPV6 ? RteMbuf.F_TX_IPV6 : RteMbuf.F_TX_IPV4)
        | (frame.checksumOffset() == UDP_CHECKSUM_OFFSET
            ? RteMbuf.F_TX_UDP_CKSUM
            : RteMbuf.F_TX_TCP_CKSUM);
  }

  /// Hands what waits to the driver, and takes back what it has sent.
  ///
  /// @return frames handed over
  int burst() {
    int sent = 0;
    if (count > 0) {
      sent = DpdkEthdev.burst(function, queue, table.address(), count);
      int left = count - sent;
      if (left > 0) {
        stalls++;
        long from = (long) sent * Long.BYTES;
        MemorySegment.copy(table, from, table, 0, (long) left * Long.BYTES);
      }
      count = left;
    }
    attached.reclaim();
    return sent;
  }

  /// Frames that the driver had no room for.
  int waiting() {
    return count;
  }

  /// Forgets the frames that wait: the link is down.
  void drop() {
    if (count > 0) {
      linkDown += count;
      Dpdk.rte_pktmbuf_free_bulk(table.address(), count);
      count = 0;
    }
    attached.reclaim();
  }

  /// Buffers that the driver still reads from.
  int attachedCount() {
    return attached.count();
  }

  /// After the port has been stopped, or this queue of it given up.
  void close() {
    attached.reclaim();
    attached.close();
  }

  void counters(ObjLongConsumer<String> visitor) {
    visitor.accept("dpdk.tx-frames", frames);
    visitor.accept("dpdk.tx-bytes", bytes);
    visitor.accept("dpdk.tx-parts-attached", attachedParts);
    visitor.accept("dpdk.tx-parts-copied", copiedParts);
    visitor.accept("dpdk.tx-stalls", stalls);
    visitor.accept("dpdk.tx-no-buffer", noBuffer);
    visitor.accept("dpdk.tx-link-down", linkDown);
  }
}
