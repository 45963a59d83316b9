package dev.demikv.libos.device.dpdk;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.ffi.Dpdk;
import dev.demikv.libos.ffi.DpdkEthdev;
import dev.demikv.libos.ffi.struct.RteMbuf;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPools;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout.OfShort;
import java.nio.ByteOrder;
import java.util.function.ObjLongConsumer;

/// The receiving half of a device: bursts of packet buffers become frames in their buffers.
final class FrameReceiver {
  private static final int BURST_COUNT = 32;
  private static final OfShort U16_BE = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final int ETHER_TYPE_OFFSET = 12;
  private static final int ETHER_HEADER_BYTES = 14;
  private static final short ETHER_TYPE_IPV6 = (short) 0x86dd;
  private static final long NETWORK_MASK = RteMbuf.F_RX_IP_CKSUM_BAD | RteMbuf.F_RX_IP_CKSUM_GOOD;
  private static final long TRANSPORT_MASK = RteMbuf.F_RX_L4_CKSUM_BAD | RteMbuf.F_RX_L4_CKSUM_GOOD;

  private final MbufPool pool;
  private final MemorySegment memory;
  private final MemorySegment function;
  private final long queue;
  private final MemorySegment table;
  private final boolean verifies;
  private final int outCountMax;
  private @Nullable BufferPools copies;

  private long frames;
  private long bytes;
  private long copied;
  private long noBuffer;
  private long tooLong;

  /// @param outCountMax packet buffers that may be out before frames are copied, so that the driver
  ///   always has some to receive into
  FrameReceiver(DpdkPort port, int queueIndex, int outCountMax, Arena arena) {
    this.pool = port.pool(queueIndex);
    this.memory = pool.memory();
    this.function = DpdkEthdev.rxBurst(port.number());
    this.queue = DpdkEthdev.rxQueue(port.number(), queueIndex);
    this.table = arena.allocate(JAVA_LONG, BURST_COUNT);
    this.verifies = port.verifiesChecksums();
    this.outCountMax = outCountMax;
  }

  /// Where frames are copied to when they must be.
  void start(BufferPools pools) {
    copies = pools;
  }

  /// Hands over at most so many frames.
  int receive(FrameSink sink, int framesMax) {
    int done = 0;
    while (done < framesMax) {
      int wanted = Math.min(BURST_COUNT, framesMax - done);
      int got = DpdkEthdev.burst(function, queue, table.address(), wanted);
      for (int i = 0; i < got; i++) {
        deliver(i, sink);
      }
      done += got;
      if (got < wanted) {
        break;
      }
    }
    if (done > 0) {
      pool.spill();
    }
    return done;
  }

  private void deliver(int index, FrameSink sink) {
    long mbuf = table.getAtIndex(JAVA_LONG, index);
    if (!pool.owns(mbuf)) {
      copy(index, mbuf, sink);
      return;
    }
    long offset = pool.offset(mbuf);
    int length = RteMbuf.dataLen(memory, offset);
    if (RteMbuf.pktLen(memory, offset) != length || pool.buffers().outCount() >= outCountMax) {
      copy(index, mbuf, sink);
      return;
    }
    frames++;
    bytes += length;
    Buffer buffer = pool.lend(offset);
    int at = RteMbuf.dataOff(memory, offset);
    int checksum =
        verifies
            ? checksum(RteMbuf.olFlags(memory, offset), buffer.segment(), at, length)
            : FrameSink.CHECKSUM_UNKNOWN;
    sink.frame(buffer, at, length, checksum);
  }

  /// A frame in several pieces, of a peer's pool in this process, or when too many are out.
  private void copy(int index, long mbuf, FrameSink sink) {
    BufferPools pools = copies;
    Buffer buffer = pools == null ? null : pools.take(pool.buffers().bufferBytes());
    int length = -1;
    if (buffer == null) {
      noBuffer++;
    } else {
      length = Dpdk.copyPacket(mbuf, buffer.segment(), 0, buffer.capacityBytes());
      if (length < 0) {
        tooLong++;
        buffer.release();
      }
    }
    Dpdk.rte_pktmbuf_free_bulk(table.address() + (long) index * Long.BYTES, 1);
    if (buffer != null && length >= 0) {
      frames++;
      bytes += length;
      copied++;
      sink.frame(buffer, 0, length, FrameSink.CHECKSUM_UNKNOWN);
    }
  }

  private static int checksum(long flags, MemorySegment frame, int at, int length) {
    long transport = flags & TRANSPORT_MASK;
    long network = flags & NETWORK_MASK;
    if (transport == RteMbuf.F_RX_L4_CKSUM_BAD || network == RteMbuf.F_RX_IP_CKSUM_BAD) {
      return FrameSink.CHECKSUM_BAD;
    }
    if (transport == TRANSPORT_MASK) {
      return FrameSink.CHECKSUM_PARTIAL;
    }
    boolean good =
        transport == RteMbuf.F_RX_L4_CKSUM_GOOD
            && (network == RteMbuf.F_RX_IP_CKSUM_GOOD || isIpv6(frame, at, length));
    return good ? FrameSink.CHECKSUM_GOOD : FrameSink.CHECKSUM_UNKNOWN;
  }

  /// IPv6 has no header checksum that the device could speak of.
  private static boolean isIpv6(MemorySegment frame, int at, int length) {
    return length >= ETHER_HEADER_BYTES
        && frame.get(U16_BE, at + ETHER_TYPE_OFFSET) == ETHER_TYPE_IPV6;
  }

  void counters(ObjLongConsumer<String> visitor) {
    visitor.accept("dpdk.rx-frames", frames);
    visitor.accept("dpdk.rx-bytes", bytes);
    visitor.accept("dpdk.rx-copied", copied);
    visitor.accept("dpdk.rx-no-buffer", noBuffer);
    visitor.accept("dpdk.rx-too-long", tooLong);
  }
}
