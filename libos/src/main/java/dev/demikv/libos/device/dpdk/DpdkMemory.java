package dev.demikv.libos.device.dpdk;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.Dpdk;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.LibCConstants;
import dev.demikv.libos.ffi.struct.RteMemzone;
import dev.demikv.libos.memory.MemoryRegion;
import dev.demikv.libos.memory.MemorySource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Memory that the device reaches, for the pools of a LibOs: memzones of the EAL, or, where the
/// driver reads with the CPU and the EAL has not enough, ordinary pages.
///
/// A region's device key is what is added to an address to get the device's.
final class DpdkMemory implements MemorySource, AutoCloseable {
  private static final int CACHE_LINE_BYTES = 64;

  private final Eal eal;
  private final boolean anyMemoryWillDo;
  private final Arena arena = Arena.ofShared();
  private final List<Long> memzones = new ArrayList<>();
  private final List<MemoryRegion> regions = new ArrayList<>();
  private boolean ordinaryPages;

  DpdkMemory(Eal eal, boolean anyMemoryWillDo) {
    this.eal = eal;
    this.anyMemoryWillDo = anyMemoryWillDo;
  }

  @Override
  public MemoryRegion allocate(long lengthBytes, long alignmentBytes) {
    long memzone;
    try (Arena call = Arena.ofConfined()) {
      memzone =
          Dpdk.rte_memzone_reserve_aligned(
              call.allocateFrom(eal.uniqueName("zone")).address(),
              lengthBytes,
              Dpdk.SOCKET_ID_ANY,
              // Without virtual addressing a buffer must not span two places.
              anyMemoryWillDo ? 0 : Dpdk.RTE_MEMZONE_IOVA_CONTIG,
              (int) Math.max(CACHE_LINE_BYTES, alignmentBytes));
    }
    if (memzone == 0 && !anyMemoryWillDo) {
      throw new LibOsException(
          "reserve " + lengthBytes + " B of DPDK memory",
          Dpdk.rte_errno(),
          "Reserve more huge pages, raise -m, or lower the limits of the buffer pools.");
    }
    MemoryRegion region =
        memzone == 0 ? pages(lengthBytes, alignmentBytes) : zone(memzone, lengthBytes);
    regions.add(region);
    return region;
  }

  private MemoryRegion zone(long memzone, long lengthBytes) {
    memzones.add(memzone);
    try (Arena call = Arena.ofConfined()) {
      MemorySegment zone = Dpdk.segment(memzone, RteMemzone.BYTES, call);
      long address = RteMemzone.addr(zone);
      MemorySegment memory = Dpdk.segment(address, lengthBytes, arena);
      memory.fill((byte) 0);
      return new MemoryRegion(memory, CACHE_LINE_BYTES, RteMemzone.iova(zone) - address);
    }
  }

  private MemoryRegion pages(long lengthBytes, long alignmentBytes) {
    ordinaryPages = true;
    try (Arena call = Arena.ofConfined()) {
      long address =
          LibC.mmap(
              new CallState(call),
              0,
              lengthBytes,
              LibCConstants.PROT_READ | LibCConstants.PROT_WRITE,
              LibCConstants.MAP_PRIVATE | LibCConstants.MAP_ANONYMOUS,
              -1,
              0);
      if (address < 0) {
        throw new LibOsException(
            "mmap " + lengthBytes + " B",
            (int) -address,
            address == -Errno.ENOMEM ? "Lower the limits of the buffer pools." : "");
      }
      return new MemoryRegion(
          LibC.mapped(address, lengthBytes, arena), Math.max(1, alignmentBytes), 0);
    }
  }

  /// Whether the device reaches memory at an address: it was allocated here, or any will do.
  boolean reaches(long address) {
    if (anyMemoryWillDo) {
      return true;
    }
    for (int i = 0; i < regions.size(); i++) {
      MemorySegment region = regions.get(i).segment();
      long offset = address - region.address();
      if (offset >= 0 && offset < region.byteSize()) {
        return true;
      }
    }
    return false;
  }

  /// For people: what the memory is.
  String describe() {
    return ordinaryPages ? "ordinary pages, which the driver copies from" : "memzones of the EAL";
  }

  /// Frees everything. Whoever still uses a region gets an exception, not a crash.
  @Override
  public void close() {
    arena.close();
    for (long memzone : memzones) {
      Dpdk.rte_memzone_free(memzone);
    }
    memzones.clear();
  }
}
