package dev.demikv.libos.device.dpdk;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.ffi.Dpdk;
import dev.demikv.libos.ffi.struct.RteMbuf;
import dev.demikv.libos.ffi.struct.RteMempool;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.MemoryRegion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A mempool of packet buffers, seen as a pool of [Buffer]s.
///
/// Between the two lies a stack of free buffers on the Java side (the pool's own), refilled from
/// the mempool and spilled into it in batches, so that most frames cost no call.
final class MbufPool {
  /// Buffers moved by one call.
  private static final int BATCH_COUNT = 64;

  /// Free buffers beyond which a batch goes back.
  private static final int FREE_COUNT_MAX = 256;

  /// Drivers and hardware like this much in one buffer.
  private static final int DATA_BYTES_MIN = 2048;

  /// What a driver counts as part of the frame: virtio's header, which it has in the headroom, and
  /// without room for which it refuses the queue.
  private static final int DRIVER_HEADER_BYTES = 12;

  private static final int CACHE_COUNT_MAX = 256;
  private static final int CACHE_LINE_BYTES = 64;
  private static final int PAGE_BYTES = 4096;

  /// Room of packet buffers that the kernel shares: with what is around them they nearly fill a
  /// page. Mempools want an odd number of cache lines.
  private static final int SHARED_ROOM_BYTES = PAGE_BYTES - 4 * CACHE_LINE_BYTES;

  private final Arena arena;
  private final long mempool;
  private final MemorySegment dequeueFunction;
  private final MemorySegment enqueueFunction;
  private final MemorySegment table;
  private final MemorySegment memory;
  private final long base;
  private final int indexOffset;
  private final BufferPool buffers;
  private final boolean shared;

  /// Makes a mempool. Control path.
  ///
  /// @param name unique in the process
  /// @param count packet buffers
  /// @param frameBytes longest frame that one buffer has room for
  /// @param indexOffset of our field in each, see [Eal#indexOffset]
  /// @param shared whether the driver shares them with the kernel, see
  ///   [EalArguments.Vdev#sharesBuffersWithKernel]
  @SuppressWarnings("MustBeClosedChecker") // Closed by free().
  MbufPool(String name, int count, int frameBytes, int indexOffset, boolean shared) {
    this.indexOffset = indexOffset;
    this.shared = shared;
    int bytes = frameBytes + DRIVER_HEADER_BYTES;
    int room = Dpdk.RTE_PKTMBUF_HEADROOM + Math.max(DATA_BYTES_MIN, roundUp(bytes));
    if (shared) {
      room = Math.max(room, SHARED_ROOM_BYTES);
    }
    try (Arena call = Arena.ofConfined()) {
      mempool =
          Dpdk.rte_pktmbuf_pool_create(
              call.allocateFrom(name).address(),
              count,
              Math.min(CACHE_COUNT_MAX, count / 2),
              (short) 0,
              (short) room,
              Dpdk.SOCKET_ID_ANY);
    }
    if (mempool == 0) {
      int errno = Dpdk.rte_errno();
      throw new LibOsException(
          "make " + count + " DPDK packet buffers of " + room + " B",
          errno,
          errno == Errno.EINVAL
              ? "Install librte-mempool-ring of the same version."
              : "Lower " + DpdkOptions.MBUFS + ", reserve more huge pages, or raise -m.");
    }
    dequeueFunction = Dpdk.dequeueFunction(mempool);
    enqueueFunction = Dpdk.enqueueFunction(mempool);
    arena = Arena.ofShared();
    table = arena.allocate(JAVA_LONG, BATCH_COUNT);
    try (Arena call = Arena.ofConfined()) {
      MemorySegment all = call.allocate(JAVA_LONG, count);
      int code = Dpdk.dequeue(dequeueFunction, mempool, all.address(), count);
      assert code == 0 : "a fresh mempool is not full: " + code;
      long first = Long.MAX_VALUE;
      long last = 0;
      for (int i = 0; i < count; i++) {
        first = Math.min(first, all.getAtIndex(JAVA_LONG, i));
        last = Math.max(last, all.getAtIndex(JAVA_LONG, i));
      }
      MemorySegment pool = Dpdk.segment(mempool, RteMempool.BYTES_READ, call);
      base = first;
      memory = Dpdk.segment(first, last - first + RteMempool.eltSize(pool), arena);
      buffers = cut(all, count, room);
      int usable = shared ? keepMapped(all, count, pool) : count;
      code = Dpdk.enqueue(enqueueFunction, mempool, all.address(), usable);
      assert code == 0 : "a mempool does not take back its buffers: " + code;
    }
  }

  /// Moves those packet buffers to the front that net_af_xdp gives the kernel. Its versions before
  /// 25.11 take count times size for the length of the pool, and leave out what lies behind that
  /// because of gaps at the ends of pages: frames in there are lost without a word.
  ///
  /// @return how many there are; the others are never used
  private int keepMapped(MemorySegment mbufs, int count, MemorySegment pool) {
    long header = RteMempool.headerSize(pool);
    long total = header + RteMempool.eltSize(pool) + RteMempool.trailerSize(pool);
    long end = base - header + count * total - PAGE_BYTES; // The pool may start in a page before.
    int kept = 0;
    for (int i = 0; i < count; i++) {
      long mbuf = mbufs.getAtIndex(JAVA_LONG, i);
      if (mbuf + RteMempool.eltSize(pool) <= end) {
        mbufs.setAtIndex(JAVA_LONG, kept, mbuf);
        kept++;
      }
    }
    return kept;
  }

  private BufferPool cut(MemorySegment mbufs, int count, int room) {
    MemorySegment[] slices = new MemorySegment[count];
    for (int i = 0; i < count; i++) {
      long mbuf = mbufs.getAtIndex(JAVA_LONG, i) - base;
      memory.set(JAVA_INT, mbuf + indexOffset, i);
      slices[i] = memory.asSlice(RteMbuf.bufAddr(memory, mbuf) - base, room);
    }
    return BufferPool.ofDevice(new MemoryRegion(memory, 1, 0), room, slices);
  }

  private static int roundUp(int bytes) {
    return (bytes + CACHE_LINE_BYTES - 1) & -CACHE_LINE_BYTES;
  }

  /// The mempool, for receive queues.
  long mempool() {
    return mempool;
  }

  /// The packet buffers as buffers.
  BufferPool buffers() {
    return buffers;
  }

  /// Everything from the first to the last packet buffer: what accessors of [RteMbuf] are given
  /// with [#offset].
  MemorySegment memory() {
    return memory;
  }

  /// Whether a packet buffer lies in this pool.
  boolean owns(long mbuf) {
    long offset = mbuf - base;
    return offset >= 0 && offset < memory.byteSize();
  }

  /// Place of a packet buffer in [#memory].
  long offset(long mbuf) {
    return mbuf - base;
  }

  /// Place of a buffer's packet buffer in [#memory]: right before its bytes.
  long offset(Buffer buffer) {
    return buffer.address() - RteMbuf.BYTES - base;
  }

  /// The address of a buffer's packet buffer.
  long mbuf(Buffer buffer) {
    return buffer.address() - RteMbuf.BYTES;
  }

  /// The buffer of a packet buffer that the device gives away, with one reference.
  ///
  /// @param offset place of the packet buffer in [#memory]
  Buffer lend(long offset) {
    return buffers.lend(memory.get(JAVA_INT, offset + indexOffset));
  }

  /// A free buffer for the caller, with one reference; `null` when there is none.
  @Nullable
  Buffer take() {
    if (buffers.depositedCount() == 0) {
      refill(1);
    }
    return buffers.take();
  }

  /// Whether so many buffers can be had by [BufferPool#withdraw] now.
  boolean ensure(int count) {
    return buffers.depositedCount() >= count || refill(count);
  }

  private boolean refill(int count) {
    for (int batch = BATCH_COUNT; batch > 0; batch /= 4) {
      while (buffers.depositedCount() < count
          && Dpdk.dequeue(dequeueFunction, mempool, table.address(), batch) == 0) {
        for (int i = 0; i < batch; i++) {
          long offset = table.getAtIndex(JAVA_LONG, i) - base;
          buffers.deposit(memory.get(JAVA_INT, offset + indexOffset));
        }
      }
    }
    return buffers.depositedCount() >= count;
  }

  /// Gives what lies free on the Java side beyond a measure back to the mempool, for the driver.
  void spill() {
    while (buffers.depositedCount() > FREE_COUNT_MAX) {
      giveBack(BATCH_COUNT);
    }
  }

  /// By DPDK's own call, which puts them on top of the thread's cache: the driver receives into
  /// those that are still in the processor's. The mempool's ring gives back what it got longest
  /// ago.
  private void giveBack(int count) {
    for (int i = 0; i < count; i++) {
      Buffer buffer = buffers.withdraw();
      if (buffer == null) {
        throw new IllegalStateException("fewer than " + count + " free buffers");
      }
      RteMbuf.resetFree(memory, offset(buffer));
      table.setAtIndex(JAVA_LONG, i, mbuf(buffer));
    }
    Dpdk.rte_pktmbuf_free_bulk(table.address(), count);
  }

  /// Packet buffers that are neither here nor in the mempool nor out: in the rings of drivers or of
  /// peers. Slow.
  int inDevicesCount() {
    return buffers.count()
        - buffers.outCount()
        - buffers.depositedCount()
        - Dpdk.rte_mempool_avail_count(mempool);
  }

  /// Frees the mempool, after its port is closed. Whoever still holds a buffer gets an exception,
  /// not a crash.
  ///
  /// @return packet buffers that a peer in this process never gave back; the memory then stays
  int free() {
    while (buffers.depositedCount() > 0) {
      giveBack(Math.min(BATCH_COUNT, buffers.depositedCount()));
    }
    // net_af_xdp forgets about those in its rings, and nobody uses them any more.
    int lost = shared ? 0 : inDevicesCount();
    arena.close();
    if (lost == 0) {
      Dpdk.rte_mempool_free(mempool);
    }
    return lost;
  }
}
