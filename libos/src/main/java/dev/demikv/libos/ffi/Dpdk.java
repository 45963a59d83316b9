package dev.demikv.libos.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.demikv.libos.ffi.struct.RteMbuf;
import dev.demikv.libos.ffi.struct.RteMempool;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.CountDownLatch;

/// DPDK below its network devices: the environment abstraction layer (EAL), memory, mempools and
/// packet buffers. Ports are in [DpdkEthdev].
///
/// Conventions as in [LibC], but that errors are DPDK's: a result below zero is `-errno` where the
/// function says so, and others leave it in [#rte_errno]. [DpdkLibraries#load] comes first.
///
/// All are plain downcalls. DPDK's functions are fast enough for `Linker.Option.critical`, and that
/// must not be: a loop that spins over critical calls loses its safepoint poll and hangs the JVM.
public final class Dpdk {
  /// Contiguous for devices, too.
  public static final int RTE_MEMZONE_IOVA_CONTIG = 0x0010_0000;

  /// Memory of any NUMA node.
  public static final int SOCKET_ID_ANY = -1;

  /// Bytes before the packet in a fresh buffer.
  public static final int RTE_PKTMBUF_HEADROOM = 128;

  private Dpdk() {}

  /// rte_eal_init, rte_eal.h: starts the environment abstraction layer. Blocks for a quarter of a
  /// second, pins the calling thread and makes others. Once per process: there is no way back.
  ///
  /// @param argv address of `argc` pointers to strings and a null pointer; all stay alive and
  ///   writable
  /// @return arguments taken, or -1 with [#rte_errno]
  public static int rte_eal_init(int argc, long argv) {
    try {
      return (int) EalInit.HANDLE.invokeExact(argc, argv);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EalInit {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eal_init", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
  }

  /// rte_thread_register, rte_lcore.h: gives the calling thread an lcore number, and with it a
  /// cache in each mempool. -1 when there are no numbers left.
  public static int rte_thread_register() {
    try {
      return (int) ThreadRegister.HANDLE.invokeExact();
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class ThreadRegister {
    static final MethodHandle HANDLE =
        DpdkLibraries.function("rte_thread_register", FunctionDescriptor.of(JAVA_INT));
  }

  /// rte_thread_unregister, rte_lcore.h: undoes [#rte_thread_register] for the calling thread.
  public static void rte_thread_unregister() {
    try {
      ThreadUnregister.HANDLE.invokeExact();
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class ThreadUnregister {
    static final MethodHandle HANDLE =
        DpdkLibraries.function("rte_thread_unregister", FunctionDescriptor.ofVoid());
  }

  /// rte_eal_hotplug_add, rte_dev.h: makes a device. Blocks while its driver probes.
  ///
  /// @param busname address of a string, as `vdev`; the others too
  /// @return 0 or `-errno`; -EEXIST
  public static int rte_eal_hotplug_add(long busname, long devname, long drvargs) {
    try {
      return (int) EalHotplugAdd.HANDLE.invokeExact(busname, devname, drvargs);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EalHotplugAdd {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eal_hotplug_add",
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
  }

  /// rte_eal_hotplug_remove, rte_dev.h: undoes [#rte_eal_hotplug_add]; the device's ports are gone.
  public static int rte_eal_hotplug_remove(long busname, long devname) {
    try {
      return (int) EalHotplugRemove.HANDLE.invokeExact(busname, devname);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class EalHotplugRemove {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eal_hotplug_remove", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
  }

  /// rte_memzone_reserve_aligned, rte_memzone.h: memory that devices reach.
  ///
  /// @param name address of a string of at most 31 bytes, unique in the process
  /// @param flags 0 or [#RTE_MEMZONE_IOVA_CONTIG]
  /// @param align a power of two, at least 64
  /// @return address of a [dev.demikv.libos.ffi.struct.RteMemzone], or 0 with [#rte_errno]
  public static long rte_memzone_reserve_aligned(
      long name, long len, int socketId, int flags, int align) {
    try {
      return (long) MemzoneReserveAligned.HANDLE.invokeExact(name, len, socketId, flags, align);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class MemzoneReserveAligned {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_memzone_reserve_aligned",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT));
  }

  /// rte_memzone_free, rte_memzone.h.
  public static int rte_memzone_free(long mz) {
    try {
      return (int) MemzoneFree.HANDLE.invokeExact(mz);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class MemzoneFree {
    static final MethodHandle HANDLE =
        DpdkLibraries.function("rte_memzone_free", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
  }

  /// rte_pktmbuf_pool_create, rte_mbuf.h.
  ///
  /// @param name address of a string of at most 25 bytes, unique in the process
  /// @param n packet buffers; 2^k - 1 wastes no memory
  /// @param cacheSize buffers kept per lcore, at most 512 and n / 1.5
  /// @param dataRoomSize bytes of each buffer with its headroom
  /// @return address of a [dev.demikv.libos.ffi.struct.RteMempool], or 0 with [#rte_errno]: ENOMEM;
  ///   EINVAL also when the driver librte_mempool_ring is not there
  public static long rte_pktmbuf_pool_create(
      long name, int n, int cacheSize, short privSize, short dataRoomSize, int socketId) {
    try {
      return (long)
          PktmbufPoolCreate.HANDLE.invokeExact(
              name, n, cacheSize, privSize, dataRoomSize, socketId);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class PktmbufPoolCreate {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_pktmbuf_pool_create",
            FunctionDescriptor.of(
                JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_SHORT, JAVA_SHORT, JAVA_INT));
  }

  /// rte_mempool_free, rte_mempool.h. Every buffer must be in it.
  public static void rte_mempool_free(long mp) {
    try {
      MempoolFree.HANDLE.invokeExact(mp);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class MempoolFree {
    static final MethodHandle HANDLE =
        DpdkLibraries.function("rte_mempool_free", FunctionDescriptor.ofVoid(JAVA_LONG));
  }

  /// rte_mempool_avail_count, rte_mempool.h: buffers that lie in it. Slow.
  public static int rte_mempool_avail_count(long mp) {
    try {
      return (int) MempoolAvailCount.HANDLE.invokeExact(mp);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class MempoolAvailCount {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_mempool_avail_count", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
  }

  /// rte_pktmbuf_free_bulk, rte_mbuf.h: drops one reference on each packet, chains and attached
  /// memory with it.
  ///
  /// @param mbufs address of `count` pointers; null pointers are skipped
  public static void rte_pktmbuf_free_bulk(long mbufs, int count) {
    try {
      PktmbufFreeBulk.HANDLE.invokeExact(mbufs, count);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class PktmbufFreeBulk {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_pktmbuf_free_bulk", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_INT));
  }

  /// rte_mbuf_dynfield_register, rte_mbuf_dyn.h: a field of our own in every packet buffer.
  ///
  /// @param params address of a [dev.demikv.libos.ffi.struct.RteMbufDynfield]
  /// @return its offset, the same for the same name, or -1 with [#rte_errno]
  public static int rte_mbuf_dynfield_register(long params) {
    try {
      return (int) MbufDynfieldRegister.HANDLE.invokeExact(params);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class MbufDynfieldRegister {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_mbuf_dynfield_register", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
  }

  /// rte_errno: the error of the calling thread's last failed call. It is thread-local in C, so the
  /// symbol is looked up anew by each thread that asks.
  public static int rte_errno() {
    return DpdkLibraries.symbol("per_lcore__rte_errno")
        .reinterpret(Integer.BYTES) // An int, rte_errno.h.
        .get(JAVA_INT, 0);
  }

  /// rte_version, rte_version.h: as `DPDK 22.11.11`.
  public static String rte_version() {
    try {
      return ((MemorySegment) Version.HANDLE.invokeExact())
          .reinterpret(64) // A short constant string.
          .getString(0);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Version {
    static final MethodHandle HANDLE =
        DpdkLibraries.function("rte_version", FunctionDescriptor.of(ADDRESS));
  }

  /// What a mempool's driver does to give buffers: `rte_mempool_ops.dequeue`, which C's inline
  /// rte_mempool_get_bulk calls below its cache.
  ///
  /// @param function [#dequeueFunction]
  /// @param table address of `count` pointers to fill in
  /// @return 0, or below zero when there are not so many
  public static int dequeue(MemorySegment function, long mempool, long table, int count) {
    try {
      return (int) PoolCall.HANDLE.invokeExact(function, mempool, table, count);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  /// As [#dequeue], to put buffers back: `rte_mempool_ops.enqueue`. They must be as fresh: one
  /// reference, one segment, nothing attached.
  public static int enqueue(MemorySegment function, long mempool, long table, int count) {
    try {
      return (int) PoolCall.HANDLE.invokeExact(function, mempool, table, count);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class PoolCall {
    static final MethodHandle HANDLE =
        Downcalls.unbound(FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
  }

  /// The function for [#dequeue] of a mempool.
  public static MemorySegment dequeueFunction(long mempool) {
    return poolFunction(mempool, RteMempool.OPS_DEQUEUE_OFFSET);
  }

  /// The function for [#enqueue] of a mempool.
  public static MemorySegment enqueueFunction(long mempool) {
    return poolFunction(mempool, RteMempool.OPS_ENQUEUE_OFFSET);
  }

  private static MemorySegment poolFunction(long mempool, int offset) {
    MemorySegment pool = MemorySegment.ofAddress(mempool).reinterpret(RteMempool.BYTES_READ);
    MemorySegment table =
        DpdkLibraries.symbol("rte_mempool_ops_table")
            .reinterpret(RteMempool.OPS_TABLE_BYTES); // 16 entries, RTE_MEMPOOL_MAX_OPS_IDX.
    long at = RteMempool.opsOffset(RteMempool.opsIndex(pool));
    return MemorySegment.ofAddress(table.get(JAVA_LONG, at + offset));
  }

  /// Runs something on DPDK's interrupt thread and waits for its end, as rte_eal_alarm_set with a
  /// callback: that thread handles the control channels of drivers, whose state is its own. The
  /// thread becomes one of the JVM's, for good. Control path.
  ///
  /// @return 0 or `-errno` when no alarm could be set
  public static int onInterruptThread(Runnable body) throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    Runnable counting =
        () -> {
          try {
            body.run();
          } finally {
            done.countDown();
          }
        };
    // For good, a few hundred bytes a port: it still returns to C when the count has told that its
    // body has run.
    MemorySegment stub = Downcalls.callback(counting, Arena.global());
    int code;
    try {
      code = (int) AlarmSet.HANDLE.invokeExact(1L, stub.address(), 0L);
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
    if (code == 0) {
      done.await();
    }
    return code;
  }

  private static final class AlarmSet {
    static final MethodHandle HANDLE =
        DpdkLibraries.function(
            "rte_eal_alarm_set", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
  }

  /// Memory that DPDK gave out, as a segment that ends with the arena; see [LibC#segment].
  public static MemorySegment segment(long address, long lengthBytes, Arena arena) {
    return LibC.segment(address, lengthBytes, arena);
  }

  /// Copies a packet of any pool, of one segment or of several, as rte_pktmbuf_read does in C.
  ///
  /// @param mbuf address of its first segment
  /// @param capacity most bytes to copy
  /// @return the packet's length, or -1 when it has more bytes than `capacity`: nothing is copied
  public static int copyPacket(long mbuf, MemorySegment target, long offset, int capacity) {
    MemorySegment everything = Everything.MEMORY;
    int length = RteMbuf.pktLen(everything, mbuf);
    if (length < 0 || length > capacity) {
      return -1;
    }
    int copied = 0;
    for (long m = mbuf; m != 0 && copied < length; m = RteMbuf.next(everything, m)) {
      long data = RteMbuf.bufAddr(everything, m) + RteMbuf.dataOff(everything, m);
      int bytes = Math.min(RteMbuf.dataLen(everything, m), length - copied);
      MemorySegment.copy(everything, data, target, offset + copied, bytes);
      copied += bytes;
    }
    return copied;
  }

  private static final class Everything {
    /// All addresses: for packets of foreign pools only, whose bounds nobody here knows.
    static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  }
}
